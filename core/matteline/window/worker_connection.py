"""The window's connection to the worker: requests out, messages in as a Qt signal."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from matteline.contract.client import WorkerClient
from matteline.contract.errors import WorkerError
from matteline.contract.events import Failed, to_dict
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.job import Job

POLL_MILLISECONDS = 50
# A preview that follows a slider is made in less than the time between two polls of a render.
PREVIEW_POLL_MILLISECONDS = 8
# Steps of niceness by which the worker gives way. A render on an idle machine is as fast as before.
LOWER_BY = 5


class WorkerConnection(QObject):
    """Starts a worker when one is needed, again after it has ended, and polls it by a timer.

    Every request ends with exactly one message that has `"last": true`, also where the worker dies.

    Args:
        command: Command that starts the worker.
        environ: Environment of the window, which the worker gets without what would disturb it.
        log_file: Receives the worker's output beside the protocol; empty for none.
    """

    # The request's number, and a message as docs/protocol.md has them.
    message_received = Signal(int, object)

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
        # Numbers of our own, because those of a worker begin again with the next worker.
        self._numbers = itertools.count(1)
        self._open: dict[int, int] = {}
        self._previews: set[int] = set()
        # The process whose priority was lowered.
        self._lowered: int | None = None
        self._timer = QTimer(self, interval=POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    @property
    def pid(self) -> int | None:
        """Process id of the worker; None before it has answered for the first time."""
        hello = self._client.hello if self._client is not None else None
        return None if hello is None else hello.get("pid")

    def plan(self, job: Job) -> int:
        """Ask what a render of the job would do; return the request's number."""
        return self._request(lambda client: client.plan(job))

    def preview(
        self,
        job: Job,
        frame: int,
        scale: int,
        products: Sequence[str],
        draft: Mapping[str, Any] | None = None,
    ) -> int:
        """Ask for one frame as arrays; cancels the preview before. Return the request's number."""
        number = self._request(
            lambda client: client.preview(job, frame, scale=scale, products=products, draft=draft)
        )
        self._previews.add(number)
        self._timer.setInterval(PREVIEW_POLL_MILLISECONDS)
        return number

    def people(self, job: Job) -> int:
        """Ask who is in the plate of a job; return the request's number."""
        return self._request(lambda client: client.people(job))

    def networks(self) -> int:
        """Ask which networks can be used or fetched; return the request's number."""
        return self._request(lambda client: client.networks())

    def fetch(self, network: str) -> int:
        """Ask for an official network, whose licence the user has agreed to; return the request's number."""
        return self._request(lambda client: client.fetch(network, agreed=True))

    def render(self, job: Job) -> int:
        """Ask for a render, done after those asked for before; return the request's number."""
        return self._request(lambda client: client.render(job))

    def submit(self, jobs: Sequence[Job], farm: FarmSettings) -> int:
        """Ask to submit jobs to a render farm; return the request's number."""
        return self._request(lambda client: client.submit(jobs, farm))

    def cancel(self, request: int) -> None:
        """Cancel a request. Its last message says how it ended."""
        if request in self._open and self._client is not None:
            self._client.cancel(self._open[request])

    def close(self, *, at_once: bool = False) -> None:
        """End the worker; a render under way is cancelled, complete frames stay.

        Args:
            at_once: Do not wait for files that are being written; they never get their names then.
        """
        self._timer.stop()
        self._open.clear()
        if self._client is not None:
            self._client.close(timeout_seconds=0.2 if at_once else 5.0)
            self._client = None

    def _request(self, ask: Callable[[WorkerClient], int]) -> int:
        number = next(self._numbers)
        try:
            if self._client is None or not self._client.alive:
                self._drop_client()
                self._client = WorkerClient(self._command, environ=self._environ, log_file=self._log_file)
            self._open[number] = ask(self._client)
        except WorkerError as error:
            self._open[number] = 0
            failure = error
            # Not now: the caller does not know the number yet.
            QTimer.singleShot(0, self, lambda: self._fail_all(failure))
        self._timer.start()
        return number

    def _poll(self) -> None:
        if self._client is None:
            return
        try:
            messages = self._client.poll()
        except WorkerError as error:
            self._fail_all(error)
            return
        self._lower_priority()
        for message in messages:
            number = next((ours for ours, theirs in self._open.items() if theirs == message.get("id")), None)
            if number is not None:
                if message.get("last"):
                    del self._open[number]
                    self._previews.discard(number)
                self.message_received.emit(number, message)
        if not self._previews:
            self._timer.setInterval(POLL_MILLISECONDS)
        if not self._open:
            self._timer.stop()

    def _lower_priority(self) -> None:
        """Let the worker that has just answered give way to the window, which else waits for a processor."""
        pid = self.pid
        if pid is not None and pid != self._lowered:
            self._lowered = pid
            if sys.platform != "win32":
                # All threads that it has, and FFmpeg: it leads a group of its own.
                with suppress(OSError):
                    os.setpriority(os.PRIO_PGRP, pid, os.getpriority(os.PRIO_PROCESS, 0) + LOWER_BY)

    def _fail_all(self, error: WorkerError) -> None:
        """End every open request with an error: the worker is gone."""
        failed = list(self._open)
        self._open.clear()
        self._previews.clear()
        self._timer.stop()
        self._drop_client()
        for number in failed:
            self.message_received.emit(number, {**to_dict(Failed.of(error)), "last": True})

    def _drop_client(self) -> None:
        if self._client is not None:
            # It has ended already, or does not answer: half a second is for its pipes.
            self._client.close(timeout_seconds=0.5)
            self._client = None
