"""What is usual in a shot, and what stands out from it.

Every measure is compared with what is usual around the frame: the median of the frames around it. What is
usual scatter is taken from the shot as well: 1.4826 times the median distance from that median, which for
normal scatter is one standard deviation, and which a few bad frames do not move. A frame is marked when it
lies further out than six of those, further than a least step below which nobody would look, and further than
twice what a tenth of the frames reach: gaps of moving arms come and go, and are no holes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.float64]
"""A measure of every frame; NaN where there is none."""

OUTLYING = 6.0
"""Scatters that a frame must lie away from what is usual."""
OFTEN = 0.1
OFTEN_TIMES = 2.0
"""What so many of the frames reach is usual for the shot; a frame must lie so many times as far out."""
AROUND_FRAMES = 15
"""Frames on each side that say what is usual."""


class Usual:
    """A measure over the shot, with what is usual around each frame and how much scatter is."""

    def __init__(self, values: Sequence[float | None], least: float) -> None:
        self.values = series(values)
        self.usual = np.array([median(_window(self.values, index)) for index in range(len(values))])
        beyond = self.values - self.usual
        self._limit = max(least, OUTLYING * scatter(beyond), OFTEN_TIMES * _often(beyond))

    def stands_out(self, index: int) -> bool:
        """Whether a frame lies above what is usual by more than scatter explains."""
        return bool(self.values[index] - self.usual[index] > self._limit)


def series(values: Sequence[float | None]) -> Series:
    """Measures as an array."""
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _window(values: Series, index: int) -> Series:
    return values[max(index - AROUND_FRAMES, 0) : index + AROUND_FRAMES + 1]


def median(values: Series) -> float:
    """The median of those that are there; NaN where none is."""
    there = values[~np.isnan(values)]
    return float(np.median(there)) if len(there) else float("nan")


def scatter(values: Series) -> float:
    """One standard deviation, if scatter were normal, that a few bad frames do not move."""
    deviation = 1.4826 * median(np.abs(values - median(values)))
    return 0.0 if np.isnan(deviation) else deviation


def _often(values: Series) -> float:
    """What a tenth of the values reach, and one or two of a few do not."""
    there = values[~np.isnan(values)]
    return float(np.quantile(there, 1 - OFTEN, method="lower")) if len(there) else 0.0
