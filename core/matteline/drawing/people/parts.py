"""Drawing a person part by part, from the back to the front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.figure import Pose
from matteline.drawing.people.easel import Easel
from matteline.drawing.people.hair import draw_hair_behind, draw_hair_on, draw_strands_of, hair_behind
from matteline.drawing.people.headwear import draw_headwear
from matteline.drawing.people.limbs import draw_arm, draw_foot, draw_hand, draw_leg, draw_skirt
from matteline.drawing.people.person import Person
from matteline.drawing.people.props import draw_prop
from matteline.drawing.people.skeleton import Skeleton
from matteline.drawing.people.trunk import draw_scarf, draw_trunk
from matteline.drawing.people.visage import draw_visage

_SHUTTER_SECONDS = 1 / 48
_FOLLOWS_IN_SECONDS = 0.25
"""How long a strand of hair takes to follow the head."""

_Part = tuple[float, Callable[[], None]]
"""How far to the front, and what draws it."""


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
    parts = _Parts(easel, person, now, then, person.pose(seconds), velocity)
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

    def all(self) -> list[_Part]:
        """Depths and what draws each part."""
        parts: list[_Part] = [(0.0, self._trunk), *self._head()]
        for index in (0, 1):
            parts += [(self._arm_depth(index), partial(self._arm, index))]
            parts += [(self._leg_depth(index), partial(self._leg, index))]
        if self.person.outfit.skirt:
            parts += [(-0.02, self._skirt)]
        return parts

    def _head(self) -> list[_Part]:
        """Head, hair and what is on it."""
        person, head = self.person, self.now.head
        behind = hair_behind(person.hairdo)
        depth = float(np.mean([(head.turn @ floats(each.centre))[2] for each in behind])) if behind else 0.0
        parts: list[_Part] = [
            (-0.3, partial(self._strands, behind=True)),
            (0.3 if depth > 0.02 else -0.25, self._hair_behind),
            (0.1, self._visage),
            (0.12, self._hair_on),
            (0.35, partial(self._strands, behind=False)),
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
        args = (
            self.easel,
            joints[-1],
            self.now.hands[index],
            person.build.girth,
            person.figure.skin,
            moved,
            side,
        )
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
        sway = np.clip(-_FOLLOWS_IN_SECONDS * self.velocity, -0.5, 0.5) + floats([self.pose.sway, 0])
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
