"""Drawing hair: solids make it opaque, strands make its edges soft."""

from __future__ import annotations

import numpy as np

from matteline.drawing.person.canvas import HAIR, PersonCanvas
from matteline.drawing.person.hairstyle import NODES, Hairstyle
from matteline.drawing.person.head import SKULL
from matteline.drawing.person.stance import unit
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.light import Lighting, decode
from matteline.drawing.shapes.solids import Ellipsoid, Placement
from matteline.drawing.shapes.strands import draw_strands


def hair_behind(hairstyle: Hairstyle) -> list[Ellipsoid]:
    """Return the solids of hair that hangs or stands behind the head, in the head's coordinates."""
    volume, fall = hairstyle.volume, hairstyle.length
    if hairstyle.style == "afro":
        return [Ellipsoid((0, 0.17, -0.12), (0.36 + volume, 0.36 + volume, 0.4 + volume))]
    if hairstyle.style == "curly":
        return [Ellipsoid((0, 0.08 - fall / 3, -0.16), (0.37 + volume, 0.42 + fall / 2, 0.36 + volume))]
    if hairstyle.style in ("bob", "long", "wavy"):
        return [
            Ellipsoid((0, 0.0, -0.2), (0.34 + volume, 0.4, 0.3 + volume)),
            Ellipsoid((0, -0.1 - 0.5 * fall, -0.22), (0.34 + volume, 0.25 + 0.5 * fall, 0.16), melt=0.15),
        ]
    if hairstyle.style == "bun":
        return [Ellipsoid((0, 0.4, -0.42), (0.17, 0.16, 0.16))]
    if hairstyle.style == "ponytail":
        return [Ellipsoid((0, 0.2 - 0.45 * fall, -0.56), (0.09, 0.45 * fall, 0.1))]
    return []


def draw_hair_behind(canvas: PersonCanvas, head: Placement, hairstyle: Hairstyle, moved: Floats) -> None:
    """Draw the solids of `hair_behind`."""
    solids = hair_behind(hairstyle)
    found = canvas.solids(solids, head, moved) if solids else None
    if found is None:
        return
    seen, points = found
    # Curls make an outline ragged all around, long hair at its ends.
    ragged = 0.05 + 0.8 * hairstyle.curl
    texture = _texture(hairstyle, points)
    ragged = ragged + 0.35 * np.clip(-0.2 - points[..., 1], 0, 0.6)
    seen.distance += ragged * (_tufts(hairstyle, points) - 0.35)
    canvas.paint(seen, 0.8 * decode(hairstyle.colour) * texture[..., None], HAIR)


def draw_hair_on(canvas: PersonCanvas, head: Placement, hairstyle: Hairstyle, moved: Floats) -> None:
    """Draw the hair that covers the skull, with the face left free."""
    if hairstyle.style == "bald":
        return
    # Hair lies on the skull, the thicker the more volume it has.
    grow = 0.012 + 0.55 * hairstyle.volume
    wide, high, deep = SKULL.radii
    lift = 0.25 * hairstyle.volume if hairstyle.style == "swept" else 0.0
    cap = Ellipsoid((0, SKULL.centre[1] + lift, SKULL.centre[2]), (wide + grow, high + grow, deep + grow))
    found = canvas.solids([cap], head, moved)
    if found is None:
        return
    seen, points = found
    seen.distance += (0.02 + 0.5 * hairstyle.curl) * (_tufts(hairstyle, points) - 0.4)
    cover = _scalp(hairstyle, points)
    tint = decode(hairstyle.colour) * _texture(hairstyle, points)[..., None]
    canvas.paint(seen, tint, HAIR, cover)


def _scalp(hairstyle: Hairstyle, points: Floats) -> Floats:
    """Return 1 where hair grows and 0 elsewhere, (h, w), from points in the head's coordinates."""
    u, v, near = points[..., 0], points[..., 1], points[..., 2]
    # Higher at the temples than in the middle of the forehead.
    hairline = 0.30 - 1.1 * np.maximum(np.abs(u) - 0.1, 0) ** 1.5
    if hairstyle.fringe:
        hairline = hairline - 0.16 - 0.04 * np.sin(14 * u)
    jagged = 0.06 * (hairstyle.noise(u * 25 + near * 31, v * 4) - 0.5)
    front = np.clip((v - hairline + jagged) / 0.035, 0, 1)
    low = -0.34 if not hairstyle.shows_ears else -0.22
    ear = -0.1 if hairstyle.shows_ears else 0.02
    temple = ear + (0.08 - ear) * np.clip((v + 0.04) / 0.16, 0, 1) + 1.5 * jagged
    nape = low + 0.35 * np.clip(near + 0.25, 0, 0.5)
    side = np.clip((temple - near) / 0.05, 0, 1) * np.clip((v - nape + 2 * jagged) / 0.09, 0, 1)
    if hairstyle.style == "receding":
        side = side * np.clip((0.26 + 0.4 * np.minimum(near + 0.1, 0) - v) / 0.1, 0, 1)
        front = front * 0
    scalp: Floats = np.maximum(front, side)
    return scalp


