"""A render on several devices of one machine: a worker process for each, the pixels of one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from matteline.contract.client import WorkerClient
from matteline.contract.errors import JobError
from matteline.contract.events import Event, Finished, FrameDone, Looking, Notice, Preroll, Started, error_of
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.frames import FrameRange
from matteline.contract.record import RECORD_FOLDER
from matteline.engine.plan import Plan
from matteline.engine.timeline import SavedState
from matteline.farm.farm_job import FILE_NAME, FarmJob
from matteline.farm.open_farm_job import states_beside
from matteline.farm.submission import PreparedShot, safe_name
from matteline.farm.submit import make_farm_job, write_farm_job

POLL_SECONDS = 0.02  # far below the time of a frame
CHUNKS_PER_DEVICE = 4
"""So many that a slower device is left with less work, and none waits long at the end."""
LEAST_CHUNK_FRAMES = 8  # below that, asking and opening cost as much as rendering
MOST_CHUNK_FRAMES = 96  # above that, a device that fails loses too much


def common_device_kind(devices: Sequence[str]) -> str:
    """Return the kind that several devices share: `cuda:0` and `cuda:1` are both `cuda`.

    Raises:
        JobError: They are of several kinds, which do not make the same pixels.
    """
    kinds = {device.partition(":")[0] for device in devices}
    if len(kinds) != 1:
        raise JobError(
            f"The devices {', '.join(devices)} are of several kinds, which do not make the same pixels.",
            field="device",
            hint="Name devices of one kind, such as cuda:0 and cuda:1.",
        )
    return kinds.pop()


def render_on_devices(
    plan: Plan, devices: Sequence[str], start: Callable[[], WorkerClient]
) -> Generator[Event, None, None]:
    """Render a plan on several devices: one saves the states while the others begin with the first chunks.

    Args:
        plan: From `portable_plan`, for the devices' kind.
        devices: Such as `cuda:0` and `cuda:1`; one named twice is used by two processes.
        start: Starts a worker process.

    Raises:
        MattelineError: The error of a worker. Complete frames stay, and a resume continues from the states.
        WorkerError: A worker ended by itself.
    """
    started = time.perf_counter()
    yield Started(len(plan.render), plan.weights.name, ", ".join(devices), str(plan.outputs.folder))
    if plan.render.ranges:
        yield from _render_chunks(plan, devices, start)
    if plan.movies:
        from matteline.engine.make_movies import make_movies  # loads torch, and only movies need it here

        yield from make_movies(plan)
    yield Finished(len(plan.render), time.perf_counter() - started)


def _render_chunks(plan: Plan, devices: Sequence[str], start: Callable[[], WorkerClient]) -> Iterator[Event]:
    # Rounded up, so that there are no more chunks than that.
    share = -(-len(plan.render) // (len(devices) * CHUNKS_PER_DEVICE))
    length = min(max(share, LEAST_CHUNK_FRAMES), MOST_CHUNK_FRAMES)
    # A state where each chunk begins, so that none starts earlier than its first frame.
    farm = FarmSettings(chunk=length, state_every=length, exact="states")
    # The plate's name may hold what the name of a farm job must not, such as a colon.
    farm_job = make_farm_job(plan, safe_name([plan.outputs.name]), farm)
    folder = plan.outputs.folder / RECORD_FOLDER / "devices" / farm_job.name
    write_farm_job(PreparedShot(farm_job, folder))
    with ExitStack() as stack:
        workers = [_DeviceWorker(device, stack.enter_context(start())) for device in devices]
        yield from _Scheduler(plan, farm_job, folder, workers).run()
    # Only after a good end: what was interrupted resumes from these states.
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()  # unless another shot is under way


@dataclass
class _DeviceWorker:
    """A worker process on one device, and the request that it works on."""

    device: str
    client: WorkerClient
    request: int | None = None


@dataclass
class _Scheduler:
    """Gives chunks to workers until all are done.

    Attributes:
        plan: The whole.
        farm_job: Its chunks.
        folder: Of the farm job.
        workers: One for each device.
        done: Frames that are done.
        first_pass: The request of the first pass, None when it has ended.
        waiting: Chunks that nobody works on yet, in order.
    """

    plan: Plan
    farm_job: FarmJob
    folder: Path
    workers: list[_DeviceWorker]
    done: int = 0
    first_pass: int | None = None
    waiting: list[FrameRange] = field(default_factory=list)

    def run(self) -> Iterator[Event]:
        self.waiting = list(self.farm_job.chunks_of(self.plan.render))
        # One device passes over the whole shot; the others follow as its states appear.
        self._send(self.workers[0], "states", str(self.plan.render.hull))
        self.first_pass = self.workers[0].request
        while self.waiting or any(worker.request is not None for worker in self.workers):
            for worker in self.workers:
                if worker.request is None:
                    chunk = next((each for each in self.waiting if self._can_begin(each)), None)
                    if chunk is not None:
                        self.waiting.remove(chunk)
                        self._send(worker, "chunk", str(chunk))
                yield from self._take_messages(worker)
            # `poll` does not wait, so that without a pause this loop would keep a core busy.
            time.sleep(POLL_SECONDS)

    def _can_begin(self, chunk: FrameRange) -> bool:
        # Without its state a chunk would start at the beginning: exact too, but slow.
        if self.first_pass is None:
            return True
        every = self.farm_job.farm.state_every
        needed = chunk.first // every * every
        run = next(span.run for span in self.plan.spans if chunk.first in span.render)
        state = SavedState(run, needed)
        # A run begins with an empty state, so its first chunk needs none from a file.
        return needed <= run.start or states_beside(self.farm_job, self.folder).file(state).exists()

    def _send(self, worker: _DeviceWorker, verb: str, frames: str) -> None:
        # Never the states: they do not depend on results, and `write_farm_job` has removed those of other settings.
        overwrite = verb == "chunk" and self.plan.job.existing == "overwrite"
        worker.request = worker.client.send(
            verb,
            farm_job=str(self.folder / FILE_NAME),
            frames=frames,
            device=worker.device,
            overwrite=overwrite,
        )

    def _take_messages(self, worker: _DeviceWorker) -> Iterator[Event]:
        """Yield a worker's messages as events of the whole render."""
        for message in worker.client.poll(worker.request) if worker.request is not None else ():
            if message["event"] == "failed":
                # On the way out the ExitStack of `_render_chunks` ends the other workers.
                raise error_of(message)
            if message["event"] == "frame":
                self.done += 1
                yield FrameDone(message["number"], tuple(message["files"]), self.done, len(self.plan.render))
            # Prerolls of chunks are short, and several bars at once would only flicker.
            elif message["event"] == "preroll" and worker.request == self.first_pass:
                yield Preroll(message["done"], message["total"])
            elif message["event"] == "look":
                yield Looking(message["done"], message["total"])
            elif message["event"] == "notice":
                yield Notice(message["message"])
            if message.get("last"):
                self.first_pass = None if self.first_pass == worker.request else self.first_pass
                worker.request = None
