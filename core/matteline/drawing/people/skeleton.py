"""The joints of a person at a moment, in the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.figure import Pose
from matteline.drawing.people.build import Build
from matteline.drawing.people.stance import Stance, unit
from matteline.drawing.solids import Placement, rotation

_NECK = floats([0, -0.55, -0.1])
"""Where the head turns, in the trunk's coordinates, whose origin is that of a head held straight."""
_HANG = floats([0, 0.5, 0.1])
"""From there to the head's origin, in the head's coordinates."""


@dataclass(frozen=True)
class Skeleton:
    """Joints in the world, lengths in heights of the head.

    Attributes:
        head: Where the head is; its origin lies between the eyes, in the skull.
        trunk: Where the trunk is; its origin is that of a head held straight.
        hips: Where the hips are, with the same origin; they do not lean.
        arms: Left and right of the picture as seen from the front: (3, 3) shoulder, elbow, wrist.
        hands: For each arm the unit vector along the hand.
        legs: For each (3, 3) hip, knee, ankle.
        feet: For each (2, 3) heel and toe.
    """

    head: Placement
    trunk: Placement
    hips: Placement
    arms: tuple[Floats, Floats]
    hands: tuple[Floats, Floats]
    legs: tuple[Floats, Floats]
    feet: tuple[Floats, Floats]


def skeleton_at(build: Build, stance: Stance, pose: Pose, seconds: float, root: Floats) -> Skeleton:
    """Bones of a person at a moment.

    Args:
        build: Gives lengths.
        stance: Gives directions.
        pose: Gives how the head is held beside the trunk.
        seconds: Since the clip began.
        root: (2,) where the person is, right and up, in the world.
    """
    yaw, pitch, roll = stance.trunk(seconds)
    right, up = stance.offset(seconds)
    origin = floats([root[0] + right, root[1] + up, 0])
    hips = Placement(rotation(yaw, 0, 0), origin)
    trunk = _leaning(hips, rotation(yaw, pitch, roll), floats([0, -build.hip_height, -0.1]))
    arms = [_arm(build, stance, trunk, index, seconds) for index in (0, 1)]
    legs = [_leg(build, stance, hips, index, seconds) for index in (0, 1)]
    return Skeleton(
        _head(trunk, pose, yaw, pitch),
        trunk,
        hips,
        (arms[0][0], arms[1][0]),
        (arms[0][1], arms[1][1]),
        (legs[0][0], legs[1][0]),
        (legs[0][1], legs[1][1]),
    )


def _leaning(hips: Placement, turn: Floats, pivot: Floats) -> Placement:
    """The trunk turned about a point of the hips."""
    return Placement(turn, hips.to_world(pivot) - turn @ pivot)


def _head(trunk: Placement, pose: Pose, yaw: float, pitch: float) -> Placement:
    neck = trunk.to_world(_NECK)
    turn = rotation(yaw + pose.yaw, 0.5 * pitch + pose.pitch, pose.roll)
    return Placement(turn, neck + turn @ _HANG)


def _arm(build: Build, stance: Stance, trunk: Placement, index: int, seconds: float) -> tuple[Floats, Floats]:
    side = (-1, 1)[index]
    upper, fore = stance.arm(index, seconds)
    shoulder = floats([side * 0.95 * build.shoulders, build.down(-1.13), -0.12])
    elbow = shoulder + build.upper_arm * upper
    wrist = _clear(elbow + build.forearm * fore, build)
    joints = trunk.to_world(np.stack([shoulder, elbow, wrist]))
    return joints, trunk.turn @ unit(fore + floats([-0.1 * side, 0, 0.1]))


def _clear(wrist: Floats, build: Build) -> Floats:
    """A wrist that does not sink into the trunk."""
    inside = max(0.0, 1 - abs(float(wrist[0])) / build.waist) * (wrist[1] < -0.9)
    return floats([wrist[0], wrist[1], max(float(wrist[2]), (0.3 + 0.2 * build.girth) * inside)])


def _leg(build: Build, stance: Stance, hips: Placement, index: int, seconds: float) -> tuple[Floats, Floats]:
    side = (-1, 1)[index]
    thigh, shin = stance.leg(index, seconds)
    hip = floats([side * 0.55 * build.hips, -build.hip_height, -0.1])
    knee = hip + build.thigh * thigh
    ankle = knee + build.shin * shin
    heel = ankle + floats([0, -0.16, -0.1])
    toe = heel + floats([0.22 * side, -0.06, 0.72])
    return hips.to_world(np.stack([hip, knee, ankle])), hips.to_world(np.stack([heel, toe]))
