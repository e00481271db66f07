"""Waits that do not depend on the speed of the machine, or on what else it has to do."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_SECONDS = 300.0
"""Longer than any step of a test takes on a busy machine. Only what never comes is given up after it."""


def _sleep() -> None:
    time.sleep(0.005)


def wait_until(so: Callable[[], object], meanwhile: Callable[[], object] = _sleep) -> object:
    """Wait until something is true; returns what it became.

    Args:
        so: Asked again and again.
        meanwhile: What is done between two questions, such as an event loop's round.

    Raises:
        AssertionError: It did not happen within `PATIENCE_SECONDS`.
    """
    ends = time.monotonic() + PATIENCE_SECONDS
    while not (found := so()):
        assert time.monotonic() < ends, f"It did not happen in {PATIENCE_SECONDS:.0f} seconds."
        meanwhile()
    return found
