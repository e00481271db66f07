"""Holding mattes against the truth, frame by frame. Only figures are kept of a frame that is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np

from matteline.contract.errors import JobError
from matteline.judging.clips import Pairing
from matteline.judging.connectivity import conn
from matteline.judging.metrics import Alpha, Colour, dtssd, foreground_mse, grad, mad, mse
from matteline.media.plate import Plate
from matteline.media.samples import placed, to_float


@dataclass(frozen=True)
class Looks:
    """What is compared of one frame: both mattes, the frames before them, and both foregrounds."""

    pred: Alpha
    truth: Alpha
    pred_before: Alpha | None = None
    truth_before: Alpha | None = None
    pred_fgr: Colour | None = None
    truth_fgr: Colour | None = None


@dataclass(frozen=True)
class Metric:
    """One measure.

    Attributes:
        label: What papers call it.
        unit: What its figures are scaled by.
        measure: Of one frame; None where there is nothing to measure.
    """

    label: str
    unit: str
    measure: Callable[[Looks], float | None]


def _of_both(function: Callable[[Alpha, Alpha], float]) -> Callable[[Looks], float | None]:
    return lambda looks: function(looks.pred, looks.truth)


def _dtssd(looks: Looks) -> float:
    return dtssd(looks.pred, looks.truth, looks.pred_before, looks.truth_before)


def _foreground(looks: Looks) -> float | None:
    if looks.pred_fgr is None or looks.truth_fgr is None:
        return None
    return foreground_mse(looks.pred_fgr, looks.truth_fgr, looks.truth)


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "mad": Metric("MAD", "x 1000", _of_both(mad)),
        "mse": Metric("MSE", "x 1000", _of_both(mse)),
        "grad": Metric("Grad", "/ 1000", _of_both(grad)),
        "grad_plain": Metric("Grad, plain", "/ 1000", _of_both(partial(grad, stretched=False))),
        "conn": Metric("Conn", "/ 1000", _of_both(conn)),
        "dtssd": Metric("dtSSD", "x 100", _dtssd),
        "fgr_mse": Metric("Fg MSE", "x 1000", _foreground),
    }
)
DEFAULT_METRICS = ("mad", "mse", "grad", "conn", "dtssd", "fgr_mse")


@dataclass(frozen=True)
class FrameScore:
    """The measures of one frame, by the names of `METRICS`; None where there was nothing to measure."""

    frame: int
    truth_frame: int
    values: Mapping[str, float | None]


@dataclass(frozen=True)
class ClipScore:
    """The measures of one clip.

    Attributes:
        name: Of the clip, empty for a lone one.
        by: What its frames were matched by, `number` or `order`.
        frames: In order.
    """

    name: str
    by: str
    frames: tuple[FrameScore, ...]

    def mean(self, metric: str) -> float | None:
        """Over all frames that have the measure; None where none has."""
        return mean_of(frame.values[metric] for frame in self.frames)


@dataclass(frozen=True)
class Evaluation:
    """The measures of all clips."""

    metrics: tuple[str, ...]
    clips: tuple[ClipScore, ...]

    def mean(self, metric: str) -> float | None:
        """Over the means of the clips, so that each counts alike, as in the published evaluation."""
        return mean_of(clip.mean(metric) for clip in self.clips)


def choose_metrics(words: str) -> tuple[str, ...]:
    """Read `mad,mse,conn`.

    Raises:
        JobError: A name that is not one of `METRICS`, or none.
    """
    names = tuple(dict.fromkeys(part.strip() for part in words.split(",") if part.strip()))
    if not names or (unknown := [name for name in names if name not in METRICS]):
        raise JobError(
            f"There is no metric '{unknown[0] if names else words}'.",
            field="metrics",
            hint=f"Choose from: {', '.join(METRICS)}.",
        )
    return names


def scores(pairing: Pairing, metrics: Sequence[str]) -> Iterator[FrameScore]:
    """Measure one clip, frame by frame.

    Raises:
        ReadError: A frame of either cannot be read.
    """
    for (frame, truth_frame), looks in zip(pairing.frames, _looks(pairing), strict=True):
        values = {name: METRICS[name].measure(looks) for name in metrics}
        yield FrameScore(frame, truth_frame, values)


def evaluate(
    pairings: Sequence[Pairing], metrics: Sequence[str], tell: Callable[[int], None] = lambda done: None
) -> Evaluation:
    """Measure all clips; `tell` hears after every frame how many are done.

    Raises:
        ReadError: A frame of either side cannot be read.
    """
    clips, done = [], 0
    for pairing in pairings:
        frames = []
        for score in scores(pairing, metrics):
            frames.append(score)
            done += 1
            tell(done)
        clips.append(ClipScore(pairing.name, pairing.by, tuple(frames)))
    return Evaluation(tuple(metrics), tuple(clips))


def mean_of(values: Iterator[float | None]) -> float | None:
    """The mean of those that are there; None where none is."""
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None


def _looks(pairing: Pairing) -> Iterator[Looks]:
    mine, true = zip(*pairing.frames, strict=True)
    before: tuple[Alpha | None, Alpha | None] = (None, None)
    for pred, truth, pred_fgr, truth_fgr in zip(
        pairing.pred.read(mine, pairing.window),
        pairing.truth.read(true, pairing.truth_window),
        _colours(pairing.pred_fgr, mine),
        _colours(pairing.truth_fgr, true),
        strict=True,
    ):
        yield Looks(pred, truth, *before, pred_fgr, truth_fgr)
        before = pred, truth


def _colours(plate: Plate | None, frames: Sequence[int]) -> Iterator[Colour | None]:
    if plate is None:
        yield from (None for _ in frames)
        return
    info = plate.info
    for frame in plate.read(frames):
        yield to_float(placed(frame.pixels[..., :3], info.canvas, info.display_window), np.float32)
