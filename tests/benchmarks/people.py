"""How well people are told apart: drawn scenes of two to five people, or cut-outs that cross, with exact alphas.

    python -m tests.benchmarks.people --weights FILE --seeds 1100-1119
    python -m tests.benchmarks.people --weights FILE --cutouts

For every scene it prints each person's IoU without hints and with one click a person, how often an identity was
wrong for six frames or longer, and the processor time of tracking a frame. `net` is the whole way with the
network's matte; `own` separates the true matte by the shares found, which leaves out what the network does not see.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby, permutations
from pathlib import Path

import numpy as np
import torch
from tests.benchmarks import composites
from tests.benchmarks.composites import Composite
from torch import Tensor
from torch.nn.functional import max_pool2d

from matteline.contract.frames import FrameRange
from matteline.contract.people import PointHint
from matteline.contract.settings import AUTO_PREROLL_FRAMES
from matteline.drawing.crowd import draw_crowd
from matteline.engine.people import OBSERVE_EVERY, PREROLL
from matteline.engine.timeline import mirror
from matteline.matting.features import FeatureSession, SeenFrame
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.load import load_state
from matteline.people import FrameShares, Observation, Tracker, observe, separate

WIDTH, HEIGHT, FRAMES = 512, 288, 48
EVERY = 3
"""Frames between those that are measured; odd, so that half of them were not observed."""
WRONG_FOR = 2
"""Measured frames in a row from which on a wrong identity counts."""
VISIBLE = 0.2
"""Share of a person's largest area from which on it counts who they are taken for."""


@dataclass(frozen=True)
class Scene:
    """A drawn scene and what the network made of it."""

    plates: list[Tensor]
    truth: list[Tensor]
    alphas: list[Tensor]
    observations: dict[int, Observation]


@dataclass(frozen=True)
class Figures:
    """Figures of one scene, the people in the order of the truth."""

    net: list[float]
    own: list[float]
    swaps: int
    found: int
    milliseconds: float


def drawn_scene(network: MattingNetwork, seed: int) -> Scene:
    """Draw a scene and run the network over it."""
    drawings = list(draw_crowd(WIDTH, HEIGHT, FRAMES, seed=seed))
    plates = [torch.from_numpy(each.plate).permute(2, 0, 1).contiguous() for each in drawings]
    return _seen(network, plates, [torch.from_numpy(each.people) for each in drawings])


def cutout_scene(network: MattingNetwork, front: Composite, behind: Composite) -> Scene:
    """Let two cut-outs of real people cross over a photo, and run the network over them."""
    front, behind = (
        replace(each, anchor="middle", height=0.75, walk=way) for each, way in ((front, 0.6), (behind, -0.6))
    )
    plates, truth = [], []
    for near, far in zip(
        composites.frames(front, WIDTH, HEIGHT), composites.frames(behind, WIDTH, HEIGHT), strict=True
    ):
        cover = near.alpha[..., None]
        plate = cover * near.fgr + (1 - cover) * (far.plate / np.float32(255))
        plates.append(torch.from_numpy(plate.astype(np.float32)).permute(2, 0, 1).contiguous())
        truth.append(torch.from_numpy(np.stack([near.alpha, (1 - near.alpha) * far.alpha])))
    return _seen(network, plates, truth)


def _seen(network: MattingNetwork, plates: list[Tensor], truth: list[Tensor]) -> Scene:
    numbers = list(range(len(plates)))
    alphas = [seen.alpha for _, seen in _network_over(network, plates, numbers, AUTO_PREROLL_FRAMES)]
    observed = [number for number in numbers if number % OBSERVE_EVERY == 0 or number == numbers[-1]]
    observations = {
        number: observe(number, plates[number], seen.alpha, seen.features)
        for number, seen in _network_over(network, plates, observed, PREROLL)
    }
    return Scene(plates, truth, alphas, observations)


def _network_over(
    network: MattingNetwork, plates: list[Tensor], numbers: list[int], preroll: int
) -> Iterator[tuple[int, SeenFrame]]:
    session = FeatureSession(network, torch.device("cpu"))
    before = mirror(FrameRange(0, len(numbers) - 1), preroll)
    session.begin([plates[numbers[index]] for index in before])
    for number in numbers:
        yield number, session.advance(plates[number])


def clicks(scene: Scene) -> list[PointHint]:
    """One click a person, in the middle of them, in the frame in which most of them is seen and others are far."""
    hints = []
    areas = torch.stack([each.sum((1, 2)) for each in scene.truth])
    columns = torch.arange(WIDTH).float()
    for person in range(areas.shape[1]):
        best, at = -1.0, 0
        for number in range(0, len(scene.truth), 4):
            truth = scene.truth[number]
            middles = (truth.sum(1) * columns).sum(1) / areas[number].clamp(min=1)
            others = [float(abs(middles[person] - middles[n])) for n in range(len(middles)) if n != person]
            worth = float(areas[number, person] / areas[:, person].max()) + min(
                1, min(others) / (0.15 * WIDTH)
            )
            if worth > best:
                best, at = worth, number
        row, column = _middle(scene.truth[at][person])
        hints.append(PointHint(at, column + 0.5, row + 0.5, f"truth{person}"))
    return hints


