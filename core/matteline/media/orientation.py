"""The way to upright pictures: EXIF orientations and the display matrices of movies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.media.frame import Pixels


@dataclass(frozen=True)
class Orientation:
    """The way from stored pixels to an upright picture: rows and columns change places first, then the flips."""

    transpose: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of the upright picture."""
        return (height, width) if self.transpose else (width, height)

    def aspect(self, pixel_aspect: float) -> float:
        """Return the width of an upright pixel divided by its height."""
        return 1 / pixel_aspect if self.transpose else pixel_aspect

    def apply(self, pixels: Pixels) -> Pixels:
        """Return the upright picture, (H, W, C): the array itself where nothing changes, else a contiguous copy."""
        if self == UPRIGHT:
            return pixels
        swapped = pixels.swapaxes(0, 1) if self.transpose else pixels
        rows, columns = -1 if self.flip_rows else 1, -1 if self.flip_columns else 1
        # A copy, because torch takes no array with negative strides.
        return np.ascontiguousarray(swapped[::rows, ::columns])

    @classmethod
    def from_exif(cls, number: int) -> Orientation:
        """Read an EXIF or TIFF orientation of 1 to 8; other numbers mean upright."""
        return _ORIENTATIONS.get(number, UPRIGHT)

    @classmethod
    def from_display_matrix(cls, matrix: tuple[int, ...]) -> Orientation:
        """Read a movie's display matrix of nine numbers, to the nearest quarter turn.

        A pixel at (p, q) is shown at (a p + c q, b p + d q), where the matrix is a b u, c d v, x y w.
        """
        # Only signs and sizes are compared, so the numbers stay in the file's fixed point.
        a, b, _, c, d = matrix[:5]
        # Off the diagonal: x and y change places.
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(transpose=True, flip_rows=b < 0, flip_columns=c < 0)
        return cls(transpose=False, flip_rows=d < 0, flip_columns=a < 0)


UPRIGHT = Orientation()

# By EXIF 2.3, tag 0x0112. 1 is upright, and whatever is not listed is taken for it.
_ORIENTATIONS = {
    2: Orientation(flip_columns=True),
    3: Orientation(flip_rows=True, flip_columns=True),
    4: Orientation(flip_rows=True),
    5: Orientation(transpose=True),
    6: Orientation(transpose=True, flip_columns=True),
    7: Orientation(transpose=True, flip_rows=True, flip_columns=True),
    8: Orientation(transpose=True, flip_rows=True),
}
