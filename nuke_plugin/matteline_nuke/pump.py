"""A few times a second on Nuke's main thread, while Nuke has windows. Nothing here is used without them."""

from __future__ import annotations

import importlib
import threading
from typing import Any, Callable, Optional

import nuke

TICK_SECONDS = 0.2


class Pump:
    """Calls a function again and again: by Qt's timer or, without Qt, by a thread that asks for it.

    Args:
        function: Called on the main thread; it must not raise.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self._timer: Any = None
        self._thread: Optional[_Knocking] = None

    @property
    def may_ask(self) -> bool:
        """Whether a message box may be opened from the function: not while Nuke waits inside a request."""
        return self._timer is not None

    def start(self) -> None:
        """Begin, unless it goes already."""
        if self._timer is None and self._thread is None:
            self._timer = _qt_timer(self._function)
        if self._timer is None and self._thread is None:
            self._thread = _Knocking(self._function)
            self._thread.start()

    def stop(self) -> None:
        """Call the function no more."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._thread is not None:
            self._thread.stopped.set()
            self._thread = None


class _Knocking(threading.Thread):
    """Asks Nuke to call the function on its main thread, and not again before it did."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__(name="matteline", daemon=True)
        self.stopped = threading.Event()
        self._called = threading.Event()
        self._function = function

    def run(self) -> None:
        self._called.set()
        while not self.stopped.wait(TICK_SECONDS):
            if self._called.is_set():
                self._called.clear()
                nuke.executeInMainThread(self._call)

    def _call(self) -> None:
        self._called.set()
        if not self.stopped.is_set():
            self._function()


def _qt_timer(function: Callable[[], None]) -> Any:
    """A running QTimer of Nuke's own Qt; None where there is none, or no application that would drive it."""
    core = _qt_core()
    if core is None or core.QCoreApplication.instance() is None:
        return None
    timer = core.QTimer()
    timer.timeout.connect(function)
    timer.start(int(TICK_SECONDS * 1000))
    return timer


def _qt_core() -> Any:
    for name in ("PySide6.QtCore", "PySide2.QtCore"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None
