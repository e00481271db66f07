"""Observation of one frame: its matte and features on a coarse grid, a few hundred kilobytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from matteline.people.regions import find_regions

CELLS_ACROSS: Final = 96
"""Cells along the longer side of the picture: 20 pixels each at HD."""

SOMEONE: Final = 0.05
"""Least alpha of a cell that can belong to a person."""

# Measured on drawn people and on dancers: the encoder's features at strides 4 and 8 and the colour tell people
# apart as well as all features and recurrent states together do; the recurrent states add nothing.
_FEATURE_WEIGHTS: Final = (0.7, 1.0)
_COLOUR_WEIGHT: Final = 2.0

_SOLID: Final = 0.5
_LEAST_CORE: Final = (
    24  # quarter cells: noise of the matte is smaller, a person of a tenth of the height is not
)
_MOST_CORES: Final = 255

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Observation:
    """One frame as `Tracker` needs it.

    Attributes:
        number: The plate's own frame number.
        alpha: (2 * rows, 2 * columns) uint8, the matte averaged over quarters of cells.
        features: (N, C) int8, 127 is 1, of the cells where somebody is, in reading order.
        cores: (rows, columns) uint8: solid parts of the matte that do not touch each other, numbered from 1
            for the largest; 0 elsewhere. Bridges of a cell's width, such as arms, do not join them.
    """

    number: int
    alpha: Bytes
    features: npt.NDArray[np.int8]
    cores: Bytes

    @property
    def coverage(self) -> npt.NDArray[np.float32]:
        """(rows, columns) float32, 0..1: the matte averaged over cells."""
        rows, columns = self.cores.shape
        sums = self.alpha.reshape(rows, 2, columns, 2).sum((1, 3), dtype=np.int32)
        coverage: npt.NDArray[np.float32] = (sums / np.float32(4 * 255)).astype(np.float32)
        return coverage

    @property
    def occupied(self) -> npt.NDArray[np.bool_]:
        """(rows, columns): the cells where somebody is, N of them."""
        return self.coverage > SOMEONE


class Observations(Protocol):
    """Observations of a shot by frame number, from memory or from files."""

    def __getitem__(self, frame: int, /) -> Observation:
        """Return the observation of a frame."""
        ...

    def __contains__(self, frame: object, /) -> bool:
        """Tell if a frame was observed."""
        ...


def grid_size(width: int, height: int) -> tuple[int, int]:
    """Return rows and columns of the grid over a picture of that width and height in pixels."""
    scale = CELLS_ACROSS / max(width, height)
    return max(1, round(height * scale)), max(1, round(width * scale))


def observe(number: int, picture: Tensor, alpha: Tensor, features: Sequence[Tensor]) -> Observation:
    """Reduce a frame, its matte and its features to the grid.

    Args:
        number: The plate's own frame number.
        picture: (3, h, w) float, the reduced picture, sRGB-encoded 0..1.
        alpha: (h, w) float, 0..1, its matte at the same size.
        features: Of the encoder at strides 4 and 8, (C, h', w') each.
    """
    rows, columns = grid_size(picture.shape[2], picture.shape[1])
    fine = functional.adaptive_avg_pool2d(alpha.float()[None], (2 * rows, 2 * columns))[0]
    stored = (fine.clamp(0, 1) * 255).round().to(torch.uint8)
    # From the rounded alpha, as `Observation.occupied` has it, or features and cells would differ in number.
    occupied = stored.float().view(rows, 2, columns, 2).mean((1, 3)) > SOMEONE * 255
    parts = [
        weight * functional.normalize(_on_cells(each, rows, columns), dim=0)
        for weight, each in zip(_FEATURE_WEIGHTS, features, strict=True)
    ]
    parts.append(_COLOUR_WEIGHT * (_on_cells(picture, rows, columns) - 0.5))
    joined = (torch.cat(parts)[:, occupied].t() * 127).round().clamp(-127, 127).to(torch.int8)
    fine_alpha = stored.cpu().numpy()
    return Observation(number, fine_alpha, joined.cpu().contiguous().numpy(), _cores(fine_alpha))


def _on_cells(planes: Tensor, rows: int, columns: int) -> Tensor:
    """Resample planes (C, h, w) to the grid, (C, rows, columns)."""
    planes = planes.float()[None]
    if planes.shape[3] >= columns:
        return functional.adaptive_avg_pool2d(planes, (rows, columns))[0]
    return functional.interpolate(planes, size=(rows, columns), mode="bilinear", align_corners=False)[0]


def _cores(alpha: Bytes) -> Bytes:
    """Number the solid parts of a matte (2 * rows, 2 * columns) on cells, the largest first."""
    hollow = np.pad(alpha <= _SOLID * 255, 1)  # the picture's border does not make anyone thinner
    rows, columns = alpha.shape
    near = np.zeros(alpha.shape, np.bool_)
    for y in range(3):
        for x in range(3):
            near |= hollow[y : y + rows, x : x + columns]
    labels, sizes = find_regions(-near.astype(np.int64))
    # Stable, so that cores of one size are numbered alike on all machines.
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] >= _LEAST_CORE][:_MOST_CORES]
    renamed = np.zeros(len(sizes) + 1, np.uint8)
    renamed[order + 1] = np.arange(1, len(order) + 1)
    quarters = renamed[labels].reshape(rows // 2, 2, columns // 2, 2)
    cells: Bytes = quarters.max((1, 3))
    return cells
