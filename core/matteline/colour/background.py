"""The background behind soft edges: the surely empty part of a frame, spread inwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate

STRIDE: Final = 4
"""The background is only ever needed smooth, so every fourth pixel of every fourth line is enough."""


@dataclass(frozen=True)
class Background:
    """A smooth guess of the background at every pixel of one frame.

    Attributes:
        maps: (1, 6, h, w): linear Rec.709 and its mean square.
        size: Height and width of the frame.
    """

    maps: Tensor
    size: tuple[int, int]

    def at(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return the colour (3, N) and its variance (3, N) at pixels given by their place in the flattened frame."""
        width = self.size[1]
        rows, columns = index // width, index % width
        place = torch.stack([_spot(columns, self.maps.shape[3]), _spot(rows, self.maps.shape[2])], dim=-1)
        read = grid_sample(self.maps, place[None, None], padding_mode="border", align_corners=True)
        colour, square = read[0, :3, 0], read[0, 3:, 0]
        # The difference of two large numbers: rounding alone could make it negative.
        return colour, (square - colour.square()).clamp(min=0)


def guess_background(linear: Tensor, empty: Tensor, size: tuple[int, int]) -> Background | None:
    """Spread what is surely background over the whole frame; None where nothing is.

    Args:
        linear: Every `STRIDE`th pixel in linear Rec.709, (3, h, w).
        empty: Where that is surely background, (h, w) bool.
        size: Height and width of the frame that it was taken from.
    """
    if not empty.any():
        return None
    known = empty.to(linear.dtype)[None, None]
    # The mean square is spread as well: where it exceeds the squared mean, the background is not of one colour.
    colours = torch.cat([linear, linear.square()])[None] * known
    return Background(_spread(torch.cat([colours, known], dim=1)), size)


def _spread(known: Tensor) -> Tensor:
    """Fill the unknown from ever coarser means; the last channel weighs the others."""
    if max(known.shape[2:]) == 1:
        # Never by 0: something is known, or `guess_background` would have returned.
        return known[:, :-1] / known[:, -1:]
    # Pixels near what is known get its colour, those far from everything the mean of the whole frame.
    coarse = _spread(avg_pool2d(known, 2, ceil_mode=True))
    around = interpolate(coarse, size=known.shape[2:], mode="bilinear", align_corners=False)
    return known[:, :-1] + (1 - known[:, -1:]) * around


def _spot(pixel: Tensor, count: int) -> Tensor:
    """Return the place of a pixel between the centres of the first (-1) and the last (1) one kept."""
    return pixel / STRIDE * (2 / max(count - 1, 1)) - 1
