"""Fine curves such as hair, drawn as threads that absorb light: right for threads far below a pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matteline.drawing.shapes.arrays import Floats
from matteline.drawing.shapes.camera import Box, Camera

_LONGEST_STEP_PX = 0.9


def draw_strands(
    camera: Camera, box: Box, points: Floats, widths_px: Floats, values: Sequence[Floats]
) -> tuple[list[Floats], Floats]:
    """Rasterise curves; where many cross, their values mix.

    Args:
        camera: Projects them.
        box: The pixels wanted.
        points: (N, K, 3) in the world, along N curves.
        widths_px: (N, K); a pixel and a half at most, since each thread is spread over two pixels.
        values: Each (N, K): brightness and the like along the curves.

    Returns:
        Each of the values where they are seen, (h, w), and the coverage (h, w).
    """
    x, y = camera.to_pixels(points)
    # Places of pixel centres in the box.
    x, y = x - box.left - 0.5, y - box.top - 0.5
    # Cut so finely that the longest stretch leaves no gaps.
    longest = float(np.hypot(np.diff(x), np.diff(y)).max(initial=0))
    steps = max(1, int(np.ceil(longest / _LONGEST_STEP_PX)))
    x, y = _finer(x, steps), _finer(y, steps)
    length = np.hypot(np.diff(x, append=x[:, -1:]), np.diff(y, append=y[:, -1:]))
    mass = _finer(widths_px, steps) * length
    splat = _Splat(x, y, mass, box.bottom - box.top, box.right - box.left)
    thickness = splat.spread(None)
    seen: list[Floats] = [splat.spread(_finer(each, steps)) / np.maximum(thickness, 1e-6) for each in values]
    # Beer-Lambert: each thread takes away a share of the light that is left.
    coverage: Floats = 1 - np.exp(-thickness)
    return seen, coverage


def _finer(values: Floats, steps: int) -> Floats:
    """Interpolate (N, K) linearly to (N, (K - 1) * steps)."""
    share = np.arange(steps, dtype=np.float32) / np.float32(steps)
    start, rise = values[:, :-1, None], np.diff(values)[..., None]
    between: Floats = start + rise * share
    return between.reshape(len(values), -1)


class _Splat:
    """Points spread over the four pixels around each, by how near those are."""

    def __init__(self, x: Floats, y: Floats, mass: Floats, height: int, width: int) -> None:
        # Bilinear: the four pixels around a point share its mass.
        column, row = np.floor(x), np.floor(y)
        self._inside = (column >= -1) & (column < width) & (row >= -1) & (row < height)
        column, row, x, y, mass = (each[self._inside] for each in (column, row, x, y, mass))
        fx, fy = x - column, y - row
        # A frame of one pixel takes what falls beside the picture.
        self._shape = (height + 2, width + 2)
        corner = (row.astype(np.intp) + 1) * (width + 2) + column.astype(np.intp) + 1
        self._at = np.concatenate([corner, corner + 1, corner + width + 2, corner + width + 3])
        upper, lower = mass * (1 - fy), mass * fy
        self._weights = np.concatenate([upper * (1 - fx), upper * fx, lower * (1 - fx), lower * fx])

    def spread(self, values: Floats | None) -> Floats:
        """Return the sum of masses times values in each pixel; of masses alone for None."""
        weights = self._weights if values is None else self._weights * np.tile(values[self._inside], 4)
        sums = np.bincount(self._at, weights, self._shape[0] * self._shape[1])
        return sums.reshape(self._shape)[1:-1, 1:-1].astype(np.float32)
