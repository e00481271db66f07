"""The window's one line to the worker: what is asked, and what is heard of it, as Qt signals."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from matteline.contract.client import Message, WorkerClient
from matteline.contract.errors import WorkerError
from matteline.contract.events import Failed, to_dict
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.job import Job
from matteline.window.words import in_form_words

POLL_MILLISECONDS = 50


class Renders(QObject):
    """Starts a worker when one is needed, again where it has ended, and hears it from the window's timer.

    Every request ends with exactly one message that has `"last": true`, also where the worker dies.

    Args:
        command: Starts the worker.
        environ: The environment that it gets, cleaned.
        log_file: Receives what it says beside the protocol; empty for none.
    """

    heard = Signal(int, object)
    """The request's number, and a message as docs/protocol.md has them."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        log_file: str = "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._command, self._environ, self._log_file = command, environ, log_file
        self._client: WorkerClient | None = None
        self._numbers = itertools.count(1)
        self._open: dict[int, int] = {}
        self._timer = QTimer(self, interval=POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    @property
    def pid(self) -> int | None:
        """The worker's process, None before it has greeted."""
        hello = self._client.hello if self._client is not None else None
        return None if hello is None else hello.get("pid")

    def plan(self, job: Job) -> int:
        """Ask what a render of the job would do; returns the request's number."""
        return self._ask(lambda client: client.plan(job))

    def render(self, job: Job) -> int:
        """Ask for a render, done after those asked for before; returns the request's number."""
        return self._ask(lambda client: client.render(job))

    def submit(self, jobs: Sequence[Job], farm: FarmSettings) -> int:
        """Ask to hand jobs to a render farm; returns the request's number."""
        return self._ask(lambda client: client.submit(jobs, farm))

    def cancel(self, request: int) -> None:
        """Give up a request. Its last message says how it ended."""
        if request in self._open and self._client is not None:
            self._client.cancel(self._open[request])

    def close(self) -> None:
        """End the worker; what it renders is given up, complete frames stay."""
        self._timer.stop()
        self._open.clear()
        if self._client is not None:
            self._client.close()
            self._client = None

    def _ask(self, ask: Callable[[WorkerClient], int]) -> int:
        number = next(self._numbers)
        try:
            self._open[number] = ask(self._started())
        except WorkerError as error:
            self._open[number] = 0
            lost = error
            # Not now: whoever asks does not know the number yet.
            QTimer.singleShot(0, self, lambda: self._lose(lost))
        self._timer.start()
        return number

    def _started(self) -> WorkerClient:
        if self._client is None or not self._client.alive:
            self._drop()
            self._client = WorkerClient(self._command, environ=self._environ, log_file=self._log_file)
        return self._client

    def _poll(self) -> None:
        if self._client is None:
            return
        try:
            messages = self._client.poll()
        except WorkerError as error:
            self._lose(error)
            return
        for message in messages:
            self._tell(message)
        if not self._open:
            self._timer.stop()

    def _tell(self, message: Message) -> None:
        number = next((own for own, theirs in self._open.items() if theirs == message.get("id")), None)
        if number is None:
            return
        if message.get("last"):
            del self._open[number]
        if message.get("hint"):
            message = {**message, "hint": in_form_words(str(message["hint"]))}
        self.heard.emit(number, message)

    def _lose(self, error: WorkerError) -> None:
        """The worker has gone, and with it all that was asked of it."""
        lost = list(self._open)
        self._open.clear()
        self._timer.stop()
        self._drop()
        for number in lost:
            self.heard.emit(number, {**to_dict(Failed.of(error)), "last": True})

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close(timeout_seconds=0.5)
            self._client = None
