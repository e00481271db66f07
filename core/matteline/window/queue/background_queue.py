"""The queue's file on a thread of its own: a disk that is busy, or another window, must not hold this one up."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from matteline.contract.errors import MattelineError
from matteline.window.background import report_exception
from matteline.window.queue.store import QueueStore

Found = TypeVar("Found")


class BackgroundQueue(QObject):
    """Does what it is asked for with a queue, one thing after another, in the order in which it was asked.

    Args:
        store: The queue; nobody else may use this object.
    """

    # A `MattelineError` of something that was asked for, which is then not answered.
    failed = Signal(object)

    # From the thread: who is to be told, and what was found.
    _answered = Signal(object, object)

    def __init__(self, store: QueueStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._closed = False
        self._pool = ThreadPoolExecutor(1, "queue file")
        # A method, never a function: Qt then calls it in the window's thread.
        self._answered.connect(self._tell)

    def ask(
        self, work: Callable[[QueueStore], Found], then: Callable[[Found], object] = lambda _found: None
    ) -> None:
        """Do some work on the thread, and tell of its result on the window's.

        Args:
            work: Gets the queue; what it returns goes to `then`.
            then: Called in the window's thread, unless the work has failed.
        """
        if not self._closed:
            self._pool.submit(self._work, work, then).add_done_callback(report_exception)

    def close(self) -> None:
        """End the thread. Returns when all that was asked for is done; nobody is told of it any more."""
        self._closed = True
        # Nothing that waits is dropped: the file must still learn that the shot under way waits again.
        self._pool.shutdown()

    def _work(self, work: Callable[[QueueStore], Any], then: Callable[[Any], object]) -> None:
        try:
            self._answered.emit(then, work(self._store))
        except MattelineError as error:
            self.failed.emit(error)

    def _tell(self, then: Callable[[Any], object], found: Any) -> None:
        if not self._closed:
            then(found)
