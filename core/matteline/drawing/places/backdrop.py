"""A picture to paint backgrounds on, and furniture for it: windows, shelves, posters, plants."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.noise import Noise


def shifted(picture: Floats, x: float, y: float, width: int, height: int) -> Floats:
    """Return a part (height, width, C) of a picture (H, W, C) whose corner (x, y) may lie between pixels."""
    # Bilinear, so that a slow camera does not move by whole pixels.
    column, row = int(x), int(y)
    fx, fy = np.float32(x - column), np.float32(y - row)
    rows = picture[row : row + height + 1, column : column + width + 1]
    across = rows[:, :-1] * (1 - fx) + rows[:, 1:] * fx
    shifted: Floats = across[:-1] * (1 - fy) + across[1:] * fy
    return shifted


class Backdrop:
    """A picture to paint on.

    Places are in heights of the picture: x from 0 to `width`, y down from 0 to 1.

    Attributes:
        pixels: (H, W, 3), sRGB-encoded; painting may leave values outside of 0..1.
        scale: Pixels to a height of the picture.
        width: Width over height.
    """

    def __init__(self, width: int, height: int, colour: Floats) -> None:
        self.pixels = np.empty((height, width, 3), np.float32)
        self.pixels[:] = colour
        self.scale = height
        self.width = width / height

    def box(self, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
        """Return rows and columns of a rectangle, as far as they lie on the picture."""
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
        """Paint a rectangle by a function from its u (1, w) and v (h, 1), 0..1, to colours and their coverage."""
        box = self.box(left, top, right, bottom)
        rows, columns = np.arange(box[0].start, box[0].stop), np.arange(box[1].start, box[1].stop)
        if not rows.size or not columns.size:
            return
        u = ((columns / self.scale - left) / (right - left))[None, :].astype(np.float32)
        v = ((rows / self.scale - top) / (bottom - top))[:, None].astype(np.float32)
        colour, cover = paint(u, v)
        # The over operator on straight colour.
        self.pixels[box] += cover[..., None] * (colour - self.pixels[box])


def plaster(backdrop: Backdrop, seed: int) -> None:
    """Paint stains, and light from the left, over everything."""

    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        stain = Noise(seed + 21).layered(u * 9, v * 5, 4)
        light = (1.12 - 0.35 * u - 0.15 * v) * (0.9 + 0.2 * stain)
        return backdrop.pixels * light[..., None], np.ones_like(light)

    backdrop.shape(0, 0, backdrop.width, backdrop.pixels.shape[0] / backdrop.scale, paint)


def window(backdrop: Backdrop, left: float, seed: int, rng: np.random.Generator) -> None:
    """Paint a window with trees behind it."""
    top, wide, high = rng.uniform(0.06, 0.15), rng.uniform(0.38, 0.5), rng.uniform(0.5, 0.62)
    frame = floats([0.86, 0.85, 0.82])

    def outside(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        leaves = Noise(seed + 31).layered(u * 9, v * 11, 4)
        trees = np.clip((leaves + 0.9 * v - 0.72) * 7, 0, 1)[..., None]
        sky = floats([0.80, 0.90, 1.0]) + 0 * leaves[..., None]
        green = floats([0.30, 0.45, 0.20]) * (0.5 + leaves[..., None])
        # A cross of bars.
        bars = (np.abs(u - 0.5) < 0.02) | (np.abs(v - 0.45) < 0.015)
        colour = np.where(bars[..., None], frame * 0.9, sky + trees * (green - sky))
        return colour, np.ones_like(leaves)

    backdrop.rectangle(left - 0.025, top - 0.025, left + wide + 0.025, top + high + 0.04, frame)
    backdrop.shape(left, top, left + wide, top + high, outside)


def shelves(backdrop: Backdrop, left: float, rng: np.random.Generator) -> None:
    """Paint boards full of books up to the right edge."""
    # Boards of one kind of wood, with shadows behind the books.
    wood = floats([0.36, 0.24, 0.15]) * rng.uniform(0.7, 1.3)
    backdrop.rectangle(left - 0.02, 0, backdrop.width, 2, wood * 0.55)
    for board in np.arange(0.02, 1.3, 0.215):
        place = left
        while place < backdrop.width:
            place = _book(backdrop, place, board, rng)
        backdrop.rectangle(left - 0.02, board + 0.195, backdrop.width, board + 0.215, wood)
    backdrop.rectangle(left - 0.02, 0, left, 2, wood)


def _book(backdrop: Backdrop, left: float, board: float, rng: np.random.Generator) -> float:
    """Paint one book, or leave a gap; return the place of the next one."""
    wide, high = rng.uniform(0.012, 0.038), rng.uniform(0.11, 0.18)
    # A gap at times.
    if rng.random() < 0.1:
        return left + 2 * wide
    colour = muted(rng.uniform(0.12, 0.8, 3)) * rng.uniform(0.5, 1.1)
    band, paper = rng.uniform(0.2, 0.8), floats([1, 0.95, 0.85])

    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        light = (1 - 0.5 * (2 * u - 1) ** 2) * (0.85 + 0.15 * v)
        label = np.abs(v - band) < 0.07
        return np.where(label[..., None], 0.85 * paper, colour) * light[..., None], np.ones_like(light)

    backdrop.shape(left, board + 0.195 - high, left + wide, board + 0.195, paint)
    return left + wide + 0.002


def poster(backdrop: Backdrop, left: float, top: float, rng: np.random.Generator) -> None:
    """Paint a framed picture of coloured waves."""
    wide, high = rng.uniform(0.14, 0.26), rng.uniform(0.16, 0.3)
    colours = muted(rng.uniform(0.1, 0.95, (2, 3)))
    waves, lean = rng.uniform(3, 14), rng.uniform(-8, 8)
    backdrop.rectangle(
        left - 0.012, top - 0.012, left + wide + 0.012, top + high + 0.012, floats([0.13, 0.11, 0.1])
    )

    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        share = 0.5 + 0.5 * np.sin(waves * u + lean * v + 2 * np.sin(5 * v))
        return colours[0] + share[..., None] * (colours[1] - colours[0]), np.ones_like(share)

    backdrop.shape(left, top, left + wide, top + high, paint)


def muted(colours: np.ndarray) -> Floats:
    """Return colours (..., 3) nearer to grey, as printed ones are."""
    muted: Floats = (0.55 * colours + 0.45 * colours.mean(-1, keepdims=True)).astype(np.float32)
    return muted


def plant(backdrop: Backdrop, x: float, rng: np.random.Generator) -> None:
    """Paint a bush: bent stems with leaves along them."""
    root = rng.uniform(0.95, 1.1)
    # Nine stems fanned out from one root.
    for _ in range(9):
        bend, reach = rng.normal(0, 0.55), rng.uniform(0.35, 0.65)
        green = floats([0.17, 0.34, 0.13]) * np.float32(rng.uniform(0.55, 1.3))
        for along in np.linspace(0.25, 1, 13):
            angle = bend * (0.4 + 0.6 * along)
            at = (x + reach * along * math.sin(angle), root - reach * along * math.cos(angle))
            _leaf(backdrop, at, angle, 0.03, 0.06, green)
            turn = angle + rng.choice([-1, 1]) * rng.uniform(0.5, 1.1)
            long_ = rng.uniform(0.03, 0.06)
            tip = (at[0] + long_ * math.sin(turn), at[1] - long_ * math.cos(turn))
            _leaf(backdrop, tip, turn, long_, 0.3, green * np.float32(rng.uniform(0.7, 1.5)))


def _leaf(
    backdrop: Backdrop, at: tuple[float, float], angle: float, long_: float, broad: float, green: Floats
) -> None:
    """Paint a leaf around a place: half its length in heights of the picture, half its width in lengths."""
    sin, cos = math.sin(angle), math.cos(angle)

    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        x, y = 2 * u - 1, 1 - 2 * v
        along, across = sin * x + cos * y, cos * x - sin * y
        inside = np.clip((broad * (1 - along**2) - np.abs(across)) * 20 + 0.5, 0, 1)
        # One half of a leaf is in the shade.
        light = 1 - 0.6 * np.clip(-across * 3, -0.4, 1)
        return green * light[..., None], inside

    backdrop.shape(at[0] - long_, at[1] - long_, at[0] + long_, at[1] + long_, paint)
