"""A function called a few times a second on Nuke's main thread, while Nuke has windows."""

from __future__ import annotations

import importlib
import threading
from typing import Any, Callable, Optional

import nuke

TICK_SECONDS = 0.2


class Ticker:
    """Calls a function again and again: by Qt's timer or, without Qt, by a thread that asks Nuke for it.

    Args:
        function: Called on the main thread; it must not raise.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self._timer: Any = None
        self._thread: Optional[_TickThread] = None

    @property
    def may_ask(self) -> bool:
        """True if the function may open a message box: not while Nuke waits inside a thread's request."""
        return self._timer is not None

    def start(self) -> None:
        """Begin, unless it has begun already."""
        if self._timer is None and self._thread is None:
            self._timer = _qt_timer(self._function)
        if self._timer is None and self._thread is None:
            self._thread = _TickThread(self._function)
            self._thread.start()

    def stop(self) -> None:
        """Call the function no more."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._thread is not None:
            self._thread.stopped.set()
            self._thread = None


class _TickThread(threading.Thread):
    """Asks Nuke to call the function on its main thread, and not again before it did."""

    def __init__(self, function: Callable[[], None]) -> None:
        # A daemon, or Nuke would wait at its end for a thread that goes on for ever.
        super().__init__(name="matteline", daemon=True)
        self.stopped = threading.Event()
        self._called = threading.Event()
        self._function = function

    def run(self) -> None:
        # Nothing has been asked for yet, so that the first request need not wait.
        self._called.set()
        while not self.stopped.wait(TICK_SECONDS):
            if self._called.is_set():
                self._called.clear()
                nuke.executeInMainThread(self._call)

    def _call(self) -> None:
        self._called.set()
        # It may have been stopped while the request waited for the main thread.
        if not self.stopped.is_set():
            self._function()


def _qt_timer(function: Callable[[], None]) -> Any:
    """Return a running QTimer of Nuke's own Qt; None without Qt, or without an application to drive it."""
    core: Any = None
    # PySide6 from Nuke 16 on, PySide2 before.
    for name in ("PySide6.QtCore", "PySide2.QtCore"):
        try:
            core = importlib.import_module(name)
            break
        except ImportError:
            continue
    if core is None or core.QCoreApplication.instance() is None:
        return None
    timer = core.QTimer()
    timer.timeout.connect(function)
    timer.start(int(TICK_SECONDS * 1000))
    return timer
