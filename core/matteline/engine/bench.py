"""Benchmark: the speed of each stage by itself, and of the whole beside its slowest stage."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from matteline.contract.events import FrameDone
from matteline.engine.infer import FrameResult
from matteline.engine.kept_network import prepared_network
from matteline.engine.outputs import prepare_folders
from matteline.engine.pipeline import each
from matteline.engine.plan import Plan
from matteline.engine.read import PlateFrame, read_frames
from matteline.engine.run import run
from matteline.engine.shot import Shot
from matteline.engine.workers import workers_for
from matteline.media.plate import open_plate

Item = TypeVar("Item")

WARM_FRAMES = 2
"""The first frames of each stage are not counted: libraries load and caches fill."""


@dataclass(frozen=True)
class Speeds:
    """Frames per second of one plan, stage by stage and whole.

    Attributes:
        decode: Reading the plate, as a render reads it.
        condition: Making the network's picture.
        infer: The network and its refiner.
        encode: Restoring the foreground, assembling the products and writing them.
        whole: All of it at once, as `matteline render` does, start-up excluded.
    """

    decode: float
    condition: float
    infer: float
    encode: float
    whole: float

    @property
    def slowest(self) -> float:
        """Frames per second of the slowest stage by itself."""
        return min(self.decode, self.condition, self.infer, self.encode)

    @property
    def whole_of_slowest(self) -> float:
        """The whole as a share of its slowest stage: 1.0 when all else hides behind it."""
        return self.whole / self.slowest


def measure(plan: Plan) -> Speeds:
    """Run each stage of a plan by itself, then the whole. Holds all frames of the plan in memory.

    Args:
        plan: One span of more than `WARM_FRAMES` frames, whose results may be replaced.
    """
    prepare_folders(plan.outputs)
    shot = Shot(plan, prepared_network(plan))
    (span,) = plan.spans
    for _ in shot.begin(span, ()):
        pass
    frames, decode = _timed(_read(plan))
    conditioned, condition = _timed(_condition(shot, frames))
    results, infer = _timed(shot.infer(conditioned))
    encode = _timed(_restore_and_write(plan, shot, results))[1]
    del frames, conditioned, results
    return Speeds(decode, condition, infer, encode, _timed(_frames_done(plan))[1])


def _timed(items: Iterable[Item]) -> tuple[list[Item], float]:
    """All items, and how many came per second once warm."""
    gathered: list[Item] = []
    since = time.perf_counter()
    for item in items:
        gathered.append(item)
        if len(gathered) == WARM_FRAMES:
            since = time.perf_counter()
    return gathered, (len(gathered) - WARM_FRAMES) / (time.perf_counter() - since)


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


def _frames_done(plan: Plan) -> Iterator[FrameDone]:
    return (event for event in run(plan) if isinstance(event, FrameDone))
