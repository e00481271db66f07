"""Work on other threads that must not vanish there when it goes wrong."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future


def surface(future: Future[None]) -> None:
    """Tell of a bug as of one in any other thread; a future would keep it to itself."""
    if future.cancelled() or (error := future.exception()) is None:
        return
    found = (type(error), error, error.__traceback__, threading.current_thread())
    threading.excepthook(threading.ExceptHookArgs(found))
    sys.stderr.flush()
