"""Ellipsoids that melt into one another, seen from the front: depth, normals and outline for each pixel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matteline.drawing.shapes.arrays import Floats, floats, lengths
from matteline.drawing.shapes.blur import blurred
from matteline.drawing.shapes.camera import Box, Camera

_FAR = 1e3  # farther than anything in the picture
_STEEPEST = 8.0  # slope that normals are limited to, since depth jumps at outlines


def rotation(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Floats:
    """Return the matrix (3, 3) that turns right by yaw, up by pitch, then tilts clockwise by roll; radians."""
    (sy, cy), (sp, cp), (sr, cr) = ((np.sin(a), np.cos(a)) for a in (yaw, pitch, -roll))
    around_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    around_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    around_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return floats(around_z @ around_y @ around_x)


@dataclass(frozen=True)
class Placement:
    """Place of a part of the body in the world.

    Attributes:
        turn: (3, 3) rotation matrix.
        origin: (3,) of the part, in the world.
    """

    turn: Floats
    origin: Floats

    def to_world(self, points: Floats) -> Floats:
        """Return points (..., 3) of the part in the coordinates of the world."""
        return points @ self.turn.T + self.origin

    def to_part(self, points: Floats) -> Floats:
        """Return points (..., 3) of the world in the coordinates of the part."""
        return (points - self.origin) @ self.turn


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid in the coordinates of its part.

    Attributes:
        centre: Its middle.
        radii: Half its width, height and depth, before it is tilted.
        tilt: Clockwise in the picture plane, radians.
        melt: Solids that come closer than this flow together with it.
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    tilt: float = 0.0
    melt: float = 0.05

    def placed(self, placement: Placement) -> _Placed:
        """Return the ellipsoid in the world."""
        # Offsets are brought into the axes of the ellipsoid, then divided by its radii.
        axes = placement.turn @ rotation(roll=self.tilt)
        to_unit = (axes / floats(self.radii)).T
        return _Placed(placement.to_world(floats(self.centre)), to_unit)


@dataclass(frozen=True)
class _Placed:
    centre: Floats
    to_unit: Floats
    """(3, 3): takes offsets from the centre to the unit sphere."""

    @cached_property
    def outline(self) -> Floats:
        """(2, 2) form S of the outline: d S d = 1 for offsets d in the picture plane."""
        across, along = self.to_unit[:, :2], self.to_unit[:, 2]
        # The outline is where the viewer's ray touches: the quadric with its depth eliminated.
        lean = across.T @ along
        form: Floats = across.T @ across - np.outer(lean, lean) / (along @ along)
        return form

    @cached_property
    def reach(self) -> Floats:
        """Half width and half height of the outline."""
        inverse = np.linalg.inv(self.outline)
        return np.sqrt(np.diag(inverse))


@dataclass
class Surface:
    """The visible side of melted solids inside a box of the picture.

    Attributes:
        depth: (h, w) towards the viewer, in world units.
        normal: (h, w, 3) unit vectors out of the surface.
        distance: (h, w) from the outline in world units, negative inside.
    """

    depth: Floats
    normal: Floats
    distance: Floats

    def points(self, placement: Placement, camera: Camera, box: Box) -> Floats:
        """Return the visible points (h, w, 3) in the coordinates of a part."""
        x, y = camera.grid(box)
        columns, rows = np.broadcast_to(x, self.depth.shape), np.broadcast_to(y[:, None], self.depth.shape)
        return placement.to_part(np.stack([columns, rows, self.depth], -1))


def surface(
    solids: Iterable[Ellipsoid], placement: Placement, camera: Camera, box: Box, smooth: float = 0.0
) -> Surface:
    """Project the solids of one part, each melted into those before it.

    Args:
        solids: Solids in the coordinates of the part.
        placement: Place of the part in the world.
        camera: Projects them.
        box: The pixels wanted.
        smooth: Radius over which normals are evened out, in world units: takes the edge off creases.
    """
    x, y = camera.grid(box)
    depth = np.full((y.size, x.size), -_FAR, np.float32)
    distance = np.full((y.size, x.size), _FAR, np.float32)
    for solid in solids:
        _melt_in(depth, distance, solid.placed(placement), x, y, solid.melt)
    down, right = np.gradient(depth, camera.pixel)
    normal = np.stack([-right, down, np.ones_like(depth)], -1)
    np.clip(normal, -_STEEPEST, _STEEPEST, out=normal)
    normal = blurred(normal / lengths(normal), smooth * camera.scale, passes=2)
    normal /= lengths(normal)
    return Surface(depth, normal, distance)


def _melt_in(depth: Floats, distance: Floats, solid: _Placed, x: Floats, y: Floats, melt: float) -> None:
    """Melt one more solid into depth and distance, within the rectangle that it can reach."""
    # A smooth minimum reaches one `melt` out; three leave room for steep fields.
    margin = 3 * melt
    reach = solid.reach + margin
    # Both are ascending, so the pixels within reach are one run of each.
    columns = slice(*np.searchsorted(x - solid.centre[0], (-reach[0], reach[0])))
    rows = slice(*np.searchsorted(solid.centre[1] - y, (-reach[1], reach[1])))
    dx = (x[columns] - solid.centre[0])[None, :]
    dy = (y[rows] - solid.centre[1])[:, None]
    part = (rows, columns)
    depth[part] = -_melted(-depth[part], -_front(solid, dx, dy), melt)
    distance[part] = _melted(distance[part], _distance(solid, dx, dy), melt)


def _front(solid: _Placed, dx: Floats, dy: Floats) -> Floats:
    """Return the depth of the side that faces the viewer; it falls away steeply past the outline."""
    right, up, near = (solid.to_unit[:, axis] for axis in range(3))
    unit = [right[axis] * dx + up[axis] * dy for axis in range(3)]
    a = near @ near
    b = sum(unit[axis] * near[axis] for axis in range(3)) / a
    c = (sum(each * each for each in unit) - 1) / a
    # The ray of a pixel meets the ellipsoid where a quadratic equation is 0.
    inside = b * b - c
    # Past the outline the root is of a negative number: its mirror image falls away smoothly.
    depth: Floats = solid.centre[2] - b + np.copysign(np.sqrt(np.abs(inside)), inside)
    return depth


def _distance(solid: _Placed, dx: Floats, dy: Floats) -> Floats:
    """Return about the distance from the outline: first order in the offset, so exact on the outline."""
    (sxx, sxy), (_, syy) = solid.outline
    gx, gy = sxx * dx + sxy * dy, sxy * dx + syy * dy
    radius = np.sqrt(np.maximum(gx * dx + gy * dy, 1e-9))
    distance: Floats = radius * (radius - 1) / np.sqrt(np.maximum(gx * gx + gy * gy, 1e-9))
    return distance


def _melted(one: Floats, other: Floats, melt: float) -> Floats:
    """Return the smooth minimum of two fields, rounded off where they differ by less than `melt` (Quilez)."""
    mix = np.clip(0.5 + 0.5 * (one - other) / melt, 0, 1)
    smooth: Floats = one + mix * (other - one) - melt * mix * (1 - mix)
    return smooth
