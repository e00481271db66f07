"""Things in a place, some of them shaped like people, that a network must not take for people."""

from __future__ import annotations

import numpy as np

from matteline.drawing.places.backdrop import Backdrop, muted, plant
from matteline.drawing.shapes.arrays import Floats, floats


def clutter(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint one to five things."""
    # Posts are named twice: they cut across people's outlines.
    things = (post, post, dummy, chair, lamp, rail, vase, sofa, bush)
    for _ in range(rng.integers(1, 6)):
        things[rng.integers(len(things))](backdrop, rng)


def post(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint a column, a tree or a lamp post."""
    x, wide = rng.uniform(0, backdrop.width), rng.uniform(0.01, 0.12)
    _solid(backdrop, x, 0.5, wide, 1.2, _colour(rng), square=True)


def dummy(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint a tailor's dummy, a statue, or a coat on a stand: the outline of a person, and no person."""
    x, foot, high = rng.uniform(0, backdrop.width), rng.uniform(0.6, 1.3), rng.uniform(0.4, 1.1)
    colour = _colour(rng)
    top = foot - high
    # With a head or without one.
    if rng.random() < 0.6:
        _solid(backdrop, x, top + 0.09 * high, 0.055 * high, 0.085 * high, colour)
    _solid(backdrop, x, top + 0.36 * high, rng.uniform(0.1, 0.17) * high, 0.2 * high, colour)
    _solid(backdrop, x, foot - 0.25 * high, 0.012, 0.25 * high, colour * 0.5, square=True)


def chair(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint a chair."""
    x, y, size = rng.uniform(0, backdrop.width), rng.uniform(0.6, 0.9), rng.uniform(0.12, 0.3)
    colour = _colour(rng)
    _solid(backdrop, x, y - size, 0.5 * size, 0.6 * size, colour)
    _solid(backdrop, x, y, 0.6 * size, 0.12 * size, colour * 0.8, square=True)
    for side in (-1, 1):
        _solid(
            backdrop,
            x + side * 0.5 * size,
            y + 0.6 * size,
            0.04 * size,
            0.6 * size,
            colour * 0.6,
            square=True,
        )


def lamp(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint a lamp."""
    x, y = rng.uniform(0, backdrop.width), rng.uniform(0.1, 0.5)
    _solid(backdrop, x, y + 0.5, 0.008, 0.5, floats([0.2, 0.2, 0.2]), square=True)
    _solid(backdrop, x, y, rng.uniform(0.05, 0.12), 0.07, floats([1, 0.93, 0.75]) * rng.uniform(0.6, 1.2))


def rail(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint clothes on a rail."""
    left, y = rng.uniform(0, 0.8 * backdrop.width), rng.uniform(0.2, 0.5)
    for index in range(rng.integers(3, 9)):
        _solid(backdrop, left + 0.07 * index, y + 0.2, 0.04, rng.uniform(0.12, 0.3), _colour(rng))
    backdrop.rectangle(left - 0.05, y - 0.03, left + 0.65, y - 0.02, floats([0.3, 0.3, 0.3]))


def vase(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint a vase."""
    x, y, size = rng.uniform(0, backdrop.width), rng.uniform(0.4, 1), rng.uniform(0.05, 0.15)
    colour = _colour(rng)
    _solid(backdrop, x, y, size, 1.3 * size, colour)
    _solid(backdrop, x, y - 1.4 * size, 0.4 * size, 0.7 * size, colour, square=True)


def sofa(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint a sofa."""
    x, y, size = rng.uniform(0, backdrop.width), rng.uniform(0.75, 1), rng.uniform(0.2, 0.45)
    colour = _colour(rng)
    _solid(backdrop, x, y - 0.3 * size, size, 0.45 * size, colour)
    _solid(backdrop, x, y, 1.1 * size, 0.25 * size, colour * 0.85)
    for side in (-1, 1):
        _solid(backdrop, x + side * size, y - 0.1 * size, 0.2 * size, 0.35 * size, colour * 0.95)


def bush(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Paint a bush."""
    plant(backdrop, rng.uniform(0, backdrop.width), rng)


def _solid(
    backdrop: Backdrop, x: float, y: float, wide: float, high: float, colour: Floats, *, square: bool = False
) -> None:
    """Paint something round, or a square rod, lit from the left."""

    def paint(u: Floats, v: Floats) -> tuple[Floats, Floats]:
        across, down = 2 * u - 1, 2 * v - 1
        # Depth of a sphere, or of a cylinder for rods.
        near = np.sqrt(np.clip(1 - across**2 - (0 if square else 1) * down**2, 0.04, 1)) + 0 * down
        light = (0.35 + 0.55 * near - 0.3 * across)[..., None]
        radius = np.maximum(np.abs(across), np.abs(down)) if square else (across**4 + down**4) ** 0.25
        # The edge is as soft as a pixel is wide.
        inside = np.clip((1 - radius) * max(2.0, wide * backdrop.scale), 0, 1)
        return colour * light, inside

    backdrop.shape(x - wide, y - high, x + wide, y + high, paint)


def _colour(rng: np.random.Generator) -> Floats:
    """Return a random colour (3,) of a thing; at times that of skin."""
    if rng.random() < 0.2:
        return floats([0.85, 0.65, 0.52]) * floats(rng.uniform(0.4, 1.1))
    return muted(rng.uniform(0.05, 1, 3)) * floats(rng.uniform(0.6, 1.3))
