"""Sample values on their way into a file: half floats, integer codes, and the window a file covers.

What is stored is always finite: NaN becomes 0, and what a half float cannot hold becomes its largest value.
One broken pixel would otherwise spread over a whole picture with the first blur a compositor puts on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from matteline.contract.plate import Window
from matteline.media.frame import Pixels

# Rows converted at once: at HD to 8K their floats stay in the processor's cache, which halves the time.
_ROWS = 16


def crop_or_pad(pixels: Pixels, canvas: Window, window: Window) -> Pixels:
    """Return the part of a canvas that a window shows; pixels of the window outside the canvas are 0.

    Args:
        pixels: (H, W, C), the whole canvas.
        canvas: Where the pixels lie; its size is theirs.
        window: The part wanted, in the same coordinates.

    Returns:
        (window.height, window.width, C); a view where the window lies inside the canvas.
    """
    top, left = window.y - canvas.y, window.x - canvas.x
    if canvas.contains(window):
        return pixels[top : top + window.height, left : left + window.width]
    whole = np.zeros((window.height, window.width, pixels.shape[2]), pixels.dtype)
    rows = slice(max(top, 0), max(top + window.height, 0))
    columns = slice(max(left, 0), max(left + window.width, 0))
    part = pixels[rows, columns]
    # Where the window begins before the canvas, the part begins further inside the window.
    y, x = max(-top, 0), max(-left, 0)
    whole[y : y + part.shape[0], x : x + part.shape[1]] = part
    return whole


def to_float(pixels: Pixels, dtype: type[np.floating[Any]]) -> Pixels:
    """Return pixels as half or single floats, all finite; those that are so already pass untouched.

    Rounds to the nearest value, ties to even. NaN becomes 0; what is beyond the range of `dtype`, infinity
    included, becomes its largest or smallest finite value. Integer codes become code / largest code.

    Args:
        pixels: (H, W, C) uint8, uint16, float16 or float32.
        dtype: np.float16 or np.float32.
    """
    largest = float(np.finfo(dtype).max)
    if pixels.dtype == dtype and _all_finite(pixels):
        return pixels
    result = np.empty(pixels.shape, dtype)
    for rows, part in _strips(pixels):
        # fmin and fmax would keep a NaN's place filled with the limit: a white dot instead of a black one.
        holes = np.isnan(part)
        if holes.any():
            part[holes] = 0
        np.fmin(part, largest, out=part)
        np.fmax(part, -largest, out=part)
        result[rows] = part
    return result


def to_codes(pixels: Pixels, dtype: type[np.unsignedinteger[Any]]) -> Pixels:
    """Return pixels as integer codes over the full range: 0..1 becomes 0..largest code, rounded to the nearest.

    Pixels that already are of `dtype` pass untouched. Values outside 0..1 are clipped, NaN becomes 0.

    Args:
        pixels: (H, W, C) uint8, uint16, float16 or float32.
        dtype: np.uint8 or np.uint16.
    """
    if pixels.dtype == dtype:
        return pixels
    largest = np.iinfo(dtype).max
    result = np.empty(pixels.shape, dtype)
    for rows, part in _strips(pixels):
        np.fmax(part, 0, out=part)  # fmax takes the number where the other is NaN
        np.fmin(part, 1, out=part)
        part *= largest
        part += 0.5  # numpy cuts off what is behind the point
        result[rows] = part
    return result


def _all_finite(pixels: Pixels) -> bool:
    if pixels.dtype != np.float16:
        return bool(np.isfinite(pixels).all())
    # An exponent of all ones marks infinity and NaN; numpy's own test of half floats takes thrice as long.
    exponents = pixels.view(np.uint16) & np.uint16(0x7C00)
    return not (exponents == 0x7C00).any()


def _strips(pixels: Pixels) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
    """Yield runs of rows as float32 copies that the caller may change; integers become 0..1."""
    largest = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    for top in range(0, len(pixels), _ROWS):
        rows = slice(top, top + _ROWS)
        part = pixels[rows].astype(np.float32)
        if largest != 1:
            part /= largest
        yield rows, part
