"""A task: one request of the host, until its last message is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any


class Cancelled(Exception):
    """The host cancelled the request."""


class Task:
    """A request; the thread that works on it sends its messages, the thread that reads the host cancels it.

    While nothing of it is being written a cancel is answered at once, whatever the working thread is busy
    with: later messages of that thread are dropped, and it stops at the next `check`. Once it writes, the
    answer comes when it has stopped, so that a host that receives it finds no file still changing.

    Args:
        number: The host's id of the request.
        request: The whole message.
        send: Sends a message to the host.
    """

    def __init__(
        self, number: int | str, request: Mapping[str, Any], send: Callable[[Mapping[str, Any]], None]
    ) -> None:
        self.number = number
        self.request = request
        self._send = send
        self._lock = threading.Lock()
        self._cancelled = False
        self._writing = False
        self._ended = threading.Event()

    @property
    def ended(self) -> bool:
        """True once its last message is sent."""
        return self._ended.is_set()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for its end; returns False after the timeout."""
        return self._ended.wait(timeout_seconds)

    def tell(self, event: Mapping[str, Any]) -> None:
        """Send a message about it, unless its last one is sent."""
        # Under the lock, so that nothing follows the last message.
        with self._lock:
            if not self.ended:
                self._send({"id": self.number, **event})

    def end(self, event: Mapping[str, Any]) -> None:
        """Send its last message, unless that is sent."""
        with self._lock:
            self._end(event)

    def cancel(self) -> None:
        """Cancel it."""
        with self._lock:
            self._cancelled = True
            # Once it writes, the working thread answers, when no file changes any more.
            if not self._writing:
                self._end({"event": "cancelled"})

    def check(self) -> None:
        """Return, unless the request was cancelled.

        Raises:
            Cancelled: It was.
        """
        # Without the lock, which `begin_writing` holds here already. The flag turns only once.
        if self._cancelled:
            raise Cancelled

    def begin_writing(self) -> None:
        """Note that files are written from here on. Raises `Cancelled` as `check` does."""
        with self._lock:
            # Both under the lock: a cancel between them would be answered while files are written.
            self.check()
            self._writing = True

    def _end(self, event: Mapping[str, Any]) -> None:
        if not self.ended:
            self._send({"id": self.number, **event, "last": True})
            self._ended.set()
