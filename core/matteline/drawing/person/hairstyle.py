"""Hairstyles: their measures, and the strands that they are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matteline.drawing.person.head import SKULL
from matteline.drawing.shapes.arrays import Floats
from matteline.drawing.shapes.light import Colour
from matteline.drawing.shapes.noise import Noise

NODES = 9
"""Points along a strand, between which it is straight."""
# Angle from the crown, in radians, at which a strand leaves the head and hangs.
_LEAVES_HEAD = 1.6

STYLES = ("bald", "cropped", "short", "short", "swept", "bob", "long", "long", "wavy", "curly", "afro", "bun",
          "ponytail", "receding")  # fmt: skip
"""Those named twice are worn more often."""

_LENGTHS = {
    "bob": (0.2, 0.45),
    "long": (0.6, 1.5),
    "wavy": (0.4, 1.2),
    "curly": (0.15, 0.5),
    "ponytail": (0.5, 1.2),
}
_VOLUMES = {
    "bald": (0.0, 0.0),
    "receding": (0.02, 0.02),
    "cropped": (0.015, 0.015),
    "swept": (0.08, 0.16),
    "curly": (0.1, 0.2),
    "afro": (0.18, 0.4),
}
# Least and greatest measures of styles, in heights of the head; other styles have short, smooth hair.
_CURLS = {"wavy": 0.05, "curly": 0.08, "afro": 0.05}


@dataclass(frozen=True)
class Hairstyle:
    """The hair of a person.

    Attributes:
        style: One of `STYLES`.
        colour: Mean colour, sRGB-encoded.
        volume: How far it stands off the skull.
        length: Of strands, in heights of the head.
        curl: Sideways swing of a strand.
        fringe: It hangs over the forehead.
        strands: (N, K, 3) in the head's coordinates.
        tone: (N,) brightness of each strand beside the average.
        seed: For texture and edges.
    """

    style: str
    colour: Colour
    volume: float
    length: float
    curl: float
    fringe: bool
    strands: Floats
    tone: Floats
    seed: int

    @classmethod
    def random(cls, rng: np.random.Generator, feminine: bool, colour: Colour) -> Hairstyle:
        """Return a random hairstyle; long ones more often on women."""
        style = str(rng.choice(STYLES))
        # Styles are rarer where they are seldom worn, and never excluded.
        if feminine and style in ("bald", "receding", "cropped") and rng.random() < 0.85:
            style = "long"
        if not feminine and style in ("bun", "ponytail", "bob", "long", "wavy") and rng.random() < 0.6:
            style = "short"
        low, high = _LENGTHS.get(style, (0.12, 0.16))
        least, most = _VOLUMES.get(style, (0.04, 0.09))
        curl = _CURLS.get(style, float(rng.uniform(0.0, 0.02)))
        volume, length = float(rng.uniform(least, most)), float(rng.uniform(low, high))
        fringe = bool(rng.random() < (0.5 if style in ("bob", "swept", "short") else 0.15))
        strands = _grown(style, volume, length, curl, fringe, rng)
        tone = rng.normal(1, 0.25, len(strands)).clip(0.4, 1.8).astype(np.float32)
        return cls(style, colour, volume, length, curl, fringe, strands, tone, int(rng.integers(1 << 20)))

    @cached_property
    def noise(self) -> Noise:
        """Noise of its texture and its edges."""
        return Noise(self.seed)

    @property
    def shows_ears(self) -> bool:
        """Ears are not covered."""
        return self.style in ("bald", "cropped", "short", "swept", "receding", "bun", "ponytail")


def _grown(
    style: str, volume: float, length: float, curl: float, fringe: bool, rng: np.random.Generator
) -> Floats:
    """Strands (N, K, 3) in the head's coordinates."""
    if style in ("bald", "cropped", "receding"):
        return np.zeros((0, NODES, 3), np.float32)  # the solids alone
    # Curly hair both stands and hangs.
    if style in ("afro", "curly", "short", "swept"):
        standing = _standing(volume, 0.1 if style != "curly" else length * 0.5, curl, rng)
        if style != "curly":
            return standing
        return np.concatenate([standing, _hanging(volume, length, curl, fringe, rng)])
    hanging = _hanging(volume, length if style in ("bob", "long", "wavy") else 0.06, curl, fringe, rng)
    return np.concatenate([hanging, _tied(length, rng)]) if style == "ponytail" else hanging


