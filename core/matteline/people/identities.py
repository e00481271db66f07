"""Identities of the people in a shot, found where they are apart, by appearance alone.

Tracklets of solid parts are clustered by appearance, with one constraint: nobody is in two places in one frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from matteline.people.appearance import (
    OTHER_PERSON,
    SAME_PERSON,
    Appearance,
    appearance_distances,
    smoothed_features,
    squared_distances,
)
from matteline.people.observation import Observation, Observations
from matteline.people.regions import find_regions
from matteline.people.tracklets import Tracklet

_LEAST_FRAMES: Final = 5  # shorter tracklets are accidents of the matte, or too short to trust
LEAST_CELLS: Final = 9
_MOMENTS: Final = 8  # frames of a tracklet that are looked at
_UNKNOWN: Final = 0.6  # share of unlike cells from which on a tracklet is of nobody known
_LEAST_OWN: Final = 0.6  # least share of the one person in a tracklet's cells
_MOST_OTHERS: Final = 0.1  # most share of anybody else
_FRAGMENT: Final = 4  # a core beside one so many times larger is a part of it, such as a hand
_MOST_ROUNDS: Final = 24

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Candidate:
    """A tracklet that may be one person, and its appearance."""

    tracklet: Tracklet
    appearance: Appearance

    @property
    def size(self) -> float:
        """Median number of its cells."""
        return float(np.median(self.tracklet.sizes))

    def together(self, other: Candidate) -> int:
        """Return the number of frames in which both are seen."""
        one, two = self.tracklet, other.tracklet
        return max(0, min(one.last, two.last) - max(one.first, two.first) + 1)


@dataclass(frozen=True)
class Identity:
    """One person.

    Attributes:
        appearance: Features of the person.
        seeds: Indices of candidates that are this person, whatever they look like.
        name: Given by the artist; empty for a person who was found.
    """

    appearance: Appearance
    seeds: frozenset[int] = field(default_factory=frozenset)
    name: str = ""


def find_candidates(
    observations: Observations, tracklets: Sequence[Tracklet], frames: int
) -> list[Candidate]:
    """Keep the tracklets that may be a person: of some duration and size, and no part of another one.

    Args:
        observations: Of all frames of the tracklets.
        tracklets: Of one or more scenes.
        frames: Length of the shortest scene that matters; in shorter ones tracklets may be shorter, too.
    """
    least = min(_LEAST_FRAMES, max(1, frames // 4))
    chosen = [each for each in tracklets if len(each) >= least and np.median(each.sizes) >= LEAST_CELLS]
    found = []
    for tracklet in chosen:
        cores = list(tracklet.cores.items())
        moments = np.unique(np.linspace(0, len(cores) - 1, _MOMENTS).round().astype(int))
        seen = [(observations[frame], core) for frame, core in (cores[index] for index in moments)]
        if np.mean([_is_fragment(observation, core) for observation, core in seen]) > 0.5:
            continue
        parts = [
            Appearance(smoothed_features(each, (each.cores == core) & each.occupied)) for each, core in seen
        ]
        found.append(Candidate(tracklet, Appearance.joined(parts)))
    return found


def find_identities(candidates: Sequence[Candidate], identities: Sequence[Identity] = ()) -> list[Identity]:
    """Find everyone who is apart from others at some time.

    People are first taken from the frame in which most of them are apart. Whoever looks like none of them is
    a new person, again from the frame in which most such people are apart.

    Args:
        candidates: From `find_candidates`.
        identities: Those already known, such as from hints; they come first in the result.
    """
    identities = list(identities)
    for _ in range(_MOST_ROUNDS):
        identities = _with_more_views(candidates, identities)
        shares = shares_of(candidates, identities)
        more = _unknown_candidates(candidates, shares)
        if more:
            identities += [Identity(candidates[index].appearance, frozenset([index])) for index in more]
            continue
        separated = _with_one_split(candidates, identities, shares)
        if separated is not None:
            identities = separated
            continue
        double = _lookalike(candidates, identities, shares)
        if double is None:
            break
        identities.append(Identity(candidates[double].appearance, frozenset([double])))
    return identities


def shares_of(candidates: Sequence[Candidate], identities: Sequence[Identity]) -> npt.NDArray[np.float64]:
    """Return the share of each candidate's cells that looks like each identity, in the last column like none."""
    appearances = [identity.appearance for identity in identities]
    rows = []
    for candidate in candidates:
        labels = best_labels(candidate.appearance.features, appearances)
        rows.append(np.bincount(labels, minlength=len(identities) + 1) / len(labels))
    return np.array(rows).reshape(len(candidates), len(identities) + 1)


def best_labels(features: Tensor, appearances: Sequence[Appearance]) -> npt.NDArray[np.int64]:
    """Return the person that each cell (N, C) looks like most, or the number of people if it looks like none."""
    if not appearances:
        return np.zeros(len(features), np.int64)
    distance, label = appearance_distances(features, appearances).min(1)
    label[distance > OTHER_PERSON] = len(appearances)
    labels: npt.NDArray[np.int64] = label.numpy()
    return labels


