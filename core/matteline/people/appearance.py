"""Appearance of people: features of cells in which they were seen, and distances of other cells to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from matteline.people.observation import Observation

MOST_SAMPLES = 384
"""Cells kept of a person: more do not tell people apart better."""

OTHER_PERSON = 0.5
"""Squared distance above which a cell is of nobody known.

Cells of the same person lie .2 to .7 apart (medians of drawn people after 4 to 47 frames, up to 1.1 where they
turned round), those of different people 1.0 to 2.5.
"""

SAME_PERSON = 0.25
"""Squared distance up to which a cell is surely of the same person."""


@dataclass(frozen=True)
class Appearance:
    """Cells of one person: features (M, C) float32, at most `MOST_SAMPLES` of them."""

    features: Tensor

    @classmethod
    def joined(cls, appearances: Sequence[Appearance]) -> Appearance:
        """Join several, with equally many cells of each."""
        share = max(1, MOST_SAMPLES // len(appearances))
        return cls(torch.cat([_thinned(each.features, share) for each in appearances]))


def cell_features(observation: Observation) -> Tensor:
    """Return features (N, C) float32 of the occupied cells."""
    return torch.from_numpy(observation.features).float() / 127


def smoothed_features(observation: Observation, cells: npt.NDArray[np.bool_] | None = None) -> Tensor:
    """Return features (N, C) averaged with the neighbours', of the occupied cells or of those inside a mask."""
    occupied = observation.occupied
    looks = averaged(
        cell_features(observation),
        torch.from_numpy(occupied),
        torch.from_numpy(observation.coverage[occupied]),
    )
    return looks if cells is None else looks[torch.from_numpy(cells[occupied])]


def averaged(features: Tensor, occupied: Tensor, weights: Tensor) -> Tensor:
    """Average features (N, C) with those of the eight neighbours, by the matte's weights (N,).

    Single cells also differ by the part of the body: averages tell people apart better.
    """
    planes = torch.zeros(features.shape[1] + 1, *occupied.shape)
    planes[:-1, occupied] = (features * weights[:, None]).t()
    planes[-1, occupied] = weights
    mean = functional.avg_pool2d(planes[None], 3, 1, 1)[0][:, occupied].t()
    return mean[:, :-1] / (mean[:, -1:] + 1e-6)


def squared_distances(one: Tensor, other: Tensor) -> Tensor:
    """Return squared distances (N, M) of all rows of (N, C) to all rows of (M, C)."""
    # |a - b|² = |a|² + |b|² - 2ab needs one product of matrices, where differences would take (N, M, C) numbers.
    # Rounding can leave it slightly below 0.
    lengths = one.square().sum(1)[:, None] + other.square().sum(1)
    return torch.addmm(lengths, one, other.t(), alpha=-2).clamp_(min=0)


def appearance_distances(features: Tensor, appearances: Sequence[Appearance]) -> Tensor:
    """Return the squared distance of each cell (N, C) to the most similar one of each person, (N, K)."""
    if not appearances:
        return features.new_full((len(features), 0), torch.inf)
    return torch.stack([squared_distances(features, each.features).amin(1) for each in appearances], 1)


def _thinned(features: Tensor, count: int) -> Tensor:
    """Choose rows evenly, `count` at most."""
    if len(features) <= count:
        return features
    # Spread out, because rows come in reading order: the first ones would show little but the head.
    return features[torch.linspace(0, len(features) - 1, count).round().long()]
