"""Propagation of shares from frame to frame: by appearance, and by similar cells of neighbouring frames.

A cell takes the shares of the most similar cells near it in the frame before or after, as video object segmentation
by feature matching does (such as Jabri et al. 2020, "Space-Time Correspondence as a Contrastive Random Walk").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from matteline.people.appearance import (
    OTHER_PERSON,
    Appearance,
    appearance_distances,
    averaged,
    cell_features,
)
from matteline.people.observation import Observation
from matteline.people.regions import find_regions

_DIMENSIONS: Final = 16  # principal components of all appearances; 24 are no better
_RADIUS: Final = 4  # cells that somebody is looked for around where they are: 80 pixels at HD
_MOTION_COST: Final = 0.02  # added to the distance of features for each cell of the way, squared
_MOST_ALIKE: Final = 8  # cells of a neighbouring frame that speak for one
_LINK_SCALE: Final = 0.2  # squared distance at which a cell's word counts 1/e
_APPEARANCE_SCALE: Final = 0.12
# Squared distance at which a look counts half: people who turned or walked into other light are .3 to .6 from their
# own appearance, and still much further from anybody else's.
_APPEARANCE_DOUBT: Final = 0.55
_FLOOR: Final = 0.02  # nothing is so sure that the other source could not outweigh it
_LEAST_SECOND_CORE: Final = (
    0.35  # least share of a person's cells in the place with most, to be in a second place, too
)
_FREE_REACH: Final = 2.5  # standard deviations from the middle of a person that limbs reach
_LEAST_SEEN: Final = 4.0  # cells from which on somebody has a place
_OTHERS_MARGIN: Final = 0.1  # squared distance by which a cell is more like somebody else
_MOST_OTHERS: Final = 0.1  # share of such cells above which a core is not one person's
_FADING: Final = 0.985  # of certainty from frame to frame
_LEAST_CERTAIN: Final = 0.1
_PIECE: Final = 0.25  # share of a person's largest piece below which another one is doubted
_PIECE_DOUBT: Final = 0.1


@dataclass(frozen=True)
class Cells:
    """The occupied cells of one frame, prepared for propagation.

    Attributes:
        features: (N, D) float32.
        smoothed: (N, D) float32, the features averaged with their neighbours'.
        occupied: (rows, columns) bool, N of them.
        weights: (N,) the matte of each, 0..1.
        cores: (N,) the core each belongs to, 0 for none.
        fixed: (N,) int64, the person whose cell it surely is; -1 where unknown.
        allowed: (N, K) bool, people whose it may be.
    """

    features: Tensor
    smoothed: Tensor
    occupied: Tensor
    weights: Tensor
    cores: Tensor
    fixed: Tensor
    allowed: Tensor

    def __len__(self) -> int:
        return len(self.weights)


@dataclass(frozen=True)
class Shares:
    """Shares of people in each cell of a frame, and their certainty.

    Attributes:
        shares: (N, K), their sum 1.
        certainty: (N,) 1 where cells are fixed, less with each frame that lies between; 0 where all is guessed.
    """

    shares: Tensor
    certainty: Tensor


class Propagation:
    """Shares of one shot's cells, frame by frame in either direction.

    Args:
        appearances: Of each person; there is at least one.
    """

    def __init__(self, appearances: Sequence[Appearance]) -> None:
        joined = torch.cat([each.features for each in appearances])
        self._mean = joined.mean(0)
        # Each cell is compared with up to 49 of a neighbouring frame, which costs less in few dimensions.
        axes = torch.linalg.svd(joined - self._mean, full_matrices=False)[2]
        self._axes = axes[:_DIMENSIONS].t().contiguous()
        self._appearances = [Appearance(self._projected(each.features)) for each in appearances]
        rows = torch.arange(-_RADIUS, _RADIUS + 1)
        y, x = torch.meshgrid(rows, rows, indexing="ij")
        inside = y.square() + x.square() <= _RADIUS**2
        self._offsets = y[inside], x[inside]
        self._motion_cost = _MOTION_COST * (y.square() + x.square())[inside]

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self._appearances)

    def cells(
        self,
        observation: Observation,
        fixed: npt.NDArray[np.int64],
        banned: Mapping[int, npt.NDArray[np.bool_]],
        hinted: npt.NDArray[np.bool_] | None = None,
    ) -> Cells:
        """Prepare one frame.

        Args:
            observation: The frame.
            fixed: (N,) the person of each cell that is settled, -1 elsewhere.
            banned: Person to the cells (N,) that are not theirs.
            hinted: (N,) cells that hints of this frame settle; others are open where somebody else has come in.
        """
        occupied = observation.occupied
        allowed = torch.ones(len(fixed), self.people, dtype=torch.bool)
        for person, cells in banned.items():
            allowed[torch.from_numpy(cells), person] = False
        inside, weights = torch.from_numpy(occupied), torch.from_numpy(observation.coverage[occupied])
        features = self._projected(cell_features(observation))
        smoothed = averaged(features, inside, weights)
        cores = torch.from_numpy(observation.cores[occupied].astype(np.int64))
        settled = self._without_others(torch.from_numpy(fixed), smoothed, cores)
        if hinted is not None:
            settled = torch.where(torch.from_numpy(hinted), torch.from_numpy(fixed), settled)
        return Cells(features, smoothed, inside, weights, cores, settled, allowed)

    def _without_others(self, fixed: Tensor, smoothed: Tensor, cores: Tensor) -> Tensor:
        """Open the cores (N,) in which many cells look like somebody else.

        Who walks into the picture beside another person makes that person's core larger, and does not end it.
        """
        inside = (fixed >= 0) & (cores > 0)
        if self.people < 2 or not inside.any():
            return fixed
        distance = appearance_distances(smoothed[inside], self._appearances)
        own, least = distance.gather(1, fixed[inside, None])[:, 0], distance.amin(1)
        others = (own - least > _OTHERS_MARGIN) & (least < OTHER_PERSON)
        count = int(cores.max()) + 1
        size = torch.bincount(cores[inside], minlength=count)
        mixed = torch.bincount(cores[inside][others], minlength=count) > _MOST_OTHERS * size
        people = torch.unique(fixed[inside][mixed[cores[inside]]])
        return torch.where(torch.isin(fixed, people), -1, fixed)

    def by_appearance(self, cells: Cells) -> Tensor:
        """Return probabilities (N, K) by appearance; even where a cell is fixed or looks like nobody."""
        even = torch.full((len(cells), self.people), 1 / self.people)
        open_ = cells.fixed < 0
        distance = appearance_distances(cells.smoothed[open_], self._appearances)
        likeness = torch.softmax(-distance / _APPEARANCE_SCALE, 1)
        doubt = 1 / (1 + (_APPEARANCE_DOUBT / distance.amin(1, keepdim=True).clamp(min=1e-3)).pow(4))
        even[open_] = torch.lerp(likeness, even[open_], doubt)
        return even

    def by_neighbour(self, cells: Cells, neighbour: Cells, known: Shares) -> Shares:
        """Return shares by those of a neighbouring frame: of similar cells near by, and of where everyone is."""
        said = torch.full((len(cells), self.people), 1 / self.people)
        certainty = torch.zeros(len(cells))
        open_ = cells.fixed < 0
        if not open_.any() or not len(neighbour):
            return Shares(said, certainty)
        rows, columns = cells.occupied.shape
        # A border of nobody, so that places beyond the picture need no case of their own.
        index = torch.full((rows + 2 * _RADIUS, columns + 2 * _RADIUS), -1)
        inside = index[_RADIUS : _RADIUS + rows, _RADIUS : _RADIUS + columns]
        inside[neighbour.occupied] = torch.arange(len(neighbour))
        y, x = (_RADIUS + each[open_, None] for each in torch.nonzero(cells.occupied, as_tuple=True))
        near = index[y + self._offsets[0], x + self._offsets[1]]
        distance = (cells.features[open_, None] - neighbour.features[near.clamp(min=0)]).square().sum(2)
        distance += self._motion_cost
        # Nobody is there: the clamped index above stands for a cell elsewhere.
        distance[near < 0] = torch.inf
        distance, best = distance.topk(_MOST_ALIKE, 1, largest=False)
        weight = torch.exp(-distance / _LINK_SCALE)
        total = weight.sum(1)
        chosen = near.gather(1, best).clamp(min=0)
        weight = weight / (total[:, None] + 1e-9)
        trust = total / (total + 0.5)
        words = (weight[..., None] * known.shares[chosen]).sum(1)
        said[open_] = torch.lerp(said[open_], words, trust[:, None]) + _FLOOR
        certainty[open_] = _FADING * (weight * known.certainty[chosen]).sum(1)
        return Shares(_normalised(said * _near_last_place(cells, neighbour, known.shares)), certainty)

    def combined(self, cells: Cells, look: Tensor, said: Sequence[Shares] = ()) -> Shares:
        """Combine probabilities by appearance (N, K) and by neighbouring frames, and smooth them in space.

        Neighbouring cells agree, a person is in one place at a time, and fixed cells stay as they are. Of two
        neighbouring frames the one counts more that knows from nearer by who is who.
        """
        certainty = (
            torch.stack([each.certainty for each in said]).amax(0) if said else torch.zeros(len(cells))
        )
        words = (look + _FLOOR).log()
        together = sum((each.certainty + _LEAST_CERTAIN for each in said), torch.zeros(len(cells)))
        for each in said:
            weight = len(said) * (each.certainty + _LEAST_CERTAIN) / together
            words = words + (each.shares + _FLOOR).log() * weight[:, None]
        shares = self._with_fixed(cells, torch.softmax(words, 1))
        if (cells.fixed < 0).any():
            shares = _in_one_core(cells, self._with_fixed(cells, _smoothed_in_space(cells, shares)))
            shares = self._with_fixed(cells, _in_one_piece(cells, self._with_fixed(cells, shares)))
        return Shares(shares, torch.where(cells.fixed >= 0, 1.0, certainty))

    def _projected(self, features: Tensor) -> Tensor:
        projected: Tensor = (features - self._mean) @ self._axes
        return projected

    def _with_fixed(self, cells: Cells, shares: Tensor) -> Tensor:
        settled = functional.one_hot(cells.fixed.clamp(min=0), self.people).to(shares.dtype)
        open_ = torch.where(cells.allowed.any(1, keepdim=True), shares * cells.allowed, shares)
        return torch.where((cells.fixed >= 0)[:, None], settled, _normalised(open_))


def _near_last_place(cells: Cells, neighbour: Cells, shares: Tensor) -> Tensor:
    """Weigh each cell (N, K) by its distance from where everyone was in a neighbouring frame, 0..1.

    Quartiles tell where somebody is, so that a few cells that were wrong do not.
    """
    amount = (shares * neighbour.weights[:, None]).t()
    suits = torch.ones(len(cells), len(amount))
    there, here = neighbour.occupied.nonzero(), cells.occupied.nonzero()
    for axis, count in enumerate(cells.occupied.shape):
        lines = torch.zeros(len(amount), count).index_add_(1, there[:, axis], amount)
        risen = lines.cumsum(1)
        total = risen[:, -1:]
        low, middle, high = (
            torch.searchsorted(risen, total * share).clamp(max=count - 1)[:, 0] for share in (0.25, 0.5, 0.75)
        )
        # Quartiles of a normal distribution lie 1.35 standard deviations apart.
        spread = (high - low) / 1.35 + 1.5
        far = ((here[:, axis, None] - middle).abs() / spread - _FREE_REACH).clamp(min=0)
        suits *= torch.exp(-0.5 * far.square()) + _FLOOR
    absent = amount.sum(1) < _LEAST_SEEN
    return torch.where(absent, torch.ones(()), suits)


def _smoothed_in_space(cells: Cells, shares: Tensor) -> Tensor:
    """Average with the eight neighbours, weighted by the matte, and sharpen again."""
    planes = torch.zeros(shares.shape[1] + 1, *cells.occupied.shape)
    planes[:-1, cells.occupied] = (shares * cells.weights[:, None]).t()
    planes[-1, cells.occupied] = cells.weights
    mean = functional.avg_pool2d(planes[None], (7, 3), 1, (3, 1))[0][:, cells.occupied].t()
    return _normalised((mean[:, :-1] / (mean[:, -1:] + 1e-6)).square())


def _in_one_core(cells: Cells, shares: Tensor) -> Tensor:
    """Take a person's shares out of the cores that are not the one with most of them."""
    count = int(cells.cores.max()) + 1 if len(cells) else 1
    if count <= 2:
        return shares
    amount = torch.zeros(count, shares.shape[1])
    amount.index_add_(0, cells.cores, shares * cells.weights[:, None])
    most = amount[1:].amax(0)
    allowed = amount >= _LEAST_SECOND_CORE * most
    allowed[0] = True
    allowed[torch.arange(count), amount.argmax(1)] = True  # a core is somebody's
    return _normalised(shares * allowed[cells.cores])


def _in_one_piece(cells: Cells, shares: Tensor) -> Tensor:
    """Make a person less likely in small pieces that are not connected to the largest one."""
    labels = np.full(cells.occupied.shape, -1, np.int64)
    labels[cells.occupied.numpy()] = shares.argmax(1).numpy()
    regions, sizes = find_regions(labels)
    mine = torch.from_numpy(regions)[cells.occupied] - 1
    size = torch.from_numpy(sizes)
    person = torch.zeros(len(sizes), dtype=torch.int64).scatter_(0, mine, shares.argmax(1))
    largest = torch.zeros(shares.shape[1], dtype=torch.int64).scatter_reduce_(0, person, size, "amax")
    loose = size < _PIECE * largest[person]
    shares = shares.clone()
    shares[torch.arange(len(shares)), person[mine]] *= torch.where(loose[mine], _PIECE_DOUBT, 1.0)
    return _normalised(shares)


def _normalised(shares: Tensor) -> Tensor:
    return shares / (shares.sum(1, keepdim=True) + 1e-9)
