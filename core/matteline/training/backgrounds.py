"""Backgrounds without people: pictures given as such, and the parts of examples that show nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from matteline.training.pack import Examples

_NOBODY: Final = 8  # of 255: alpha up to which a row or column counts as empty
_LEAST: Final = 0.22  # shorter side of a part, in sides of its picture
_AT_ONCE: Final = 16  # examples in memory


@dataclass(frozen=True)
class EmptyRegion:
    """A part of a packed example, in pixels of its square.

    Attributes:
        number: Number of the example.
        top: First row.
        bottom: Row after the last one.
        left: First column.
        right: Column after the last one.
    """

    number: int
    top: int
    bottom: int
    left: int
    right: int


class Backgrounds:
    """Backgrounds as squares of one size. Their aspect is lost; views of them take a random one.

    Args:
        pictures: (3, side, side) uint8 each, sRGB-encoded.
        examples: Packed examples, whose parts without people are taken, too.
    """

    def __init__(self, pictures: Sequence[Tensor], examples: Examples | None) -> None:
        self._pictures, self._examples = list(pictures), examples
        self._regions = [] if examples is None else list(_empty_regions(examples))

    def __len__(self) -> int:
        return len(self._pictures) + len(self._regions)

    def take(self, count: int, rng: np.random.Generator) -> Tensor:
        """Return random backgrounds, (count, 3, side, side) uint8; there must be some."""
        chosen = []
        for number in rng.integers(len(self), size=count).tolist():
            if self._examples is None or number < len(self._pictures):
                chosen.append(self._pictures[number])
                continue
            # Cut out anew each time: as pictures of their own, thousands of parts would fill the memory.
            region = self._regions[number - len(self._pictures)]
            picture = self._examples.take([region.number]).pictures
            part = picture[..., region.top : region.bottom, region.left : region.right].float()
            whole = functional.interpolate(part, picture.shape[-2:], mode="bilinear", align_corners=False)
            chosen.append(whole[0].round().to(torch.uint8))
        return torch.stack(chosen)


def _empty_regions(examples: Examples) -> Iterable[EmptyRegion]:
    """Yield the largest strip along a side of each example that shows nobody, where it is large enough."""
    for first in range(0, len(examples), _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, len(examples)))
        mattes = examples.take(numbers).pha[:, 0].numpy()
        for number, matte in zip(numbers, mattes, strict=True):
            region = _largest_strip(number, matte > _NOBODY)
            if min(region.bottom - region.top, region.right - region.left) >= _LEAST * len(matte):
                yield region


def _largest_strip(number: int, people: np.ndarray) -> EmptyRegion:
    """Return the largest strip along a side of a matte (side, side), bool, in which nobody is."""
    side = len(people)
    rows, columns = np.flatnonzero(people.any(1)), np.flatnonzero(people.any(0))
    if not len(rows):
        return EmptyRegion(number, 0, side, 0, side)
    strips = [
        EmptyRegion(number, 0, int(rows[0]), 0, side),
        EmptyRegion(number, int(rows[-1]) + 1, side, 0, side),
        EmptyRegion(number, 0, side, 0, int(columns[0])),
        EmptyRegion(number, 0, side, int(columns[-1]) + 1, side),
    ]
    return max(strips, key=lambda each: (each.bottom - each.top) * (each.right - each.left))
