"""Drawn people and places as sources: as many as wanted, with exact mattes, from nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from matteline.drawing import draw_people, draw_place
from matteline.drawing.shapes.arrays import Floats
from matteline.media.samples import to_codes
from matteline.training.drawn import FIRST_SEED
from matteline.training.footage import MattingFootage, PlainFootage, UInt8Array


@dataclass(frozen=True)
class _Drawn:
    """Drawn clips; each index draws its own, the same every time.

    Attributes:
        count: How many clips.
        width: Of the pictures, in pixels.
        height: Of the pictures, in pixels.
        first_seed: That of the first clip; the others follow.
    """

    count: int
    width: int = 1280
    height: int = 720
    first_seed: int = FIRST_SEED

    def __len__(self) -> int:
        return self.count

    def _size(self, longest: int | None) -> tuple[int, int]:
        """Width and height at which to draw."""
        scale = min(1.0, (longest or max(self.width, self.height)) / max(self.width, self.height))
        return max(2, round(self.width * scale)), max(2, round(self.height * scale))


class DrawnPeople(_Drawn):
    """People with exact mattes."""

    def load(
        self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None
    ) -> MattingFootage:
        """As `Source.load`; clips begin at their first frame, and are drawn no larger than asked for."""
        drawings = list(draw_people(*self._size(longest), frames, seed=self.first_seed + index, sensor=False))
        return MattingFootage(
            _codes(drawing.fgr for drawing in drawings),
            _codes(drawing.alpha[..., None] for drawing in drawings)[..., 0],
        )


class DrawnPlaces(_Drawn):
    """Places without people."""

    def load(
        self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None
    ) -> PlainFootage:
        """As `Source.load`; clips begin at their first frame, and are drawn no larger than asked for."""
        return PlainFootage(_codes(draw_place(*self._size(longest), frames, seed=self.first_seed + index)))


def _codes(pictures: Iterable[Floats]) -> UInt8Array:
    """Pictures (T, H, W, C), 0..1, as 8-bit codes."""
    return np.stack([to_codes(picture, np.uint8) for picture in pictures])
