"""A whole person: who they are and what they do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from matteline.drawing.person.appearance import FaceAppearance, HeadPose
from matteline.drawing.person.build import Build
from matteline.drawing.person.face import FaceFeatures
from matteline.drawing.person.hairstyle import Hairstyle
from matteline.drawing.person.headwear import Headwear
from matteline.drawing.person.outfit import Outfit
from matteline.drawing.person.props import Prop
from matteline.drawing.person.skeleton import Skeleton, skeleton_at
from matteline.drawing.person.stance import Stance
from matteline.drawing.shapes.arrays import Floats
from matteline.drawing.shapes.light import Colour


@dataclass(frozen=True)
class DrawnPerson:
    """Everything about a person that stays the same throughout a clip.

    Attributes:
        appearance: Skin, eyes and hair colour.
        build: Measures of the body.
        hairstyle: Style and strands of the hair.
        features: Beard and glasses.
        outfit: Clothes.
        headwear: None for nothing on the head.
        prop: Object in a hand; None for empty hands.
        stance: Movement of trunk and limbs.
    """

    appearance: FaceAppearance
    build: Build
    hairstyle: Hairstyle
    features: FaceFeatures
    outfit: Outfit
    headwear: Headwear | None
    prop: Prop | None
    stance: Stance

    @classmethod
    def random(cls, rng: np.random.Generator, near: Colour | None = None) -> DrawnPerson:
        """Return a random person; some clothes of a colour close to `near`."""
        feminine = bool(rng.random() < 0.5)
        # The order of draws is part of what a seed means: a new one belongs at the end.
        appearance = FaceAppearance.random(rng)
        headwear = Headwear.random(rng, feminine)
        return cls(
            appearance=appearance,
            build=Build.random(rng, feminine),
            hairstyle=_under(headwear, Hairstyle.random(rng, feminine, appearance.hair)),
            features=FaceFeatures.random(rng, feminine),
            outfit=Outfit.random(rng, feminine, near),
            headwear=headwear,
            prop=Prop.random(rng),
            stance=Stance.random(rng),
        )

    def skeleton(self, seconds: float, root: Floats) -> Skeleton:
        """Return the joints at a moment, with the person at `root` (2,) of the world."""
        return skeleton_at(self.build, self.stance, self.head_pose(seconds), seconds, root)

    def head_pose(self, seconds: float) -> HeadPose:
        """Return how the head is held at a moment, with eyes and mouth."""
        return HeadPose.at(seconds * self.stance.speed, self.appearance.seed)


def _under(headwear: Headwear | None, hairstyle: Hairstyle) -> Hairstyle:
    """Hair that has room under what is on the head."""
    if headwear is None or not headwear.covers_hair:
        return hairstyle
    # Strands and solids must both go, or they would stick out.
    if headwear.hides_hair:
        return replace(hairstyle, style="bald", strands=hairstyle.strands[:0], tone=hairstyle.tone[:0])
    if hairstyle.style in ("afro", "curly", "swept", "bun", "short"):
        return replace(
            hairstyle, style="cropped", volume=0.02, strands=hairstyle.strands[:0], tone=hairstyle.tone[:0]
        )
    # Strands that begin below the rim hang out of it.
    hanging = hairstyle.strands[:, 0, 1] < 0.42
    return replace(hairstyle, volume=0.02, strands=hairstyle.strands[hanging], tone=hairstyle.tone[hanging])
