"""Backgrounds: rooms, studios, walls, gardens, streets and clutter, painted once for a clip."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from matteline.drawing.places.backdrop import (
    Backdrop,
    muted,
    plant,
    plaster,
    poster,
    shelves,
    shifted,
    window,
)
from matteline.drawing.places.clutter import clutter
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.blur import blurred
from matteline.drawing.shapes.noise import Noise

# Room on each side for the camera to move in, in heights of the picture.
_MARGIN = 0.1

Paint = Callable[[Backdrop, np.random.Generator], None]


class Place:
    """A background before which the camera moves.

    Args:
        width: Width of the picture, in pixels.
        height: Height of the picture, in pixels.
        rng: Decides what is painted and how the camera moves.
    """

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        self._width, self._height = width, height
        self._margin = max(3, math.ceil(_MARGIN * height))
        self._picture = _painted(width + 2 * self._margin, height + 2 * self._margin, rng)
        self._reach = rng.choice([0.0, 0.15, 0.6, 1.0]) * (self._margin - 2)
        self._phase = rng.uniform(0, 2 * math.pi, 2)
        self._pace = rng.uniform(0.3, 1.6)

    def view(self, seconds: float) -> Floats:
        """Return the background (H, W, 3), sRGB-encoded, as the camera sees it at a moment."""
        middle = self._margin - 1
        # A hand-held camera drifts more to the sides than up and down.
        x = middle + self._reach * math.sin(self._pace * seconds + self._phase[0])
        y = middle + 0.6 * self._reach * math.sin(0.8 * self._pace * seconds + self._phase[1])
        return shifted(self._picture, x, y, self._width, self._height)

    def colour_of_a_spot(self, rng: np.random.Generator) -> tuple[float, float, float]:
        """Return a colour that occurs in it, for clothes that hardly stand out."""
        row, column = rng.integers(self._picture.shape[0]), rng.integers(self._picture.shape[1])
        red, green, blue = (float(each) for each in self._picture[row, column])
        return red, green, blue


def _painted(width: int, height: int, rng: np.random.Generator) -> Floats:
    """Return a random place (height, width, 3), somewhat out of focus."""
    backdrop = Backdrop(width, height, _colours(rng, 1)[0])
    # Those named twice are painted more often.
    paints: tuple[Paint, ...] = (
        room, room, studio, screen, pattern, garden, garden, street, jumble, night
    )  # fmt: skip
    paints[rng.integers(len(paints))](backdrop, rng)
    if rng.random() < 0.7:
        clutter(backdrop, rng)
    # Light falls off to one side.
    x, y = _grid(backdrop)
    slope = rng.normal(0, 0.35, 2)
    light = 1 + slope[0] * (x / backdrop.width - 0.5) + slope[1] * (y - 0.5)
    backdrop.pixels *= np.clip(light, 0.3, 1.8)[..., None]
    # From in focus to a portrait's shallow depth of field.
    radius = float(rng.choice([0.001, 0.004, 0.012, 0.03])) * height
    return np.clip(blurred(backdrop.pixels, radius, passes=2), 0, 1).astype(np.float32)


def room(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint a wall with windows, shelves, posters, plants and a floor, each at times."""
    seed = int(rng.integers(1 << 20))
    plaster(backdrop, seed)
    # Each of these in some rooms, so that no background is typical.
    if rng.random() < 0.5:
        window(backdrop, rng.uniform(0, 0.8) * backdrop.width, seed, rng)
    if rng.random() < 0.4:
        shelves(backdrop, backdrop.width - rng.uniform(0.3, 0.9), rng)
    for _ in range(rng.integers(4)):
        poster(backdrop, rng.uniform(0, 0.9) * backdrop.width, rng.uniform(0.05, 0.5), rng)
    if rng.random() < 0.3:
        plant(backdrop, rng.uniform(0, backdrop.width), rng)
    if rng.random() < 0.6:
        floor = rng.uniform(0.75, 0.95)
        backdrop.rectangle(0, floor, backdrop.width, 2, _colours(rng, 1)[0])
        backdrop.rectangle(
            0, floor - 0.025, backdrop.width, floor, floats([0.85, 0.84, 0.8]) * rng.uniform(0.4, 1)
        )


