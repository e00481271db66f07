"""A whole person: who it is, and drawing them part by part from the back to the front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.figure import Figure, Pose
from matteline.drawing.light import Colour
from matteline.drawing.people.build import Build
from matteline.drawing.people.cloth import random_colour
from matteline.drawing.people.easel import Easel
from matteline.drawing.people.hairdo import Hairdo, draw_hair_behind, draw_hair_on, draw_strands_of, hair_behind
from matteline.drawing.people.headwear import Headwear, draw_headwear
from matteline.drawing.people.limbs import draw_arm, draw_foot, draw_hand, draw_leg, draw_skirt
from matteline.drawing.people.outfit import Outfit
from matteline.drawing.people.props import Prop, draw_prop
from matteline.drawing.people.skeleton import Skeleton, skeleton_at
from matteline.drawing.people.stance import Stance
from matteline.drawing.people.trunk import draw_scarf, draw_trunk
from matteline.drawing.people.visage import Visage, draw_visage

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
_SHUTTER_SECONDS = 1 / 48
_SHOWN_FROM = 0.25
"""Seconds over which a strand of hair follows the head."""


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
        skin, hair = _complexion(rng)
        seed = int(rng.integers(1 << 30))
        lips = tuple(0.6 * a + 0.4 * b for a, b in zip(skin, (0.62, 0.2, 0.24), strict=True))
        headwear = Headwear.random(rng, feminine)
        hairdo = Hairdo.random(rng, feminine, hair)
        return cls(
            figure=replace(
                Figure.random(seed), skin=skin, hair=hair, lips=lips, face_width=float(rng.normal(1, 0.04))
            ),
            build=Build.random(rng, feminine),
            hairdo=_under(headwear, hairdo),
            visage=Visage.random(rng, feminine),
            outfit=Outfit.random(rng, feminine, near),
            headwear=headwear,
            prop=Prop.random(rng),
            stance=Stance.random(rng),
            seed=seed,
        )

    def skeleton(self, seconds: float, root: Floats) -> Skeleton:
        """Joints at a moment, with the person at `root` (2,) of the world."""
        return skeleton_at(self.build, self.stance, self._pose(seconds), seconds, root)

    def _pose(self, seconds: float) -> Pose:
        return Pose.at(seconds * self.stance.speed, self.seed)


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


def draw_person(
    easel: Easel, person: Person, seconds: float, root: Floats, velocity: Floats, shutter: float = 1.0
) -> None:
    """Draw a person as they are at a moment.

    Args:
        easel: Takes them.
        person: Who.
        seconds: Since the clip began.
        root: (2,) where they are in the world, in heights of a head: of their head, held straight.
        velocity: (2,) of `root`, per second.
        shutter: How long the shutter is open, over a 48th of a second.
    """
    opened = _SHUTTER_SECONDS * shutter
    now = person.skeleton(seconds, root)
    then = person.skeleton(seconds + opened, root + opened * velocity)
    parts = _Parts(easel, person, now, then, person._pose(seconds), velocity)
    for _, draw in sorted(parts.all(), key=lambda part: part[0]):
        draw()


@dataclass(frozen=True)
class _Parts:
    """The parts of a person, each with its place from back to front."""

    easel: Easel
    person: Person
    now: Skeleton
    then: Skeleton
    pose: Pose
    velocity: Floats

    def all(self) -> list[tuple[float, Callable[[], None]]]:
        """Depths and what draws each part."""
        parts = [(0.0, self._trunk), *self._head()]
        for index in (0, 1):
            parts += [(self._arm_depth(index), lambda i=index: self._arm(i))]
            parts += [(self._leg_depth(index), lambda i=index: self._leg(i))]
        if self.person.outfit.skirt:
            parts += [(-0.02, self._skirt)]
        return parts

    def _head(self) -> list[tuple[float, Callable[[], None]]]:
        """Head, hair and what is on it."""
        person, head = self.person, self.now.head
        behind = hair_behind(person.hairdo)
        depth = float(np.mean([(head.turn @ floats(each.centre))[2] for each in behind])) if behind else 0.0
        parts = [
            (-0.3, lambda: self._strands(behind=True)),
            (0.3 if depth > 0.02 else -0.25, self._hair_behind),
            (0.1, self._visage),
            (0.12, self._hair_on),
            (0.35, lambda: self._strands(behind=False)),
        ]
        if person.headwear is not None:
            parts += [(0.36, self._headwear)]
        if person.outfit.scarf is not None:
            parts += [(0.05, self._scarf)]
        return parts

    def _arm_depth(self, index: int) -> float:
        """Over the trunk where the elbow lies before it, over the head where the hand does."""
        _, elbow, wrist = self.now.arms[index]
        before = float(0.4 * elbow[2] + 0.6 * wrist[2] - self.now.trunk.origin[2])
        if before < -0.12:
            return -0.2
        raised = wrist[1] > self.now.head.origin[1] - 0.9
        return 0.4 if raised and before > 0.1 else 0.08

    def _leg_depth(self, index: int) -> float:
        """Under the trunk; over it where the thigh leads to the viewer."""
        knee = self.now.legs[index][1]
        depth = float(knee[2] - self.now.hips.origin[2])
        return 0.04 + 0.01 * depth if depth > 0.6 else -0.15 + 0.02 * depth

    def _arm(self, index: int) -> None:
        person, joints = self.person, self.now.arms[index]
        moved = (self.then.arms[index] - joints)[:, :2]
        prop = person.prop
        hand_first = float(self.now.hands[index][2]) < -0.3
        if prop is not None and prop.hand == index:
            draw_prop(self.easel, prop, joints[-1], self.now.hands[index])
        side = (-1, 1)[index]
        args = (self.easel, joints[-1], self.now.hands[index], person.build.girth, person.figure.skin, moved, side)
        if hand_first:
            draw_hand(*args)
        draw_arm(self.easel, joints, person.build, person.outfit, person.figure.skin, moved)
        if not hand_first:
            draw_hand(*args)

    def _leg(self, index: int) -> None:
        person, joints = self.person, self.now.legs[index]
        moved = (self.then.legs[index] - joints)[:, :2]
        draw_foot(self.easel, self.now.feet[index], person.outfit.shoes, moved)
        draw_leg(self.easel, joints, person.build, person.outfit, person.figure.skin, moved)

    def _trunk(self) -> None:
        person = self.person
        draw_trunk(self.easel, self.now, person.build, person.outfit, person.figure.skin, self._trunk_moved)

    def _skirt(self) -> None:
        moved = (self.then.legs[0] - self.now.legs[0])[:, :2]
        draw_skirt(self.easel, self.now, self.person.build, self.person.outfit, moved)

    def _visage(self) -> None:
        person = self.person
        ears = person.hairdo.shows_ears and not (person.headwear and person.headwear.hides_hair)
        draw_visage(
            self.easel, self.now.head, person.figure, person.visage, self.pose, self._head_moved, bool(ears)
        )

    def _hair_behind(self) -> None:
        draw_hair_behind(self.easel, self.now.head, self.person.hairdo, self._head_moved)

    def _hair_on(self) -> None:
        draw_hair_on(self.easel, self.now.head, self.person.hairdo, self._head_moved)

    def _strands(self, *, behind: bool) -> None:
        sway = np.clip(-_SHOWN_FROM * self.velocity, -0.5, 0.5) + floats([self.pose.sway, 0])
        draw_strands_of(self.easel, self.now.head, self.person.hairdo, sway, self._head_moved, behind)

    def _headwear(self) -> None:
        if self.person.headwear is not None:
            draw_headwear(self.easel, self.now.head, self.person.headwear, self._head_moved)

    def _scarf(self) -> None:
        if self.person.outfit.scarf is not None:
            draw_scarf(self.easel, self.now, self.person.outfit.scarf, self._trunk_moved)

    @property
    def _head_moved(self) -> Floats:
        return (self.then.head.origin - self.now.head.origin)[:2]

    @property
    def _trunk_moved(self) -> Floats:
        return (self.then.trunk.origin - self.now.trunk.origin)[:2]
