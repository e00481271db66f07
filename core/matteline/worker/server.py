"""The worker: hears requests, hands each to a lane, and ends with its host."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Mapping
from typing import Any

from matteline import __version__
from matteline.contract.errors import JobError
from matteline.contract.events import Failed, to_dict
from matteline.contract.job import JOB_VERSION
from matteline.contract.wire import PROTOCOL, Garbled, messages
from matteline.worker.lane import Lane
from matteline.worker.networks import fetch_network, list_networks
from matteline.worker.pipes import Answers, Pipes
from matteline.worker.previews import Previews
from matteline.worker.task import Task
from matteline.worker.work import Desk

GRACE_SECONDS = 5.0
"""How long the frame that is being written may take when the worker is to leave."""


def serve(pipes: Pipes, idle_seconds: float) -> None:
    """Answer requests until the host says `quit` or is gone; then give up what is not done.

    Returns when nothing is being written any more, or after `GRACE_SECONDS`. Threads may still be busy inside
    libraries then: leave the process with `os._exit`.
    """
    worker = _Worker(pipes.answers, idle_seconds)
    worker.greet()
    try:
        worker.hear(messages(pipes.requests))
    finally:
        worker.give_up()


class _Worker:
    def __init__(self, answers: Answers, idle_seconds: float) -> None:
        desk, self._previews = Desk(), Previews()
        self._send = answers.send
        self._tasks: dict[int | str, Task] = {}
        renders = Lane("renders", idle_seconds, desk.forget)
        # Beside the renders, so that a host can plan the next one while one runs.
        questions = Lane("questions")
        # Beside the renders as well, with a network of its own: an artist looks while a queue renders.
        previews = Lane("previews", idle_seconds, self._previews.forget)
        # Beside all: a download takes minutes where the way is long.
        downloads = Lane("downloads")
        self._work = {
            "render": (renders, desk.render),
            "states": (renders, desk.states),
            "chunk": (renders, desk.chunk),
            "plan": (questions, desk.plan),
            "check": (questions, desk.check),
            "submit": (questions, desk.submit),
            "preview": (previews, self._previews.preview),
            "networks": (questions, list_networks),
            "fetch": (downloads, fetch_network),
        }

    def greet(self) -> None:
        self._send(
            {
                "event": "hello",
                "protocol": PROTOCOL,
                "job": JOB_VERSION,
                "matteline": __version__,
                "python": platform.python_version(),
                "pid": os.getpid(),
            }
        )

    def hear(self, requests: Iterable[Mapping[str, Any] | Garbled]) -> None:
        for request in requests:
            if isinstance(request, Garbled):
                self._refuse(JobError(request.why, field="request"))
            elif request.get("request") == "quit":
                return
            else:
                self._begin(request)

    def give_up(self) -> None:
        until = time.monotonic() + GRACE_SECONDS
        for task in self._tasks.values():
            task.cancel()
        for task in self._tasks.values():
            task.wait(max(0.0, until - time.monotonic()))
        self._previews.close()

    def _begin(self, request: Mapping[str, Any]) -> None:
        self._tasks = {number: task for number, task in self._tasks.items() if not task.ended}
        number, kind = request.get("id"), request.get("request")
        if not isinstance(number, (int, str)) or isinstance(number, bool):
            self._refuse(JobError("A request has no id.", field="id", hint="Give it a number or a word."))
        elif kind == "cancel":
            self._cancel(number)
        elif number in self._tasks:
            self._refuse(JobError(f"The id {number!r} belongs to an open request.", field="id"))
        elif isinstance(kind, str) and kind in self._work:
            if kind == "preview":
                # Only the latest is looked at.
                self._cancel_all(kind)
            self._tasks[number] = Task(number, request, self._send)
            lane, work = self._work[kind]
            lane.put(self._tasks[number], work)
        else:
            self._refuse(_unknown(kind), number)

    def _cancel_all(self, kind: str) -> None:
        for task in self._tasks.values():
            if task.request.get("request") == kind:
                task.cancel()

    def _cancel(self, number: int | str) -> None:
        # One that is unknown has just ended: its last message and the cancel have crossed.
        if number in self._tasks:
            self._tasks[number].cancel()

    def _refuse(self, error: JobError, number: int | str | None = None) -> None:
        self._send({"id": number, **to_dict(Failed.of(error)), "last": True})


def _unknown(kind: object) -> JobError:
    return JobError(
        f"The worker of matteline {__version__} knows no request {kind!r}.",
        field="request",
        hint="Update matteline and its host plug-in to the same release.",
    )
