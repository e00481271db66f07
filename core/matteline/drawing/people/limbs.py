"""Arms with hands, legs with feet, and skirts, each with what covers it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.light import Colour, decode
from matteline.drawing.people.build import Build
from matteline.drawing.people.cloth import Cloth
from matteline.drawing.people.easel import CLOTH, LEATHER, SKIN, Easel
from matteline.drawing.people.limb import Seen, chain, chains
from matteline.drawing.people.outfit import Outfit
from matteline.drawing.people.skeleton import Skeleton
from matteline.drawing.people.stance import unit

_FINGERS_FROM = 22.0
"""Pixels to a head's height from which fingers are drawn one by one."""

_FLOWS_OVER = 0.4
"""Length, in heights of a head, over which a limb flows out of the trunk."""


def draw_arm(
    easel: Easel, arm: Floats, build: Build, outfit: Outfit, skin: Colour, moved: Floats | None
) -> None:
    """Draw an arm from shoulder to wrist.

    Args:
        easel: Takes it.
        arm: (3, 3) shoulder, elbow, wrist.
        build: Gives its thickness.
        outfit: Gives its sleeve.
        skin: Of what is bare.
        moved: (3, 2) of the joints while the shutter is open.
    """
    girth = build.girth**0.8
    cloth = outfit.jacket or outfit.top
    length = build.upper_arm + build.forearm
    bare = floats([0.15, 0.135, 0.085]) * floats(girth)
    _covered(easel, arm, bare, outfit.sleeve * length, outfit.loose, cloth, skin, moved)


def draw_leg(
    easel: Easel, leg: Floats, build: Build, outfit: Outfit, skin: Colour, moved: Floats | None
) -> None:
    """Draw a leg from hip to ankle, as `draw_arm`."""
    girth = build.girth**0.8
    bare = floats([0.335, 0.2, 0.1]) * floats(girth)
    bare[0] = min(bare[0], 0.56 * build.hips)
    length = outfit.trousers * (build.thigh + build.shin)
    _covered(easel, leg, bare, length, outfit.loose, outfit.bottom, skin, moved)


def draw_hand(
    easel: Easel, wrist: Floats, along: Floats, girth: float, skin: Colour, moved: Floats | None, side: int
) -> None:
    """Draw a hand; its fingers where they can be told apart.

    Args:
        easel: Takes it.
        wrist: (3,) where it begins.
        along: Unit vector towards the fingers' tips.
        girth: Thickness of the body.
        skin: Its colour.
        moved: (3, 2); the last row is the wrist's.
        side: -1 or 1, where the thumb is.
    """
    size = 0.9 + 0.1 * girth
    across = unit(np.cross(along, floats([0, 0, 1])) + floats([1e-3, 0, 0])) * floats(side)
    moves = None if moved is None else np.repeat(moved[-1:], 3, 0)
    fine = easel.camera.scale > _FINGERS_FROM
    palm = np.stack([wrist, wrist + 0.16 * size * along, wrist + 0.34 * size * along])
    parts: list[tuple[Floats, Floats]] = [(palm, floats([0.085, 0.125, 0.115]) * floats(size))]
    parts += [
        (_finger(wrist, along, across, finger, size, fine), floats([0.045, 0.04, 0.03]))
        for finger in (range(4) if fine else range(1, 3))
    ]
    parts += [(_thumb(wrist, along, across), floats([0.05, 0.045, 0.035]))]
    seen = chains(parts, easel.camera, moves)
    if seen is not None:
        creases = np.clip(0.75 - 6 * seen.distance, 0.75, 1)[..., None]
        easel.lay(seen, decode(skin) * creases, SKIN)


def _finger(wrist: Floats, along: Floats, across: Floats, index: int, size: float, spread: bool) -> Floats:
    """Joints of one of four fingers, (3, 3)."""
    aside = (index - 1.5) / 1.5
    root = wrist + size * (0.36 * along + 0.093 * aside * across)
    way = unit(along + (0.25 if spread else 0.1) * aside * across)
    tip = root + (0.3, 0.38, 0.36, 0.3)[index] * size * way + floats([0, 0, 0.05])
    return floats(np.stack([root, (root + tip) / 2, tip]))


def _thumb(wrist: Floats, along: Floats, across: Floats) -> Floats:
    root = wrist + 0.12 * along + 0.08 * across
    return floats(np.stack([root, root + 0.12 * (along + across), root + 0.24 * along + 0.15 * across]))


def draw_foot(easel: Easel, foot: Floats, shoes: Colour, moved: Floats | None) -> None:
    """Draw a shoe from heel to toe."""
    middle = 0.5 * (foot[0] + foot[1]) + floats([0, 0.05, 0])
    points = np.stack([foot[0], middle, foot[1]])
    moves = None if moved is None else np.repeat(moved[-1:], 3, 0)
    seen = chain(points, floats([0.15, 0.15, 0.11]), easel.camera, moves)
    if seen is not None:
        easel.lay(seen, decode(shoes), LEATHER)


