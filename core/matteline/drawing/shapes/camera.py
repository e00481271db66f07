"""The camera: from the world, measured in heights of a head, to the pixels of a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from matteline.drawing.shapes.arrays import Floats


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels that lies inside the picture."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array (H, W, ...)."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True)
class Camera:
    """A camera straight in front, without perspective: x to the right, y up, z to the viewer.

    Attributes:
        width: Width of the picture, in pixels.
        height: Height of the picture, in pixels.
        scale: Pixels per height of a head.
        x: Column of the world's origin.
        y: Row of the world's origin.
    """

    width: int
    height: int
    scale: float
    x: float
    y: float

    @property
    def pixel(self) -> float:
        """Size of a pixel in the world."""
        return 1 / self.scale

    def box(self, left: float, right: float, bottom: float, top: float) -> Box:
        """Return the pixels that show a rectangle of the world: at least two by two, inside the picture."""
        first, last = _run(self.x + left * self.scale, self.x + right * self.scale, self.width)
        upper, lower = _run(self.y - top * self.scale, self.y - bottom * self.scale, self.height)
        return Box(first, upper, last, lower)

    def grid(self, box: Box) -> tuple[Floats, Floats]:
        """Return world x (w,) of the box's columns and world y (h,) of its rows, at pixel centres."""
        # Rows count down and the world's y counts up.
        x = (np.arange(box.left, box.right, dtype=np.float32) + 0.5 - self.x) / self.scale
        y = (self.y - np.arange(box.top, box.bottom, dtype=np.float32) - 0.5) / self.scale
        return x.astype(np.float32), y.astype(np.float32)

    def to_pixels(self, points: Floats) -> tuple[Floats, Floats]:
        """Return columns and rows of world points (..., 2 or 3); pixel centres lie at .5."""
        return self.x + points[..., 0] * self.scale, self.y - points[..., 1] * self.scale


def _run(start: float, stop: float, size: int) -> tuple[int, int]:
    """Whole pixels from start to stop, at least two, within 0 and size."""
    # Two pixels at least: gradients are taken over them.
    first = min(max(math.floor(start), 0), size - 2)
    return first, max(min(math.ceil(stop), size), first + 2)