def _middle(alpha: Tensor) -> tuple[int, int]:
    """A pixel furthest from the edge of a matte."""
    inside, last = (alpha > 0.9).float()[None, None], None
    while inside.any():
        last, inside = inside, 1 - max_pool2d(1 - inside, 3, 1, 1)
    assert last is not None
    row, column = last[0, 0].nonzero()[0].tolist()
    return row, column


def figures_of(scene: Scene, hints: Sequence[PointHint]) -> Figures:
    """Track a scene and compare everyone's matte with the truth."""
    before = time.process_time()
    tracker = Tracker(scene.observations, [FrameRange(0, len(scene.plates) - 1)], hints, (WIDTH, HEIGHT))
    shares = list(tracker.shares())
    spent = 1000 * (time.process_time() - before) / len(shares)
    net = _Overlap.of(scene, shares, scene.alphas)
    own = _Overlap.of(scene, shares, [each.sum(0).clamp(max=1) for each in scene.truth])
    names = [person.name for person in tracker.people]
    people = range(scene.truth[0].shape[0])
    named = [names.index(f"truth{n}") if f"truth{n}" in names else -1 for n in people]
    order = named if hints else own.best_order()
    return Figures(net.of_people(order), own.of_people(order), own.swaps(order), len(names), spent)


@dataclass(frozen=True)
class _Overlap:
    """Common pixels (T, K, N) of found and true people, and the pixels of each (T, K) and (T, N)."""

    common: Tensor
    found: Tensor
    true: Tensor

    @classmethod
    def of(cls, scene: Scene, shares: Sequence[FrameShares], alphas: Sequence[Tensor]) -> _Overlap:
        rows = []
        for number in range(0, len(scene.plates), EVERY):
            mattes = separate(shares[number], scene.plates[number], alphas[number]) > 0.5
            truth = scene.truth[number] > 0.5
            common = torch.einsum("khw,nhw->kn", mattes.float(), truth.float())
            rows.append((common, mattes.sum((1, 2)).float(), truth.sum((1, 2)).float()))
        common, found, true = zip(*rows, strict=True)
        return cls(torch.stack(common), torch.stack(found), torch.stack(true))

    def iou(self) -> Tensor:
        common = self.common.sum(0)
        return common / (self.found.sum(0)[:, None] + self.true.sum(0) - common).clamp(min=1)

    def best_order(self) -> list[int]:
        """For each true person the found one, so that the sum of IoU is greatest; -1 for none."""
        iou = self.iou()
        found = [*range(len(iou)), *[-1] * iou.shape[1]]
        return list(
            max(
                set(permutations(found, iou.shape[1])),
                key=lambda order: sum(float(iou[k, n]) for n, k in enumerate(order) if k >= 0),
            )
        )

    def of_people(self, order: Sequence[int]) -> list[float]:
        iou = self.iou()
        return [float(iou[k, n]) if k >= 0 else 0.0 for n, k in enumerate(order)]

    def swaps(self, order: Sequence[int]) -> int:
        """Times that a person was mostly taken for another one in `WRONG_FOR` measured frames in a row."""
        count = 0
        for person, right in enumerate(order):
            seen = self.true[:, person] > VISIBLE * self.true[:, person].max()
            wrong = [
                bool(seen[t])
                and bool(self.common[t, :, person].any())
                and int(self.common[t, :, person].argmax()) != right
                for t in range(len(seen))
            ]
            count += sum(state and len(list(run)) >= WRONG_FOR for state, run in groupby(wrong))
        return count


def _printed(label: str, figures: Figures) -> str:
    people = " ".join(f"{net:.2f}/{own:.2f}" for net, own in zip(figures.net, figures.own, strict=True))
    return (
        f"{label:12} net/own {people}  swaps {figures.swaps}  found {figures.found}  "
        f"{figures.milliseconds:.0f} ms a frame"
    )


def _scenes(network: MattingNetwork, seeds: str, cutouts: bool) -> Iterator[tuple[str, Scene]]:
    if cutouts:
        for front, behind in combinations(composites.WALKERS, 2):
            yield f"{front.name}/{behind.name}", cutout_scene(network, front, behind)
        return
    first, last = map(int, seeds.split("-"))
    for seed in range(first, last + 1):
        yield str(seed), drawn_scene(network, seed)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--seeds", default="1100-1119")
    parser.add_argument("--cutouts", action="store_true", help="Pairs of cut-outs instead of drawn scenes.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = MattingNetwork()
    network.load_state_dict(load_state(arguments.weights))
    network.eval()
    all_of_them: dict[str, list[Figures]] = {"no hints": [], "clicks": []}
    for name, scene in _scenes(network, arguments.seeds, arguments.cutouts):
        hints = clicks(scene)
        for kind, given in (("no hints", []), ("clicks", hints)):
            figures = figures_of(scene, given)
            all_of_them[kind].append(figures)
            print(_printed(f"{name} {kind}", figures), flush=True)
    for kind, scenes in all_of_them.items():
        net, own = (
            np.mean([each for one in scenes for each in getattr(one, name)]) for name in ("net", "own")
        )
        print(f"{kind}: mean IoU net {net:.3f} own {own:.3f}, swaps {sum(each.swaps for each in scenes)}")


if __name__ == "__main__":
    main()
