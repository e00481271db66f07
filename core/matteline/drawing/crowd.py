"""Scenes of several drawn people who cross, touch, leave and return, with the exact alpha of each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from matteline.drawing.framing import Grade, random_lighting
from matteline.drawing.person.canvas import PersonCanvas
from matteline.drawing.person.parts import draw_person
from matteline.drawing.person.person import DrawnPerson
from matteline.drawing.person.stance import GESTURES
from matteline.drawing.places.place import Place
from matteline.drawing.sensor import Sensor
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.camera import Camera
from matteline.drawing.shapes.layers import Layers
from matteline.drawing.shapes.light import Lighting, encode

_FRAMES_PER_SECOND = 24
# Height of a head over that of the picture, least and most, by the number of people: all must find room.
_HEAD_SHARES = {2: (0.13, 0.26), 3: (0.11, 0.18), 4: (0.095, 0.13), 5: (0.08, 0.105)}
# Distance between two people whose shoulders overlap a little.
_TOUCHING_HEADS = 1.25
# Distance from the picture's border at which nothing of a person is seen.
_OUTSIDE_HEADS = 3.0


@dataclass(frozen=True)
class CrowdDrawing:
    """One frame of several people and the truth about each.

    Attributes:
        number: Of the frame, from 0.
        plate: (H, W, 3) float32, sRGB-encoded 0..1, with the noise of a camera.
        people: (N, H, W) float32, 0..1: how much of each pixel belongs to each person, those who stand in
            front hiding those behind. Their sum is the alpha of all.
    """

    number: int
    plate: Floats
    people: Floats

    @property
    def alpha(self) -> Floats:
        """(H, W) float32, 0..1: the alpha of all people together."""
        alpha: Floats = np.clip(self.people.sum(0), 0, 1)
        return alpha


def draw_crowd(width: int, height: int, frames: int, *, seed: int, people: int = 0) -> Iterator[CrowdDrawing]:
    """Draw two to five people of different looks who move among each other, at 24 frames per second.

    In every scene two people cross; in some others touch and part, or one leaves the picture and returns.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        frames: Length of the scene; all of its movement happens within it.
        seed: Chooses everything.
        people: How many, 2 to 5; 0 lets the seed choose.
    """
    scene = _CrowdScene.random(width, height, frames / _FRAMES_PER_SECOND, seed, people)
    for number in range(frames):
        yield scene.drawing(number, np.random.default_rng([seed, 29, number]))


@dataclass(frozen=True)
class _WalkPath:
    """The way of one person: places at moments, and smooth movement between them.

    Attributes:
        moments: Seconds, rising.
        columns: Place at each moment, in pixels.
    """

    moments: tuple[float, ...]
    columns: tuple[float, ...]

    def column(self, seconds: float) -> float:
        after = int(np.clip(np.searchsorted(self.moments, seconds), 1, len(self.moments) - 1))
        begin, end = self.moments[after - 1], self.moments[after]
        share = float(np.clip((seconds - begin) / (end - begin), 0, 1))
        # Nobody starts or stops at once.
        eased = share * share * (3 - 2 * share)
        return self.columns[after - 1] + eased * (self.columns[after] - self.columns[after - 1])


@dataclass(frozen=True)
class _Member:
    """A person of the scene, where the camera sees them from, and their way."""

    person: DrawnPerson
    camera: Camera
    walk: _WalkPath

    def root(self, seconds: float) -> Floats:
        """(2,) place in the world, in heights of the head."""
        return floats([(self.walk.column(seconds) - self.camera.x) / self.camera.scale, 0.0])

    def velocity(self, seconds: float) -> Floats:
        """(2,) of `root`, per second."""
        step = 1 / 96
        ahead: Floats = (self.root(seconds + step) - self.root(seconds - step)) / (2 * step)
        return floats(ahead)


@dataclass(frozen=True)
class _CrowdScene:
    """All that stays the same throughout a scene; members are ordered from the back to the front."""

    members: list[_Member]
    place: Place
    lighting: Lighting
    grade: Grade
    sensor: Sensor

    @classmethod
    def random(cls, width: int, height: int, seconds: float, seed: int, people: int) -> _CrowdScene:
        rng = np.random.default_rng([seed, 28])
        count = people or int(rng.integers(2, 6))
        return cls(
            members=_Stage.random(width, height, seconds, count, rng).members(count),
            place=Place(width, height, rng),
            lighting=random_lighting(rng),
            grade=Grade.random(rng),
            sensor=Sensor(noise=float(rng.uniform(0, 0.015)), coarseness=float(rng.choice([0, 0.03]))),
        )

    def drawing(self, number: int, noise: np.random.Generator) -> CrowdDrawing:
        seconds = number / _FRAMES_PER_SECOND
        camera = self.members[0].camera
        together = Layers(camera.width, camera.height)
        open_ = np.ones((camera.height, camera.width), np.float32)
        visible: list[Floats] = []
        # From the front to the back: `open_` is what those in front leave of each pixel.
        for member in reversed(self.members):
            layers = Layers(camera.width, camera.height)
            canvas = PersonCanvas(layers, member.camera, self.lighting)
            draw_person(canvas, member.person, seconds, member.root(seconds), member.velocity(seconds))
            layers.colour *= open_[..., None]
            layers.alpha *= open_
            open_ -= layers.alpha
            layers.soften()
            together.colour += layers.colour
            together.alpha += layers.alpha
            visible.insert(0, np.clip(layers.alpha, 0, 1))
        colour, alpha = together.straight()
        cover = alpha[..., None]
        plate = cover * self.grade.graded(encode(colour))
        plate += (1 - cover) * self.grade.graded(self.place.view(seconds))
        return CrowdDrawing(number, self.sensor.recorded(plate, noise), np.stack(visible))


@dataclass(frozen=True)
class _Stage:
    """Size and duration of a scene, from which everyone's way follows.

    Attributes:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        seconds: Duration.
        head: Usual height of a head, in pixels.
        rng: Chooses ways and looks.
    """

    width: int
    height: int
    seconds: float
    head: float
    rng: np.random.Generator

    @classmethod
    def random(cls, width: int, height: int, seconds: float, count: int, rng: np.random.Generator) -> _Stage:
        head = float(rng.uniform(*_HEAD_SHARES[count])) * min(height, 0.6 * width)
        return cls(width, height, seconds, head, rng)

    def members(self, count: int) -> list[_Member]:
        """Everyone, from the back to the front: two neighbours cross, the others do anything."""
        rng = self.rng
        slots = [(index + 0.5 + rng.uniform(-0.12, 0.12)) / count * self.width for index in range(count)]
        first = int(rng.integers(count - 1))
        walks = [self._any_walk(slots, index) for index in range(count)]
        walks[first] = self._crossing(slots[first], slots[first + 1])
        walks[first + 1] = self._crossing(slots[first + 1], slots[first])
        if count == 2 and rng.random() < 0.5:
            walks[0] = self._there_and_back(slots[0], self._outside(slots[0]))
        return [self._member(walks[index]) for index in rng.permutation(count)]

    def _crossing(self, start: float, end: float) -> _WalkPath:
        begin, last = (float(self.rng.uniform(*part)) * self.seconds for part in ((0.05, 0.3), (0.7, 0.95)))
        return _WalkPath((0.0, begin, last, self.seconds), (start, start, end, end))

    def _any_walk(self, slots: list[float], index: int) -> _WalkPath:
        slot = slots[index]
        neighbour = slots[index + 1] if index + 1 < len(slots) else slots[index - 1]
        toward = math.copysign(self.head, neighbour - slot)
        turning_point = {
            "leave": self._outside(slot),
            "touch": neighbour - _TOUCHING_HEADS * toward,
            "pass": neighbour + 1.8 * toward,
            "stay": slot,
        }[str(self.rng.choice(["leave", "touch", "pass", "stay"]))]
        return self._there_and_back(slot, turning_point)

    def _there_and_back(self, slot: float, turning_point: float) -> _WalkPath:
        begin = float(self.rng.uniform(0.05, 0.15))
        moments = tuple(share * self.seconds for share in (0.0, begin, 0.42, 0.58, 0.95))
        return _WalkPath(moments, (slot, slot, turning_point, turning_point, slot))

    def _outside(self, slot: float) -> float:
        beyond = _OUTSIDE_HEADS * self.head
        return -beyond if slot < self.width / 2 else self.width + beyond

    def _member(self, walk: _WalkPath) -> _Member:
        rng, person = self.rng, DrawnPerson.random(self.rng)
        moves = max(walk.columns) - min(walk.columns) > self.head
        stance = replace(person.stance, kind="walk" if moves else "stand")
        if any(abs(arm.upper[0]) > 0.6 for arm in stance.gestures):  # arms that would reach the neighbours
            stance = replace(stance, gestures=(GESTURES["hang"], GESTURES["talk"]))
        prop = None if person.prop is not None and person.prop.kind == "umbrella" else person.prop
        head = self.head * float(rng.uniform(0.92, 1.08))
        row = self.height * float(rng.uniform(0.14, 0.22)) + 0.5 * head
        camera = Camera(self.width, self.height, head, self.width / 2, row)
        return _Member(replace(person, stance=stance, prop=prop), camera, walk)
