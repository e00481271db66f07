"""Layers of a picture, composited from back to front: premultiplied colour, and alpha."""

from __future__ import annotations

import numpy as np

from matteline.drawing.shapes.arrays import Floats
from matteline.drawing.shapes.camera import Box


class Layers:
    """A picture in the making, over nothing.

    Attributes:
        colour: (H, W, 3), multiplied by alpha; linear light where solids are lit.
        alpha: (H, W).
    """

    def __init__(self, width: int, height: int) -> None:
        self.colour = np.zeros((height, width, 3), np.float32)
        self.alpha = np.zeros((height, width), np.float32)

    def over(self, box: Box, colour: Floats, coverage: Floats) -> None:
        """Composite straight colour (h, w, 3) with a coverage (h, w) over the pixels of a box."""
        # The over operator (Porter and Duff, 1984), in place.
        part = box.slices
        open_ = 1 - coverage
        self.colour[part] *= open_[..., None]
        self.colour[part] += colour * coverage[..., None]
        self.alpha[part] *= open_
        self.alpha[part] += coverage

    def soften(self) -> None:
        """Blur with weights 1 2 1 along both axes, so that no edge is harder than a lens would leave it."""
        for picture in (self.colour, self.alpha):
            for axis in (0, 1):
                count = picture.shape[axis]
                padded = np.concatenate([picture.take([0], axis), picture, picture.take([-1], axis)], axis)
                before, after = (padded.take(range(start, start + count), axis) for start in (0, 2))
                picture *= 0.5
                picture += 0.25 * (before + after)

    def straight(self) -> tuple[Floats, Floats]:
        """Return colour divided by alpha (H, W, 3), 0 where nothing was drawn, and alpha (H, W)."""
        alpha = np.clip(self.alpha, 0, 1)
        # Where nothing was drawn there is no colour; 0 keeps the division finite.
        fgr = np.divide(
            self.colour, alpha[..., None], out=np.zeros_like(self.colour), where=alpha[..., None] > 0
        )
        return np.clip(fgr, 0, 1), alpha
