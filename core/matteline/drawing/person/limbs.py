"""Drawing arms with hands, legs with feet, and skirts, with the clothes over them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matteline.drawing.person.build import Build
from matteline.drawing.person.canvas import CLOTH, LEATHER, SKIN, PersonCanvas
from matteline.drawing.person.cloth import Cloth
from matteline.drawing.person.outfit import Outfit
from matteline.drawing.person.skeleton import Skeleton
from matteline.drawing.person.stance import unit
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.chain import Projected, chain, chains
from matteline.drawing.shapes.light import Colour, decode

# Pixels to a head's height from which fingers are drawn one by one.
_FINGERS_FROM = 22.0

# Length, in heights of a head, over which a limb blends into the trunk.
_BLENDS_OVER = 0.4


def draw_arm(
    canvas: PersonCanvas, arm: Floats, build: Build, outfit: Outfit, skin: Colour, moved: Floats | None
) -> None:
    """Draw an arm from shoulder to wrist.

    Args:
        canvas: Painted on.
        arm: (3, 3) shoulder, elbow, wrist.
        build: Thickness of the arm.
        outfit: Sleeve.
        skin: Colour of what is bare.
        moved: (3, 2) how far the joints move while the shutter is open; None for not at all.
    """
    girth = build.girth**0.8
    cloth = outfit.jacket or outfit.top
    length = build.upper_arm + build.forearm
    # Radii at shoulder, elbow and wrist.
    bare = floats([0.15, 0.135, 0.085]) * floats(girth)
    _covered(canvas, arm, bare, outfit.sleeve * length, outfit.loose, cloth, skin, moved)


def draw_leg(
    canvas: PersonCanvas, leg: Floats, build: Build, outfit: Outfit, skin: Colour, moved: Floats | None
) -> None:
    """Draw a leg from hip to ankle; arguments as `draw_arm`."""
    girth = build.girth**0.8
    # Radii at hip, knee and ankle.
    bare = floats([0.335, 0.2, 0.1]) * floats(girth)
    # Thighs wider than half of the hips would stand out of them.
    bare[0] = min(bare[0], 0.56 * build.hips)
    length = outfit.trousers * (build.thigh + build.shin)
    _covered(canvas, leg, bare, length, outfit.loose, outfit.bottom, skin, moved)


def draw_hand(
    canvas: PersonCanvas,
    wrist: Floats,
    along: Floats,
    girth: float,
    skin: Colour,
    moved: Floats | None,
    side: int,
) -> None:
    """Draw a hand; its fingers where they can be told apart.

    Args:
        canvas: Painted on.
        wrist: (3,) point where the hand begins.
        along: Unit vector towards the tips of the fingers.
        girth: Thickness of the body over the average.
        skin: Colour of the hand.
        moved: (3, 2) as of `draw_arm`; the last row is the wrist's.
        side: -1 or 1, the side of the thumb.
    """
    size = 0.9 + 0.1 * girth
    # The back of the hand faces the viewer; the small offset keeps a hand that points at them defined.
    across = unit(np.cross(along, floats([0, 0, 1])) + floats([1e-3, 0, 0])) * floats(side)
    moves = None if moved is None else np.repeat(moved[-1:], 3, 0)
    fine = canvas.camera.scale > _FINGERS_FROM
    palm = np.stack([wrist, wrist + 0.16 * size * along, wrist + 0.34 * size * along])
    parts: list[tuple[Floats, Floats]] = [(palm, floats([0.085, 0.125, 0.115]) * floats(size))]
    # From far away two fingers look like four.
    for finger in range(4) if fine else range(1, 3):
        # From -1 at the first finger to 1 at the last; the middle ones are the longest.
        aside = (finger - 1.5) / 1.5
        base = wrist + size * (0.36 * along + 0.093 * aside * across)
        way = unit(along + (0.25 if fine else 0.1) * aside * across)
        tip = base + (0.3, 0.38, 0.36, 0.3)[finger] * size * way + floats([0, 0, 0.05])
        parts.append((floats(np.stack([base, (base + tip) / 2, tip])), floats([0.045, 0.04, 0.03])))
    root = wrist + 0.12 * along + 0.08 * across
    thumb = np.stack([root, root + 0.12 * (along + across), root + 0.24 * along + 0.15 * across])
    parts += [(floats(thumb), floats([0.05, 0.045, 0.035]))]
    seen = chains(parts, canvas.camera, moves)
    if seen is not None:
        # Darker between the fingers, where their outlines touch.
        creases = np.clip(0.75 - 6 * seen.distance, 0.75, 1)[..., None]
        canvas.paint(seen, decode(skin) * creases, SKIN)


def draw_foot(canvas: PersonCanvas, foot: Floats, shoes: Colour, moved: Floats | None) -> None:
    """Draw a shoe from heel to toe."""
    middle = 0.5 * (foot[0] + foot[1]) + floats([0, 0.05, 0])
    points = np.stack([foot[0], middle, foot[1]])
    moves = None if moved is None else np.repeat(moved[-1:], 3, 0)
    seen = chain(points, floats([0.15, 0.15, 0.11]), canvas.camera, moves)
    if seen is not None:
        canvas.paint(seen, decode(shoes), LEATHER)


def draw_skirt(
    canvas: PersonCanvas, skeleton: Skeleton, build: Build, outfit: Outfit, moved: Floats | None
) -> None:
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
    seen = chain(np.stack([waist, hem]), radii, canvas.camera, None if moved is None else moved[:2])
    if seen is None:
        return
    x, y = canvas.camera.grid(seen.box)
    # The hem swings, and the waist cuts it off above.
    past = _past(x, y, hem, down) + 0.04 * np.sin(9 * seen.across + 3 * skeleton.hips.origin[0])
    before = -_past(x, y, waist, down)
    # Intersections of distances are maxima.
    cut = np.maximum(np.maximum(seen.distance, past), before)
    u, v = seen.across * floats(radii[1]), -seen.along - 2.3
    pleats = outfit.bottom.fold(seen.normal, 3 * u, 0.4 * v)
    canvas.paint(replace(seen, distance=cut, normal=pleats), outfit.bottom.albedo(u, v), CLOTH)


def _past(x: Floats, y: Floats, point: Floats, along: Floats) -> Floats:
    """Return how far pixels (h, w) lie past a line through `point` across the unit vector `along`."""
    past: Floats = (x[None, :] - point[0]) * along[0] + (y[:, None] - point[1]) * along[1]
    return past


def _covered(
    canvas: PersonCanvas,
    joints: Floats,
    bare: Floats,
    covered: float,
    loose: float,
    cloth: Cloth,
    skin: Colour,
    moved: Floats | None,
) -> None:
    """Draw a limb whose first `covered` units are clothed: skin first, cloth over it."""
    whole = float(np.linalg.norm(np.diff(joints, axis=0), axis=1).sum())
    # Skin under long sleeves would never be seen.
    if covered < 0.95 * whole:
        seen = chain(joints, bare, canvas.camera, moved)
        if seen is not None:
            past = np.clip((seen.along - covered + 0.1) / 0.05, 0, 1) if covered else _blended(canvas, seen)
            canvas.paint(seen, decode(skin), SKIN, past)
    if covered <= 0:
        return
    points, radii, moves = _first(
        joints, bare + floats([0.5, 1.0, 1.0]) * floats(loose + 0.02), moved, covered
    )
    seen = chain(points, radii, canvas.camera, moves)
    if seen is not None:
        _paint_cloth(canvas, seen, cloth, points)


def _paint_cloth(canvas: PersonCanvas, seen: Projected, cloth: Cloth, points: Floats) -> None:
    """Paint cloth around a limb, cut off across its end."""
    x, y = canvas.camera.grid(seen.box)
    along = points[-1] - points[-2]
    # A sleeve that points at the viewer has hardly any length in the picture.
    flat = float(np.hypot(along[0], along[1])) + 1e-6
    cut = np.maximum(seen.distance, _past(x, y, points[-1] + 0.03 * along / flat, along / floats(flat)))
    near_end = _past(x, y, points[-2], along / floats(flat)) > 0
    distance = np.where(near_end, cut, seen.distance)
    # The pattern runs along the sleeve.
    u, v = 0.25 * seen.across, -seen.along - 6
    folded = cloth.fold(seen.normal, 2 * u, 1.6 * v)
    material = replace(CLOTH, gloss=cloth.gloss)
    canvas.paint(
        replace(seen, distance=distance, normal=folded), cloth.albedo(u, v), material, _blended(canvas, seen)
    )


def _blended(canvas: PersonCanvas, seen: Projected) -> Floats:
    """Return the cover by which a limb blends into the trunk where it begins."""
    return canvas.blend(seen.box, seen.along / floats(_BLENDS_OVER) + 0.25 * seen.distance / floats(0.2))


def _first(
    joints: Floats, radii: Floats, moved: Floats | None, length: float
) -> tuple[Floats, Floats, Floats | None]:
    """Return joints, radii and movement of the first `length` of a chain of three joints."""
    upper, lower = (float(np.linalg.norm(joints[i + 1] - joints[i])) for i in (0, 1))
    last = 1 if length <= upper else 2
    share = min(1.0, length / upper if last == 1 else (length - upper) / lower)

    def cut(values: Floats) -> Floats:
        end = values[last - 1] + floats(share) * (values[last] - values[last - 1])
        return np.concatenate([values[:last], end[None]])

    return cut(joints), cut(radii), None if moved is None else cut(moved)
