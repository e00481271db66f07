"""Places without people: pictures given as such, and the parts of photos in which nobody is."""

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
_AT_ONCE: Final = 16


@dataclass(frozen=True)
class Region:
    """A part of a packed example, in pixels of its square.

    Attributes:
        number: Of the example.
        top: First row.
        bottom: The row after the last one.
        left: First column.
        right: The column after the last one.
    """

    number: int
    top: int
    bottom: int
    left: int
    right: int


class Backgrounds:
    """Backgrounds as squares of one size; the aspect of what they show is lost, and lessons vary it.

    Args:
        pictures: (3, side, side) uint8 each, sRGB-encoded.
        examples: Packed examples, whose parts without people are used too.
    """

    def __init__(self, pictures: Sequence[Tensor], examples: Examples | None) -> None:
        self._pictures, self._examples = list(pictures), examples
        self._regions = list(_empty_regions(examples)) if examples is not None else []

    def __len__(self) -> int:
        return len(self._pictures) + len(self._regions)

    def take(self, count: int, rng: np.random.Generator) -> Tensor:
        """Return random backgrounds, (count, 3, side, side) uint8; there must be some."""
        return torch.stack([self._one(int(number)) for number in rng.integers(len(self), size=count)])

    def _one(self, number: int) -> Tensor:
        if number < len(self._pictures):
            return self._pictures[number]
        assert self._examples is not None
        region = self._regions[number - len(self._pictures)]
        picture = self._examples.take([region.number]).pictures
        part = picture[..., region.top : region.bottom, region.left : region.right].float()
        whole = functional.interpolate(part, picture.shape[-2:], mode="bilinear", align_corners=False)
        return whole[0].round().to(torch.uint8)


def _empty_regions(examples: Examples) -> Iterable[Region]:
    """Yield the largest strip along a side of each example that holds nobody."""
    for first in range(0, len(examples), _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, len(examples)))
        mattes = examples.take(numbers).pha[:, 0].numpy()
        for number, matte in zip(numbers, mattes, strict=True):
            region = _largest_strip(number, matte > _NOBODY)
            if region is not None:
                yield region


def _largest_strip(number: int, people: np.ndarray) -> Region | None:
    side = len(people)
    rows, columns = np.flatnonzero(people.any(1)), np.flatnonzero(people.any(0))
    if not len(rows):
        return Region(number, 0, side, 0, side)
    strips = [
        Region(number, 0, int(rows[0]), 0, side),
        Region(number, int(rows[-1]) + 1, side, 0, side),
        Region(number, 0, side, 0, int(columns[0])),
        Region(number, 0, side, int(columns[-1]) + 1, side),
    ]
    largest = max(strips, key=lambda each: (each.bottom - each.top) * (each.right - each.left))
    shorter = min(largest.bottom - largest.top, largest.right - largest.left)
    return largest if shorter >= _LEAST * side else None
