"""Objects in a hand; they belong to the person's matte."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.person.canvas import LEATHER, PersonCanvas
from matteline.drawing.person.cloth import Cloth
from matteline.drawing.person.stance import unit
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.chain import Projected, chain, visible_box
from matteline.drawing.shapes.light import decode

KINDS = ("phone", "cup", "book", "bag", "stick", "bottle", "ball", "umbrella")


@dataclass(frozen=True)
class Prop:
    """An object in one hand.

    Attributes:
        kind: One of `KINDS`.
        cloth: Its colours and pattern.
        hand: 0 for the left hand of the picture, 1 for the right.
    """

    kind: str
    cloth: Cloth
    hand: int

    @classmethod
    def random(cls, rng: np.random.Generator) -> Prop | None:
        """Return a random object, or None in seven cases of ten."""
        if rng.random() > 0.28:
            return None
        return cls(str(rng.choice(KINDS)), Cloth.random(rng), int(rng.integers(2)))


def draw_prop(canvas: PersonCanvas, prop: Prop, wrist: Floats, along: Floats) -> None:
    """Draw an object; call it before the hand is drawn, whose fingers lie over it.

    Args:
        canvas: Painted on.
        prop: Object to draw.
        wrist: (3,) point where the hand begins.
        along: Unit vector from the wrist to the tips of the fingers.
    """
    # In the palm, a little to the viewer, so that fingers close around it.
    grip = wrist + 0.34 * along + floats([0, 0, 0.06])
    if prop.kind in ("phone", "book", "bag"):
        _draw_board(canvas, prop, grip, along)
    elif prop.kind == "umbrella":
        _draw_umbrella(canvas, prop, grip)
    else:
        _draw_round(canvas, prop, grip, along)


def _draw_round(canvas: PersonCanvas, prop: Prop, grip: Floats, along: Floats) -> None:
    """Draw a thing that is round along a line."""
    up = unit(0.8 * floats([0, 1, 0]) + 0.2 * along)
    # Places along the line and radii there.
    shape = {
        "cup": ([-0.16, 0.2], [0.11, 0.14]),
        "bottle": ([-0.35, 0.2, 0.3, 0.5], [0.13, 0.13, 0.06, 0.055]),
        "ball": ([0.25, 0.26], [0.42, 0.42]),
        "stick": ([-1.6, 1.2], [0.04, 0.035]),
    }[prop.kind]
    points = grip + floats(shape[0])[:, None] * up
    seen = chain(points, floats(shape[1]), canvas.camera)
    if seen is not None:
        canvas.paint(seen, prop.cloth.albedo(0.3 * seen.across, seen.along), LEATHER)


def _draw_board(canvas: PersonCanvas, prop: Prop, grip: Floats, along: Floats) -> None:
    """Draw a flat thing with four corners."""
    # Half width, half height, and how far the middle lies above the hand: a bag hangs below it.
    wide, high, hang = {"phone": (0.16, 0.3, 0.1), "book": (0.38, 0.5, 0.25), "bag": (0.62, 0.65, -0.85)}[
        prop.kind
    ]
    up = unit(floats([0, 1, 0]) + (0.0 if prop.kind == "bag" else 0.5) * along)[:2]
    up = up / np.linalg.norm(up)
    centre = grip[:2] + hang * up
    reach = floats([wide + high] * 2)
    box = visible_box(canvas.camera, centre - reach, centre + reach)
    if box is None:
        return
    x, y = canvas.camera.grid(box)
    dx, dy = x[None, :] - centre[0], y[:, None] - centre[1]
    u, v = up[1] * dx - up[0] * dy, up[0] * dx + up[1] * dy
    # The distance from a rectangle.
    distance = np.maximum(np.abs(u) - wide, np.abs(v) - high)
    if prop.kind == "bag":
        handle = np.abs(np.hypot(u / 0.3, (v - high) / 0.45) - 1) * 0.35 - 0.045
        distance = np.minimum(distance, np.where(v > high - 0.05, handle, 9))
    normal = np.zeros((*distance.shape, 3), np.float32)
    normal[...] = unit(floats([0.2, 0.1, 1]))
    still = np.zeros_like(distance)
    seen = Projected(box, distance, normal, v, u, still)
    albedo = prop.cloth.albedo(u, v)
    if prop.kind == "phone":
        screen = np.maximum(np.abs(u) - 0.8 * wide, np.abs(v) - 0.85 * high) < 0
        albedo = np.where(screen[..., None], decode((0.1, 0.11, 0.14)), albedo)
    canvas.paint(seen, albedo, LEATHER)


def _draw_umbrella(canvas: PersonCanvas, prop: Prop, grip: Floats) -> None:
    """Draw a shaft upwards, and half a disc on it."""
    top = grip + floats([0.1, 2.6, 0])
    shaft = chain(np.stack([grip - floats([0, 0.2, 0]), top]), floats([0.035, 0.03]), canvas.camera)
    if shaft is not None:
        canvas.paint(shaft, decode((0.2, 0.2, 0.2)), LEATHER)
    box = visible_box(canvas.camera, top[:2] - floats([1.9, 0.9]), top[:2] + floats([1.9, 0.3]))
    if box is None:
        return
    x, y = canvas.camera.grid(box)
    u, v = (x[None, :] - top[0]) / 1.8, (y[:, None] - top[1] + 0.75) / 0.85
    dome = (np.hypot(u, v) - 1) * 0.85
    # Between its ribs the cloth's edge is drawn up.
    scallop = 0.06 - v * 0.85 + 0.09 * np.abs(np.sin(4.7 * u))
    distance = np.maximum(dome, scallop)
    # Round, as cloth over ribs.
    near = np.sqrt(np.clip(1 - u * u - v * v, 0.05, 1))
    normal = unit(np.stack([u + 0 * near, v + 0 * near, near], -1))
    panels = prop.cloth.albedo(u + 0 * v, v + 0 * u) * (0.8 + 0.2 * np.cos(14 * u))[..., None]
    canvas.paint(Projected(box, distance, normal, near, near, np.zeros_like(distance)), panels, LEATHER)