def studio(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint a studio: one colour that falls off from the middle."""
    x, y = _grid(backdrop)
    # Coloured or grey.
    one, other = _colours(rng, 2) if rng.random() < 0.5 else np.repeat(rng.uniform(0, 1, (2, 1)), 3, 1)
    far = np.hypot(x - rng.uniform(0.2, 0.8) * backdrop.width, y - rng.uniform(0.1, 0.8))
    share = np.clip(far / rng.uniform(0.5, 1.3), 0, 1)[..., None]
    backdrop.pixels[:] = one + share * (other - one)


def screen(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint a green or blue screen with folds and an uneven light."""
    colour = floats([0.15, 0.72, 0.25] if rng.random() < 0.6 else [0.1, 0.25, 0.75])
    x, y = _grid(backdrop)
    # Folds hang, so noise is stretched downwards.
    folds = Noise(int(rng.integers(1 << 20))).layered(x * rng.uniform(2, 12), y * 1.5, 2)
    backdrop.pixels[:] = colour * (0.75 + 0.5 * folds)[..., None]


def pattern(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint bricks, tiles, planks or wallpaper."""
    x, y = _grid(backdrop)
    wide, high = rng.uniform(0.08, 0.3), rng.uniform(0.04, 0.3)
    # Every second row is shifted by half a brick, unless it is tiles.
    row = np.floor(y / high)
    column = np.floor(x / wide + 0.5 * (row % 2) * (rng.random() < 0.6))
    tint = Noise(int(rng.integers(1 << 20)))(column * 7.3, row * 5.1)
    u, v = (x / wide + 0.5 * (row % 2)) % 1, (y / high) % 1
    joint = np.minimum(np.minimum(u, 1 - u) * wide, np.minimum(v, 1 - v) * high) < rng.uniform(0.002, 0.01)
    one, other, mortar = _colours(rng, 3)
    grain = Noise(int(rng.integers(1 << 20))).layered(x * 20, y * 20, 2)
    bricks = (one + tint[..., None] * rng.uniform(0.1, 0.8) * (other - one)) * (0.75 + 0.5 * grain)[..., None]
    backdrop.pixels[:] = np.where(joint[..., None], mortar, bricks)


def garden(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint sky, trees, bushes and grass."""
    x, y = _grid(backdrop)
    noise = Noise(int(rng.integers(1 << 20)))
    backdrop.pixels[:] = floats([0.55, 0.75, 0.95]) + np.clip(y, 0, 1)[..., None] * floats([0.3, 0.15, 0.02])
    # Wider than high, as clouds are near the horizon.
    clouds = np.clip(noise.layered(x * 2, y * 5, 3) * 3 - 1.4, 0, 1)[..., None]
    backdrop.pixels += clouds * (1 - backdrop.pixels)
    horizon, size = rng.uniform(0.35, 0.75), rng.uniform(5, 16)
    # Three rows of trees, the nearer ones lower.
    for depth in range(3):
        leaves = noise.layered(x * size + 9 * depth, y * size, 4)
        line = horizon - rng.uniform(0, 0.5) * (3 - depth) / 3
        trees = np.clip(
            (y - line + 0.5 * (noise(x * 3 + 7 * depth, 0 * y) - 0.5) + 0.35 * (leaves - 0.5)) * 14, 0, 1
        )
        green = floats([0.22, 0.36, 0.14]) * rng.uniform(0.5, 1.5) + rng.normal(0, 0.05, 3)
        colour = green * (0.35 + 1.3 * leaves)[..., None]
        backdrop.pixels += trees[..., None] * (colour - backdrop.pixels)
    blades = noise.layered(x * 30, y * 70, 2)
    grass = np.clip((y - horizon - 0.1) * 9, 0, 1)[..., None]
    lawn = floats([0.35, 0.5, 0.2]) * rng.uniform(0.6, 1.3) * (0.6 + 0.8 * blades)[..., None]
    backdrop.pixels += grass * (lawn - backdrop.pixels)


def street(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint houses with rows of windows, and a road."""
    backdrop.pixels[:] = floats([0.7, 0.78, 0.88]) * rng.uniform(0.5, 1.1)
    left = -0.1
    while left < backdrop.width:
        wide, top = rng.uniform(0.2, 0.6), rng.uniform(-0.2, 0.4)
        front, glass = _colours(rng, 2)
        backdrop.rectangle(left, top, left + wide, 2, front)
        across, high = rng.uniform(0.05, 0.12), rng.uniform(0.07, 0.16)
        for y in np.arange(top + 0.05, 1, high * 1.5):
            for x in np.arange(left + 0.02, left + wide - across, across * 1.4):
                backdrop.rectangle(x, y, x + across, y + high, glass * rng.uniform(0.4, 1.4))
        left += wide + rng.uniform(-0.01, 0.08)
    road = rng.uniform(0.7, 0.92)
    backdrop.rectangle(0, road, backdrop.width, 2, muted(rng.uniform(0.2, 0.6, 3)))
    backdrop.rectangle(0, road, backdrop.width, road + 0.02, floats([0.7, 0.69, 0.66]))


def jumble(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint shapes of every size and colour over one another."""
    for _ in range(rng.integers(15, 60)):
        size = rng.uniform(0.03, 0.5) * rng.uniform(0.3, 1, 2)
        x, y = rng.uniform(-0.1, backdrop.width), rng.uniform(-0.1, 1)
        colour = _colours(rng, 1)[0]
        if rng.random() < 0.5:
            backdrop.rectangle(x, y, x + size[0], y + size[1], colour)
        else:
            backdrop.shape(x, y, x + size[0], y + size[1], _disc(colour))


def night(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint lights far out of focus in the dark."""
    backdrop.pixels[:] = muted(rng.uniform(0.01, 0.2, 3))
    for _ in range(rng.integers(10, 45)):
        size, x, y = rng.uniform(0.03, 0.16), rng.uniform(0, backdrop.width), rng.beta(1.5, 1.5)
        backdrop.shape(
            x, y, x + size, y + size, _disc(rng.uniform(0.3, 1, 3).astype(np.float32), rng.uniform(0.2, 0.9))
        )


def _disc(colour: Floats, strength: float = 1.0) -> Callable[[Floats, Floats], tuple[Floats, Floats]]:
    """Return a function for `Backdrop.shape` that fills its rectangle with an ellipse."""

    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        inside = np.clip((1 - np.hypot(2 * u - 1, 2 * v - 1)) * 12, 0, 1) * floats(strength)
        return colour + 0 * inside[..., None], inside

    return paint


def _colours(rng: np.random.Generator, count: int) -> Floats:
    """Return colours of walls and things, (count, 3)."""
    return muted(rng.uniform(0.05, 0.95, (count, 3))) * floats(rng.uniform(0.5, 1.1, (count, 1)))


def _grid(backdrop: Backdrop) -> tuple[Floats, Floats]:
    """Return x and y of every pixel, in heights of the picture."""
    height, width = backdrop.pixels.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(backdrop.scale)
    return x, y