def draw_skirt(easel: Easel, skeleton: Skeleton, build: Build, outfit: Outfit, moved: Floats | None) -> None:
    """Draw a skirt: a cone between waist and hem, cut off level."""
    knees = 0.5 * (skeleton.legs[0] + skeleton.legs[1])
    waist = skeleton.hips.to_world(floats([0, build.down(-2.3), -0.1]))
    length = outfit.skirt * (build.thigh + build.shin)
    lower = knees[1] if length > build.thigh else 0.5 * (knees[0] + knees[1])
    down = unit(0.35 * (lower - waist) + floats([0, -0.6, 0]))
    hem = waist + (0.6 + length) * down
    radii = floats([build.waist * 0.85, outfit.flare * build.hips])
    turned = floats([abs(skeleton.hips.turn[0, 0]), abs(skeleton.hips.turn[2, 0])])
    radii = radii * (0.75 + 0.25 * turned[0])
    seen = chain(np.stack([waist, hem]), radii, easel.camera, None if moved is None else moved[:2])
    if seen is None:
        return
    x, y = easel.camera.grid(seen.box)
    past = _past(x, y, hem, down) + 0.04 * np.sin(9 * seen.across + 3 * skeleton.hips.origin[0])
    before = -_past(x, y, waist, down)
    cut = np.maximum(np.maximum(seen.distance, past), before)
    u, v = seen.across * floats(radii[1]), -seen.along - 2.3
    pleats = outfit.bottom.fold(seen.normal, 3 * u, 0.4 * v)
    easel.lay(replace(seen, distance=cut, normal=pleats), outfit.bottom.albedo(u, v), CLOTH)


def _past(x: Floats, y: Floats, point: Floats, along: Floats) -> Floats:
    """How far pixels lie past a line across `along`."""
    past: Floats = (x[None, :] - point[0]) * along[0] + (y[:, None] - point[1]) * along[1]
    return past


def _covered(
    easel: Easel,
    joints: Floats,
    bare: Floats,
    covered: float,
    loose: float,
    cloth: Cloth,
    skin: Colour,
    moved: Floats | None,
) -> None:
    """A limb whose first part is clothed: what is bare first, the cloth over it."""
    whole = float(np.linalg.norm(np.diff(joints, axis=0), axis=1).sum())
    if covered < 0.95 * whole:
        seen = chain(joints, bare, easel.camera, moved)
        if seen is not None:
            past = np.clip((seen.along - covered + 0.1) / 0.05, 0, 1) if covered else _fused(easel, seen)
            easel.lay(seen, decode(skin), SKIN, past)
    if covered <= 0:
        return
    points, radii, moves = _first(
        joints, bare + floats([0.5, 1.0, 1.0]) * floats(loose + 0.02), moved, covered
    )
    seen = chain(points, radii, easel.camera, moves)
    if seen is not None:
        _lay_cloth(easel, seen, cloth, points)


def _lay_cloth(easel: Easel, seen: Seen, cloth: Cloth, points: Floats) -> None:
    """Cloth around a limb, cut off across its end."""
    x, y = easel.camera.grid(seen.box)
    along = points[-1] - points[-2]
    flat = float(np.hypot(along[0], along[1])) + 1e-6
    cut = np.maximum(seen.distance, _past(x, y, points[-1] + 0.03 * along / flat, along / floats(flat)))
    near_end = _past(x, y, points[-2], along / floats(flat)) > 0
    distance = np.where(near_end, cut, seen.distance)
    u, v = 0.25 * seen.across, -seen.along - 6
    folded = cloth.fold(seen.normal, 2 * u, 1.6 * v)
    material = replace(CLOTH, gloss=cloth.gloss)
    easel.lay(
        replace(seen, distance=distance, normal=folded), cloth.albedo(u, v), material, _fused(easel, seen)
    )


def _fused(easel: Easel, seen: Seen) -> Floats:
    """A limb flows out of the trunk where it begins."""
    return easel.fused(seen.box, seen.along / floats(_FLOWS_OVER) + 0.25 * seen.distance / floats(0.2))


def _first(
    joints: Floats, radii: Floats, moved: Floats | None, length: float
) -> tuple[Floats, Floats, Floats | None]:
    """The first `length` of a chain of three joints."""
    upper, lower = (float(np.linalg.norm(joints[i + 1] - joints[i])) for i in (0, 1))
    last = 1 if length <= upper else 2
    share = min(1.0, length / upper if last == 1 else (length - upper) / lower)

    def cut(values: Floats) -> Floats:
        end = values[last - 1] + floats(share) * (values[last] - values[last - 1])
        return np.concatenate([values[:last], end[None]])

    return cut(joints), cut(radii), None if moved is None else cut(moved)
