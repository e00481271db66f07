"""The checkerboard behind a person, wherever one is shown."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

DARK: Final = 0.35
LIGHT: Final = 0.5
"""The two greys, sRGB-encoded: dark enough for fair hair, light enough for dark hair, and neutral."""


def checkerboard(
    height: int, width: int, square: int, *, top: int = 0, left: int = 0
) -> npt.NDArray[np.float32]:
    """Return a checkerboard, (height, width, 1) float32, 0..1, sRGB-encoded. The square at (0, 0) is dark.

    Args:
        height: Rows wanted.
        width: Columns wanted.
        square: Side of a square, in pixels.
        top: Row of the whole board at which these pixels begin.
        left: Column at which they begin.
    """
    y, x = np.ogrid[top : top + height, left : left + width]
    odd = (y // square + x // square) % 2
    return np.where(odd, LIGHT, DARK).astype(np.float32)[..., None]
