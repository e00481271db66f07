"""Arms, legs, fingers and whatever else tapers: chains of rounded cones, seen from the front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matteline.drawing.shapes.arrays import Floats, floats, lengths
from matteline.drawing.shapes.camera import Box, Camera

# How far around a solid its contact shadow reaches, in heights of a head.
_MARGIN = 0.12


@dataclass
class Projected:
    """The visible side of a solid inside a box of the picture.

    Attributes:
        box: The pixels.
        distance: (h, w) from the outline in world units, negative inside.
        normal: (h, w, 3) unit vectors out of the surface.
        along: (h, w) way from the chain's start, in world units.
        across: (h, w) -1 to 1 from one edge to the other.
        blur: (h, w) width by which movement smears the outline, in pixels; 0 for none.
    """

    box: Box
    distance: Floats
    normal: Floats
    along: Floats
    across: Floats
    blur: Floats


def visible_box(camera: Camera, low: Floats, high: Floats) -> Box | None:
    """Return the pixels between two corners of the world with a margin; None outside of the picture."""
    left, top = camera.x + (low[0] - _MARGIN) * camera.scale, camera.y - (high[1] + _MARGIN) * camera.scale
    right, bottom = (
        camera.x + (high[0] + _MARGIN) * camera.scale,
        camera.y - (low[1] - _MARGIN) * camera.scale,
    )
    # Less than a pixel inside is nothing.
    if right < 1 or bottom < 1 or left > camera.width - 1 or top > camera.height - 1:
        return None
    return camera.box(low[0] - _MARGIN, high[0] + _MARGIN, low[1] - _MARGIN, high[1] + _MARGIN)


def chain(points: Floats, radii: Floats, camera: Camera, moved: Floats | None = None) -> Projected | None:
    """Project rounded cones from joint to joint.

    Args:
        points: (K, 3) joints in the world.
        radii: (K,) around the joints.
        camera: Projects them.
        moved: (K, 2) how far each joint moves while the shutter is open, in world units.

    Returns:
        None where nothing of them is in the picture.
    """
    return chains([(points, radii)], camera, moved)


def chains(
    parts: Sequence[tuple[Floats, Floats]], camera: Camera, moved: Floats | None = None
) -> Projected | None:
    """Project several chains that touch, points and radii each; as `chain`, with joints moved alike."""
    lows = floats([(points - radii[:, None]).min(0) for points, radii in parts])
    highs = floats([(points + radii[:, None]).max(0) for points, radii in parts])
    box = visible_box(camera, lows.min(0), highs.max(0))
    if box is None:
        return None
    x, y = camera.grid(box)
    best = _Nearest(x[None, :], y[:, None])
    for points, radii in parts:
        best.add_chain(points, radii, moved)
    return best.seen(box, camera.scale)


class _Nearest:
    """The cone nearest to each pixel."""

    def __init__(self, x: Floats, y: Floats) -> None:
        self._x, self._y = x, y
        shape = (y.size, x.size)
        self._distance = np.full(shape, 1e3, np.float32)
        self._fields = np.zeros((7, *shape), np.float32)

    def add_chain(self, points: Floats, radii: Floats, moved: Floats | None) -> None:
        """Add the cones of one chain, in order."""
        start = 0.0
        for index in range(len(points) - 1):
            moves = np.zeros((2, 2), np.float32) if moved is None else moved[index : index + 2]
            self.add(points[index : index + 2], radii[index : index + 2], moves, start)
            start += float(np.linalg.norm(points[index + 1] - points[index]))

    def add(self, ends: Floats, radii: Floats, moves: Floats, start: float) -> None:
        (ax, ay, _), (bx, by, _) = ends
        dx, dy = float(bx - ax), float(by - ay)
        flat = dx * dx + dy * dy
        long_ = float(np.linalg.norm(ends[1] - ends[0]))
        # The nearest point of the axis, 0 at the first joint and 1 at the second one.
        share = np.clip(((self._x - ax) * dx + (self._y - ay) * dy) / max(flat, 1e-8), 0, 1)
        ox, oy = self._x - ax - share * dx, self._y - ay - share * dy
        # The radius grows along the axis: near enough to a cone for limbs, which taper slowly.
        radius = radii[0] + share * (radii[1] - radii[0])
        off = np.sqrt(ox * ox + oy * oy + 1e-9)
        distance = off - radius
        # Where cones overlap, the one that reaches farthest out hides the other.
        nearer = distance < self._distance
        np.copyto(self._distance, distance, where=nearer)
        side = (dx * oy - dy * ox) / (np.sqrt(flat + 1e-8) * radius)
        mx = moves[0, 0] + share * (moves[1, 0] - moves[0, 0])
        my = moves[0, 1] + share * (moves[1, 1] - moves[0, 1])
        new = (ox, oy, radius, start + share * long_, side, mx, my)
        for field, value in zip(self._fields, new, strict=True):
            np.copyto(field, value, where=nearer)

    def seen(self, box: Box, scale: float) -> Projected:
        ox, oy, radius, along, across, mx, my = self._fields
        # Depth of a round cross-section; never quite flat, or light would jump at the outline.
        near = np.sqrt(np.maximum(radius * radius - ox * ox - oy * oy, 0.02 * radius * radius))
        normal = np.stack([ox, oy, near], -1)
        normal /= lengths(normal) + floats(1e-6)
        # Only movement across the outline smears it.
        blur = np.abs(mx * normal[..., 0] + my * normal[..., 1]) * floats(scale)
        return Projected(box, self._distance, normal, along, across, blur)
