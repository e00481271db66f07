"""A blur that costs the same for every radius."""

from __future__ import annotations

import numpy as np

from matteline.drawing.shapes.arrays import Floats


def blurred(picture: Floats, radius: float, passes: int = 3) -> Floats:
    """Blur the first two axes; edges repeat.

    Args:
        picture: (H, W) or (H, W, C).
        radius: Standard deviation of the Gaussian that the blur comes near, in pixels.
        passes: Running means one after another; three look like a Gaussian (central limit theorem).
    """
    # A running mean of 2h + 1 values has a variance of about h² / 3, and variances of passes add up.
    half = max(0, round(radius * np.sqrt(3 / passes)))
    if half:
        for _ in range(passes):
            picture = _running_mean(_running_mean(picture, half, 0), half, 1)
    return picture


def _running_mean(picture: Floats, half: int, axis: int) -> Floats:
    """Mean of the `2 * half + 1` neighbours along an axis."""
    before = np.repeat(picture.take([0], axis), half + 1, axis)
    after = np.repeat(picture.take([-1], axis), half, axis)
    # In float64: differences of long running sums would lose the picture's small values in float32.
    sums = np.cumsum(np.concatenate([before, picture, after], axis), axis, dtype=np.float64)
    count = picture.shape[axis]
    width = 2 * half + 1
    window = sums.take(range(width, width + count), axis) - sums.take(range(count), axis)
    return (window / width).astype(np.float32)
