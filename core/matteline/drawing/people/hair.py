"""Drawing hair: solids that make it opaque, strands that make its edges soft."""

from __future__ import annotations

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.head import SKULL
from matteline.drawing.light import decode
from matteline.drawing.people.easel import HAIR, Easel
from matteline.drawing.people.hairdo import NODES, Hairdo
from matteline.drawing.people.stance import unit
from matteline.drawing.solids import Ellipsoid, Placement
from matteline.drawing.strands import draw_strands


def hair_behind(hairdo: Hairdo) -> list[Ellipsoid]:
    """What hangs or stands behind the head, in the head's coordinates."""
    volume, fall = hairdo.volume, hairdo.length
    if hairdo.style == "afro":
        return [Ellipsoid((0, 0.17, -0.12), (0.36 + volume, 0.36 + volume, 0.4 + volume))]
    if hairdo.style == "curly":
        return [Ellipsoid((0, 0.08 - fall / 3, -0.16), (0.37 + volume, 0.42 + fall / 2, 0.36 + volume))]
    if hairdo.style in ("bob", "long", "wavy"):
        return [
            Ellipsoid((0, 0.0, -0.2), (0.34 + volume, 0.4, 0.3 + volume)),
            Ellipsoid((0, -0.1 - 0.5 * fall, -0.22), (0.34 + volume, 0.25 + 0.5 * fall, 0.16), melt=0.15),
        ]
    if hairdo.style == "bun":
        return [Ellipsoid((0, 0.4, -0.42), (0.17, 0.16, 0.16))]
    if hairdo.style == "ponytail":
        return [Ellipsoid((0, 0.2 - 0.45 * fall, -0.56), (0.09, 0.45 * fall, 0.1))]
    return []


def draw_hair_behind(easel: Easel, head: Placement, hairdo: Hairdo, moved: Floats) -> None:
    """Draw the solids of `hair_behind`."""
    solids = hair_behind(hairdo)
    found = easel.solids(solids, head, moved) if solids else None
    if found is None:
        return
    seen, points = found
    ragged = 0.05 + 0.8 * hairdo.curl
    texture = _texture(hairdo, points)
    ragged = ragged + 0.35 * np.clip(-0.2 - points[..., 1], 0, 0.6)
    seen.distance += ragged * (_tufts(hairdo, points) - 0.35)
    easel.lay(seen, 0.8 * decode(hairdo.colour) * texture[..., None], HAIR)


def draw_hair_on(easel: Easel, head: Placement, hairdo: Hairdo, moved: Floats) -> None:
    """Draw what covers the skull, with the face left free."""
    if hairdo.style == "bald":
        return
    grow = 0.012 + 0.55 * hairdo.volume
    wide, high, deep = SKULL.radii
    lift = 0.25 * hairdo.volume if hairdo.style == "swept" else 0.0
    cap = Ellipsoid((0, SKULL.centre[1] + lift, SKULL.centre[2]), (wide + grow, high + grow, deep + grow))
    found = easel.solids([cap], head, moved)
    if found is None:
        return
    seen, points = found
    seen.distance += (0.02 + 0.5 * hairdo.curl) * (_tufts(hairdo, points) - 0.4)
    cover = _scalp(hairdo, points)
    tint = decode(hairdo.colour) * _texture(hairdo, points)[..., None]
    easel.lay(seen, tint, HAIR, cover)


def _scalp(hairdo: Hairdo, points: Floats) -> Floats:
    """1 where hair grows, seen in the head's coordinates."""
    u, v, near = points[..., 0], points[..., 1], points[..., 2]
    hairline = 0.30 - 1.1 * np.maximum(np.abs(u) - 0.1, 0) ** 1.5
    if hairdo.fringe:
        hairline = hairline - 0.16 - 0.04 * np.sin(14 * u)
    jagged = 0.06 * (hairdo.noise(u * 25 + near * 31, v * 4) - 0.5)
    front = np.clip((v - hairline + jagged) / 0.035, 0, 1)
    low = -0.34 if not hairdo.shows_ears else -0.22
    ear = -0.1 if hairdo.shows_ears else 0.02
    temple = ear + (0.08 - ear) * np.clip((v + 0.04) / 0.16, 0, 1) + 1.5 * jagged
    nape = low + 0.35 * np.clip(near + 0.25, 0, 0.5)
    side = np.clip((temple - near) / 0.05, 0, 1) * np.clip((v - nape + 2 * jagged) / 0.09, 0, 1)
    if hairdo.style == "receding":
        side = side * np.clip((0.26 + 0.4 * np.minimum(near + 0.1, 0) - v) / 0.1, 0, 1)
        front = front * 0
    scalp: Floats = np.maximum(front, side)
    return scalp


