"""One render, followed from its request to its last message. Never waits."""

from __future__ import annotations

import time
from typing import Any, Optional

from .client import raise_failure
from .contract.client import Message, WorkerClient
from .results import Result
from .state import Who

CANCEL_SECONDS = 10.0
"""How long a worker may take to stop; then it is ended."""


class Rendering:
    """Call `step` a few times a second until `ended`.

    Args:
        who: The node it is for.
        client: The worker.
        request: The number that the worker's answers carry.
        result: What it will leave.
        task: Nuke's progress bar; None without windows.
    """

    def __init__(self, who: Who, client: WorkerClient, request: int, result: Result, task: Any) -> None:
        self.who = who
        self.result = result
        self.notices: list[str] = []
        self.finished = False
        self.cancelled = False
        self.overdue = False
        self.words = "Starting the worker"
        self.fraction = 0.0
        self._client = client
        self._request = request
        self._task = task
        self._cancelled_at: Optional[float] = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.finished or self.cancelled

    def step(self) -> None:
        """Take in what the worker has said.

        Raises:
            MattelineError: The worker refused or failed, or has ended by itself.
        """
        if self._task is not None and self._task.isCancelled():
            self.cancel()
        for message in self._client.poll(self._request):
            raise_failure(message)
            self._take(message)
        if self._cancelled_at is not None and time.monotonic() > self._cancelled_at + CANCEL_SECONDS:
            self.cancelled = self.overdue = True
        self._show()

    def cancel(self) -> None:
        """Give it up; `ended` once the worker has stopped, or has not for long."""
        if self._cancelled_at is None and not self.ended:
            self._cancelled_at = time.monotonic()
            self._client.cancel(self._request)
            self.words = "Cancelling"

    def close_task(self) -> None:
        """Take the progress bar away: Nuke does so when nobody holds it."""
        self._task = None

    def _take(self, message: Message) -> None:
        kind = message["event"]
        if kind == "plan":
            self.result = self.result.planned(message)
        elif kind == "notice":
            self.notices.append(message["message"])
        elif kind in ("finished", "cancelled"):
            self.finished, self.cancelled = kind == "finished", kind == "cancelled"
        elif self._cancelled_at is None:
            self._progress(kind, message)

    def _progress(self, kind: str, message: Message) -> None:
        if kind == "loading":
            self.words = f"Loading {message['model']}"
        elif kind == "preroll":
            self.words = f"Preroll {message['done']}/{message['total']}"
        elif kind == "frame":
            self.words = f"Matte {message['done']}/{message['total']}"
            self.fraction = message["done"] / message["total"]
        elif kind == "assembling":
            self.words = f"Movie {message['name']} {message['done']}/{message['total']}"

    def _show(self) -> None:
        if self._task is not None:
            self._task.setMessage(self.words)
            self._task.setProgress(int(self.fraction * 100))
