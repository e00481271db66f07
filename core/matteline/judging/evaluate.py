"""Evaluation of mattes against the truth, frame by frame. Only figures are kept of a frame that is done."""

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
from matteline.media.samples import crop_or_pad, to_float


@dataclass(frozen=True)
class FramePair:
    """Both mattes of one frame, those of the frame before, and both foregrounds."""

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
        label: Its name in papers.
        unit: The scale of its figures, as `x 1000`.
        measure: The figure of one frame; None where there is nothing to measure.
    """

    label: str
    unit: str
    measure: Callable[[FramePair], float | None]


def _of_alpha(function: Callable[[Alpha, Alpha], float]) -> Callable[[FramePair], float]:
    return lambda pair: function(pair.pred, pair.truth)


def _of_foreground(pair: FramePair) -> float | None:
    if pair.pred_fgr is None or pair.truth_fgr is None:
        return None
    return foreground_mse(pair.pred_fgr, pair.truth_fgr, pair.truth)


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "mad": Metric("MAD", "x 1000", _of_alpha(mad)),
        "mse": Metric("MSE", "x 1000", _of_alpha(mse)),
        "grad": Metric("Grad", "/ 1000", _of_alpha(grad)),
        "grad_plain": Metric("Grad, plain", "/ 1000", _of_alpha(partial(grad, stretched=False))),
        "conn": Metric("Conn", "/ 1000", _of_alpha(conn)),
        "dtssd": Metric(
            "dtSSD", "x 100", lambda pair: dtssd(pair.pred, pair.truth, pair.pred_before, pair.truth_before)
        ),
        "fgr_mse": Metric("Fg MSE", "x 1000", _of_foreground),
    }
)
# All but `grad_plain`, which only comparisons with the paper's table at high resolution want.
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
        name: Name of the clip, empty for a lone one.
        by: The way in which its frames were matched, `number` or `order`.
        frames: In order.
    """

    name: str
    by: str
    frames: tuple[FrameScore, ...]

    def mean(self, metric: str) -> float | None:
        """Return the mean over all frames that have the measure; None where none has."""
        return mean_of(frame.values[metric] for frame in self.frames)


@dataclass(frozen=True)
class Evaluation:
    """The measures of all clips."""

    metrics: tuple[str, ...]
    clips: tuple[ClipScore, ...]

    def mean(self, metric: str) -> float | None:
        """Return the mean of the clips' means, so that each counts alike, as in the published evaluation."""
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
    for (frame, truth_frame), pair in zip(pairing.frames, _frame_pairs(pairing), strict=True):
        values = {name: METRICS[name].measure(pair) for name in metrics}
        yield FrameScore(frame, truth_frame, values)


def evaluate(
    pairings: Sequence[Pairing], metrics: Sequence[str], on_frame: Callable[[int], None] = lambda done: None
) -> Evaluation:
    """Measure all clips; `on_frame` is called after every frame with the number of frames done.

    Raises:
        ReadError: A frame of either side cannot be read.
    """
    clips, done = [], 0
    for pairing in pairings:
        frames = []
        for score in scores(pairing, metrics):
            frames.append(score)
            done += 1
            on_frame(done)
        clips.append(ClipScore(pairing.name, pairing.by, tuple(frames)))
    return Evaluation(tuple(metrics), tuple(clips))


def mean_of(values: Iterator[float | None]) -> float | None:
    """Return the mean of the values that are known; None where none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _frame_pairs(pairing: Pairing) -> Iterator[FramePair]:
    mine, true = zip(*pairing.frames, strict=True)
    before: tuple[Alpha | None, Alpha | None] = (None, None)
    for pred, truth, pred_fgr, truth_fgr in zip(
        pairing.pred.read(mine, pairing.window),
        pairing.truth.read(true, pairing.truth_window),
        _colours(pairing.pred_fgr, mine),
        _colours(pairing.truth_fgr, true),
        strict=True,
    ):
        yield FramePair(pred, truth, *before, pred_fgr, truth_fgr)
        # The published dtSSD compares with the frame before in the list, whatever its number.
        before = pred, truth


def _colours(plate: Plate | None, frames: Sequence[int]) -> Iterator[Colour | None]:
    if plate is None:
        yield from (None for _ in frames)
        return
    info = plate.info
    for frame in plate.read(frames):
        yield to_float(crop_or_pad(frame.pixels[..., :3], info.canvas, info.display_window), np.float32)
