"""Outliers of a measure over a shot, by thresholds that the shot itself sets.

Each value is compared with the median of the frames around it. The spread of a shot is its scaled median
absolute deviation: 1.4826 times the median distance from the median, which for a normal distribution is one
standard deviation (Rousseeuw and Croux 1993), and which a few bad frames do not move. A frame is an outlier
when its excess over that median is larger than six such deviations, larger than a least step below which
nobody would look, and larger than twice the excess that a tenth of the frames reach: the gaps between moving
arms come and go in every second frame, and are no holes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# A measure of every frame; NaN where there is none.
Series = npt.NDArray[np.float64]

# Deviations above the median from which a value is an outlier.
OUTLIER_DEVIATIONS = 6.0
# Share of the frames whose excess counts as usual for the shot.
FREQUENT_SHARE = 0.1
# Times that usual excess which an outlier must exceed.
FREQUENT_FACTOR = 2.0
# Frames on each side that the median of a frame is taken over.
NEIGHBOUR_FRAMES = 15
# Standard deviation of a normal distribution whose median absolute deviation is 1.
_NORMAL_DEVIATION = 1.4826


class OutlierTest:
    """One measure over a shot, and the values that would be usual for it.

    Attributes:
        values: The measure of each frame, (N,) float64; NaN where there is none.
        usual: Median of the frames around each one, (N,) float64.
    """

    def __init__(self, values: Sequence[float | None], least_step: float) -> None:
        self.values = to_series(values)
        count = NEIGHBOUR_FRAMES
        self.usual = np.array(
            [known_median(self.values[max(i - count, 0) : i + count + 1]) for i in range(len(values))]
        )
        excess = self.values - self.usual
        known = excess[~np.isnan(excess)]
        # "lower" takes a value that occurs: in a short shot one or two bad frames do not count as frequent.
        frequent = float(np.quantile(known, 1 - FREQUENT_SHARE, method="lower")) if len(known) else 0.0
        self._limit = max(
            least_step, OUTLIER_DEVIATIONS * robust_deviation(excess), FREQUENT_FACTOR * frequent
        )

    def is_outlier(self, index: int) -> bool:
        """Tell whether the frame at an index lies too far above its neighbours; NaN never does."""
        return bool(self.values[index] - self.usual[index] > self._limit)


def to_series(values: Sequence[float | None]) -> Series:
    """Return measures as an array, with NaN for None."""
    return np.array([np.nan if value is None else value for value in values], np.float64)


def known_median(values: Series) -> float:
    """Return the median of the values that are no NaN; NaN where all are."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def robust_deviation(values: Series) -> float:
    """Return the scaled median absolute deviation, in the values' unit; 0 where no value is known."""
    deviation = _NORMAL_DEVIATION * known_median(np.abs(values - known_median(values)))
    return 0.0 if np.isnan(deviation) else deviation
