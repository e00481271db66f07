"""Blurs of any width at the same cost."""

from __future__ import annotations

import numpy as np

from matteline.drawing.arrays import Floats


def blurred(picture: Floats, radius: float, passes: int = 3) -> Floats:
    """Blur the first two axes with a Gaussian of about this radius; edges repeat.

    Three running means are as good as a Gaussian to the eye, and cost the same for every radius.
    """
    half = max(0, round(radius * np.sqrt(3 / passes)))
    if half:
        for _ in range(passes):
            picture = _running_mean(_running_mean(picture, half, 0), half, 1)
    return picture


def _running_mean(picture: Floats, half: int, axis: int) -> Floats:
    """Mean of the `2 * half + 1` neighbours along an axis."""
    before = np.repeat(picture.take([0], axis), half + 1, axis)
    after = np.repeat(picture.take([-1], axis), half, axis)
    sums = np.cumsum(np.concatenate([before, picture, after], axis), axis, dtype=np.float64)
    count = picture.shape[axis]
    width = 2 * half + 1
    window = sums.take(range(width, width + count), axis) - sums.take(range(count), axis)
    return (window / width).astype(np.float32)
