"""Neck and trunk, with the garments on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.light import Colour, decode
from matteline.drawing.people.build import Build
from matteline.drawing.people.cloth import Cloth
from matteline.drawing.people.easel import CLOTH, Easel
from matteline.drawing.people.outfit import Outfit
from matteline.drawing.people.skeleton import Skeleton
from matteline.drawing.solids import Ellipsoid


def trunk_solids(build: Build, loose: float) -> list[Ellipsoid]:
    """Neck, shoulders, chest, waist and hips, and the clothes' thickness around them."""
    g, o, down, sides = build.girth, loose, build.down, (-1, 1)
    tall = (build.hip_height - 0.55) / 2.4
    waist, hips = build.waist + 0.6 * o, build.hips + 0.5 * o
    solids = [
        Ellipsoid((0, -0.55, -0.13), (0.165 * g**0.5, 0.45, 0.18 * g**0.5)),
        *(Ellipsoid((s * 0.45 * build.shoulders, down(-0.93), -0.17), (0.46 * build.shoulders + 0.1, 0.19 * tall, 0.2), tilt=s * 0.34, melt=0.14) for s in sides),
        *(Ellipsoid((s * 0.95 * build.shoulders, down(-1.16), -0.13), (0.185 * g**0.6 + o, 0.25 * tall, 0.19 * g**0.6 + o), tilt=-s * 0.1, melt=0.16) for s in sides),
        Ellipsoid((0, down(-1.4), -0.12), (build.chest + o, 0.62 * tall, 0.36 * g + o), melt=0.14),
        Ellipsoid((0, down(-2.05), -0.1), (waist, 0.62 * tall, 0.3 * g + o), melt=0.2),
        Ellipsoid((0, down(-2.85), -0.1), (hips, 0.5 * tall, 0.36 * g + o), melt=0.2),
    ]  # fmt: skip
    if build.bust:
        size = 0.17 + 0.06 * build.bust * g**0.5
        solids += [
            Ellipsoid((s * 0.23, down(-1.52), 0.12 * g), (size, size, 0.16 * build.bust), melt=0.17)
            for s in sides
        ]
    if build.belly:
        around = 0.75 * build.waist + 0.1 * build.belly
        solids.append(
            Ellipsoid((0, down(-2.2), 0.12 * g), (around, 0.5, 0.16 + 0.3 * build.belly), melt=0.2)
        )
    return solids


def draw_trunk(
    easel: Easel, skeleton: Skeleton, build: Build, outfit: Outfit, skin: Colour, moved: Floats
) -> None:
    """Draw the trunk down to the crotch; the part that has just been drawn casts the head's shadow."""
    found = easel.solids(trunk_solids(build, outfit.loose), skeleton.trunk, moved)
    if found is None:
        return
    seen, points = found
    u, v, near = points[..., 0], points[..., 1], points[..., 2]
    outside = _neckline(outfit, build, u, v, near)
    cloth = easel.coverage(-outside)
    folded = outfit.top.fold(seen.normal, u, v)
    seen = replace(seen, normal=seen.normal + cloth[..., None] * (folded - seen.normal))
    albedo = _worn(easel, outfit, build, u, v, near)
    albedo *= _seams(outside, outfit)[..., None]
    albedo = decode(skin) + cloth[..., None] * (albedo - decode(skin))
    albedo *= _under_chin(skeleton, points)[..., None]
    hips = easel.fused(seen.box, (v - build.down(-3.25)) / 0.45)
    easel.lay(seen, albedo, replace(CLOTH, gloss=outfit.top.gloss), hips)


def _neckline(outfit: Outfit, build: Build, u: Floats, v: Floats, near: Floats) -> Floats:
    """Distance outside of the opening for the neck: positive on cloth."""
    top = build.down(-0.68)
    front = np.clip(near / 0.15 + 0.6, 0, 1)
    deep = 0.06 + (outfit.neck_deep - 0.06) * front
    above = np.maximum(v - top, 0)
    radius = np.sqrt((u / outfit.neck_wide) ** 2 + ((v - top - above) / deep) ** 2 + 1e-6)
    outside: Floats = (radius - 1) * floats(0.2)
    return outside


def _worn(easel: Easel, outfit: Outfit, build: Build, u: Floats, v: Floats, near: Floats) -> Floats:
    """Albedo of top, bottom, tie and jacket."""
    albedo = outfit.top.albedo(u, v)
    hem = build.down(outfit.hem) + 0.03 * np.sin(7 * u)
    if (v < hem).any():
        albedo = _mix(albedo, outfit.bottom.albedo(u, v), easel.coverage(v - hem))
    if outfit.tie is not None:
        knot = np.abs(u) - np.clip(0.06 - 0.06 * (v - build.down(-0.9)), 0.04, 0.11)
        on_front = easel.coverage(knot) * (near > 0) * (v < build.down(-0.75)) * (v > hem)
        albedo = _mix(albedo, decode(outfit.tie) * np.ones_like(albedo), on_front)
    if outfit.jacket is not None:
        open_ = 0.1 + 0.1 * np.clip(v - build.down(-2.1), -1, 1.5) ** 2
        lapel = np.exp(-(((np.abs(u) - open_ - 0.12) / 0.02) ** 2)) * (v > build.down(-1.9))
        jacket = outfit.jacket.albedo(u, v) * (1 - 0.4 * lapel * (near > 0))[..., None]
        over = np.maximum(easel.coverage(open_ - np.abs(u)), near < 0)
        albedo = _mix(albedo, jacket, over * (v > build.down(-3.15)))
    return albedo


def _seams(outside: Floats, outfit: Outfit) -> Floats:
    """Darker along the opening, and a collar."""
    seam = 0.45 * np.exp(-(((outside - 0.02) / 0.012) ** 2))
    if outfit.collar:
        seam = seam + 0.3 * np.exp(-(((outside - 0.11) / 0.015) ** 2))
    result: Floats = 1 - seam
    return result


def _under_chin(skeleton: Skeleton, points: Floats) -> Floats:
    """The shadow of the head; (h, w), 0..1."""
    chin = skeleton.trunk.to_part(skeleton.head.to_world(floats([0, -0.45, 0.0])))
    shade = 0.6 * np.exp(
        -(((points[..., 0] - chin[0]) / 0.34) ** 2) - ((points[..., 1] - chin[1] + 0.08) / 0.22) ** 2
    )
    light: Floats = 1 - shade
    return light


def _mix(one: Floats, other: Floats, share: Floats) -> Floats:
    mixed: Floats = one + share[..., None] * (other - one)
    return mixed


def draw_scarf(easel: Easel, skeleton: Skeleton, scarf: Cloth, moved: Floats) -> None:
    """Draw a scarf around the neck, one end hanging in front."""
    solids = [
        Ellipsoid((0, -0.66, -0.1), (0.36, 0.16, 0.33)),
        Ellipsoid((0.02, -0.74, 0.0), (0.34, 0.14, 0.3), tilt=0.15, melt=0.05),
        Ellipsoid((0.14, -1.15, 0.22), (0.11, 0.5, 0.1), tilt=-0.1, melt=0.06),
    ]
    found = easel.solids(solids, skeleton.trunk, moved)
    if found is None:
        return
    seen, points = found
    u, v = points[..., 0], points[..., 1]
    easel.lay(replace(seen, normal=scarf.fold(seen.normal, 3 * u, 3 * v)), scarf.albedo(u, v), CLOTH)