def _texture(hairdo: Hairdo, points: Floats) -> Floats:
    """Brightness along and across strands, (h, w)."""
    u, v, near = points[..., 0], points[..., 1], points[..., 2]
    around = np.arctan2(u, near + 0.1 + 1e-6)
    fine = hairdo.noise(7 + around * 14, v * (2 if hairdo.curl < 0.04 else 9))
    texture: Floats = 0.5 + 0.75 * fine
    return texture


def _tufts(hairdo: Hairdo, points: Floats) -> Floats:
    u, v = points[..., 0], points[..., 1]
    stretch = 4.0 if hairdo.curl < 0.04 else 13.0
    return hairdo.noise(u * 14, v * stretch)


def draw_strands_of(
    easel: Easel, head: Placement, hairdo: Hairdo, sway: Floats, moved: Floats, behind: bool
) -> None:
    """Draw the strands on the far side of the head, or those on the near one.

    Args:
        easel: Takes them.
        head: Where the head is.
        hairdo: Whose strands.
        sway: (2,) how far strands one head long swing to the right and up.
        moved: (2,) how far the head moves while the shutter is open.
        behind: Which ones.
    """
    world = head.to_world(hairdo.strands) if len(hairdo.strands) else hairdo.strands
    if not len(world):
        return
    fallen = np.maximum(world[:, :1, 1] - world[..., 1], 0)
    world = world + fallen[..., None] ** 2 * floats([sway[0], sway[1], 0])
    chosen = (world[:, NODES // 2, 2] < head.origin[2] - 0.02) == behind
    world, tone = world[chosen], hairdo.tone[chosen]
    if not len(world):
        return
    box = easel.camera.box(*_bounds(world))
    widths = _widths(easel.camera.scale, world)
    light = _light(easel, world) * tone[:, None]
    shift = 0.25 * np.append(moved, 0).astype(np.float32)
    many = [world] if np.abs(moved).max() * easel.camera.scale < 1.5 else [world - shift, world + shift]
    points = np.concatenate(many)
    (shade,), coverage = draw_strands(
        easel.camera,
        box,
        points,
        np.tile(widths / len(many), (len(many), 1)),
        [np.tile(light, (len(many), 1))],
    )
    easel.layers.over(box, shade[..., None] * decode(hairdo.colour), coverage)


def _widths(scale: float, strands: Floats) -> Floats:
    """Strands thin out towards their ends; (N, K) in pixels."""
    taper = 1 - 0.75 * np.linspace(0, 1, NODES, dtype=np.float32) ** 2
    return np.broadcast_to(floats(np.clip(0.016 * scale, 0.12, 1.4)) * taper, strands.shape[:2])


def _light(easel: Easel, strands: Floats) -> Floats:
    """Light on threads, (N, K): it depends on the angle between thread and light."""
    lighting = easel.lighting
    key = unit(floats(lighting.key_direction))
    tangent = unit(np.gradient(strands, axis=1))
    outward = unit(strands - strands.mean((0, 1)))
    brightness = float(np.mean(lighting.key)), float(np.mean(lighting.above)), float(np.mean(lighting.rim))
    matt = np.sqrt(np.maximum(1 - (tangent @ key) ** 2, 0)) * (0.5 + 0.5 * (outward @ key))
    rim = np.maximum(outward @ unit(floats(lighting.rim_direction)), 0) ** 2
    light: Floats = brightness[0] * matt + brightness[1] + brightness[2] * rim
    return light


def _bounds(points: Floats) -> tuple[float, float, float, float]:
    low, high = points.min((0, 1)), points.max((0, 1))
    return float(low[0]) - 0.05, float(high[0]) + 0.05, float(low[1]) - 0.05, float(high[1]) + 0.05
