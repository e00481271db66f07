"""Reduction of pictures to about the pixels of the screen, before anything else is done to them."""

from __future__ import annotations

import numpy as np

from matteline.media.frame import Pixels

# Divisors of a picture's sides. Few, so that frames in memory serve again at another zoom.
REDUCTIONS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


def reduction_for(zoom: float) -> int:
    """Return the greatest reduction that still has a pixel for each one of the screen.

    Args:
        zoom: Screen pixels along one pixel of the picture.
    """
    # A thousandth of tolerance, or rounding would read frames at twice the size at a zoom of just one half.
    return max(each for each in REDUCTIONS if each <= max(1.0, 1.001 / max(zoom, 1e-6)))


def reduced(pixels: Pixels, by: int) -> Pixels:
    """Reduce a picture (H, W, C), in its own dtype: each square of pixels becomes the mean of four of them.

    Four, whatever the square's size: more would take longer than decoding does.
    """
    if by == 1:
        return pixels
    height, width = (max(side // by, 1) * by for side in pixels.shape[:2])
    if height > pixels.shape[0] or width > pixels.shape[1]:
        return np.ascontiguousarray(pixels[::by, ::by])
    corners = [pixels[y:height:by, x:width:by] for y in (0, by // 2) for x in (0, by // 2)]
    if pixels.dtype.kind == "u":
        total = sum((each.astype(np.uint32) for each in corners[1:]), corners[0].astype(np.uint32))
        # A quarter, rounded to the nearest.
        return ((total + 2) >> 2).astype(pixels.dtype)
    total = sum((each.astype(np.float32) for each in corners[1:]), corners[0].astype(np.float32))
    # Half floats may overflow to infinity again, as they were before.
    with np.errstate(over="ignore", invalid="ignore"):
        return (total * np.float32(0.25)).astype(pixels.dtype)
