"""What is behind the figure: a room with a window, shelves, pictures and plants, a little out of focus."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.blur import blurred
from matteline.drawing.light import Colour
from matteline.drawing.noise import Noise

_MARGIN = 0.08
"""Share of the height that the room is larger than the picture on each side, so that the camera can move."""
_OUT_OF_FOCUS = 0.005
"""Radius of the blur, in heights of the picture."""

_WALLS: tuple[Colour, ...] = ((0.62, 0.58, 0.52), (0.50, 0.56, 0.60), (0.68, 0.64, 0.60), (0.45, 0.48, 0.44))


class Room:
    """A room, drawn once for a clip; `seen` shows it from where the camera is at a moment."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        self._width, self._height = width, height
        self._margin = math.ceil(_MARGIN * height)
        self._seed = seed
        self._picture = _drawn(width + 2 * self._margin, height + 2 * self._margin, seed)

    def seen(self, seconds: float) -> Floats:
        """The room behind the figure, (H, W, 3) sRGB-encoded."""
        phase = np.random.default_rng([self._seed, 3]).uniform(0, 2 * math.pi, 2)
        reach = self._margin - 2
        x = reach * (1 + math.sin(0.55 * seconds + phase[0]))
        y = reach * (1 + 0.6 * math.sin(0.43 * seconds + phase[1]))
        return shifted(self._picture, x, y, self._width, self._height)


def shifted(picture: Floats, x: float, y: float, width: int, height: int) -> Floats:
    """The part of a picture (H, W, C), of a size, whose corner lies between pixels."""
    column, row = int(x), int(y)
    fx, fy = np.float32(x - column), np.float32(y - row)
    rows = picture[row : row + height + 1, column : column + width + 1]
    across = rows[:, :-1] * (1 - fx) + rows[:, 1:] * fx
    shifted: Floats = across[:-1] * (1 - fy) + across[1:] * fy
    return shifted


