"""Things that stand before people and do not belong to them: they cut holes into the matte."""

from __future__ import annotations

import math

import numpy as np

from matteline.drawing.places.backdrop import muted, shifted
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.blur import blurred
from matteline.drawing.shapes.noise import Noise

KINDS = ("desk", "post", "leaves", "bars", "corner", "microphone")
_MARGIN = 0.12  # room on each side to move in, in heights of the picture


class Occluder:
    """A thing in front of people, painted once for a clip.

    Args:
        width: Width of the picture, in pixels.
        height: Height of the picture, in pixels.
        rng: Decides kind, place and movement.
    """

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        self._width, self._height = width, height
        self._margin = max(3, math.ceil(_MARGIN * height))
        self._picture = _painted(width + 2 * self._margin, height + 2 * self._margin, rng)
        self._pace, self._phase = rng.choice([0.0, 0.4, 1.5]), rng.uniform(0, 2 * math.pi)

    def view(self, seconds: float) -> tuple[Floats, Floats]:
        """Return colour (H, W, 3), sRGB-encoded, and coverage (H, W) at a moment."""
        # To and fro within the margin; some stand still.
        reach = self._margin - 2
        x = reach * (1 + math.sin(self._pace * seconds + self._phase))
        part = shifted(self._picture, x, self._margin - 1, self._width, self._height)
        return part[..., :3], part[..., 3]


def _painted(width: int, height: int, rng: np.random.Generator) -> Floats:
    """Return colour and coverage, (H, W, 4), of a random thing."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(height)
    noise = Noise(int(rng.integers(1 << 20)))
    kind, wide = KINDS[rng.integers(len(KINDS))], width / height
    outside = _outside(kind, x, y, wide, noise, rng)
    # From in focus to far out of it.
    sharp = height / float(rng.choice([1, 2, 6, 14]))
    cover = np.clip(0.5 - outside * floats(sharp), 0, 1)
    grain = noise.layered(x * 12, y * 40, 2)
    colour = muted(rng.uniform(0.05, 0.9, 3)) * (0.6 + 0.8 * grain)[..., None]
    picture = np.concatenate([np.clip(colour, 0, 1), cover[..., None]], -1)
    return blurred(picture, 0.003 * height, passes=2).clip(0, 1).astype(np.float32)


def _outside(kind: str, x: Floats, y: Floats, wide: float, noise: Noise, rng: np.random.Generator) -> Floats:
    """Return about the distance from its outline (H, W), negative inside, in heights of the picture."""
    # Places and sizes are drawn so that most of a person stays in sight.
    if kind == "desk":
        return floats(rng.uniform(0.72, 0.92) - y + 0.02 * np.sin(3 * x + rng.uniform(0, 6)))
    if kind == "post":
        middle = rng.uniform(0.15, 0.85) * wide
        return floats(np.abs(x - middle + rng.normal(0, 0.1) * y) - rng.uniform(0.01, 0.06))
    if kind == "bars":
        gap = rng.uniform(0.2, 0.5)
        return floats(np.abs(((x + rng.normal(0, 0.2) * y) % gap) - gap / 2) - rng.uniform(0.004, 0.015))
    if kind == "leaves":
        far = np.hypot(x - rng.choice([0.0, wide]), 0.7 * (y - rng.uniform(0.5, 1.1)))
        leaves = noise.layered(x * 13, y * 10, 3) - 0.45
        return floats(0.6 * (far - rng.uniform(0.3, 0.55)) + 0.3 * leaves)
    if kind == "microphone":
        right, down = x - rng.uniform(0.35, 0.65) * wide, y - rng.uniform(0.6, 0.8)
        rod = np.maximum(np.abs(right + 0.3 * down) - 0.008, -down)
        return floats(np.minimum(np.hypot(right, 0.6 * down) - 0.035, rod))
    side = rng.choice([-1, 1])
    return floats(side * (x - wide * (0.5 - 0.38 * side)) + 0.15 * rng.uniform(-1, 1) * (y - 0.5))