def _directions(rng: np.random.Generator, count: int, fringe: bool) -> tuple[Floats, Floats]:
    """Random angles around the head, 0 in front, and down from the crown, without the face."""
    open_ = 0.0 if fringe else 1.0
    around = rng.uniform(open_, math.pi, count) * rng.choice([-1, 1], count)
    return around.astype(np.float32), rng.uniform(0.05, 1.0, count).astype(np.float32)


def _on_head(around: Floats, angle: Floats, stand: Floats) -> Floats:
    """Return points (..., 3) at a height of `stand` above the skull."""
    wide, high, deep = (radius + stand for radius in SKULL.radii)
    x = wide * np.sin(angle) * np.sin(around)
    z = SKULL.centre[2] + deep * np.sin(angle) * np.cos(around)
    return np.stack([x, SKULL.centre[1] + high * np.cos(angle), z], -1)


def _hanging(volume: float, length: float, curl: float, fringe: bool, rng: np.random.Generator) -> Floats:
    """Return strands (N, K, 3) that follow the head and then hang."""
    count = 130  # enough for an outline; what lies behind is opaque
    around, start = (each[:, None] for each in _directions(rng, count, fringe))
    along = np.linspace(0, 1, NODES, dtype=np.float32)
    # 0.42 is about the skull's radius, which turns angles into lengths.
    reach = np.maximum(_LEAVES_HEAD - start, 0) * 0.42 + length
    front = np.abs(around) < 0.9
    reach = np.where(front, (1.0 - start) * 0.42 + 0.1, reach) * rng.uniform(0.8, 1.1, (count, 1))
    turned = start + reach * along / 0.42
    angle = np.minimum(turned, _LEAVES_HEAD)
    fallen = 0.42 * (turned - angle)
    loose = rng.random((count, 1)) ** 3  # few strands stand off, as flyaways do
    stand = (volume * (0.35 + 0.7 * rng.random((count, 1))) + 0.1 * loose) * (0.5 + 0.5 * along)
    points = _on_head(around, angle, stand)
    points[..., 1] -= fallen
    phase = rng.uniform(0, 6.3, (count, 2, 1))
    frequency = rng.uniform(9, 13) if curl < 0.06 else rng.uniform(16, 26)
    for axis, index in ((0, 0), (2, 1)):
        wave = np.sin(frequency * fallen + phase[:, index]) * np.minimum(1, 4 * fallen)
        points[..., axis] += (curl + 0.01) * wave + 0.06 * rng.normal(size=(count, 1)) * fallen
    return points.astype(np.float32)


def _standing(volume: float, length: float, curl: float, rng: np.random.Generator) -> Floats:
    """Return short strands (N, K, 3) that stand off all around."""
    count = 170
    around, start = (each[:, None] for each in _directions(rng, count, fringe=True))
    start = np.where(np.abs(around) < 1.2, 0.75 * start, 1.7 * start)
    along = np.linspace(0, 1, NODES, dtype=np.float32)
    lean = rng.normal(0.5, 0.4, (count, 1)) * length
    points = _on_head(
        around, start + lean * along, volume * 0.7 + length * along * rng.uniform(0.2, 0.9, (count, 1))
    )
    # Corkscrews.
    spin = 25 * along + rng.uniform(0, 6.3, (count, 1))
    points[..., 0] += curl * 0.6 * np.sin(spin)
    points[..., 1] += curl * 0.6 * np.cos(spin)
    return points.astype(np.float32)


def _tied(length: float, rng: np.random.Generator) -> Floats:
    """Return strands (N, K, 3) tied together at the back of the head."""
    count = 60
    along = np.linspace(0, 1, NODES, dtype=np.float32)
    spread = rng.normal(0, 0.07, (count, 2, 1)) * np.minimum(1, 0.4 + along)
    far = length * rng.uniform(0.75, 1.05, (count, 1))
    out = 0.12 * np.sin(2.2 * along)
    x, z = spread[:, 0], -0.5 - out + spread[:, 1]
    y = 0.25 + 0.1 * np.sin(3 * along) * (along < 0.5) - far * along
    return np.stack([x, y, z], -1).astype(np.float32)
