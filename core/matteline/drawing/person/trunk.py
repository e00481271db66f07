"""Drawing neck and trunk with the clothes on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matteline.drawing.person.build import Build
from matteline.drawing.person.canvas import CLOTH, PersonCanvas
from matteline.drawing.person.cloth import Cloth
from matteline.drawing.person.outfit import Outfit
from matteline.drawing.person.skeleton import Skeleton
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.light import Colour, decode
from matteline.drawing.shapes.solids import Ellipsoid


def trunk_solids(build: Build, loose: float) -> list[Ellipsoid]:
    """Return neck, shoulders, chest, waist and hips, as thick as body and clothes.

    Args:
        build: Measures of the body.
        loose: Distance of the clothes from the body, in heights of a head.
    """
    # From the neck down, each melting into those above; deeper with girth and clothes.
    thick, down = build.girth, build.down
    tall = (build.hip_height - 0.55) / 2.4
    deep = 0.36 * thick + loose
    shoulder = (0.13 * thick**0.6 + loose / 2, 0.19 * tall, 0.15 * thick**0.6 + loose / 2)
    solids = [
        Ellipsoid((0, -0.55, -0.13), (0.165 * thick**0.5, 0.45, 0.18 * thick**0.5)),
        # Slopes from the neck down to the shoulders.
        *(
            Ellipsoid(
                (side * 0.45 * build.shoulders, down(-0.93), -0.17),
                (0.46 * build.shoulders + 0.1, 0.19 * tall, 0.2),
                tilt=side * 0.34,
                melt=0.14,
            )
            for side in (-1, 1)
        ),
        *(
            Ellipsoid(
                (side * 0.88 * build.shoulders, down(-1.13), -0.13), shoulder, tilt=side * 0.2, melt=0.2
            )
            for side in (-1, 1)
        ),
        Ellipsoid((0, down(-1.4), -0.12), (build.chest + loose, 0.62 * tall, deep), melt=0.14),
        Ellipsoid((0, down(-2.05), -0.1), (build.waist + 0.6 * loose, 0.62 * tall, 0.83 * deep), melt=0.2),
        Ellipsoid((0, down(-2.85), -0.1), (build.hips + 0.5 * loose, 0.5 * tall, deep), melt=0.2),
    ]
    if build.bust:
        size = 0.17 + 0.06 * build.bust * build.girth**0.5
        solids += [
            Ellipsoid((x, down(-1.52), 0.12 * build.girth), (size, size, 0.16 * build.bust), melt=0.17)
            for x in (-0.23, 0.23)
        ]
    if build.belly:
        around = 0.75 * build.waist + 0.1 * build.belly
        out = 0.16 + 0.3 * build.belly
        solids.append(Ellipsoid((0, down(-2.2), 0.12 * thick), (around, 0.5, out), melt=0.2))
    return solids


def draw_trunk(
    canvas: PersonCanvas, skeleton: Skeleton, build: Build, outfit: Outfit, skin: Colour, moved: Floats
) -> None:
    """Draw neck and trunk down to the crotch, in the shadow of the head.

    Args:
        canvas: Painted on.
        skeleton: Place of trunk and head.
        build: Measures of the body.
        outfit: Clothes.
        skin: Colour of what is bare.
        moved: (2,) how far the trunk moves while the shutter is open, in world units.
    """
    found = canvas.solids(trunk_solids(build, outfit.loose), skeleton.trunk, moved)
    if found is None:
        return
    seen, points = found
    u, v, near = points[..., 0], points[..., 1], points[..., 2]
    outside = _neckline(outfit, build, u, v, near)
    cloth = canvas.coverage(-outside)
    folded = outfit.top.fold(seen.normal, u, v)
    seen = replace(seen, normal=seen.normal + cloth[..., None] * (folded - seen.normal))
    # Darker along the opening for the neck; a collar adds a second line.
    seam = 0.45 * np.exp(-(((outside - 0.02) / 0.012) ** 2))
    if outfit.collar:
        seam = seam + 0.3 * np.exp(-(((outside - 0.11) / 0.015) ** 2))
    albedo = _clothes(canvas, outfit, build, u, v, near) * (1 - seam)[..., None]
    albedo = decode(skin) + cloth[..., None] * (albedo - decode(skin))
    chin = skeleton.trunk.to_part(skeleton.head.to_world(floats([0, -0.45, 0.0])))
    # Of the head on neck and chest.
    shadow = np.exp(-(((u - chin[0]) / 0.34) ** 2) - ((v - chin[1] + 0.08) / 0.22) ** 2)
    albedo *= (1 - 0.6 * shadow)[..., None]
    # The trunk blends into trousers or skirt, which are drawn before it.
    lowest = build.down(min(outfit.hem, -2.8))
    hips = canvas.blend(seen.box, (v - lowest + 0.35) / 0.3)
    canvas.paint(seen, albedo, replace(CLOTH, gloss=outfit.top.gloss), hips)


def _neckline(outfit: Outfit, build: Build, u: Floats, v: Floats, near: Floats) -> Floats:
    """Return the distance (h, w) from the opening for the neck: positive on cloth."""
    top = build.down(-0.68)
    front = np.clip(near / 0.15 + 0.6, 0, 1)
    deep = 0.06 + (outfit.neck_deep - 0.06) * front
    above = np.maximum(v - top, 0)
    # An ellipse around the neck, deeper in front than behind.
    radius = np.sqrt((u / outfit.neck_wide) ** 2 + ((v - top - above) / deep) ** 2 + 1e-6)
    outside: Floats = (radius - 1) * floats(0.2)
    return outside


def _clothes(
    canvas: PersonCanvas, outfit: Outfit, build: Build, u: Floats, v: Floats, near: Floats
) -> Floats:
    """Return the albedo (h, w, 3) of top, bottom, tie and jacket."""
    albedo = outfit.top.albedo(u, v)
    hem = build.down(outfit.hem) + 0.03 * np.sin(7 * u)
    if (v < hem).any():
        albedo = _mix(albedo, outfit.bottom.albedo(u, v), canvas.coverage(v - hem))
    if outfit.tie is not None:
        # Narrow at the knot, wider to the end.
        knot = np.abs(u) - np.clip(0.06 - 0.06 * (v - build.down(-0.9)), 0.04, 0.11)
        on_front = canvas.coverage(knot) * (near > 0) * (v < build.down(-0.75)) * (v > hem)
        albedo = _mix(albedo, decode(outfit.tie) * np.ones_like(albedo), on_front)
    if outfit.jacket is not None:
        # An open front, closest at the waist.
        open_ = 0.1 + 0.1 * np.clip(v - build.down(-2.1), -1, 1.5) ** 2
        lapel = np.exp(-(((np.abs(u) - open_ - 0.12) / 0.02) ** 2)) * (v > build.down(-1.9))
        jacket = outfit.jacket.albedo(u, v) * (1 - 0.4 * lapel * (near > 0))[..., None]
        over = np.maximum(canvas.coverage(open_ - np.abs(u)), near < 0)
        albedo = _mix(albedo, jacket, over * (v > build.down(-3.15)))
    return albedo


def _mix(one: Floats, other: Floats, share: Floats) -> Floats:
    mixed: Floats = one + share[..., None] * (other - one)
    return mixed


def draw_scarf(canvas: PersonCanvas, skeleton: Skeleton, scarf: Cloth, moved: Floats) -> None:
    """Draw a scarf around the neck, one end hanging in front; arguments as `draw_trunk`."""
    solids = [
        Ellipsoid((0, -0.66, -0.1), (0.36, 0.16, 0.33)),
        Ellipsoid((0.02, -0.74, 0.0), (0.34, 0.14, 0.3), tilt=0.15, melt=0.05),
        Ellipsoid((0.14, -1.15, 0.22), (0.11, 0.5, 0.1), tilt=-0.1, melt=0.06),
    ]
    found = canvas.solids(solids, skeleton.trunk, moved)
    if found is None:
        return
    seen, points = found
    u, v = points[..., 0], points[..., 1]
    canvas.paint(replace(seen, normal=scarf.fold(seen.normal, 3 * u, 3 * v)), scarf.albedo(u, v), CLOTH)
