"""Colours and face of a person, and the pose of the head in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from matteline.drawing.person.cloth import random_colour
from matteline.drawing.shapes.light import Colour

# From light to dark.
_SKINS: tuple[Colour, ...] = (
    (0.96, 0.82, 0.75), (0.91, 0.74, 0.64), (0.87, 0.67, 0.55), (0.80, 0.62, 0.46), (0.72, 0.52, 0.38),
    (0.60, 0.41, 0.29), (0.46, 0.30, 0.21), (0.34, 0.22, 0.16), (0.25, 0.16, 0.12),
)  # fmt: skip
# Black to fair, then grey and white.
_HAIRS: tuple[Colour, ...] = (
    (0.07, 0.06, 0.06), (0.14, 0.10, 0.08), (0.24, 0.16, 0.11), (0.36, 0.22, 0.13), (0.50, 0.24, 0.12),
    (0.55, 0.38, 0.22), (0.75, 0.60, 0.38), (0.88, 0.78, 0.60), (0.62, 0.61, 0.60), (0.85, 0.85, 0.84),
)  # fmt: skip
_EYES: tuple[Colour, ...] = ((0.25, 0.16, 0.09), (0.30, 0.38, 0.42), (0.28, 0.33, 0.20))
_RED: Colour = (0.62, 0.2, 0.24)


@dataclass(frozen=True)
class FaceAppearance:
    """Colours and face of a person. Colours are sRGB-encoded, as in plain light.

    Attributes:
        skin: Colour of the face.
        lips: Colour of the lips.
        eyes: Colour of the irises.
        hair: Mean colour of the hair.
        face_width: Width of the face over the average.
        seed: For freckles, brows and other irregularities.
    """

    skin: Colour
    lips: Colour
    eyes: Colour
    hair: Colour
    face_width: float
    seed: int

    @classmethod
    def random(cls, rng: np.random.Generator) -> FaceAppearance:
        """Return random looks."""
        skin, hair = _complexion(rng)
        red, green, blue = (0.6 * a + 0.4 * b for a, b in zip(skin, _RED, strict=True))
        width, seed = float(rng.normal(1, 0.04)), int(rng.integers(1 << 30))
        eyes = _EYES[np.random.default_rng(seed).integers(len(_EYES))]
        return cls(skin, (red, green, blue), eyes, hair, width, seed)


@dataclass(frozen=True)
class HeadPose:
    """The pose of a head beside the trunk. Angles in radians.

    Attributes:
        yaw: To the right of the picture.
        pitch: Up.
        roll: Clockwise.
        sway: How far the ends of long hair swing to the right, in heights of the head.
        blink: 0 for open eyes, 1 for closed ones.
        mouth: How far the mouth is open, 0 to 1.
    """

    yaw: float
    pitch: float
    roll: float
    sway: float
    blink: float
    mouth: float

    @classmethod
    def at(cls, seconds: float, seed: int) -> HeadPose:
        """Return the pose of somebody who talks and looks about: smooth in time, alike for the same seed."""
        phase = np.random.default_rng([seed, 1]).uniform(0, 2 * math.pi, 8)

        def swing(index: int, period: float) -> float:
            return math.sin(2 * math.pi * seconds / period + phase[index])

        # Periods in seconds without a common multiple, so that no movement seems to repeat.
        return cls(
            yaw=0.32 * swing(0, 5.3) + 0.1 * swing(1, 2.9),
            pitch=0.08 * swing(2, 3.7) - 0.02,
            roll=0.06 * swing(3, 4.3),
            sway=-0.05 * swing(5, 2.3),
            blink=max(0.0, 1 - abs((seconds + phase[7]) % 3.1 - 0.15) / 0.09),
            mouth=max(0.0, swing(2, 0.41)) * max(0.0, swing(4, 2.6)),
        )


def _complexion(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """Skin, and hair that goes with it; dyed at times."""
    shade = float(rng.uniform(0, len(_SKINS) - 1.001))
    one, other = _SKINS[int(shade)], _SKINS[int(shade) + 1]
    share = shade - int(shade)
    red, green, blue = (
        float(np.clip((1 - share) * a + share * b + rng.normal(0, 0.012), 0.05, 1))
        for a, b in zip(one, other, strict=True)
    )
    if rng.random() < 0.06:
        return (red, green, blue), random_colour(rng)
    # Fair hair goes with light skin only.
    allowed = _HAIRS if shade < 3 else (*_HAIRS[:4], *_HAIRS[8:])
    return (red, green, blue), allowed[int(rng.integers(len(allowed)))]
