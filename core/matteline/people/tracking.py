"""Tracking: everyone in a shot, and their share of every frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from matteline.contract.frames import FrameRange
from matteline.people.appearance import SAME_PERSON, Appearance, appearance_distances, smoothed_features
from matteline.people.assignments import Assignments
from matteline.people.hinted import FrameHint, HintedFrame, locate_hints
from matteline.people.identities import (
    LEAST_CELLS,
    Candidate,
    Identity,
    find_candidates,
    find_identities,
    pure_candidates,
    shares_of,
)
from matteline.people.observation import Observation, Observations
from matteline.people.propagation import Cells, Propagation, Shares
from matteline.people.region_growing import grow_labels
from matteline.people.shares import FrameShares, shares_between, whole_shares
from matteline.people.tracklets import find_tracklets

_SURE: Final = 0.35  # squared distance up to which a look alone tells who it is
_MARGIN: Final = 0.1  # by which anybody else must be less alike
_NEAR: Final = 0.6  # cost of growing up to which a cell is taken as another view of a person
_MOMENTS: Final = 24
_REPLACED: Final = (
    0.5  # share of somebody's cells in a frame that hints mean, to take the place of who was found
)
_SAME: Final = 0.95  # share of them that one name means, to be the person of that name in all frames

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Person:
    """Somebody in the shot.

    Attributes:
        name: From hints, or `person1`, `person2`, … in the order of first appearance, the larger first.
        first: Number of the first frame in which the person is seen apart from others or was hinted.
        hinted: True for those whom the artist named.
    """

    name: str
    first: int
    hinted: bool


class Tracker:
    """The people of a plate, told apart and followed.

    All frames are looked at together, so the shares of a frame depend on the whole shot and its hints alone,
    never on the frames that are rendered. `people` is known once a tracker is made, from appearance; `shares`
    then follows each person through the frames.

    Args:
        observations: Of frames of every scene: of its first and last one and of all with hints at least. Shares of
            frames between them follow from those beside them.
        scenes: Frames between cuts, in order. Nobody is followed over a cut, but everyone is recognised.
        hints: In the order in which the artist gave them.
        size: Width and height in pixels of the picture that points and boxes refer to.
    """

    def __init__(
        self,
        observations: Observations,
        scenes: Sequence[FrameRange],
        hints: Sequence[FrameHint] = (),
        size: tuple[int, int] = (1, 1),
    ) -> None:
        self._observations = observations
        self._scenes = [[frame for frame in scene if frame in observations] for scene in scenes]
        """The observed frames of each."""
        self._tracklets = [
            each for scene in self._scenes for each in find_tracklets(observations[frame] for frame in scene)
        ]
        longest = max((len(scene) for scene in scenes), default=0)
        self._candidates = find_candidates(observations, self._tracklets, longest)
        self._hinted: dict[int, HintedFrame] = {}
        with torch.inference_mode():
            identities = find_identities(self._candidates)
            self._assignments = Assignments.of(self._candidates, identities)
            if hints:
                identities = self._named(identities, hints, size)
            self.people, identities = _numbered(identities, self._candidates, self._hinted)
            """Everyone: those named by hints in the order of their names, then those found."""
            assignments = Assignments.of(self._candidates, identities)
            self._assignments = assignments.with_hints(self._tracklets, self._hinted, observations)
            self._appearances = self._with_views(identities)

    @property
    def missed(self) -> tuple[FrameHint, ...]:
        """Hints at places where the network saw nobody."""
        return tuple(hint for frame in self._hinted.values() for hint in frame.missed)

    def shares(self, scratch: MutableMapping[int, bytes] | None = None) -> Iterator[FrameShares]:
        """Follow everyone through the frames: backwards through each scene first, then forwards.

        Args:
            scratch: Takes a few kilobytes a frame until the scene is done; a dictionary unless a long shot
                calls for one on disk.

        Yields:
            Each frame's shares, in order.
        """
        scratch = {} if scratch is None else scratch
        propagation = Propagation(self._appearances) if len(self.people) > 1 else None
        for scene in self._scenes:
            if propagation is not None:
                self._sweep_back(propagation, scene, scratch)
            before: tuple[Cells, Shares] | None = None
            last: FrameShares | None = None
            for frame in scene:
                observation = self._observations[frame]
                with torch.inference_mode():
                    if propagation is None:
                        shares = torch.ones(int(observation.occupied.sum()), len(self.people))
                    else:
                        cells = self._cells(propagation, observation)
                        look = propagation.by_appearance(cells)
                        said = [] if before is None else [propagation.by_neighbour(cells, *before)]
                        before = cells, propagation.combined(cells, look, said)
                        # No frame of the scene comes after the last one, so nothing was said of it.
                        if frame != scene[-1]:
                            said.append(_unpacked(scratch.pop(frame), len(cells)))
                        shares = propagation.combined(cells, look, said).shares
                here = FrameShares(frame, _on_grid(shares, observation))
                if last is not None:
                    yield from shares_between(last, here)
                yield here
                last = here

    def _sweep_back(
        self, propagation: Propagation, scene: Sequence[int], scratch: MutableMapping[int, bytes]
    ) -> None:
        """Put into `scratch` the shares of each frame but the last by those of the frame after it."""
        after: tuple[Cells, Shares] | None = None
        for frame in reversed(scene):
            with torch.inference_mode():
                cells = self._cells(propagation, self._observations[frame])
                said = [] if after is None else [propagation.by_neighbour(cells, *after)]
                after = cells, propagation.combined(cells, propagation.by_appearance(cells), said)
                for each in said:
                    scratch[frame] = _packed(each)

    def _cells(self, propagation: Propagation, observation: Observation) -> Cells:
        hints = self._hinted.get(observation.number)
        banned = {} if hints is None else hints.banned
        hinted = None if hints is None else hints.cells >= 0
        return propagation.cells(observation, self._assignments.cells(observation), banned, hinted)

    def _named(
        self, identities: Sequence[Identity], hints: Sequence[FrameHint], size: tuple[int, int]
    ) -> list[Identity]:
        """Name the people found by hints, splitting and joining identities where hints say so."""
        names = list(dict.fromkeys(hint.name for hint in hints))
        labels: dict[int, Labels] = {}
        for frame in dict.fromkeys(hint.frame for hint in hints):
            here = [hint for hint in hints if hint.frame == frame]
            labels[frame] = self._labels(self._observations[frame], identities)
            self._hinted[frame] = locate_hints(self._observations[frame], labels[frame], here, names, size)
        names = _only_found(names, self._hinted)
        views: dict[int, list[Appearance]] = defaultdict(list)
        same: dict[int, set[int]] = defaultdict(set)
        gone: set[int] = set()
        for frame, hinted in self._hinted.items():
            features = smoothed_features(self._observations[frame])
            for name in np.unique(hinted.cells[hinted.cells >= 0]):
                views[int(name)].append(Appearance(features[torch.from_numpy(hinted.cells == name)]))
            for person in np.unique(labels[frame][labels[frame] >= 0]):
                mine = hinted.cells[labels[frame] == person]
                shares = np.bincount(mine[mine >= 0], minlength=len(names)) / len(mine)
                if shares.sum() > _REPLACED:
                    gone.add(int(person))
                    same[int(person)].add(int(shares.argmax()) if shares.max() > _SAME else -1)
        named = []
        for number, name in enumerate(names):
            # An identity that hints give to two names may have been two people taken for one.
            mine = [identities[person] for person, who in same.items() if who == {number}]
            appearances = [*views[number], *(each.appearance for each in mine)]
            seeds = frozenset[int]().union(*(each.seeds for each in mine))
            named.append(Identity(Appearance.joined(appearances), seeds, name))
        return find_identities(
            self._candidates,
            [*named, *(each for person, each in enumerate(identities) if person not in gone)],
        )

    def _labels(self, observation: Observation, identities: Sequence[Identity]) -> Labels:
        """Return the likely person of each occupied cell (N,) by appearance alone; -1 where nobody is known."""
        if not identities:
            return np.full(int(observation.occupied.sum()), -1, np.int64)
        propagation = Propagation([identity.appearance for identity in identities])
        cells = propagation.cells(observation, self._assignments.cells(observation), {})
        labels: Labels = (
            propagation.combined(cells, propagation.by_appearance(cells)).shares.argmax(1).numpy()
        )
        return labels

    def _grown(
        self, observation: Observation, appearances: Sequence[Appearance]
    ) -> tuple[Labels, npt.NDArray[np.float32]]:
        """Grow labels (N,) from assigned and unmistakable cells; returns the cost of reaching each, too."""
        labels = self._assignments.cells(observation)
        features = smoothed_features(observation)
        if not appearances or not len(features):
            return labels, np.zeros(len(labels), np.float32)
        distance, best = appearance_distances(features, appearances).sort(1)
        sure = distance[:, 0] < _SURE
        if len(appearances) > 1:
            sure &= distance[:, 1] - distance[:, 0] > _MARGIN
        labels = np.where(labels >= 0, labels, np.where(sure, best[:, 0], -1))
        return grow_labels(features, observation.occupied, labels)

    def _with_views(self, identities: Sequence[Identity]) -> list[Appearance]:
        """Return all appearances; those of people who are never apart are extended by region growing."""
        appearances = [identity.appearance for identity in identities]
        apart = set(pure_candidates(self._candidates, identities).values())
        together = [person for person in range(len(identities)) if person not in apart]
        frames = [frame for scene in self._scenes for frame in scene]
        for frame in frames[:: max(1, len(frames) // _MOMENTS)] if together else ():
            observation = self._observations[frame]
            labels, cost = self._grown(observation, appearances)
            features = smoothed_features(observation)
            alone = appearance_distances(features, appearances).numpy() > SAME_PERSON
            for person in together:
                others = np.delete(alone, person, 1).all(1)
                mine = torch.from_numpy((labels == person) & (cost < _NEAR) & others)
                if mine.any():
                    appearances[person] = Appearance.joined([appearances[person], Appearance(features[mine])])
        return appearances


def _packed(said: Shares) -> bytes:
    joined = torch.cat([said.shares, said.certainty[:, None]], 1)
    return (joined * 255).round().to(torch.uint8).numpy().tobytes()


def _unpacked(data: bytes, cells: int) -> Shares:
    # A copy that may be written to: of bytes torch warns.
    joined = torch.frombuffer(bytearray(data), dtype=torch.uint8).view(cells, -1) / 255
    return Shares(joined[:, :-1], joined[:, -1])


def _only_found(names: Sequence[str], hinted: dict[int, HintedFrame]) -> list[str]:
    """Return the names whose hints found somebody, and renumber them in the frames."""
    found = sorted({int(name) for frame in hinted.values() for name in np.unique(frame.cells) if name >= 0})
    renamed = np.full(len(names) + 1, -1, np.int64)  # the last for -1
    renamed[found] = np.arange(len(found))
    for number, frame in hinted.items():
        banned = {int(renamed[name]): cells for name, cells in frame.banned.items() if renamed[name] >= 0}
        hinted[number] = replace(frame, cells=renamed[frame.cells], banned=banned)
    return [names[name] for name in found]


def _numbered(
    identities: Sequence[Identity], candidates: Sequence[Candidate], hinted: dict[int, HintedFrame]
) -> tuple[tuple[Person, ...], list[Identity]]:
    """Name everyone: those who were found by first appearance, the larger first.

    Whoever makes up less than a person's least size anywhere is left out.
    """
    shares, pure = shares_of(candidates, identities), pure_candidates(candidates, identities)
    known: list[tuple[Person, Identity]] = []
    found: list[tuple[int, float, Identity]] = []
    for number, identity in enumerate(identities):
        size, first = max(
            (
                (shares[index, number] * each.size, -each.tracklet.first)
                for index, each in enumerate(candidates)
            ),
            default=(0.0, 0),
        )
        apart = [candidates[index].tracklet.first for index, who in pure.items() if who == number]
        said = [frame for frame, hints in hinted.items() if (hints.cells == number).any()]
        first = min([*apart, *said], default=-first)
        if identity.name:
            known.append((Person(identity.name, first, hinted=True), identity))
        elif size >= LEAST_CELLS:
            found.append((first, -size, identity))
    free = (f"person{number}" for number in count(1))
    taken = {person.name for person, _ in known}
    for first, _, identity in sorted(found, key=lambda each: each[:2]):
        name = next(each for each in free if each not in taken)
        known.append((Person(name, first, hinted=False), identity))
    return tuple(person for person, _ in known), [identity for _, identity in known]


def _on_grid(shares: Tensor, observation: Observation) -> npt.NDArray[np.uint8]:
    """Lay shares (N, K) on the grid, (K, rows, columns) uint8 whose sum is 255 where somebody is."""
    grid = np.zeros((shares.shape[1], *observation.cores.shape), np.uint8)
    grid[:, observation.occupied] = whole_shares(shares.t().numpy())
    return grid
