"""Errors of work on other threads, which must not vanish there."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future


def report_exception(future: Future[None]) -> None:
    """Report the exception of a finished future as one of any other thread; a future keeps it to itself."""
    if future.cancelled() or (error := future.exception()) is None:
        return
    found = (type(error), error, error.__traceback__, threading.current_thread())
    threading.excepthook(threading.ExceptHookArgs(found))
    sys.stderr.flush()
