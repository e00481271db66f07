"""Benchmark: the speed of each stage by itself, and of the whole beside its slowest stage."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from matteline.contract.events import FrameDone
from matteline.engine.infer import FrameResult
from matteline.engine.kept_network import prepared_network
from matteline.engine.outputs import prepare_folders
from matteline.engine.pipeline import each
from matteline.engine.plan import Plan
from matteline.engine.read import PlateFrame, read_frames
from matteline.engine.run import run
from matteline.engine.shot import Shot
from matteline.engine.workers import usable_cores, workers_for
from matteline.matting.devices import synchronize, thread_count
from matteline.media.plate import open_plate

aten = torch.ops.aten
Item = TypeVar("Item")

WARM_FRAMES = 2
"""The first frames of each stage are not counted: libraries load and caches fill."""


@dataclass(frozen=True)
class StageSpeed:
    """Speed of one stage by itself, or of all at once.

    Attributes:
        fps: Frames per second.
        threads: Threads that it has in a render.
        cpu_seconds: Processor time of a frame, in all threads together.
    """

    fps: float
    threads: int
    cpu_seconds: float

    def idle_cores(self, cores: int) -> float:
        """Return how many of the machine's cores had nothing to do, on average."""
        return max(0.0, cores - self.fps * self.cpu_seconds)


@dataclass(frozen=True)
class Speeds:
    """Speed of one plan, stage by stage and whole.

    Attributes:
        stages: `decode`: reading the plate. `picture`: making the network's picture. `infer`: the network and its
            refiner. `encode`: solving edges, restoring the foreground, assembling the products and writing them.
        whole: All of it at once, as `matteline render` does, start-up excluded.
        cores: Cores that this process may use.
        uploaded_bytes: Bytes that a frame has copied to the device.
        downloaded_bytes: Bytes that a frame has copied back.
    """

    stages: Mapping[str, StageSpeed]
    whole: StageSpeed
    cores: int
    uploaded_bytes: int
    downloaded_bytes: int

    @property
    def limit(self) -> tuple[float, str]:
        """Frames per second that the whole cannot exceed, and why: the slowest stage, or all cores at work."""
        limits = {name: stage.fps for name, stage in self.stages.items()}
        limits["cores"] = self.cores / sum(stage.cpu_seconds for stage in self.stages.values())
        return min((fps, name) for name, fps in limits.items())


def measure(plan: Plan) -> Speeds:
    """Run each stage of a plan by itself, then the whole. Holds all frames of the plan in memory.

    Args:
        plan: One span of more than `WARM_FRAMES` frames, whose results may be replaced.
    """
    prepare_folders(plan.outputs)
    network, workers, device = prepared_network(plan), workers_for(plan.plate.canvas), plan.settings.device
    shot = Shot(plan, network)
    (span,) = plan.spans
    for _ in shot.begin(span, ()):
        pass
    stages = {}
    readers = workers.readers if plan.plate.kind != "movie" else 1
    frames, stages["decode"] = _timed(_read(plan), readers, device)
    conditioned, stages["picture"] = _timed(_condition(shot, frames), 1, device)
    results, stages["infer"] = _timed(shot.infer(conditioned), thread_count(), device)
    _, stages["encode"] = _timed(_restore_and_write(plan, shot, results), workers.writers, device)
    last = frames[-1]
    # These are all frames of the plan; the whole has frames of its own in flight.
    del frames, conditioned, results
    events = run(plan, network=network)
    done = (event for event in events if isinstance(event, FrameDone))
    _, whole = _timed(done, sum(stage.threads for stage in stages.values()), device)
    # After the timing, since the mode slows every call, and without `run`, since it sees only its own thread.
    with CopyCount() as copied:
        for result in shot.infer([shot.condition(last)]):
            shot.restore_and_write(result)
    return Speeds(stages, whole, usable_cores(), copied.up, copied.down)


class CopyCount(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes that torch copies to devices and back, in the thread that enters it.

    Attributes:
        up: Bytes copied to devices.
        down: Bytes copied from them.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Torch would load its compiler otherwise, which takes seconds and is not needed.
        return False

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.up = self.down = 0

    def __torch_dispatch__(
        self,
        call: OpOverload,
        types: object,
        args: tuple[Any, ...] = (),
        options: dict[str, Any] | None = None,
    ) -> Any:
        made = call(*args, **(options or {}))
        # `to` and `cpu` arrive here as `_to_copy`, writing into a tensor that is there as `copy_`.
        if call in (aten._to_copy.default, aten.copy_.default):
            source = args[-1] if call is aten.copy_.default else args[0]
            if source.device.type != made.device.type:
                to_device = source.device.type == "cpu"
                self.up += source.nbytes if to_device else 0
                self.down += 0 if to_device else source.nbytes
        return made


def _timed(items: Iterable[Item], threads: int, device: str) -> tuple[list[Item], StageSpeed]:
    """Return all items, and how fast they came once warm."""
    gathered: list[Item] = []
    since = began = 0.0
    for item in items:
        gathered.append(item)
        if len(gathered) == WARM_FRAMES:
            # A GPU works on after the call has returned: without waiting, its work would count for the frames that
            # follow.
            synchronize(device)
            since, began = time.perf_counter(), time.process_time()
    synchronize(device)
    count = len(gathered) - WARM_FRAMES
    spent = time.process_time() - began
    return gathered, StageSpeed(count / (time.perf_counter() - since), threads, spent / count)


def _read(plan: Plan) -> Iterator[PlateFrame]:
    (span,) = plan.spans
    missing, workers = plan.settings.missing, workers_for(plan.plate.canvas)
    with (
        open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate,
        read_frames(plate, span.frames, missing, workers=workers.readers, depth=workers.read_ahead) as frames,
    ):
        yield from frames


def _condition(shot: Shot, frames: Iterable[PlateFrame]) -> Iterator[PlateFrame]:
    with each(shot.condition, frames, workers=1, depth=1) as conditioned:
        yield from conditioned


def _restore_and_write(plan: Plan, shot: Shot, results: Iterable[FrameResult]) -> Iterator[FrameResult]:
    workers = workers_for(plan.plate.canvas)
    with each(
        shot.restore_and_write, results, workers=workers.writers, depth=workers.write_behind
    ) as written:
        yield from written
