"""Clips of random people in random places, with their exact mattes and foregrounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from matteline.drawing.framing import Actor, Grade, random_actors, random_lighting
from matteline.drawing.person.canvas import PersonCanvas
from matteline.drawing.person.parts import draw_person
from matteline.drawing.places.occluder import Occluder
from matteline.drawing.places.place import Place
from matteline.drawing.sensor import Sensor
from matteline.drawing.shapes.arrays import Floats
from matteline.drawing.shapes.layers import Layers
from matteline.drawing.shapes.light import Lighting, encode

_FRAMES_PER_SECOND = 24


@dataclass(frozen=True)
class Drawing:
    """One frame and its true matte. Colours are sRGB-encoded, as the network takes them.

    `plate` equals `alpha * fgr + (1 - alpha) * background` in float32, computed on the encoded values: light is
    not added up in linear, so that the truth holds in the space that the network works in. `draw_people` lays
    a camera's noise and softness over the plate alone, unless told not to; the rest stays exact.

    Attributes:
        number: Of the frame, from 0.
        plate: (H, W, 3) float32, 0..1.
        alpha: (H, W) float32, 0..1.
        fgr: (H, W, 3) float32, 0..1, straight; 0 where alpha is 0.
        background: (H, W, 3) float32, 0..1.
    """

    number: int
    plate: Floats
    alpha: Floats
    fgr: Floats
    background: Floats


def draw_people(width: int, height: int, frames: int, *, seed: int, sensor: bool = True) -> Iterator[Drawing]:
    """Draw none to three random people in a random place, at 24 frames per second.

    A frame depends on size, seed and its own number, not on how many are drawn.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        frames: How many to draw.
        seed: Chooses people, place, light and movement.
        sensor: Lay a camera's noise and softness over the plate. Without them the plate is exactly the
            foreground over the background.
    """
    scene = _Scene.random(width, height, seed)
    for number in range(frames):
        drawing = scene.drawing(number)
        if sensor:
            # By the frame's own number, so that a frame does not depend on how many were drawn before it.
            noise = np.random.default_rng([seed, 9, number])
            drawing = replace(drawing, plate=scene.sensor.recorded(drawing.plate, noise))
        yield drawing


def draw_place(width: int, height: int, frames: int, *, seed: int) -> Iterator[Floats]:
    """Draw a place as in `draw_people`, without people: (H, W, 3) float32, sRGB-encoded, 0..1."""
    rng = np.random.default_rng([seed, 17])
    place, grade = Place(width, height, rng), Grade.random(rng)
    for number in range(frames):
        yield grade.graded(place.view(number / _FRAMES_PER_SECOND))


@dataclass(frozen=True)
class _Scene:
    """Everything that stays the same throughout a clip."""

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
    def random(cls, width: int, height: int, seed: int) -> _Scene:
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
            # Closed at once, half a frame as film has it, or a whole one as cheap cameras do.
            shutter=float(rng.choice([0.0, 1.0, 1.0, 2.0])),
            # Lenses soften, the cheaper the more.
            softness=int(rng.choice([1, 1, 1, 2, 4])),
        )

    def drawing(self, number: int) -> Drawing:
        seconds = number / _FRAMES_PER_SECOND
        fgr, alpha = self._people(seconds)
        background = self.grade.graded(self.place.view(seconds))
        if self.occluder is not None:
            alpha, background = self._occluded(self.occluder, seconds, alpha, background)
            fgr = np.where(alpha[..., None] > 0, fgr, 0)
        cover = alpha[..., None]
        return Drawing(number, cover * fgr + (1 - cover) * background, alpha, fgr, background)

    def _people(self, seconds: float) -> tuple[Floats, Floats]:
        """Straight colour (H, W, 3), sRGB-encoded, and alpha (H, W) of all people."""
        together = Layers(self.width, self.height)
        for actor in self.actors:
            # Layers of their own: contact shadows must fall on the person, not on people farther away.
            layers = Layers(self.width, self.height)
            canvas = PersonCanvas(layers, actor.camera, self.lighting)
            draw_person(
                canvas, actor.person, seconds, actor.root(seconds), actor.velocity(seconds), self.shutter
            )
            # Over those farther away, premultiplied.
            together.colour *= (1 - layers.alpha)[..., None]
            together.colour += layers.colour
            together.alpha += layers.alpha * (1 - together.alpha)
        for _ in range(self.softness):
            together.soften()
        colour, alpha = together.straight()
        return np.where(alpha[..., None] > 0, self.grade.graded(encode(colour)), 0), alpha

    def _occluded(
        self, occluder: Occluder, seconds: float, alpha: Floats, background: Floats
    ) -> tuple[Floats, Floats]:
        """Alpha and background with something of the background in front of the people.

        With its coverage o and colour c, the plate is o c + (1 - o) (alpha fgr + (1 - alpha) background). The
        new alpha is (1 - o) alpha, and the new background is the one that makes the same plate with it.
        """
        colour, over = occluder.view(seconds)
        left = (1 - over) * alpha
        behind = ((1 - over) * (1 - alpha))[..., None] * background
        behind = behind + over[..., None] * self.grade.graded(colour)
        share = (1 - left)[..., None]
        # Where the person covers a pixel whole, the background cannot be seen and stays as it was.
        replaced = np.divide(behind, share, out=background.copy(), where=share > 1e-4)
        return left, np.clip(replaced, 0, 1)
