"""A whole person: who it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from matteline.drawing.arrays import Floats
from matteline.drawing.figure import Figure, Pose
from matteline.drawing.light import Colour
from matteline.drawing.people.build import Build
from matteline.drawing.people.cloth import random_colour
from matteline.drawing.people.hairdo import Hairdo
from matteline.drawing.people.headwear import Headwear
from matteline.drawing.people.outfit import Outfit
from matteline.drawing.people.props import Prop
from matteline.drawing.people.skeleton import Skeleton, skeleton_at
from matteline.drawing.people.stance import Stance
from matteline.drawing.people.visage import Visage

_SKINS: tuple[Colour, ...] = (
    (0.96, 0.82, 0.75), (0.91, 0.74, 0.64), (0.87, 0.67, 0.55), (0.80, 0.62, 0.46), (0.72, 0.52, 0.38),
    (0.60, 0.41, 0.29), (0.46, 0.30, 0.21), (0.34, 0.22, 0.16), (0.25, 0.16, 0.12),
)  # fmt: skip
"""From light to dark."""
_HAIRS: tuple[Colour, ...] = (
    (0.07, 0.06, 0.06), (0.14, 0.10, 0.08), (0.24, 0.16, 0.11), (0.36, 0.22, 0.13), (0.50, 0.24, 0.12),
    (0.55, 0.38, 0.22), (0.75, 0.60, 0.38), (0.88, 0.78, 0.60), (0.62, 0.61, 0.60), (0.85, 0.85, 0.84),
)  # fmt: skip
"""Black to fair, then grey and white."""


@dataclass(frozen=True)
class Person:
    """Who is drawn, and what they do.

    Attributes:
        figure: Skin, eyes and face.
        build: Measures of the body.
        hairdo: Of the head.
        visage: Beard and glasses.
        outfit: Clothes.
        headwear: None for nothing on the head.
        prop: None for empty hands.
        stance: How they move.
        seed: For how they hold their head.
    """

    figure: Figure
    build: Build
    hairdo: Hairdo
    visage: Visage
    outfit: Outfit
    headwear: Headwear | None
    prop: Prop | None
    stance: Stance
    seed: int

    @classmethod
    def random(cls, rng: np.random.Generator, near: Colour | None = None) -> Person:
        """Anyone; some clothes of a colour close to `near`."""
        feminine = bool(rng.random() < 0.5)
        figure = _figure(rng)
        headwear = Headwear.random(rng, feminine)
        return cls(
            figure=figure,
            build=Build.random(rng, feminine),
            hairdo=_under(headwear, Hairdo.random(rng, feminine, figure.hair)),
            visage=Visage.random(rng, feminine),
            outfit=Outfit.random(rng, feminine, near),
            headwear=headwear,
            prop=Prop.random(rng),
            stance=Stance.random(rng),
            seed=figure.seed,
        )

    def skeleton(self, seconds: float, root: Floats) -> Skeleton:
        """Joints at a moment, with the person at `root` (2,) of the world."""
        return skeleton_at(self.build, self.stance, self.pose(seconds), seconds, root)

    def pose(self, seconds: float) -> Pose:
        """How the head is held at a moment, and eyes and mouth."""
        return Pose.at(seconds * self.stance.speed, self.seed)


def _figure(rng: np.random.Generator) -> Figure:
    """Face and colours."""
    skin, hair = _complexion(rng)
    red, green, blue = (0.6 * a + 0.4 * b for a, b in zip(skin, (0.62, 0.2, 0.24), strict=True))
    width = float(rng.normal(1, 0.04))
    plain = Figure.random(int(rng.integers(1 << 30)))
    return replace(plain, skin=skin, hair=hair, lips=(red, green, blue), face_width=width)


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
    allowed = _HAIRS if shade < 3 else (*_HAIRS[:4], *_HAIRS[8:])
    return (red, green, blue), allowed[int(rng.integers(len(allowed)))]


def _under(headwear: Headwear | None, hairdo: Hairdo) -> Hairdo:
    """Hair that has room under what is on the head."""
    if headwear is None or not headwear.covers_hair:
        return hairdo
    if headwear.hides_hair:
        return replace(hairdo, style="bald", strands=hairdo.strands[:0], tone=hairdo.tone[:0])
    if hairdo.style in ("afro", "curly", "swept", "bun", "short"):
        return replace(hairdo, style="cropped", volume=0.02, strands=hairdo.strands[:0], tone=hairdo.tone[:0])
    hanging = hairdo.strands[:, 0, 1] < 0.42
    return replace(hairdo, volume=0.02, strands=hairdo.strands[hanging], tone=hairdo.tone[hanging])
