"""Composition of a clip: people, their distance and place, light and grade."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from matteline.drawing.person.person import DrawnPerson
from matteline.drawing.places.place import Place
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.camera import Camera
from matteline.drawing.shapes.light import Colour, Lighting

# Least and greatest height of the head, and its distance from the top, in heights of the picture.
_SIZES = {
    "close": ((0.5, 0.85), (0.42, 0.6)),
    "bust": ((0.28, 0.46), (0.3, 0.45)),
    "half": ((0.18, 0.28), (0.2, 0.32)),
    "knees": ((0.135, 0.18), (0.14, 0.24)),
    "full": ((0.1, 0.13), (0.07, 0.16)),
    "far": ((0.06, 0.1), (0.15, 0.5)),
}
_SHARES = (0.14, 0.24, 0.24, 0.14, 0.18, 0.06)  # of clips, in the order of `_SIZES`


@dataclass(frozen=True)
class Actor:
    """A person in a clip.

    Attributes:
        person: Whom to draw.
        camera: Places their head, held straight, at the origin in the middle of their way.
        reach: (2,) amplitude of their way to either side and up and down, in heights of the head.
        pace: Speed, in radians of their way per second.
        phase: Phase at which they begin, in radians.
    """

    person: DrawnPerson
    camera: Camera
    reach: Floats
    pace: float
    phase: float

    def root(self, seconds: float) -> Floats:
        """Return their place (2,) in the world."""
        turn = self.pace * seconds + self.phase
        return self.reach * floats([math.sin(turn), math.sin(1.7 * turn)])

    def velocity(self, seconds: float) -> Floats:
        """Return the change (2,) of `root` per second."""
        turn = self.pace * seconds + self.phase
        return self.reach * floats([self.pace * math.cos(turn), 1.7 * self.pace * math.cos(1.7 * turn)])


def random_actors(width: int, height: int, place: Place, rng: np.random.Generator) -> list[Actor]:
    """Return none to three people, those farther away first."""
    # One person most often, at times nobody.
    count = int(rng.choice([0, 1, 2, 3], p=[0.04, 0.68, 0.2, 0.08]))
    kinds = list(_SIZES)
    kind = kinds[int(rng.choice(len(kinds), p=_SHARES))]
    if count > 1 and kind == "close":
        kind = "bust"
    if count == 1:
        spots = [float(np.clip(rng.normal(0.5, 0.14), 0.12, 0.88))]
    else:
        spots = [float((index + 0.5) / count + rng.normal(0, 0.12)) for index in range(count)]
    actors = [_random_actor(width, height, kind, spot, place, rng) for spot in spots]
    return sorted(actors, key=lambda actor: actor.camera.scale)


def _random_actor(
    width: int, height: int, kind: str, spot: float, place: Place, rng: np.random.Generator
) -> Actor:
    """Return a random person at a share `spot` of the width, as large as a `kind` of `_SIZES` says."""
    # Clothes that hardly stand out against the place.
    near = place.colour_of_a_spot(rng) if rng.random() < 0.3 else None
    person = DrawnPerson.random(rng, near)
    if kind == "far" and rng.random() < 0.7:
        person = replace(person, stance=replace(person.stance, kind="walk"))
    if kind in ("close", "bust") and person.prop is not None and person.prop.kind == "umbrella":
        # Nobody would see whose umbrella it is.
        person = replace(person, prop=None)
    sizes, tops = _SIZES[kind]
    base = min(height, 1.4 * width)  # so that people fit into tall pictures
    camera = Camera(
        width, height, float(rng.uniform(*sizes)) * base, spot * width, float(rng.uniform(*tops)) * height
    )
    # Some move so fast that they blur.
    hasty = rng.random() < 0.12
    reach = floats([rng.uniform(0, 1.6 if person.stance.kind == "walk" else 0.35), rng.uniform(0, 0.05)])
    pace = float(rng.uniform(0.3, 1.0))
    if hasty:
        reach, pace = floats([rng.uniform(0.2, 0.8), rng.uniform(0, 0.3)]), float(rng.uniform(3, 8))
    return Actor(person, camera, reach, pace, float(rng.uniform(0, 2 * math.pi)))


def random_lighting(rng: np.random.Generator) -> Lighting:
    """Return a random light: soft or hard, warm or cold, from any side, bright or dim."""
    # The key comes from a side and above more often than from below, the rim from the other side, behind.
    side, up = rng.uniform(-1, 1), rng.uniform(-0.2, 0.9)
    hard = rng.uniform(0.3, 1.4)
    ambient = rng.uniform(0.12, 0.6)
    return Lighting(
        key_direction=(float(side), float(up), float(rng.uniform(-0.1, 1.0)) + 1e-3),
        key=_tinted(hard, rng, 0.15),
        rim_direction=(float(-np.sign(side) * rng.uniform(0.4, 1)), float(rng.uniform(0, 0.8)), -0.4),
        rim=_tinted(float(rng.choice([0.0, 0.3, 1.0])) * rng.uniform(0.3, 1), rng, 0.25),
        above=_tinted(ambient, rng, 0.1),
        below=_tinted(ambient * rng.uniform(0.2, 0.9), rng, 0.15),
    )


def _tinted(strength: float, rng: np.random.Generator, amount: float) -> Colour:
    red, green, blue = (
        float(max(0.0, strength * (1 + each))) for each in rng.normal(0, amount, 3) * (1, 0.5, 1)
    )
    return red, green, blue


@dataclass(frozen=True)
class Grade:
    """A grade of a clip, the same for people and place, so that the matte stays exact.

    Attributes:
        gain: (3,) factor of each channel.
        gamma: Exponent.
        lift: Offset of black, 0..1.
    """

    gain: Floats
    gamma: float
    lift: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Grade:
        """Return a random grade: neutral most often; dark, pale, warm or cold at times."""
        # A strong grade in one clip of three.
        strong = float(rng.choice([0.2, 0.2, 1.0]))
        tint = 1 + 0.15 * strong * rng.normal(size=3)
        gain = tint * math.exp(strong * rng.normal(-0.1, 0.3))
        gamma = math.exp(0.25 * strong * rng.normal(0.2, 1))
        return cls(floats(gain.clip(0.15, 1.5)), gamma, float(rng.choice([0.0, 0.0, 0.08])) * strong)

    def graded(self, picture: Floats) -> Floats:
        """Return a picture (H, W, 3), sRGB-encoded, 0..1, graded."""
        if abs(self.gamma - 1) > 0.02:
            picture = picture ** floats(self.gamma)
        result: Floats = np.clip(floats(self.lift) + (1 - floats(self.lift)) * self.gain * picture, 0, 1)
        return result
