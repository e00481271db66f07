"""Clips of any people anywhere, whose matte and foreground are known exactly: what a network learns from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from matteline.drawing.arrays import Floats
from matteline.drawing.clip import Drawing
from matteline.drawing.layers import Layers
from matteline.drawing.light import Lighting, encode
from matteline.drawing.people.easel import Easel
from matteline.drawing.people.framing import Actor, Grade, random_actors, random_lighting
from matteline.drawing.people.occluder import Occluder
from matteline.drawing.people.parts import draw_person
from matteline.drawing.people.places import Place
from matteline.drawing.people.sensor import Sensor

_FRAMES_PER_SECOND = 24


def draw_people(width: int, height: int, frames: int, *, seed: int, sensor: bool = True) -> Iterator[Drawing]:
    """Draw none to three people of any looks, at 24 frames per second.

    A frame depends on size, seed and its number alone, not on how many are drawn.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        frames: How many to draw.
        seed: Chooses everything.
        sensor: Lay the noise and softness of a camera over the plate, and over the plate alone: without them
            the plate is exactly the foreground over the background.
    """
    take = _Take.random(width, height, seed)
    for number in range(frames):
        drawing = take.drawing(number)
        if sensor:
            noise = np.random.default_rng([seed, 9, number])
            drawing = replace(drawing, plate=take.sensor.recorded(drawing.plate, noise))
        yield drawing


def draw_place(width: int, height: int, frames: int, *, seed: int) -> Iterator[Floats]:
    """Draw a place without people, as `draw_people` has them: (H, W, 3) sRGB-encoded, 0..1."""
    rng = np.random.default_rng([seed, 17])
    place, grade = Place(width, height, rng), Grade.random(rng)
    for number in range(frames):
        yield grade.graded(place.seen(number / _FRAMES_PER_SECOND))


@dataclass(frozen=True)
class _Take:
    """All that stays the same throughout a clip."""

    width: int
    height: int
    place: Place
    actors: list[Actor]
    lighting: Lighting
    grade: Grade
    occluder: Occluder | None
    sensor: Sensor
    shutter: float
    softness: int

    @classmethod
    def random(cls, width: int, height: int, seed: int) -> _Take:
        rng = np.random.default_rng([seed, 16])
        place = Place(width, height, rng)
        return cls(
            width=width,
            height=height,
            place=place,
            actors=random_actors(width, height, place, rng),
            lighting=random_lighting(rng),
            grade=Grade.random(rng),
            occluder=Occluder(width, height, rng) if rng.random() < 0.2 else None,
            sensor=Sensor.random(rng),
            shutter=float(rng.choice([0.0, 1.0, 1.0, 2.0])),
            softness=int(rng.choice([1, 1, 1, 2, 4])),
        )

    def drawing(self, number: int) -> Drawing:
        seconds = number / _FRAMES_PER_SECOND
        fgr, alpha = self._people(seconds)
        background = self.grade.graded(self.place.seen(seconds))
        if self.occluder is not None:
            alpha, background = _behind(self.occluder, self.grade, seconds, alpha, background)
            fgr = np.where(alpha[..., None] > 0, fgr, 0)
        cover = alpha[..., None]
        return Drawing(number, cover * fgr + (1 - cover) * background, alpha, fgr, background)

    def _people(self, seconds: float) -> tuple[Floats, Floats]:
        """Straight colour (H, W, 3), sRGB-encoded, and alpha (H, W)."""
        together = Layers(self.width, self.height)
        for actor in self.actors:
            layers = Layers(self.width, self.height)
            easel = Easel(layers, actor.camera, self.lighting)
            draw_person(
                easel, actor.person, seconds, actor.root(seconds), actor.velocity(seconds), self.shutter
            )
            together.colour *= (1 - layers.alpha)[..., None]
            together.colour += layers.colour
            together.alpha += layers.alpha * (1 - together.alpha)
        for _ in range(self.softness):
            together.soften()
        colour, alpha = together.straight()
        return np.where(alpha[..., None] > 0, self.grade.graded(encode(colour)), 0), alpha


def _behind(
    occluder: Occluder, grade: Grade, seconds: float, alpha: Floats, background: Floats
) -> tuple[Floats, Floats]:
    """Alpha and background once something of the background stands in front.

    With its coverage o and colour c, the plate is o c + (1 - o) (alpha fgr + (1 - alpha) background). The new
    alpha is (1 - o) alpha, and the new background what then makes the same plate.
    """
    colour, over = occluder.seen(seconds)
    left = (1 - over) * alpha
    behind = ((1 - over) * (1 - alpha))[..., None] * background + over[..., None] * grade.graded(colour)
    share = (1 - left)[..., None]
    replaced = np.divide(behind, share, out=background.copy(), where=share > 1e-4)
    return left, np.clip(replaced, 0, 1)
