"""Joints of a person at a moment, in the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.person.appearance import HeadPose
from matteline.drawing.person.build import Build
from matteline.drawing.person.stance import Stance, unit
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.solids import Placement, rotation

# The point about which the head turns, in the trunk's coordinates; their origin is that of a head held straight.
_NECK = floats([0, -0.55, -0.1])
# From that point to the head's origin, in the head's coordinates.
_NECK_TO_HEAD = floats([0, 0.5, 0.1])


@dataclass(frozen=True)
class Skeleton:
    """Joints in the world, lengths in heights of the head.

    Attributes:
        head: Place of the head; its origin lies between the eyes, in the skull.
        trunk: Place of the trunk; its origin is that of a head held straight.
        hips: Place of the hips, with the same origin; they do not lean.
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


def skeleton_at(build: Build, stance: Stance, pose: HeadPose, seconds: float, root: Floats) -> Skeleton:
    """Return the joints of a person at a moment.

    Args:
        build: Lengths of bones.
        stance: Directions of bones.
        pose: Pose of the head beside the trunk.
        seconds: Since the clip began.
        root: (2,) place of the person, right and up, in the world.
    """
    yaw, pitch, roll = stance.trunk(seconds)
    right, up = stance.offset(seconds)
    origin = floats([root[0] + right, root[1] + up, 0])
    hips = Placement(rotation(yaw, 0, 0), origin)
    # The trunk leans about the hip joints.
    turn, pivot = rotation(yaw, pitch, roll), floats([0, -build.hip_height, -0.1])
    trunk = Placement(turn, hips.to_world(pivot) - turn @ pivot)
    # The head follows half of a lean, as people keep their eyes level.
    head_turn = rotation(yaw + pose.yaw, 0.5 * pitch + pose.pitch, pose.roll)
    head = Placement(head_turn, trunk.to_world(_NECK) + head_turn @ _NECK_TO_HEAD)
    arms = [_arm(build, stance, trunk, index, seconds) for index in (0, 1)]
    legs = [_leg(build, stance, hips, index, seconds) for index in (0, 1)]
    return Skeleton(
        head,
        trunk,
        hips,
        (arms[0][0], arms[1][0]),
        (arms[0][1], arms[1][1]),
        (legs[0][0], legs[1][0]),
        (legs[0][1], legs[1][1]),
    )


def _arm(build: Build, stance: Stance, trunk: Placement, index: int, seconds: float) -> tuple[Floats, Floats]:
    """Joints (3, 3) of an arm, and the unit vector along its hand."""
    side = (-1, 1)[index]
    upper, fore = stance.arm(index, seconds)
    # Joints lie a little inside of the body's outline.
    shoulder = floats([side * 0.95 * build.shoulders, build.down(-1.13), -0.12])
    elbow = shoulder + build.upper_arm * upper
    wrist = elbow + build.forearm * fore
    # A wrist before the trunk is brought to the front, or it would sink into it.
    before = max(0.0, 1 - abs(float(wrist[0])) / build.waist) * (wrist[1] < -0.9)
    wrist = floats([wrist[0], wrist[1], max(float(wrist[2]), (0.3 + 0.2 * build.girth) * before)])
    joints = trunk.to_world(np.stack([shoulder, elbow, wrist]))
    return joints, trunk.turn @ unit(fore + floats([-0.1 * side, 0, 0.1]))


def _leg(build: Build, stance: Stance, hips: Placement, index: int, seconds: float) -> tuple[Floats, Floats]:
    """Joints (3, 3) of a leg, and heel and toe (2, 3)."""
    side = (-1, 1)[index]
    thigh, shin = stance.leg(index, seconds)
    hip = floats([side * 0.55 * build.hips, -build.hip_height, -0.1])
    knee = hip + build.thigh * thigh
    ankle = knee + build.shin * shin
    heel = ankle + floats([0, -0.16, -0.1])
    toe = heel + floats([0.22 * side, -0.06, 0.72])
    return hips.to_world(np.stack([hip, knee, ankle])), hips.to_world(np.stack([heel, toe]))