def _texture(hairstyle: Hairstyle, points: Floats) -> Floats:
    """Return the brightness of strands, (h, w), finer across than along them."""
    u, v, near = points[..., 0], points[..., 1], points[..., 2]
    around = np.arctan2(u, near + 0.1 + 1e-6)
    # Curly hair shows its texture along strands, too.
    fine = hairstyle.noise(7 + around * 14, v * (2 if hairstyle.curl < 0.04 else 9))
    texture: Floats = 0.5 + 0.75 * fine
    return texture


def _tufts(hairstyle: Hairstyle, points: Floats) -> Floats:
    """Return noise (h, w), 0..1, that makes an outline ragged."""
    u, v = points[..., 0], points[..., 1]
    stretch = 4.0 if hairstyle.curl < 0.04 else 13.0
    return hairstyle.noise(u * 14, v * stretch)


def draw_hair_strands(
    canvas: PersonCanvas, head: Placement, hairstyle: Hairstyle, sway: Floats, moved: Floats, *, behind: bool
) -> None:
    """Draw the strands on the far side of the head, or those on the near one.

    Args:
        canvas: Painted on.
        head: Place of the head.
        hairstyle: Its strands.
        sway: (2,) how far strands one head long swing to the right and up, in heights of the head.
        moved: (2,) how far the head moves while the shutter is open, in world units.
        behind: Draw those behind the head instead of those before it.
    """
    world = head.to_world(hairstyle.strands) if len(hairstyle.strands) else hairstyle.strands
    if not len(world):
        return
    # The farther a strand has fallen from its root, the farther it swings.
    fallen = np.maximum(world[:, :1, 1] - world[..., 1], 0)
    world = world + fallen[..., None] ** 2 * floats([sway[0], sway[1], 0])
    chosen = (world[:, NODES // 2, 2] < head.origin[2] - 0.02) == behind
    world, tone = world[chosen], hairstyle.tone[chosen]
    if not len(world):
        return
    low, high = (floats(each((0, 1))) for each in (world.min, world.max))
    box = canvas.camera.box(low[0] - 0.05, high[0] + 0.05, low[1] - 0.05, high[1] + 0.05)
    # Strands thin out towards their ends, and are never so thin or thick that a pixel could not hold them.
    taper = 1 - 0.75 * np.linspace(0, 1, NODES, dtype=np.float32) ** 2
    widths = np.broadcast_to(floats(np.clip(0.016 * canvas.camera.scale, 0.12, 1.4)) * taper, world.shape[:2])
    light = _light_on_strands(canvas.lighting, world) * tone[:, None]
    # A moving head is drawn twice, at both ends of half its movement: strands are too fine to be smeared.
    shift = 0.25 * np.append(moved, 0).astype(np.float32)
    many = [world] if np.abs(moved).max() * canvas.camera.scale < 1.5 else [world - shift, world + shift]
    points = np.concatenate(many)
    (shade,), coverage = draw_strands(
        canvas.camera,
        box,
        points,
        np.tile(widths / len(many), (len(many), 1)),
        [np.tile(light, (len(many), 1))],
    )
    canvas.layers.over(box, shade[..., None] * decode(hairstyle.colour), coverage)


def _light_on_strands(lighting: Lighting, strands: Floats) -> Floats:
    """Return the light on strands, (N, K), by the angle between thread and light (Kajiya and Kay, 1989)."""
    key = unit(floats(lighting.key_direction))
    tangent = unit(np.gradient(strands, axis=1))
    # Away from the middle of the hair, as the surface of a head would face.
    outward = unit(strands - strands.mean((0, 1)))
    brightness = float(np.mean(lighting.key)), float(np.mean(lighting.above)), float(np.mean(lighting.rim))
    matt = np.sqrt(np.maximum(1 - (tangent @ key) ** 2, 0)) * (0.5 + 0.5 * (outward @ key))
    rim = np.maximum(outward @ unit(floats(lighting.rim_direction)), 0) ** 2
    light: Floats = brightness[0] * matt + brightness[1] + brightness[2] * rim
    return light
