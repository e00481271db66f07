"""Ellipsoids that melt into one another, seen from the front: depth, normals and outline for every pixel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matteline.drawing.arrays import Floats, floats, lengths
from matteline.drawing.blur import blurred
from matteline.drawing.camera import Box, Camera

_FAR = 1e3
_STEEPEST = 8.0


def rotation(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Floats:
    """Turn right by yaw, up by pitch, then tilt clockwise by roll; radians."""
    (sy, cy), (sp, cp), (sr, cr) = ((np.sin(a), np.cos(a)) for a in (yaw, pitch, -roll))
    around_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    around_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    around_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return floats(around_z @ around_y @ around_x)


@dataclass(frozen=True)
class Placement:
    """Where a part of the body is: how it is turned, and where its origin lies in the world."""

    turn: Floats
    origin: Floats

    def to_world(self, points: Floats) -> Floats:
        """Points (..., 3) of the part, in the world."""
        return points @ self.turn.T + self.origin

    def to_part(self, points: Floats) -> Floats:
        """Points (..., 3) of the world, as the part has them."""
        return (points - self.origin) @ self.turn


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid in the coordinates of its part.

    Attributes:
        centre: Of the ellipsoid.
        radii: Before it is tilted.
        tilt: Clockwise in the picture plane, radians.
        melt: Solids that come closer than this flow together with it.
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    tilt: float = 0.0
    melt: float = 0.05

    def placed(self, placement: Placement) -> _Placed:
        """The ellipsoid in the world."""
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
    """What is seen of melted solids inside a box of the picture.

    Attributes:
        depth: (h, w) towards the viewer, in world units.
        normal: (h, w, 3) unit vectors out of the surface.
        distance: (h, w) from the outline in world units, negative inside.
    """

    depth: Floats
    normal: Floats
    distance: Floats

    def points(self, placement: Placement, camera: Camera, box: Box) -> Floats:
        """(h, w, 3) of what is seen, in the coordinates of a part."""
        x, y = camera.grid(box)
        columns, rows = np.broadcast_to(x, self.depth.shape), np.broadcast_to(y[:, None], self.depth.shape)
        return placement.to_part(np.stack([columns, rows, self.depth], -1))


def surface(
    solids: Iterable[Ellipsoid], placement: Placement, camera: Camera, box: Box, smooth: float = 0.0
) -> Surface:
    """Look at the solids of one part, each melted into those before it.

    Args:
        solids: Of the part, in its coordinates.
        placement: Where the part is.
        camera: Looks at it.
        box: The pixels wanted.
        smooth: Radius over which normals are evened out, in world units: takes the edge off creases.
    """
    x, y = camera.grid(box)
    depth = np.full((y.size, x.size), -_FAR, np.float32)
    distance = np.full((y.size, x.size), _FAR, np.float32)
    for solid in solids:
        _add(depth, distance, solid.placed(placement), x, y, solid.melt)
    normal = blurred(_normals(depth, camera.pixel), smooth * camera.scale, passes=2)
    normal /= lengths(normal)
    return Surface(depth, normal, distance)


def _add(depth: Floats, distance: Floats, solid: _Placed, x: Floats, y: Floats, melt: float) -> None:
    """Melt one more solid into what is seen, within the rectangle that it can reach."""
    margin = 3 * melt
    columns = _within(x - solid.centre[0], solid.reach[0] + margin)
    rows = _within(solid.centre[1] - y, solid.reach[1] + margin)
    dx = (x[columns] - solid.centre[0])[None, :]
    dy = (y[rows] - solid.centre[1])[:, None]
    part = (rows, columns)
    depth[part] = -_melted(-depth[part], -_front(solid, dx, dy), melt)
    distance[part] = _melted(distance[part], _distance(solid, dx, dy), melt)


def _normals(depth: Floats, pixel: float) -> Floats:
    """Unit vectors out of a surface that is given by its depth."""
    down, right = np.gradient(depth, pixel)
    normal = np.stack([-right, down, np.ones_like(depth)], -1)
    np.clip(normal, -_STEEPEST, _STEEPEST, out=normal)
    normal /= lengths(normal)
    return normal


def _within(offsets: Floats, reach: float) -> slice:
    """The run of ascending offsets that lie within reach."""
    start, stop = np.searchsorted(offsets, (-reach, reach))
    return slice(int(start), int(stop))


def _front(solid: _Placed, dx: Floats, dy: Floats) -> Floats:
    """Depth of the side that faces the viewer; falls away steeply past the outline."""
    right, up, near = (solid.to_unit[:, axis] for axis in range(3))
    unit = [right[axis] * dx + up[axis] * dy for axis in range(3)]
    a = near @ near
    b = sum(unit[axis] * near[axis] for axis in range(3)) / a
    c = (sum(each * each for each in unit) - 1) / a
    inside = b * b - c
    depth: Floats = solid.centre[2] - b + np.copysign(np.sqrt(np.abs(inside)), inside)
    return depth


def _distance(solid: _Placed, dx: Floats, dy: Floats) -> Floats:
    """About the distance from the outline: exact on it, growing as it should near it."""
    (sxx, sxy), (_, syy) = solid.outline
    gx, gy = sxx * dx + sxy * dy, sxy * dx + syy * dy
    radius = np.sqrt(np.maximum(gx * dx + gy * dy, 1e-9))
    distance: Floats = radius * (radius - 1) / np.sqrt(np.maximum(gx * gx + gy * gy, 1e-9))
    return distance


def _melted(one: Floats, other: Floats, melt: float) -> Floats:
    """The smooth minimum of two fields: rounded off where they differ by less than `melt`."""
    mix = np.clip(0.5 + 0.5 * (one - other) / melt, 0, 1)
    smooth: Floats = one + mix * (other - one) - melt * mix * (1 - mix)
    return smooth
