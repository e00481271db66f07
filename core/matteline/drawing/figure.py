"""Who is drawn, and how they hold themselves at a moment."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from matteline.drawing.arrays import floats
from matteline.drawing.light import Colour
from matteline.drawing.solids import Placement, rotation

_SKINS: tuple[Colour, ...] = (
    (0.91, 0.74, 0.64),
    (0.87, 0.67, 0.55),
    (0.78, 0.57, 0.44),
    (0.63, 0.43, 0.31),
    (0.45, 0.29, 0.21),
)
_HAIRS: tuple[Colour, ...] = (
    (0.10, 0.08, 0.07),
    (0.20, 0.13, 0.09),
    (0.36, 0.22, 0.13),
    (0.55, 0.36, 0.20),
    (0.72, 0.56, 0.35),
)
_CLOTHES: tuple[Colour, ...] = (
    (0.20, 0.27, 0.42),
    (0.55, 0.18, 0.18),
    (0.22, 0.36, 0.30),
    (0.80, 0.76, 0.68),
    (0.24, 0.24, 0.27),
    (0.62, 0.46, 0.20),
)
_EYES: tuple[Colour, ...] = ((0.25, 0.16, 0.09), (0.30, 0.38, 0.42), (0.28, 0.33, 0.20))


@dataclass(frozen=True)
class Figure:
    """A person. Colours are sRGB-encoded; lengths are in heights of their head.

    Attributes:
        skin: Of the face in plain light.
        lips: Of the lips in plain light.
        eyes: Of the irises.
        hair: Of the hair on average.
        hair_length: Of the longest hair, from its root.
        hair_volume: How far hair stands off the head.
        hair_waves: Sideways swing of a long strand.
        clothes: Of the garment.
        stripes: Strength of a pattern of stripes, 0 for none.
        build: Width of neck and shoulders over the average.
        face_width: Width of the face over the average.
        seed: For everything about them that is random.
    """

    skin: Colour = _SKINS[1]
    lips: Colour = (0.72, 0.42, 0.39)
    eyes: Colour = _EYES[0]
    hair: Colour = _HAIRS[1]
    hair_length: float = 1.6
    hair_volume: float = 0.07
    hair_waves: float = 0.04
    clothes: Colour = _CLOTHES[0]
    stripes: float = 0.0
    build: float = 1.0
    face_width: float = 1.0
    seed: int = 0

    @classmethod
    def random(cls, seed: int) -> Figure:
        """A person of random looks, the same for the same seed."""
        rng = np.random.default_rng(seed)
        shade = int(rng.integers(len(_SKINS)))
        skin = _SKINS[shade]
        hairs = _HAIRS[: len(_HAIRS) - max(0, shade - 1)]  # the darker the skin, the darker the hair
        return cls(
            skin=skin,
            lips=_mixed(skin, (0.62, 0.22, 0.24), 0.45),
            eyes=_EYES[rng.integers(len(_EYES))],
            hair=hairs[rng.integers(len(hairs))],
            hair_length=float(rng.choice([0.25, 1.0, 1.6])),
            hair_volume=float(rng.uniform(0.05, 0.09)),
            hair_waves=float(rng.uniform(0.01, 0.06)),
            clothes=_CLOTHES[rng.integers(len(_CLOTHES))],
            stripes=float(rng.choice([0.0, 0.0, 0.25])),
            build=float(rng.uniform(0.92, 1.1)),
            face_width=float(rng.uniform(0.95, 1.05)),
            seed=seed,
        )


@dataclass(frozen=True)
class Pose:
    """How a figure holds itself. Angles in radians, offsets in heights of the head.

    Attributes:
        yaw: Of the head, to the right of the picture.
        pitch: Of the head, up.
        roll: Of the head, clockwise.
        lean: Of the shoulders, clockwise.
        turn: Of the shoulders, to the right of the picture.
        x: Of the whole figure, to the right.
        y: Of the whole figure, up.
        sway: Of the ends of long hair, to the right.
        blink: 0 for open eyes, 1 for closed ones.
        mouth: How far the mouth is open, 0 to 1.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    lean: float = 0.0
    turn: float = 0.0
    x: float = 0.0
    y: float = 0.0
    sway: float = 0.0
    blink: float = 0.0
    mouth: float = 0.0

    @classmethod
    def at(cls, seconds: float, seed: int) -> Pose:
        """A person who talks and looks about: smooth in time, and the same for the same seed."""
        phase = np.random.default_rng([seed, 1]).uniform(0, 2 * math.pi, 8)

        def swing(index: int, period: float) -> float:
            return math.sin(2 * math.pi * seconds / period + phase[index])

        yaw = 0.32 * swing(0, 5.3) + 0.1 * swing(1, 2.9)
        return cls(
            yaw=yaw,
            pitch=0.08 * swing(2, 3.7) - 0.02,
            roll=0.06 * swing(3, 4.3),
            lean=0.03 * swing(4, 6.1),
            turn=0.35 * yaw,
            x=0.1 * swing(5, 7.7) + 0.03 * swing(1, 2.9),
            y=0.02 * swing(6, 3.9),
            sway=-0.05 * swing(5, 2.3),
            blink=max(0.0, 1 - abs((seconds + phase[7]) % 3.1 - 0.15) / 0.09),
            mouth=max(0.0, swing(2, 0.41)) * max(0.0, swing(4, 2.6)),
        )

    @property
    def head(self) -> Placement:
        """Where the head is; its origin lies between the eyes' outer corners, in the skull."""
        neck = floats([self.x + 0.35 * self.lean, self.y - 0.5, -0.1])
        turn = rotation(self.yaw, self.pitch, self.roll)
        return Placement(turn, neck + turn @ floats([0, 0.5, 0.1]))

    @property
    def body(self) -> Placement:
        """Where the trunk is; its origin is that of a head held straight."""
        return Placement(rotation(self.turn, 0, self.lean), floats([self.x, self.y, 0]))


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = ((1 - share) * a + share * b for a, b in zip(one, other, strict=True))
    return red, green, blue
