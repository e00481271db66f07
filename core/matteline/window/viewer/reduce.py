"""Making a picture smaller before anything else is done to it."""

from __future__ import annotations

import numpy as np

from matteline.media.frame import Pixels

REDUCTIONS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""By how many a picture's sides may be divided. Few, so that pictures in the cache serve again."""


def reduction_for(pixels_per_pixel: float) -> int:
    """The greatest reduction that still has a pixel for each one of the screen.

    Args:
        pixels_per_pixel: Screen pixels that a pixel of the picture covers along a side.
    """
    return max(each for each in REDUCTIONS if each <= max(1.0, 1.001 / max(pixels_per_pixel, 1e-6)))


def reduced(pixels: Pixels, by: int) -> Pixels:
    """A picture (H, W, C) with its sides divided: of each square the mean of four pixels, in its own dtype.

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
        return ((total + 2) >> 2).astype(pixels.dtype)
    total = sum((each.astype(np.float32) for each in corners[1:]), corners[0].astype(np.float32))
    with np.errstate(over="ignore", invalid="ignore"):
        return (total * np.float32(0.25)).astype(pixels.dtype)
