"""Neck, shoulders and what they wear."""

from __future__ import annotations

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.figure import Figure, Pose
from matteline.drawing.layers import Layers
from matteline.drawing.light import decode, encode
from matteline.drawing.noise import Noise
from matteline.drawing.solids import Ellipsoid, Surface, surface
from matteline.drawing.stage import Stage


def _solids(build: float) -> list[Ellipsoid]:
    b, sides = build, (-1, 1)
    return [
        Ellipsoid((0, -0.55, -0.13), (0.172 * b, 0.48, 0.19)),
        Ellipsoid((0, -1.70, -0.14), (0.70 * b, 0.92, 0.40), melt=0.1),
        *(
            Ellipsoid((s * 0.34 * b, -0.86, -0.17), (0.46 * b, 0.17, 0.21), tilt=s * 0.40, melt=0.1)
            for s in sides
        ),
        *(
            Ellipsoid((s * 0.74 * b, -1.15, -0.16), (0.21 * b, 0.25, 0.22), tilt=s * 0.3, melt=0.14)
            for s in sides
        ),
        *(
            Ellipsoid((s * 0.82 * b, -1.75, -0.15), (0.175 * b, 0.75, 0.2), tilt=-s * 0.06, melt=0.12)
            for s in sides
        ),
    ]


def draw_body(layers: Layers, stage: Stage) -> None:
    """Draw neck and clothed shoulders down to the lower edge of the picture."""
    figure, pose, camera = stage.figure, stage.pose, stage.camera
    box = camera.box(pose.x - 1.15, pose.x + 1.15, -9.0, pose.y)
    seen = surface(_solids(figure.build), pose.body, camera, box, smooth=0.05)
    x, y = camera.grid(box)
    u, v = _on_body(pose, x, y)
    neckline = _neckline(u, v, figure.build)
    cloth = camera.coverage(-neckline)
    _fold(seen, u, v, cloth, figure.seed)
    albedo = decode(figure.skin) + cloth[..., None] * (_cloth(figure, u, v, neckline) - decode(figure.skin))
    light = stage.lighting.shade(albedo, seen.normal, 0.25)
    light *= _under_chin(pose, x, y, neckline)
    layers.over(box, encode(light), camera.coverage(seen.distance))


def _on_body(pose: Pose, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Coordinates that move with the trunk."""
    origin, turn = pose.body.origin, pose.body.turn
    dx, dy = x[None, :] - origin[0], y[:, None] - origin[1]
    u: Floats = turn[0, 0] * dx + turn[1, 0] * dy - 0.12 * floats(np.sin(pose.turn))
    v: Floats = turn[0, 1] * dx + turn[1, 1] * dy
    return u, v


def _neckline(u: Floats, v: Floats, build: float) -> Floats:
    """Distance outside of the opening for the neck: positive on cloth."""
    wide, deep = 0.27 * build, 0.22
    above = np.maximum(v + 0.66, 0)
    radius = np.sqrt((u / wide) ** 2 + ((v + 0.66 - above) / deep) ** 2 + 1e-6)
    outside: Floats = (radius - 1) * np.float32(0.25)
    return outside


def _fold(seen: Surface, u: Floats, v: Floats, cloth: Floats, seed: int) -> None:
    """Tilt the normals as the folds of cloth do."""
    noise = Noise(seed + 11)
    seen.normal[..., 0] += cloth * (noise.layered(u * 2.5 + v, v * 1.2 + 5, 2) - 0.5)
    seen.normal[..., 1] += cloth * (noise.layered(u * 1.7 + 9, v * 2.2 - u, 2) - 0.5)
    seen.normal /= np.linalg.norm(seen.normal, axis=2, keepdims=True)


def _cloth(figure: Figure, u: Floats, v: Floats, neckline: Floats) -> Floats:
    albedo = np.broadcast_to(decode(figure.clothes), (*u.shape, 3)).copy()
    weave = Noise(figure.seed + 5)(u * 97, v * 97)
    albedo *= (0.93 + 0.14 * weave)[..., None]
    collar = np.clip((0.055 - neckline) / 0.008, 0, 1)[..., None]
    if figure.stripes:
        band = np.clip(2 * np.sin(v * 95) + 0.5, 0, 1)[..., None] * (1 - collar)
        albedo += figure.stripes * band * (np.float32(0.75) - albedo)
    albedo *= 1 - 0.3 * collar
    seam = np.exp(-(((neckline - 0.057) / 0.006) ** 2))[..., None]
    result: Floats = albedo * (1 - 0.5 * seam)
    return result


def _under_chin(pose: Pose, x: Floats, y: Floats, neckline: Floats) -> Floats:
    """The shadow of the head, and that of the collar on the skin; (h, w, 3), 0..1."""
    chin = pose.head.to_world(floats([0, -0.5, 0.1]))
    shade = 0.68 * np.exp(
        -(((x[None] - chin[0] - 0.05) / 0.36) ** 2) - ((y[:, None] - chin[1] + 0.06) / 0.24) ** 2
    )
    shade += 0.25 * np.exp(-((np.minimum(neckline, 0) / 0.03) ** 2)) * (neckline < 0)
    light: Floats = 1 - np.clip(shade, 0, 0.9)[..., None] * floats([0.92, 1, 1])
    return light
