"""Movement: standing, walking and sitting, and gestures of the arms, as directions of bones in time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from matteline.drawing.shapes.arrays import Floats, floats, lengths

Vector = tuple[float, float, float]
Kind = Literal["stand", "walk", "sit"]


@dataclass(frozen=True)
class Gesture:
    """A gesture of one arm, in the trunk's coordinates: x leads away from the body, y up, z to the front.

    Attributes:
        upper: Direction from shoulder to elbow.
        fore: Direction from elbow to wrist.
        liveliness: How far the forearm swings about, as a share of its length.
    """

    upper: Vector
    fore: Vector
    liveliness: float = 0.12


# Directions found by looking at drawings; each is varied at random for a person.
GESTURES: dict[str, Gesture] = {
    "hang": Gesture((0.16, -1, 0), (0.10, -1, 0.18), 0.05),
    "hip": Gesture((0.75, -0.75, -0.25), (-0.75, -0.6, 0.35), 0.03),
    "fold": Gesture((0.22, -0.9, 0.35), (-0.95, 0.12, 0.5), 0.04),
    "talk": Gesture((0.3, -0.9, 0.25), (0.1, 0.45, 0.9), 0.4),
    "wave": Gesture((0.85, -0.15, 0.25), (0.25, 1, 0.2), 0.5),
    "call": Gesture((0.45, -0.8, 0.35), (-0.42, 1, 0.12), 0.05),
    "hold": Gesture((0.16, -0.95, 0.25), (-0.4, 0.32, 0.85), 0.12),
    "pocket": Gesture((0.4, -0.9, -0.2), (-0.28, -0.95, 0.25), 0.03),
    "raise": Gesture((0.45, 0.9, 0.1), (0.1, 1, 0.15), 0.25),
    "spread": Gesture((1, -0.12, 0), (1, 0.1, 0.2), 0.2),
    "lap": Gesture((0.2, -0.92, 0.3), (-0.3, -0.35, 0.85), 0.05),
    "chin": Gesture((0.1, -0.8, 0.55), (-0.42, 0.95, 0.25), 0.05),
    "point": Gesture((0.75, -0.25, 0.5), (0.8, 0.05, 0.55), 0.1),
}
_LIKELY = {
    "stand": ("hang", "hang", "hip", "fold", "talk", "wave", "call", "hold", "pocket", "raise", "spread",
              "chin", "point"),
    "walk": ("hang", "hang", "hang", "call", "pocket", "wave", "hold"),
    "sit": ("lap", "lap", "talk", "fold", "hold", "call", "chin", "wave"),
}  # fmt: skip


@dataclass(frozen=True)
class Stance:
    """Movement of a person throughout a clip.

    Attributes:
        kind: Stand, walk or sit.
        gestures: Gestures of the arm on the left of the picture and of that on the right.
        yaw: Direction that the trunk faces; 0 to the viewer, radians to the right of the picture.
        turning: Amplitude of its turning to either side, radians.
        pitch: Lean backwards, radians.
        roll: Lean clockwise, radians.
        speed: Speed of all movement over the usual.
        spread: Distance between the legs.
        phases: (24,) phases at which swings begin, radians.
    """

    kind: Kind
    gestures: tuple[Gesture, Gesture]
    yaw: float
    turning: float
    pitch: float
    roll: float
    speed: float
    spread: float
    phases: Floats

    @classmethod
    def random(cls, rng: np.random.Generator) -> Stance:
        """Return a random movement."""
        kind: Kind = ("stand", "stand", "walk", "sit")[rng.integers(4)]
        names = [str(rng.choice(_LIKELY[kind])) for _ in range(2)]
        # Arms are folded both or not at all, and both do the same at times.
        if rng.random() < 0.3 or "fold" in names:
            names = [names[-1] if "fold" not in names else "fold"] * 2
        gestures = _varied(GESTURES[names[0]], rng), _varied(GESTURES[names[1]], rng)
        # To the viewer most often, then to a side, then away.
        chance = rng.random()
        if chance < 0.62:
            yaw = float(rng.normal(0, 0.3))
        elif chance < 0.88:
            yaw = float(rng.choice([-1, 1]) * rng.uniform(0.7, 1.9))
        else:
            yaw = float(np.pi + rng.normal(0, 0.5))
        return cls(
            kind=kind,
            gestures=gestures,
            yaw=yaw,
            turning=float(rng.choice([0.08, 0.15, 0.5])),
            pitch=float(rng.normal(-0.03, 0.05)),
            roll=float(rng.normal(0, 0.04)),
            speed=float(rng.choice([0.5, 1.0, 1.0, 1.8])),
            spread=float(rng.uniform(0.0, 0.22) ** 1.3),
            phases=rng.uniform(0, 2 * math.pi, 24).astype(np.float32),
        )

    def swing(self, index: int, seconds: float, period: float) -> float:
        """Return a sine in time, -1 to 1; `period` in seconds at speed 1."""
        return math.sin(2 * math.pi * self.speed * seconds / period + float(self.phases[index]))

    def trunk(self, seconds: float) -> Vector:
        """Return yaw, pitch and roll of the trunk, in radians."""
        return (
            self.yaw + self.turning * self.swing(0, seconds, 5.1),
            self.pitch + 0.03 * self.swing(1, seconds, 3.7),
            self.roll + 0.03 * self.swing(2, seconds, 4.3),
        )

    def offset(self, seconds: float) -> tuple[float, float]:
        """Return how far the whole person has shifted to the right and up, in heights of a head."""
        bob = 0.06 * abs(self.swing(3, seconds, 1.1)) if self.kind == "walk" else 0.0
        return 0.08 * self.swing(4, seconds, 6.3), bob + 0.015 * self.swing(5, seconds, 3.3)

    def arm(self, index: int, seconds: float) -> tuple[Floats, Floats]:
        """Return unit vectors of upper arm and forearm in the trunk's coordinates.

        Args:
            index: 0 for the arm on the left of the picture, 1 for the other.
            seconds: Since the clip began.
        """
        gesture, side = self.gestures[index], (-1, 1)[index]
        first = 8 + 4 * index
        # Three periods without a common multiple: a hand never draws the same curve twice.
        wobble = floats([self.swing(first + axis, seconds, 1.3 + 0.5 * axis) for axis in range(3)])
        upper = floats(gesture.upper) + 0.3 * gesture.liveliness * wobble
        fore = floats(gesture.fore) + gesture.liveliness * wobble
        if self.kind == "walk":
            # Arms swing against the legs.
            stride = side * self.swing(3, seconds, 2.2)
            upper, fore = upper + floats([0, 0, 0.45 * stride]), fore + floats([0, 0, 0.45 * stride + 0.2])
        mirror = floats([side, 1, 1])
        return unit(upper * mirror), unit(fore * mirror)

    def leg(self, index: int, seconds: float) -> tuple[Floats, Floats]:
        """Return unit vectors of thigh and shin, in the coordinates of the hips; arguments as `arm`."""
        side, wide = (-1, 1)[index], 0.03 + self.spread
        if self.kind == "sit":
            rest = 0.06 * self.swing(16 + index, seconds, 2.7)
            thigh, shin = floats([wide + 0.1, -0.25, 1]), floats([0.3 * wide, -1, rest - 0.1])
        elif self.kind == "walk":
            stride = -side * self.swing(3, seconds, 2.2)
            # A knee bends while its leg comes forward.
            bend = 0.25 + 0.35 * max(0.0, side * math.cos(2 * math.pi * seconds * self.speed / 2.2))
            thigh, shin = floats([0.04, -1, 0.5 * stride + 0.08]), floats([0, -1, 0.5 * stride - bend])
        else:
            shift = 0.04 * self.swing(18, seconds, 5.9)
            thigh, shin = floats([wide + side * shift, -1, 0.04]), floats([wide + side * shift, -1, -0.05])
        mirror = floats([side, 1, 1])
        return unit(thigh * mirror), unit(shin * mirror)


def unit(vectors: Floats) -> Floats:
    """Return vectors (..., 3) scaled to length 1."""
    result: Floats = vectors / np.maximum(lengths(vectors), 1e-6)
    return result


def _varied(gesture: Gesture, rng: np.random.Generator) -> Gesture:
    """Return a gesture changed a little, as no two people hold their arms alike."""
    upper, fore = (
        tuple(float(each + change) for each, change in zip(vector, rng.normal(0, 0.1, 3), strict=True))
        for vector in (gesture.upper, gesture.fore)
    )
    return Gesture(upper, fore, gesture.liveliness * float(rng.uniform(0.3, 1.6)))  # type: ignore[arg-type]
