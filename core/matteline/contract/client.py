"""The client of a worker process: start it, send requests, receive messages, end it. No method blocks.

::

    client = WorkerClient(find_worker(os.environ), environ=os.environ)
    render = client.render(job)
    ...                                     # from the host's timer, a few times a second:
    for message in client.poll(render):
        ...                                 # {"event": "frame", "number": 1001, ...}
    ...
    client.close()

docs/protocol.md lists the messages. Every request is answered by messages with its id, of which exactly one,
the last, has `"last": true`.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Optional

from matteline.contract.errors import WorkerError
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.job import JOB_VERSION, Job
from matteline.contract.process import WorkerProcess
from matteline.contract.wire import PROTOCOL

Message = dict[str, Any]


class WorkerClient:
    """One worker process and the requests made of it. Close it when the host lets go of it.

    Not for several threads at once.

    Args:
        command: What `find_worker` found.
        environ: The host's environment; it is cleaned before the worker gets it.
        host_dirs: The host's installation folders, to be kept out of the worker's search paths.
        log_file: Receives what the worker says beside the protocol; replaced at each start. Empty for none.
        greeting_seconds: How long the worker may take until it says hello.

    Raises:
        WorkerError: The process cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        host_dirs: Sequence[str] = (),
        cwd: Optional[str] = None,
        log_file: str = "",
        greeting_seconds: float = 60.0,
    ) -> None:
        self._process = WorkerProcess(command, environ, host_dirs, cwd=cwd, log_file=log_file)
        self._greeting_due = time.monotonic() + greeting_seconds
        self._ids = itertools.count(1)
        # Requests without their last message yet, so that the error can name what the worker ended in.
        self._open: dict[int, str] = {}
        self._arrived: list[Message] = []
        self._held: list[Message] = []
        self._hello: Optional[Message] = None
        self._error: Optional[WorkerError] = None

    def __enter__(self) -> WorkerClient:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    @property
    def hello(self) -> Optional[Message]:
        """The worker's first message, about itself: `matteline`, `python`, `protocol`, `pid`; None before it did."""
        return self._hello

    @property
    def alive(self) -> bool:
        """True while requests can be sent. A worker that ended stays ended: start another client."""
        return self._error is None and not self._process.ended

    def check(self) -> int:
        """Ask for versions, devices and the model; returns the request's id."""
        return self.send("check")

    def plan(self, job: Job) -> int:
        """Ask what a render of this job would do; returns the request's id."""
        return self.send("plan", job=json.loads(job.to_json()))

    def render(self, job: Job) -> int:
        """Ask for a render, done after those asked for before; returns the request's id."""
        return self.send("render", job=json.loads(job.to_json()))

    def preview(
        self,
        job: Job,
        frame: int,
        *,
        scale: int = 1,
        products: Sequence[str] = ("alpha", "fgr"),
        file_format: str = "npy",
        draft: Optional[Mapping[str, Any]] = None,
    ) -> int:
        """Ask for one frame of a job as a render would make it; cancels the preview before. Returns the id.

        Args:
            job: Any job; its output folder and frames are ignored.
            frame: The plate's own frame number.
            scale: 1, 2 or 4: full, half or quarter size.
            products: `alpha`, which always comes, `fgr`, and `rgba` for both in one picture; alpha alone is
                fast enough to follow a slider.
            file_format: `npy` (float16), `exr` or `png`.
            draft: While a slider moves: `reduction` (1, 2, 4 or 8) and `region` (x, y, width and height in pixels of
                the preview, or None for all of it). Then alpha alone comes, nearly as it will be, and much sooner.
        """
        data = json.loads(job.to_json())
        more = {} if draft is None else {"draft": dict(draft)}
        return self.send(
            "preview", job=data, frame=frame, scale=scale, products=list(products), format=file_format, **more
        )

    def submit(self, jobs: Sequence[Job], farm: FarmSettings) -> int:
        """Ask to hand jobs to a render farm; returns the request's id.

        Where the engine has no queue to hand them to, what it takes is written, for others to run.
        """
        written = [json.loads(each.to_json()) for each in jobs]
        return self.send("submit", jobs=written, farm=json.loads(farm.to_json()), dry_run=not farm.has_queue)

    def people(self, job: Job, *, sheet: Optional[str] = None) -> int:
        """Ask who is in the plate of a job; returns the request's id.

        Args:
            job: Any job; its frames and products do not count, its hints do. What is found is kept in its output
                folder, where a render uses it.
            sheet: Path of a contact sheet to write, a PNG; None for none.
        """
        return self.send("people", job=json.loads(job.to_json()), sheet=sheet)

    def networks(self) -> int:
        """Ask which networks can be used or fetched; returns the request's id."""
        return self.send("networks")

    def fetch(self, network: str, *, agreed: bool, place: Optional[str] = None) -> int:
        """Ask for an official network to be fetched and installed; returns the request's id.

        Args:
            network: Its name, as `networks` lists it.
            agreed: Whether the user has read its licence note and agreed.
            place: `release`, `index`, a file or a folder; None tries release and index.
        """
        return self.send("fetch", network=network, agreed=agreed, **({"from": place} if place else {}))

    def send(self, request: str, **fields: Any) -> int:
        """Make a request; returns its id. It is held back until the worker has said hello.

        Raises:
            WorkerError: The worker has ended.
        """
        self._take_in()
        if self._error is not None:
            # The one error is raised at every call, and would gather the traceback of each of them.
            raise self._error.with_traceback(None)
        number = next(self._ids)
        self._open[number] = request
        self._write({"id": number, "request": request, **fields})
        return number

    def cancel(self, request: int) -> None:
        """Give up a request; its last message says how it ended. One that has ended is left alone."""
        if request in self._open and self._error is None:
            self._write({"id": request, "request": "cancel"})

    def poll(self, request: Optional[int] = None) -> list[Message]:
        """Return the messages that arrived since the last call, for one request or for all.

        Raises:
            WorkerError: The worker ended by itself, speaks another protocol, or does not speak. Raised when
                all that it said before has been returned, and again at each later call.
        """
        self._take_in()
        taken = [each for each in self._arrived if request in (None, each.get("id"))]
        self._arrived = [each for each in self._arrived if request not in (None, each.get("id"))]
        if self._error is not None and not taken:
            raise self._error.with_traceback(None)
        return taken

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Ask the worker to leave, and end it when it does not. What it renders is cancelled.

        Returns when no process and no thread of it is left, a few seconds after the timeout at the latest.
        """
        # Before the greeting nothing may be sent; closing its input ends such a worker as well.
        if self._hello is not None and self._error is None:
            self._process.write({"request": "quit"})
        self._process.close(timeout_seconds)
        if self._error is None:
            self._error = WorkerError("The matteline worker was closed.")

    def _write(self, message: Message) -> None:
        # A worker of another protocol might take a request for something else.
        if self._hello is None:
            self._held.append(message)
        else:
            self._process.write(message)

    def _take_in(self) -> None:
        if self._error is not None:
            return
        # Asked before reading: what arrives between the two belongs to the messages, not to the end.
        ended = self._process.ended
        for message in self._process.read():
            if self._hello is None:
                self._greet(message)
            elif self._error is None:
                self._keep(message)
        if self._error is None:
            self._error = self._ending() if ended else self._silence()

    def _greet(self, message: Message) -> None:
        if message.get("event") != "hello":
            return
        self._hello = message
        self._error = _mismatch(message)
        if self._error is None:
            for held in self._held:
                self._process.write(held)

    def _keep(self, message: Message) -> None:
        number = message.get("id")
        if message.get("last") and isinstance(number, int):
            self._open.pop(number, None)
        self._arrived.append(message)

    def _silence(self) -> Optional[WorkerError]:
        if self._hello is not None or time.monotonic() < self._greeting_due:
            return None
        return WorkerError(
            f"{self._process.program} was started as matteline worker but says nothing.",
            hint="Name another worker in the preferences." + self._process.last_words(),
        )

    def _ending(self) -> WorkerError:
        if self._hello is None:
            when = " before it was ready"
            hint = f"Run '{self._process.program} doctor' in a terminal to learn more."
        else:
            when = f" during '{next(iter(self._open.values()))}'" if self._open else ""
            hint = "Complete frames are kept; start again to go on."
        return WorkerError(
            f"The matteline worker ended by itself{when}: {self._process.cause()}.",
            code=self._process.exit_code,
            hint=hint + self._process.last_words(),
        )


def follow(client: WorkerClient, request: int, *, interval_seconds: float = 0.05) -> Iterator[Message]:
    """Wait for a request's messages, to its last one. Closing the iterator cancels the request.

    For terminals and hosts without windows; messages of other requests wait for their own `poll`.

    Raises:
        WorkerError: As `WorkerClient.poll` says.
    """
    try:
        while True:
            for message in client.poll(request):
                yield message
                if message.get("last"):
                    return
            time.sleep(interval_seconds)
    finally:
        # Nothing where the last message has come.
        client.cancel(request)


def _mismatch(hello: Message) -> Optional[WorkerError]:
    for what, theirs, ours in (
        ("protocol", hello.get("protocol"), PROTOCOL),
        ("jobs of version", hello.get("job"), JOB_VERSION),
    ):
        if theirs != ours:
            older = "matteline" if isinstance(theirs, int) and theirs < ours else "this plug-in"
            release = hello.get("matteline")
            return WorkerError(
                f"matteline {release} speaks {what} {theirs}, this plug-in speaks {what} {ours}.",
                hint=f"Update {older}, so that both are of the same release.",
            )
    return None
