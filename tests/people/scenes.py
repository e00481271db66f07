"""Small scenes of painted people, for which the network's features are not needed: colours stand in for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

from matteline.contract.frames import FrameRange
from matteline.people import FrameHint, FrameShares, Observation, Tracker, observe

WIDTH, HEIGHT = 192, 108
RED, GREEN, BLUE = (0.9, 0.1, 0.1), (0.1, 0.8, 0.2), (0.15, 0.2, 0.9)

Colour = tuple[float, float, float]
Place = tuple[Colour, float | None]
"""Colour of a person, and the column of their middle in pixels; None where they are not in the picture."""


def painted(people: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
    """A picture (H, W, 3) and each person's alpha (N, H, W); later people stand before earlier ones."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    picture = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)
    alphas = np.zeros((len(people), HEIGHT, WIDTH), np.float32)
    for index, (colour, middle) in enumerate(people):
        if middle is None:
            continue
        body = (abs(columns - middle) <= 12) & (rows >= 40)
        head = np.hypot(columns - middle, rows - 30) <= 9
        inside = body | head
        picture[inside] = colour
        picture[head] = (0.8, 0.6, 0.5)
        alphas[:, inside] = 0
        alphas[index, inside] = 1
    return picture, alphas


def observed(number: int, picture: np.ndarray, alpha: np.ndarray) -> Observation:
    """Observe a picture; its colours stand in for the network's features."""
    planes = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))
    features = [avg_pool2d(planes[None] - 0.3, stride)[0] for stride in (4, 8)]
    return observe(number, planes, torch.from_numpy(np.ascontiguousarray(alpha)), features)


class Scene:
    """A painted scene: for every frame everybody's colour and place."""

    def __init__(self, frames: Sequence[Sequence[Place]]) -> None:
        self.pictures, self.alphas = zip(*(painted(frame) for frame in frames), strict=True)
        self.frames = FrameRange(0, len(frames) - 1)
        self.observations: Mapping[int, Observation] = {
            number: observed(number, picture, alphas.sum(0))
            for number, (picture, alphas) in enumerate(zip(self.pictures, self.alphas, strict=True))
        }

    def track(self, hints: Sequence[FrameHint] = (), *, every: int = 1) -> tuple[Tracker, list[FrameShares]]:
        """Follow everyone, with observations of every so many frames and of the last one."""
        last = self.frames.last
        seen = {n: each for n, each in self.observations.items() if n % every == 0 or n == last}
        tracker = Tracker(seen, [self.frames], hints, (WIDTH, HEIGHT))
        return tracker, list(tracker.shares())


def crossing() -> Scene:
    """Red walks to the right and passes behind green, who walks to the left."""
    return Scene([[(RED, 40 + 5 * number), (GREEN, 150 - 5 * number)] for number in range(24)])


def person_at(shares: FrameShares, x: float, y: float) -> int:
    """Index of the person whose share is greatest at a pixel."""
    rows, columns = shares.shares.shape[1:]
    return int(shares.shares[:, int(y * rows / HEIGHT), int(x * columns / WIDTH)].argmax())
