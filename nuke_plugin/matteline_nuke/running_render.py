"""One render, followed from its request to its last message. Never waits."""

from __future__ import annotations

import time
from typing import Any, Optional

from .client import raise_failure
from .contract.client import Message, WorkerClient
from .contract.progress import RenderProgress
from .results import Result
from .state import NodeRef

# How long a worker may take to stop; then it is ended.
CANCEL_SECONDS = 10.0


class RunningRender:
    """A render under way. Call `step` a few times a second until `ended`.

    Args:
        node_ref: The node that it is for.
        client: The worker.
        request: The number that the worker's answers carry.
        result: The result as far as it is known before the worker's plan.
        task: Nuke's progress bar; None without windows.

    Attributes:
        notices: Sentences for the artist.
        words: The progress for people.
        overdue: True if the worker did not stop in time after a cancel, and has to be ended.
    """

    def __init__(
        self, node_ref: NodeRef, client: WorkerClient, request: int, result: Result, task: Any
    ) -> None:
        self.node_ref = node_ref
        self.result = result
        self.notices: list[str] = []
        self.finished = False
        self.cancelled = False
        self.overdue = False
        self.words = "Starting the worker"
        self._progress = RenderProgress(self.words)
        self._client = client
        self._request = request
        self._task = task
        self._cancelled_at: Optional[float] = None

    @property
    def ended(self) -> bool:
        """True when nothing more will come."""
        return self.finished or self.cancelled

    @property
    def fraction(self) -> float:
        """The part that is done, 0..1; 0 while the length is not known."""
        return self._progress.fraction or 0.0

    def step(self) -> None:
        """Take in the worker's messages.

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
        if self._task is not None:
            self._task.setMessage(self.words)
            self._task.setProgress(int(self.fraction * 100))

    def _take(self, message: Message) -> None:
        event = message["event"]
        if event == "plan":
            self.result = self.result.planned(message)
        elif event == "notice":
            self.notices.append(message["message"])
        elif event == "preview":
            self.result = self.result.previewed(message["files"])
            self.notices += message["notes"]
            self.finished = True
        elif event in ("finished", "cancelled"):
            self.finished, self.cancelled = event == "finished", event == "cancelled"
        # Progress that was under way would take the place of the words about the cancel.
        elif self._cancelled_at is None:
            self._progress = self._progress.after(message)
            self.words = self._progress.words

    def cancel(self) -> None:
        """Cancel; `ended` once the worker has stopped, or after `CANCEL_SECONDS`."""
        if self._cancelled_at is None and not self.ended:
            self._cancelled_at = time.monotonic()
            self._client.cancel(self._request)
            self.words = "Cancelling"

    def close_task(self) -> None:
        """Remove the progress bar: Nuke does so when no object holds it."""
        self._task = None
