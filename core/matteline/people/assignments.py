"""Assignments of tracklets to people: solid parts that are one person, and cells connected to them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matteline.people.hinted import HintedFrame
from matteline.people.identities import Candidate, Identity, pure_candidates
from matteline.people.observation import Observation, Observations
from matteline.people.regions import find_regions
from matteline.people.tracklets import Tracklet

# Least share of a core that a hint must cover to assign the whole tracklet.
_COVERED = 0.6

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Assignments:
    """People of tracklets, where a tracklet is one person.

    Attributes:
        tracklets: Each with pairs of a frame and the person it is there; the nearest frame counts.
        hinted: Cells given by hints, by frame; they go before all else.
    """

    tracklets: tuple[tuple[Tracklet, tuple[tuple[int, int], ...]], ...] = ()
    hinted: Mapping[int, HintedFrame] | None = None

    @classmethod
    def of(cls, candidates: Sequence[Candidate], identities: Sequence[Identity]) -> Assignments:
        """Assign the candidates that look like one person alone."""
        pure = pure_candidates(candidates, identities)
        return cls(tuple((candidates[index].tracklet, ((0, who),)) for index, who in pure.items()))

    def with_hints(
        self,
        tracklets: Sequence[Tracklet],
        hinted: Mapping[int, HintedFrame],
        observations: Observations,
    ) -> Assignments:
        """Assign tracklets by hints, too: one that a single name covers is that person from end to end.

        Where hints of several frames disagree about a tracklet, each counts for the frames that are nearest
        to its own. Where those of one frame do, there are several people in it, and it is not assigned.
        """
        said: dict[int, list[tuple[int, int]]] = {}
        mixed: set[int] = set()
        for frame, hints in hinted.items():
            cores = observations[frame].cores[observations[frame].occupied]
            for index, tracklet in enumerate(tracklets):
                core = tracklet.core(frame)
                names = hints.cells[cores == core] if core else np.empty(0, np.int64)
                found, counts = np.unique(names[names >= 0], return_counts=True)
                if len(found) > 1 and np.sort(counts)[-2] > (1 - _COVERED) / 2 * len(names):
                    mixed.add(index)
                elif len(found) and counts.max() >= _COVERED * len(names):
                    said.setdefault(index, []).append((frame, int(found[counts.argmax()])))
        known = {id(tracklet): persons for tracklet, persons in self.tracklets}
        assigned = []
        for index, tracklet in enumerate(tracklets):
            persons = tuple(said.get(index, ())) or known.get(id(tracklet))
            if persons and index not in mixed:
                assigned.append((tracklet, persons))
        return Assignments(tuple(assigned), hinted)

    def cells(self, observation: Observation) -> Labels:
        """Return the person of each occupied cell (N,), -1 where unknown."""
        occupied = observation.occupied
        cores = observation.cores[occupied]
        people = np.full(int(cores.max(initial=0)) + 1, -1, np.int64)
        for tracklet, persons in self.tracklets:
            core = tracklet.core(observation.number)
            if core:
                people[core] = min(persons, key=lambda said: abs(said[0] - observation.number))[1]
        labels = people[cores]
        if (labels >= 0).any():
            regions = find_regions(occupied.astype(np.int64) - 1)[0][occupied]
            _spread(labels, cores, regions)
        hints = (self.hinted or {}).get(observation.number)
        return labels if hints is None else np.where(hints.cells >= 0, hints.cells, labels)


def _spread(labels: Labels, cores: npt.NDArray[np.uint8], regions: Labels) -> None:
    """Give cells outside of cores, such as hands and hair, to the only person of their region; in place."""
    solid = cores > 0
    count = int(regions.max(initial=0)) + 1
    low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, -1, np.int64)
    np.minimum.at(low, regions[solid], labels[solid])
    np.maximum.at(high, regions[solid], labels[solid])
    # Where the least and the greatest label agree a region has one person; a core of nobody known, -1, sets them
    # apart.
    single = (low == high) & (high >= 0)
    loose = ~solid & single[regions]
    labels[loose] = high[regions[loose]]
