"""Drawing a person part by part, from the back to the front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from matteline.drawing.person.canvas import PersonCanvas
from matteline.drawing.person.face import draw_face
from matteline.drawing.person.hair import draw_hair_behind, draw_hair_on, draw_hair_strands, hair_behind
from matteline.drawing.person.headwear import draw_headwear
from matteline.drawing.person.limbs import draw_arm, draw_foot, draw_hand, draw_leg, draw_skirt
from matteline.drawing.person.person import DrawnPerson
from matteline.drawing.person.props import draw_prop
from matteline.drawing.person.skeleton import Skeleton
from matteline.drawing.person.trunk import draw_scarf, draw_trunk
from matteline.drawing.shapes.arrays import Floats, floats

_SHUTTER_SECONDS = 1 / 48  # half of a frame at 24 frames per second, as film cameras expose
_HAIR_LAGS_SECONDS = 0.25  # behind the head

# Place from back (low) to front (high), and a function that draws the part.
_Part = tuple[float, Callable[[], None]]


def draw_person(
    canvas: PersonCanvas,
    person: DrawnPerson,
    seconds: float,
    root: Floats,
    velocity: Floats,
    shutter: float = 1.0,
) -> None:
    """Draw a person at a moment.

    Args:
        canvas: Painted on.
        person: Whom to draw.
        seconds: Since the clip began.
        root: (2,) place in the world of their head, held straight, in heights of a head.
        velocity: (2,) of `root`, per second.
        shutter: Opening time of the shutter over a 48th of a second.
    """
    opened = _SHUTTER_SECONDS * shutter
    now = person.skeleton(seconds, root)
    then = person.skeleton(seconds + opened, root + opened * velocity)
    parts = _Parts(canvas, person, now, then)
    sway = np.clip(-_HAIR_LAGS_SECONDS * velocity, -0.5, 0.5) + floats([person.head_pose(seconds).sway, 0])
    drawn = [*parts.head(seconds, sway), *parts.body()]
    for _, draw in sorted(drawn, key=lambda part: part[0]):
        draw()


@dataclass(frozen=True)
class _Parts:
    """The parts of a person with their places from back to front.

    Attributes:
        canvas: Painted on.
        person: Whom to draw.
        now: Joints when the shutter opens.
        then: Joints when it closes.
    """

    canvas: PersonCanvas
    person: DrawnPerson
    now: Skeleton
    then: Skeleton

    def head(self, seconds: float, sway: Floats) -> list[_Part]:
        """Return face, hair and headwear, with `sway` (2,) of the ends of long hair."""
        canvas, person, head = self.canvas, self.person, self.now.head
        hair, headwear = person.hairstyle, person.headwear
        moved = (self.then.head.origin - head.origin)[:2]
        ears = hair.shows_ears and not (headwear is not None and headwear.hides_hair)
        solids = hair_behind(hair)
        # Hair behind the head hides a face that looks away.
        depth = float(np.mean([(head.turn @ floats(each.centre))[2] for each in solids])) if solids else 0.0
        pose = person.head_pose(seconds)
        parts: list[_Part] = [
            (-0.3, partial(draw_hair_strands, canvas, head, hair, sway, moved, behind=True)),
            (0.3 if depth > 0.02 else -0.25, partial(draw_hair_behind, canvas, head, hair, moved)),
            (
                0.1,
                partial(draw_face, canvas, head, person.appearance, person.features, pose, moved, ears=ears),
            ),
            (0.12, partial(draw_hair_on, canvas, head, hair, moved)),
            (0.35, partial(draw_hair_strands, canvas, head, hair, sway, moved, behind=False)),
        ]
        if headwear is not None:
            parts.append((0.36, partial(draw_headwear, canvas, head, headwear, moved)))
        return parts

    def body(self) -> list[_Part]:
        """Return trunk, limbs and clothes."""
        canvas, person, now = self.canvas, self.person, self.now
        build, outfit, skin = person.build, person.outfit, person.appearance.skin
        moved = (self.then.trunk.origin - now.trunk.origin)[:2]
        parts: list[_Part] = [(0.0, partial(draw_trunk, canvas, now, build, outfit, skin, moved))]
        for index in (0, 1):
            parts += [(self._arm_depth(index), partial(self._draw_arm, index))]
            # Under the trunk; over it where the thigh points to the viewer.
            depth = float(now.legs[index][1][2] - now.hips.origin[2])
            depth = 0.04 + 0.01 * depth if depth > 0.6 else -0.15 + 0.02 * depth
            parts += [(depth, partial(self._draw_leg, index))]
        if outfit.skirt:
            legs_moved = (self.then.legs[0] - now.legs[0])[:, :2]
            parts.append((-0.02, partial(draw_skirt, canvas, now, build, outfit, legs_moved)))
        if outfit.scarf is not None:
            parts.append((0.05, partial(draw_scarf, canvas, now, outfit.scarf, moved)))
        return parts

    def _arm_depth(self, index: int) -> float:
        """Over the trunk where the elbow lies before it, over the head where the hand does."""
        _, elbow, wrist = self.now.arms[index]
        before = float(0.4 * elbow[2] + 0.6 * wrist[2] - self.now.trunk.origin[2])
        if before < -0.12:
            return -0.2
        raised = wrist[1] > self.now.head.origin[1] - 0.9
        return 0.4 if raised and before > 0.1 else 0.08

    def _draw_arm(self, index: int) -> None:
        """Draw an arm with its hand and the object in it."""
        canvas, person = self.canvas, self.person
        joints, hand, skin = self.now.arms[index], self.now.hands[index], person.appearance.skin
        moved = (self.then.arms[index] - joints)[:, :2]
        if person.prop is not None and person.prop.hand == index:
            draw_prop(canvas, person.prop, joints[-1], hand)
        side = (-1, 1)[index]
        draw = partial(draw_hand, canvas, joints[-1], hand, person.build.girth, skin, moved, side)
        # A hand that points away from the viewer lies behind its own forearm.
        away = float(hand[2]) < -0.3
        if away:
            draw()
        draw_arm(canvas, joints, person.build, person.outfit, skin, moved)
        if not away:
            draw()

    def _draw_leg(self, index: int) -> None:
        """Draw a leg with its foot."""
        person, joints = self.person, self.now.legs[index]
        moved = (self.then.legs[index] - joints)[:, :2]
        draw_foot(self.canvas, self.now.feet[index], person.outfit.shoes, moved)
        draw_leg(self.canvas, joints, person.build, person.outfit, person.appearance.skin, moved)