class Wall:
    """A picture to paint on, in heights of the picture: x from 0 to its width, y down from 0 to 1."""

    def __init__(self, width: int, height: int, colour: Floats) -> None:
        self.pixels = np.empty((height, width, 3), np.float32)
        self.pixels[:] = colour
        self.scale = height
        self.width = width / height

    def box(self, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
        """Rows and columns of a rectangle, as far as they are on the wall."""
        rows, columns = (
            slice(*(min(max(round(edge * self.scale), 0), size) for edge in edges))
            for edges, size in (((top, bottom), self.pixels.shape[0]), ((left, right), self.pixels.shape[1]))
        )
        return rows, columns

    def rectangle(self, left: float, top: float, right: float, bottom: float, colour: Floats) -> None:
        """Paint a rectangle in one colour."""
        self.pixels[self.box(left, top, right, bottom)] = colour

    def shape(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        paint: Callable[[Floats, Floats], tuple[Floats, Floats]],
    ) -> None:
        """Paint a rectangle by a function from its u and v, 0..1 each, to colours and how much they cover."""
        box = self.box(left, top, right, bottom)
        rows, columns = np.arange(box[0].start, box[0].stop), np.arange(box[1].start, box[1].stop)
        if not rows.size or not columns.size:
            return
        u = ((columns / self.scale - left) / (right - left))[None, :].astype(np.float32)
        v = ((rows / self.scale - top) / (bottom - top))[:, None].astype(np.float32)
        colour, cover = paint(u, v)
        self.pixels[box] += cover[..., None] * (colour - self.pixels[box])


def _drawn(width: int, height: int, seed: int) -> Floats:
    rng = np.random.default_rng([seed, 2])
    wall = Wall(width, height, floats(_WALLS[rng.integers(len(_WALLS))]))
    plaster(wall, seed)
    left = rng.uniform(0.05, 0.2)
    window(wall, left, seed, rng)
    shelves(wall, wall.width - rng.uniform(0.4, 0.48) * min(wall.width, 1.9), rng)
    for _ in range(3):
        poster(wall, rng.uniform(0.3, 0.5) * wall.width, rng.uniform(0.05, 0.5), rng)
    plant(wall, rng.uniform(0.45, 0.7), rng)
    plant(wall, wall.width - rng.uniform(0.05, 0.2), rng)
    return np.clip(blurred(wall.pixels, _OUT_OF_FOCUS * height), 0, 1)


def plaster(wall: Wall, seed: int) -> None:
    """Stains, and light from the left, on all that is painted."""

    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        stain = Noise(seed + 21).layered(u * 9, v * 5, 4)
        light = (1.12 - 0.35 * u - 0.15 * v) * (0.9 + 0.2 * stain)
        return wall.pixels * light[..., None], np.ones_like(light)

    wall.shape(0, 0, wall.width, wall.pixels.shape[0] / wall.scale, paint)


def window(wall: Wall, left: float, seed: int, rng: np.random.Generator) -> None:
    """A window with trees behind it."""
    top, wide, high = rng.uniform(0.06, 0.15), rng.uniform(0.38, 0.5), rng.uniform(0.5, 0.62)
    frame = floats([0.86, 0.85, 0.82])

    def outside(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        leaves = Noise(seed + 31).layered(u * 9, v * 11, 4)
        trees = np.clip((leaves + 0.9 * v - 0.72) * 7, 0, 1)[..., None]
        sky = floats([0.80, 0.90, 1.0]) + 0 * leaves[..., None]
        green = floats([0.30, 0.45, 0.20]) * (0.5 + leaves[..., None])
        bars = (np.abs(u - 0.5) < 0.02) | (np.abs(v - 0.45) < 0.015)
        colour = np.where(bars[..., None], frame * 0.9, sky + trees * (green - sky))
        return colour, np.ones_like(leaves)

    wall.rectangle(left - 0.025, top - 0.025, left + wide + 0.025, top + high + 0.04, frame)
    wall.shape(left, top, left + wide, top + high, outside)


def shelves(wall: Wall, left: float, rng: np.random.Generator) -> None:
    """Boards full of books up to the right edge."""
    wood = floats([0.36, 0.24, 0.15]) * rng.uniform(0.7, 1.3)
    wall.rectangle(left - 0.02, 0, wall.width, 2, wood * 0.55)
    for board in np.arange(0.02, 1.3, 0.215):
        place = left
        while place < wall.width:
            place = _book(wall, place, board, rng)
        wall.rectangle(left - 0.02, board + 0.195, wall.width, board + 0.215, wood)
    wall.rectangle(left - 0.02, 0, left, 2, wood)


def _book(wall: Wall, left: float, board: float, rng: np.random.Generator) -> float:
    """One book, or a gap; returns where the next one stands."""
    wide, high = rng.uniform(0.012, 0.038), rng.uniform(0.11, 0.18)
    if rng.random() < 0.1:
        return left + 2 * wide
    colour = muted(rng.uniform(0.12, 0.8, 3)) * rng.uniform(0.5, 1.1)
    band, paper = rng.uniform(0.2, 0.8), floats([1, 0.95, 0.85])

    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        light = (1 - 0.5 * (2 * u - 1) ** 2) * (0.85 + 0.15 * v)
        label = np.abs(v - band) < 0.07
        return np.where(label[..., None], 0.85 * paper, colour) * light[..., None], np.ones_like(light)

    wall.shape(left, board + 0.195 - high, left + wide, board + 0.195, paint)
    return left + wide + 0.002


def poster(wall: Wall, left: float, top: float, rng: np.random.Generator) -> None:
    """A framed picture of coloured waves."""
    wide, high = rng.uniform(0.14, 0.26), rng.uniform(0.16, 0.3)
    colours = muted(rng.uniform(0.1, 0.95, (2, 3)))
    waves, lean = rng.uniform(3, 14), rng.uniform(-8, 8)
    wall.rectangle(
        left - 0.012, top - 0.012, left + wide + 0.012, top + high + 0.012, floats([0.13, 0.11, 0.1])
    )

    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        share = 0.5 + 0.5 * np.sin(waves * u + lean * v + 2 * np.sin(5 * v))
        return colours[0] + share[..., None] * (colours[1] - colours[0]), np.ones_like(share)

    wall.shape(left, top, left + wide, top + high, paint)


def muted(colours: np.ndarray) -> Floats:
    """Colours (..., 3) nearer to grey, as printed ones are."""
    muted: Floats = (0.55 * colours + 0.45 * colours.mean(-1, keepdims=True)).astype(np.float32)
    return muted


def plant(wall: Wall, x: float, rng: np.random.Generator) -> None:
    """A bush: bent stems with leaves along them."""
    root = rng.uniform(0.95, 1.1)
    for _ in range(9):
        bend, reach = rng.normal(0, 0.55), rng.uniform(0.35, 0.65)
        green = floats([0.17, 0.34, 0.13]) * np.float32(rng.uniform(0.55, 1.3))
        for along in np.linspace(0.25, 1, 13):
            angle = bend * (0.4 + 0.6 * along)
            at = (x + reach * along * math.sin(angle), root - reach * along * math.cos(angle))
            _leaf(wall, at, angle, 0.03, 0.06, green)
            turn = angle + rng.choice([-1, 1]) * rng.uniform(0.5, 1.1)
            long_ = rng.uniform(0.03, 0.06)
            tip = (at[0] + long_ * math.sin(turn), at[1] - long_ * math.cos(turn))
            _leaf(wall, tip, turn, long_, 0.3, green * np.float32(rng.uniform(0.7, 1.5)))


def _leaf(
    wall: Wall, at: tuple[float, float], angle: float, long_: float, broad: float, green: Floats
) -> None:
    """A leaf around a place: half its length in heights of the picture, half its width in lengths."""
    sin, cos = math.sin(angle), math.cos(angle)

    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        x, y = 2 * u - 1, 1 - 2 * v
        along, across = sin * x + cos * y, cos * x - sin * y
        inside = np.clip((broad * (1 - along**2) - np.abs(across)) * 20 + 0.5, 0, 1)
        light = 1 - 0.6 * np.clip(-across * 3, -0.4, 1)
        return green * light[..., None], inside

    wall.shape(at[0] - long_, at[1] - long_, at[0] + long_, at[1] + long_, paint)