def pure_candidates(
    candidates: Sequence[Candidate],
    identities: Sequence[Identity],
    shares: npt.NDArray[np.float64] | None = None,
) -> dict[int, int]:
    """Map each candidate that is one person alone to the index of that person."""
    if shares is None:
        shares = shares_of(candidates, identities)
    pure = {}
    for index, row in enumerate(shares):
        best = _only_one(row)
        if best is not None:
            pure[index] = best
    for number, identity in enumerate(identities):
        pure.update(dict.fromkeys(identity.seeds, number))
    return pure


def _only_one(row: npt.NDArray[np.float64]) -> int | None:
    """Return the only person in a candidate, from its row of shares; None where there are several."""
    known = row[:-1]
    best = int(known.argmax()) if len(known) else 0
    alone = len(known) and known[best] >= _LEAST_OWN and np.delete(known, best).max(initial=0) <= _MOST_OTHERS
    return best if alone else None


def _is_fragment(observation: Observation, core: int) -> bool:
    """Tell if a core is connected to a much larger one."""
    regions, _ = find_regions(observation.occupied.astype(np.int64) - 1)
    mine = observation.cores == core
    others = observation.cores[(regions == regions[mine].max()) & ~mine]
    largest = np.bincount(others[others > 0], minlength=1).max()
    return bool(largest >= _FRAGMENT * mine.sum())


def _unknown_candidates(candidates: Sequence[Candidate], shares: npt.NDArray[np.float64]) -> list[int]:
    """Return candidates that look like nobody, of the frame in which most of them are apart."""
    unknown = [index for index in range(len(candidates)) if shares[index, -1] >= _UNKNOWN]
    frames = {candidates[index].tracklet.first for index in unknown}
    best: tuple[tuple[int, float], list[int]] | None = None
    # The number of those seen together only grows where one begins.
    for frame in sorted(frames):
        here = [index for index in unknown if candidates[index].tracklet.core(frame)]
        worth = sum(min(len(candidates[i].tracklet), 24) * candidates[i].size ** 0.5 for i in here)
        if best is None or (len(here), worth) > best[0]:
            best = (len(here), worth), here
    return [] if best is None else best[1]


def _with_more_views(candidates: Sequence[Candidate], identities: Sequence[Identity]) -> list[Identity]:
    """Add to each appearance the features of all tracklets that are surely that person's."""
    pure = pure_candidates(candidates, identities)
    grown = []
    for number, identity in enumerate(identities):
        mine = [index for index, whose in pure.items() if whose == number and index not in identity.seeds]
        mine = sorted(mine, key=lambda index: -len(candidates[index].tracklet))[:_MOMENTS]
        views = [identity.appearance, *(candidates[index].appearance for index in mine)]
        grown.append(replace(identity, appearance=Appearance.joined(views)))
    return grown


def _with_one_split(
    candidates: Sequence[Candidate], identities: Sequence[Identity], shares: npt.NDArray[np.float64]
) -> list[Identity] | None:
    """Split an identity that is two people; None where there is none.

    A person who is seen alone in one place is not in another one at the same time: what looks like them there,
    but unlike them here, is somebody else.
    """
    alone = {index: _only_one(row) for index, row in enumerate(shares)}
    for here, number in alone.items():
        if number is None or identities[number].name:  # the artist knows better
            continue
        for there in np.flatnonzero(shares[:, number] >= _MOST_OTHERS).tolist():
            if there == here or candidates[here].together(candidates[there]) < 3:
                continue
            cells = candidates[there].appearance.features
            mine = torch.from_numpy(best_labels(cells, [each.appearance for each in identities]) == number)
            parts = _split(identities[number], candidates[here].appearance.features, cells[mine])
            if parts is not None and len(parts[1].appearance.features) >= _MOST_OTHERS * len(cells):
                return [*identities[:number], parts[0], *identities[number + 1 :], parts[1]]
    return None


def _split(identity: Identity, here: Tensor, there: Tensor) -> tuple[Identity, Identity] | None:
    """Split an identity by the cells seen here and there; None where both are of one person."""
    foreign = there[squared_distances(there, here).amin(1) > OTHER_PERSON]
    if not len(foreign):
        return None
    features = identity.appearance.features
    to_one, to_other = (squared_distances(features, cells).amin(1) for cells in (here, foreign))
    keep = (to_one <= to_other) & (to_one < SAME_PERSON)
    give = (to_one > to_other) | (to_one > OTHER_PERSON)
    if not give.any() or not keep.any():
        return None
    mine = replace(identity, appearance=Appearance(features[keep]), seeds=frozenset())
    return mine, Identity(Appearance(torch.cat([features[give], foreign])))


def _lookalike(
    candidates: Sequence[Candidate], identities: Sequence[Identity], shares: npt.NDArray[np.float64]
) -> int | None:
    """Return a candidate that looks like somebody who is elsewhere in the same frames, as people in uniform do."""
    pure = pure_candidates(candidates, identities, shares)
    for one, whose in sorted(pure.items(), key=lambda pair: -len(candidates[pair[0]].tracklet)):
        for other, same in pure.items():
            if other == one or same != whose or other in identities[whose].seeds:
                continue
            least = max(3, min(len(candidates[one].tracklet), len(candidates[other].tracklet)) // 2)
            if candidates[one].together(candidates[other]) >= least:
                return other
    return None
