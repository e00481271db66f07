"""Hints located on the grid: cells that a point, box or mask of the artist gives to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from matteline.contract.people import BoxHint, PointHint
from matteline.people.appearance import smoothed_features
from matteline.people.observation import Observation
from matteline.people.region_growing import grow_labels
from matteline.people.regions import find_regions

_REACH: Final = 2  # cells from a point to the nearest person, for clicks beside a soft edge
_INSIDE: Final = 0.7  # least share of a region inside a box that means it

Labels = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PersonMask:
    """A mask of one person in one frame, from a roto or another tool.

    Attributes:
        frame: Number in the plate.
        name: Of the person.
        coverage: (H, W) floats, 0..1, over the whole canvas at any size.
    """

    frame: int
    name: str
    coverage: npt.NDArray[np.floating]


FrameHint = PointHint | BoxHint | PersonMask


@dataclass(frozen=True)
class HintedFrame:
    """Cells that the hints of one frame give to people.

    Attributes:
        cells: (N,) int64, index of the name of each occupied cell, -1 where hints say nothing.
        banned: Maps the index of a name to the cells (N,) that surely are not that person's.
        missed: Hints that found nobody.
    """

    cells: Labels
    banned: dict[int, Mask]
    missed: tuple[FrameHint, ...]


def locate_hints(
    observation: Observation,
    labels: Labels,
    hints: Sequence[FrameHint],
    names: Sequence[str],
    size: tuple[int, int],
) -> HintedFrame:
    """Find the cells that the hints of one frame mean.

    A point means the person it lies on: labels grow from all points at once, up to people whom no point means. A box
    means whoever is mostly inside it.

    Args:
        observation: The frame.
        labels: (N,) likely person of each occupied cell without hints; -1 for nobody known.
        hints: Of this frame, in the order in which the artist gave them: later ones win.
        names: All names.
        size: Width and height in pixels of the picture that points and boxes refer to.
    """
    occupied = observation.occupied
    planes = np.full(occupied.shape, -1, np.int64)
    planes[occupied] = labels + 1  # cells of nobody known are a region, too
    regions = find_regions(planes)[0][occupied]
    cells: Labels = np.full(len(labels), -1, np.int64)
    banned: dict[int, Mask] = {}
    missed: list[FrameHint] = []
    points: list[tuple[int, int]] = []
    for hint in hints:
        name = names.index(hint.name)
        if isinstance(hint, PointHint):
            cell = _nearest_cell(occupied, hint.x / size[0], hint.y / size[1])
            if cell is None:
                missed.append(hint)
            else:
                points.append((cell, name))
            continue
        inside = (
            _mask_cells(occupied, hint) if isinstance(hint, PersonMask) else _box_cells(occupied, hint, size)
        )
        mine = inside if isinstance(hint, PersonMask) else _meant_by_box(regions, inside)
        if not mine.any():
            missed.append(hint)
            continue
        cells[mine] = name
        # A box or a mask holds all of its person; a point says nothing of where somebody ends.
        banned[name] = ~inside
    grown = _meant_by_points(observation, labels, points)
    cells = np.where(grown >= 0, grown, cells)
    return HintedFrame(cells, banned, tuple(missed))


def _nearest_cell(occupied: Mask, x: float, y: float) -> int | None:
    """Return the occupied cell at or near a place, given as shares of width and height."""
    rows, columns = np.nonzero(occupied)
    if not len(rows):
        return None
    distance = np.hypot(rows + 0.5 - y * occupied.shape[0], columns + 0.5 - x * occupied.shape[1])
    nearest = int(distance.argmin())
    return nearest if distance[nearest] <= _REACH + 0.5 else None


def _box_cells(occupied: Mask, box: BoxHint, size: tuple[int, int]) -> Mask:
    rows, columns = np.nonzero(occupied)
    x, y = (columns + 0.5) * size[0] / occupied.shape[1], (rows + 0.5) * size[1] / occupied.shape[0]
    inside: Mask = (box.x <= x) & (x <= box.x + box.width) & (box.y <= y) & (y <= box.y + box.height)
    return inside


def _mask_cells(occupied: Mask, mask: PersonMask) -> Mask:
    coverage = torch.from_numpy(np.ascontiguousarray(mask.coverage, np.float32))
    mean = functional.adaptive_avg_pool2d(coverage[None], occupied.shape)[0].numpy()
    inside: Mask = mean[occupied] >= 0.5
    return inside


def _meant_by_box(regions: Labels, inside: Mask) -> Mask:
    """Return regions that lie mostly inside; else the inside of the region that has most there."""
    whole, part = np.bincount(regions), np.bincount(regions[inside], minlength=regions.max(initial=0) + 1)
    meant: Mask = (part >= _INSIDE * np.maximum(whole, 1))[regions] & inside
    return meant if meant.any() or not inside.any() else (regions == part.argmax()) & inside


def _meant_by_points(observation: Observation, labels: Labels, points: Sequence[tuple[int, int]]) -> Labels:
    """Grow from all points at once, against everybody whom no point means: (N,) names, -1 for others."""
    if not points:
        return np.full(len(labels), -1, np.int64)
    occupied = observation.occupied
    clicked = {_usual(occupied, labels, cell) for cell, _ in points}
    first_other = 1 + max(name for _, name in points)
    starts = np.where((labels >= 0) & ~np.isin(labels, list(clicked)), labels + first_other, -1)
    for cell, name in points:
        starts[cell] = name
    grown, _ = grow_labels(smoothed_features(observation), occupied, starts, labels)
    return np.where(grown < first_other, grown, -1)


def _usual(occupied: Mask, labels: Labels, cell: int) -> int:
    """Return the most frequent label around a cell: single cells may be wrong."""
    rows, columns = np.nonzero(occupied)
    near = np.maximum(abs(rows - rows[cell]), abs(columns - columns[cell])) <= 1
    return int(np.bincount(labels[near] + 1).argmax()) - 1
