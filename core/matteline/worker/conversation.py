"""One client's requests on their way to the work: the same for a host's pipes and for a farm's socket."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from matteline import __version__
from matteline.contract.errors import JobError
from matteline.contract.events import Failed, to_dict
from matteline.contract.job import JOB_VERSION
from matteline.contract.wire import PROTOCOL, Garbled
from matteline.worker.networks import fetch_network, list_networks
from matteline.worker.previews import Previews
from matteline.worker.request_handlers import RequestHandlers
from matteline.worker.serial_queue import SerialQueue, Work
from matteline.worker.task import Task

GRACE_SECONDS = 5.0
"""How long the frame that is being written may take when a client leaves."""


class Services:
    """The request handlers of this process and the queues that they work in, for all of its clients.

    Args:
        idle_seconds: How long the renders' queue is empty before it counts as idle.
        on_idle: Called then; by default the model is dropped, and the memory it holds on its device.
    """

    def __init__(self, idle_seconds: float, on_idle: Callable[[], None] | None = None) -> None:
        handlers, self._previews = RequestHandlers(), Previews()
        self.renders = renders = SerialQueue("renders", idle_seconds, on_idle or handlers.drop_network)
        # Beside the renders, so that a host can plan the next one while one runs.
        questions = SerialQueue("questions")
        # Beside the renders as well, with a network of its own: an artist looks while a queue renders.
        previews = SerialQueue("previews", idle_seconds, self._previews.forget)
        # Beside all: a download takes minutes where the network is slow.
        downloads = SerialQueue("downloads")
        self.work: Mapping[str, tuple[SerialQueue, Work]] = {
            "render": (renders, handlers.render),
            # It runs the network, so it takes its turn with the renders.
            "people": (renders, handlers.people),
            "states": (renders, handlers.run_chunk_request),
            "chunk": (renders, handlers.run_chunk_request),
            "plan": (questions, handlers.plan),
            "check": (questions, handlers.check),
            "submit": (questions, handlers.submit),
            "preview": (previews, self._previews.preview),
            "networks": (questions, list_networks),
            "fetch": (downloads, fetch_network),
        }

    def close(self) -> None:
        """Remove the files that were made for clients only."""
        self._previews.close()


class Conversation:
    """One client: its requests, and the messages it gets.

    Args:
        services: Of this process.
        send: Sends a message to the client, from any thread.
    """

    def __init__(self, services: Services, send: Callable[[Mapping[str, Any]], None]) -> None:
        self._work = services.work
        self._send = send
        # Touched only by the thread that reads the client, so without a lock.
        self._tasks: dict[int | str, Task] = {}

    def greet(self) -> None:
        """Tell the client who answers, before anything else."""
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

    def take_requests(self, requests: Iterable[Mapping[str, Any] | Garbled]) -> bool:
        """Take requests until there are no more; return whether the last one was `quit`."""
        for request in requests:
            if isinstance(request, Garbled):
                self._refuse(JobError(request.why, field="request"))
            elif request.get("request") == "quit":
                return True
            else:
                self._begin(request)
        return False

    def cancel_all(self) -> None:
        """Cancel what is not done; returns when nothing of it is being written, or after `GRACE_SECONDS`."""
        until = time.monotonic() + GRACE_SECONDS
        # All of them first, so that they end side by side.
        for task in self._tasks.values():
            task.cancel()
        for task in self._tasks.values():
            task.wait(max(0.0, until - time.monotonic()))

    def _begin(self, request: Mapping[str, Any]) -> None:
        # An id may be used again once its last message is sent.
        self._tasks = {number: task for number, task in self._tasks.items() if not task.ended}
        number, kind = request.get("id"), request.get("request")
        # A bool is an int to Python, and True would answer for 1.
        if not isinstance(number, (int, str)) or isinstance(number, bool):
            self._refuse(JobError("A request has no id.", field="id", hint="Give it a number or a word."))
        elif kind == "cancel":
            # One that is unknown has just ended: its last message and the cancel have crossed.
            if number in self._tasks:
                self._tasks[number].cancel()
        elif number in self._tasks:
            self._refuse(JobError(f"The id {number!r} belongs to an open request.", field="id"))
        elif isinstance(kind, str) and kind in self._work:
            if kind == "preview":
                # Only the latest is looked at.
                self._cancel_kind(kind)
            self._tasks[number] = Task(number, request, self._send)
            queue, work = self._work[kind]
            queue.put(self._tasks[number], work)
        else:
            unknown = JobError(
                f"The worker of matteline {__version__} knows no request {kind!r}.",
                field="request",
                hint="Update matteline and its host plug-in to the same release.",
            )
            self._refuse(unknown, number)

    def _cancel_kind(self, kind: str) -> None:
        for task in self._tasks.values():
            if task.request.get("request") == kind:
                task.cancel()

    def _refuse(self, error: JobError, number: int | str | None = None) -> None:
        self._send({"id": number, **to_dict(Failed.of(error)), "last": True})
