"""Turning pictures upright: EXIF orientations and the display matrices of movies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.media.frame import Pixels


@dataclass(frozen=True)
class Turn:
    """How stored pixels become an upright picture: first rows and columns change places, then the flips."""

    transpose: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (height, width) if self.transpose else (width, height)

    def aspect(self, pixel_aspect: float) -> float:
        """Width of an upright pixel divided by its height."""
        return 1 / pixel_aspect if self.transpose else pixel_aspect

    def apply(self, pixels: Pixels) -> Pixels:
        """The upright picture, (H, W, C); the array itself where nothing turns, else a contiguous copy."""
        if self == UPRIGHT:
            return pixels
        turned = pixels.swapaxes(0, 1) if self.transpose else pixels
        rows, columns = -1 if self.flip_rows else 1, -1 if self.flip_columns else 1
        return np.ascontiguousarray(turned[::rows, ::columns])

    @classmethod
    def of_orientation(cls, orientation: int) -> Turn:
        """The turn that an EXIF, TIFF or DPX orientation of 1 to 8 asks for; none for other numbers."""
        return _ORIENTATIONS.get(orientation, UPRIGHT)

    @classmethod
    def of_matrix(cls, matrix: tuple[int, ...]) -> Turn:
        """The turn of a movie's display matrix of nine numbers, to the nearest quarter.

        A pixel at (p, q) is shown at (a p + c q, b p + d q), where the matrix is a b u, c d v, x y w.
        """
        a, b, _, c, d = matrix[:5]
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(transpose=True, flip_rows=b < 0, flip_columns=c < 0)
        return cls(transpose=False, flip_rows=d < 0, flip_columns=a < 0)


UPRIGHT = Turn()

_ORIENTATIONS = {
    2: Turn(flip_columns=True),
    3: Turn(flip_rows=True, flip_columns=True),
    4: Turn(flip_rows=True),
    5: Turn(transpose=True),
    6: Turn(transpose=True, flip_columns=True),
    7: Turn(transpose=True, flip_rows=True, flip_columns=True),
    8: Turn(transpose=True, flip_rows=True),
}
