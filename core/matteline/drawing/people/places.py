"""Where people are: rooms, studios, walls, gardens, streets and clutter, painted once for a clip."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.blur import blurred
from matteline.drawing.noise import Noise
from matteline.drawing.people.clutter import clutter
from matteline.drawing.scene import Wall, muted, plant, plaster, poster, shelves, shifted, window

_MARGIN = 0.1
"""Share of the height that a place is larger than the picture on each side, so that the camera can move."""

Paint = Callable[[Wall, np.random.Generator], None]


class Place:
    """A background, painted once; `seen` shows it from where the camera is at a moment."""

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        self._width, self._height = width, height
        self._margin = max(3, math.ceil(_MARGIN * height))
        self._picture = _painted(width + 2 * self._margin, height + 2 * self._margin, rng)
        self._reach = rng.choice([0.0, 0.15, 0.6, 1.0]) * (self._margin - 2)
        self._phase = rng.uniform(0, 2 * math.pi, 2)
        self._pace = rng.uniform(0.3, 1.6)

    def seen(self, seconds: float) -> Floats:
        """The background, (H, W, 3) sRGB-encoded."""
        middle = self._margin - 1
        x = middle + self._reach * math.sin(self._pace * seconds + self._phase[0])
        y = middle + 0.6 * self._reach * math.sin(0.8 * self._pace * seconds + self._phase[1])
        return shifted(self._picture, x, y, self._width, self._height)

    def colour_of_a_spot(self, rng: np.random.Generator) -> tuple[float, float, float]:
        """A colour that occurs in it, for clothes that hardly stand out."""
        row, column = rng.integers(self._picture.shape[0]), rng.integers(self._picture.shape[1])
        red, green, blue = (float(each) for each in self._picture[row, column])
        return red, green, blue


def _painted(width: int, height: int, rng: np.random.Generator) -> Floats:
    wall = Wall(width, height, _colours(rng, 1)[0])
    paints: tuple[Paint, ...] = (
        _room,
        _room,
        _studio,
        _screen,
        _pattern,
        _garden,
        _garden,
        _street,
        _jumble,
        _night,
    )
    paints[rng.integers(len(paints))](wall, rng)
    if rng.random() < 0.7:
        clutter(wall, rng)
    _lit(wall, rng)
    radius = float(rng.choice([0.001, 0.004, 0.012, 0.03])) * height
    return np.clip(blurred(wall.pixels, radius, passes=2), 0, 1).astype(np.float32)


def _lit(wall: Wall, rng: np.random.Generator) -> None:
    """Light falls off to one side."""
    x, y = _grid(wall)
    slope = rng.normal(0, 0.35, 2)
    wall.pixels *= np.clip(1 + slope[0] * (x / wall.width - 0.5) + slope[1] * (y - 0.5), 0.3, 1.8)[..., None]


def _room(wall: Wall, rng: np.random.Generator) -> None:
    seed = int(rng.integers(1 << 20))
    plaster(wall, seed)
    if rng.random() < 0.5:
        window(wall, rng.uniform(0, 0.8) * wall.width, seed, rng)
    if rng.random() < 0.4:
        shelves(wall, wall.width - rng.uniform(0.3, 0.9), rng)
    for _ in range(rng.integers(4)):
        poster(wall, rng.uniform(0, 0.9) * wall.width, rng.uniform(0.05, 0.5), rng)
    if rng.random() < 0.3:
        plant(wall, rng.uniform(0, wall.width), rng)
    if rng.random() < 0.6:
        floor = rng.uniform(0.75, 0.95)
        wall.rectangle(0, floor, wall.width, 2, _colours(rng, 1)[0])
        wall.rectangle(0, floor - 0.025, wall.width, floor, floats([0.85, 0.84, 0.8]) * rng.uniform(0.4, 1))


def _studio(wall: Wall, rng: np.random.Generator) -> None:
    """A backdrop, lit in the middle."""
    x, y = _grid(wall)
    one, other = _colours(rng, 2) if rng.random() < 0.5 else np.repeat(rng.uniform(0, 1, (2, 1)), 3, 1)
    far = np.hypot(x - rng.uniform(0.2, 0.8) * wall.width, y - rng.uniform(0.1, 0.8))
    share = np.clip(far / rng.uniform(0.5, 1.3), 0, 1)[..., None]
    wall.pixels[:] = one + share * (other - one)


def _screen(wall: Wall, rng: np.random.Generator) -> None:
    """Green or blue, with folds and an uneven light."""
    colour = floats([0.15, 0.72, 0.25] if rng.random() < 0.6 else [0.1, 0.25, 0.75])
    x, y = _grid(wall)
    folds = Noise(int(rng.integers(1 << 20))).layered(x * rng.uniform(2, 12), y * 1.5, 2)
    wall.pixels[:] = colour * (0.75 + 0.5 * folds)[..., None]


def _pattern(wall: Wall, rng: np.random.Generator) -> None:
    """Bricks, tiles, planks or wallpaper."""
    x, y = _grid(wall)
    wide, high = rng.uniform(0.08, 0.3), rng.uniform(0.04, 0.3)
    row = np.floor(y / high)
    column = np.floor(x / wide + 0.5 * (row % 2) * (rng.random() < 0.6))
    tint = Noise(int(rng.integers(1 << 20)))(column * 7.3, row * 5.1)
    u, v = (x / wide + 0.5 * (row % 2)) % 1, (y / high) % 1
    joint = np.minimum(np.minimum(u, 1 - u) * wide, np.minimum(v, 1 - v) * high) < rng.uniform(0.002, 0.01)
    one, other, mortar = _colours(rng, 3)
    grain = Noise(int(rng.integers(1 << 20))).layered(x * 20, y * 20, 2)
    bricks = (one + tint[..., None] * rng.uniform(0.1, 0.8) * (other - one)) * (0.75 + 0.5 * grain)[..., None]
    wall.pixels[:] = np.where(joint[..., None], mortar, bricks)


def _garden(wall: Wall, rng: np.random.Generator) -> None:
    """Sky, trees, bushes and grass."""
    x, y = _grid(wall)
    noise = Noise(int(rng.integers(1 << 20)))
    wall.pixels[:] = floats([0.55, 0.75, 0.95]) + np.clip(y, 0, 1)[..., None] * floats([0.3, 0.15, 0.02])
    clouds = np.clip(noise.layered(x * 2, y * 5, 3) * 3 - 1.4, 0, 1)[..., None]
    wall.pixels += clouds * (1 - wall.pixels)
    horizon, size = rng.uniform(0.35, 0.75), rng.uniform(5, 16)
    for depth in range(3):
        leaves = noise.layered(x * size + 9 * depth, y * size, 4)
        line = horizon - rng.uniform(0, 0.5) * (3 - depth) / 3
        trees = np.clip(
            (y - line + 0.5 * (noise(x * 3 + 7 * depth, 0 * y) - 0.5) + 0.35 * (leaves - 0.5)) * 14, 0, 1
        )
        green = floats([0.22, 0.36, 0.14]) * rng.uniform(0.5, 1.5) + rng.normal(0, 0.05, 3)
        colour = green * (0.35 + 1.3 * leaves)[..., None]
        wall.pixels += trees[..., None] * (colour - wall.pixels)
    blades = noise.layered(x * 30, y * 70, 2)
    grass = np.clip((y - horizon - 0.1) * 9, 0, 1)[..., None]
    lawn = floats([0.35, 0.5, 0.2]) * rng.uniform(0.6, 1.3) * (0.6 + 0.8 * blades)[..., None]
    wall.pixels += grass * (lawn - wall.pixels)


def _street(wall: Wall, rng: np.random.Generator) -> None:
    """Houses with rows of windows, and a road."""
    wall.pixels[:] = floats([0.7, 0.78, 0.88]) * rng.uniform(0.5, 1.1)
    left = -0.1
    while left < wall.width:
        wide, top = rng.uniform(0.2, 0.6), rng.uniform(-0.2, 0.4)
        _house(wall, left, left + wide, top, rng)
        left += wide + rng.uniform(-0.01, 0.08)
    road = rng.uniform(0.7, 0.92)
    wall.rectangle(0, road, wall.width, 2, muted(rng.uniform(0.2, 0.6, 3)))
    wall.rectangle(0, road, wall.width, road + 0.02, floats([0.7, 0.69, 0.66]))


def _house(wall: Wall, left: float, right: float, top: float, rng: np.random.Generator) -> None:
    front, glass = _colours(rng, 2)
    wall.rectangle(left, top, right, 2, front)
    wide, high = rng.uniform(0.05, 0.12), rng.uniform(0.07, 0.16)
    for y in np.arange(top + 0.05, 1, high * 1.5):
        for x in np.arange(left + 0.02, right - wide, wide * 1.4):
            wall.rectangle(x, y, x + wide, y + high, glass * rng.uniform(0.4, 1.4))


def _jumble(wall: Wall, rng: np.random.Generator) -> None:
    """Shapes of every size and colour over one another."""
    for _ in range(rng.integers(15, 60)):
        size = rng.uniform(0.03, 0.5) * rng.uniform(0.3, 1, 2)
        x, y = rng.uniform(-0.1, wall.width), rng.uniform(-0.1, 1)
        colour = _colours(rng, 1)[0]
        if rng.random() < 0.5:
            wall.rectangle(x, y, x + size[0], y + size[1], colour)
        else:
            wall.shape(x, y, x + size[0], y + size[1], _disc(colour))


def _night(wall: Wall, rng: np.random.Generator) -> None:
    """Lights far out of focus in the dark."""
    wall.pixels[:] = muted(rng.uniform(0.01, 0.2, 3))
    for _ in range(rng.integers(10, 45)):
        size, x, y = rng.uniform(0.03, 0.16), rng.uniform(0, wall.width), rng.beta(1.5, 1.5)
        wall.shape(
            x, y, x + size, y + size, _disc(rng.uniform(0.3, 1, 3).astype(np.float32), rng.uniform(0.2, 0.9))
        )


def _disc(colour: Floats, strength: float = 1.0) -> Callable[[Floats, Floats], tuple[Floats, Floats]]:
    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        inside = np.clip((1 - np.hypot(2 * u - 1, 2 * v - 1)) * 12, 0, 1) * floats(strength)
        return colour + 0 * inside[..., None], inside

    return paint


def _colours(rng: np.random.Generator, count: int) -> Floats:
    """Colours as walls and things have them, (count, 3)."""
    return muted(rng.uniform(0.05, 0.95, (count, 3))) * floats(rng.uniform(0.5, 1.1, (count, 1)))


def _grid(wall: Wall) -> tuple[Floats, Floats]:
    """X and y of every pixel, in heights of the picture."""
    height, width = wall.pixels.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(wall.scale)
    return x, y
