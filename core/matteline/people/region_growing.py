"""Seeded region growing over the cells of a frame, along the most alike neighbours."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from torch import Tensor

STEP: Final = 0.02  # cost of a step between equal cells, so that the nearer one of two alike people wins
UPRIGHT: Final = np.float32(0.4)
BORDER: Final = np.float32(4)  # from one likely person to another: more than a way through a whole body costs


def grow_labels(
    features: Tensor,
    occupied: npt.NDArray[np.bool_],
    labels: npt.NDArray[np.int64],
    guesses: npt.NDArray[np.int64] | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Give every cell the label that reaches it at least cost.

    A step between cells that touch by their sides costs `STEP` and the squared distance of their features.

    Args:
        features: (N, C) of the occupied cells.
        occupied: (rows, columns), N of them.
        labels: (N,) labels of the seeds; -1 where unknown.
        guesses: (N,) likely person of each cell; steps between different ones cost more.

    Returns:
        (N,) labels, -1 where no label leads to, and (N,) the cost of reaching each, infinite there.
    """
    rows, columns = occupied.shape
    across, down = _step_costs(features, occupied, guesses)
    label = np.full((rows, columns), -1, np.int64)
    label[occupied] = labels
    cost = np.where(label >= 0, np.float32(0), np.float32(np.inf))
    while True:
        before = cost.copy()
        for to, source, step in (
            (np.s_[:, 1:], np.s_[:, :-1], across),
            (np.s_[:, :-1], np.s_[:, 1:], across),
            (np.s_[1:], np.s_[:-1], down),
            (np.s_[:-1], np.s_[1:], down),
        ):
            offered = cost[source] + step
            better = offered < cost[to]
            cost[to] = np.where(better, offered, cost[to])
            label[to] = np.where(better, label[source], label[to])
        if np.array_equal(before, cost):
            return label[occupied], cost[occupied]


def _step_costs(
    features: Tensor, occupied: npt.NDArray[np.bool_], guesses: npt.NDArray[np.int64] | None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return costs of steps to the right and down, one fewer along their axis, infinite where nobody is."""
    planes = np.zeros((*occupied.shape, features.shape[1]), np.float32)
    planes[occupied] = features.numpy()
    guessed = np.zeros(occupied.shape, np.int64)
    if guesses is not None:
        guessed[occupied] = guesses
    costs = []
    for axis in (1, 0):
        step = np.square(np.diff(planes, axis=axis)).sum(2) + np.float32(STEP)
        step *= 1.0 if axis == 1 else UPRIGHT
        step[np.diff(guessed, axis=axis) != 0] += BORDER
        both = np.moveaxis(occupied, axis, 0)
        open_ = np.moveaxis(both[1:] & both[:-1], 0, axis)
        costs.append(np.where(open_, step, np.float32(np.inf)))
    return costs[0], costs[1]
