"""Hair: a dark cap on the skull, locks of strands over it, and single hairs that stand off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.camera import Box, Camera
from matteline.drawing.figure import Figure, Pose
from matteline.drawing.head import SKULL
from matteline.drawing.layers import Layers
from matteline.drawing.light import Lighting, decode, encode
from matteline.drawing.solids import Ellipsoid, Floats, Placement, surface
from matteline.drawing.strands import draw_strands

_NODES = 26
_STRANDS_PER_PIXEL = 2.4
"""Strands of one head's height in a layer, for each pixel of that height: they cover the head several times."""
_WIDTH_PX = 1.25
_BEHIND = -0.14
"""Roots farther back than this hang behind neck and shoulders."""
_TURN_DOWN = np.float32(1.65)
"""Angle from the top at which a strand leaves the head and hangs."""


@dataclass(frozen=True)
class Lock:
    """Strands that are drawn together.

    Attributes:
        points: (N, K, 3) in the world.
        rise: (N,) 0 for strands that lie deep, 1 for those on top.
        tone: (N,) brightness beside the average.
    """

    points: Floats
    rise: Floats
    tone: Floats


def draw_hair_behind(layers: Layers, figure: Figure, pose: Pose, lighting: Lighting, camera: Camera) -> None:
    """Draw what hangs behind neck and shoulders; comes before the body."""
    for level in (0, 1):
        _draw(layers, figure, lighting, camera, _lock(figure, pose, camera, level, behind=True), _WIDTH_PX)


def draw_hair(layers: Layers, figure: Figure, pose: Pose, lighting: Lighting, camera: Camera) -> None:
    """Draw what covers the head and hangs in front; comes after the head."""
    _draw_cap(layers, figure, pose, lighting, camera)
    for level in (0, 1, 2):
        _draw(layers, figure, lighting, camera, _lock(figure, pose, camera, level, behind=False), _WIDTH_PX)
    _draw(layers, figure, lighting, camera, _flyaway(figure, pose), 0.0028 * camera.scale)


def _draw_cap(layers: Layers, figure: Figure, pose: Pose, lighting: Lighting, camera: Camera) -> None:
    """The roots: without them the scalp would shine through."""
    x, y, _ = pose.head.origin
    box = camera.box(x - 0.6, x + 0.6, y - 0.5, y + 0.8)
    grow = 0.6 * figure.hair_volume
    radii = (SKULL.radii[0] + grow, SKULL.radii[1] + grow, SKULL.radii[2] + grow)
    seen = surface([Ellipsoid(SKULL.centre, radii)], pose.head, camera, box)
    u, v, near = np.moveaxis(seen.points(pose.head, camera, box), -1, 0)
    light = lighting.shade(0.35 * decode(figure.hair) * np.ones_like(seen.normal), seen.normal)
    layers.over(box, encode(light), camera.coverage(seen.distance) * _scalp(u, v, near))


def _scalp(u: Floats, v: Floats, near: Floats) -> Floats:
    """1 where hair grows, seen in the head's coordinates."""
    hairline = 0.315 - 1.1 * np.maximum(np.abs(u) - 0.08, 0) ** 1.5
    front = np.clip((v - hairline) / 0.03, 0, 1)
    temple = np.where(v > 0.06, 0.06, -0.12)
    side = np.clip((temple - near) / 0.03, 0, 1) * np.clip((v + 0.32) / 0.04, 0, 1)
    scalp: Floats = np.maximum(front, side)
    return scalp


def _lock(figure: Figure, pose: Pose, camera: Camera, level: int, *, behind: bool) -> Lock:
    rng = np.random.default_rng([figure.seed, 20 + level, int(behind)])
    count = round(_STRANDS_PER_PIXEL * camera.scale / figure.hair_length * (0.6 if behind else 1.0))
    depth = rng.uniform(-0.47, _BEHIND, count) if behind else rng.uniform(_BEHIND, 0.30, count)
    rise = (level + rng.random(count)) / 3
    return _grown(figure, pose, rng, depth, rise, spread=1.0)


def _flyaway(figure: Figure, pose: Pose) -> Lock:
    rng = np.random.default_rng([figure.seed, 40])
    count = 90
    return _grown(figure, pose, rng, rng.uniform(-0.4, 0.2, count), 1.0 + 0.35 * rng.random(count), spread=2.2)


def _grown(
    figure: Figure, pose: Pose, rng: np.random.Generator, depth: np.ndarray, rise: np.ndarray, spread: float
) -> Lock:
    """Let strands grow from a parting or from all over the head, around it and down."""
    count = len(depth)
    side = rng.choice([-1.0, 1.0], count)
    long_ = figure.hair_length > 0.5
    start = rng.beta(1, 2.2, count) * (1.0 if long_ else 1.45)
    length = figure.hair_length * rng.uniform(0.72, 1.0, count)
    s = np.linspace(0, 1, _NODES)
    stand = figure.hair_volume * (0.25 + 0.75 * rise)[:, None] * (0.55 + 0.45 * s)
    arc = start[:, None] + length[:, None] * s / 0.42
    angle = np.minimum(arc, _TURN_DOWN)
    fallen = 0.42 * (arc - angle)
    way = np.clip(angle / _TURN_DOWN, 0, 1)
    way = way * way * (3 - 2 * way)
    hang = np.where(depth < _BEHIND, depth, 0.35 * depth - 0.08)
    z = depth[:, None] + way * (hang - depth)[:, None]
    radius = np.sqrt(np.maximum(1 - ((z - SKULL.centre[2]) / (SKULL.radii[2] + stand)) ** 2, 0.02))
    across = (SKULL.radii[0] + stand) * radius * np.sin(angle)
    wave = figure.hair_waves * spread * np.sin(
        fallen * rng.uniform(7, 10, (count, 1)) + rng.uniform(0, 2, (count, 1)) + 3 * depth[:, None]
    ) * np.clip(fallen * 3, 0, 1)
    across = across - 0.12 * fallen * (1 - rise[:, None]) + wave + spread * 0.02 * rng.normal(size=(count, 1)) * s
    up = SKULL.centre[1] + (SKULL.radii[1] + stand) * radius * np.cos(angle) - fallen
    x = side[:, None] * across + pose.sway * fallen**2
    points = np.stack([x, up, z], -1).astype(np.float32)
    tone = rng.normal(1, 0.22, count).clip(0.4, 1.7)
    return Lock(pose.head.to_world(points), rise.astype(np.float32), tone.astype(np.float32))


def _draw(
    layers: Layers, figure: Figure, lighting: Lighting, camera: Camera, lock: Lock, width_px: float
) -> None:
    box = _box(camera, lock.points)
    taper = 1 - 0.85 * np.linspace(0, 1, _NODES, dtype=np.float32) ** 3
    widths = np.broadcast_to(np.float32(width_px) * taper, lock.points.shape[:2])
    (matt, gloss), coverage = draw_strands(camera, box, lock.points, widths, _light(lighting, lock))
    tint = decode(figure.hair)
    colour = encode(matt[..., None] * tint + gloss[..., None] * (0.4 + tint))
    layers.over(box, colour, coverage)


def _light(lighting: Lighting, lock: Lock) -> tuple[Floats, Floats]:
    """Matt light and gloss of threads: both depend on the angle between thread and light."""
    tangent = _unit(np.gradient(lock.points, axis=1))
    key = _unit(np.float32(lighting.key_direction))
    halfway = _unit(key + np.float32([0, 0, 1]))
    matt = np.sqrt(np.maximum(1 - (tangent @ key) ** 2, 0))
    gloss = np.sqrt(np.maximum(1 - (tangent @ halfway) ** 2, 0)) ** 60
    outward = _unit(lock.points - lock.points.mean((0, 1)))
    facing = 0.55 + 0.45 * (outward @ key)
    rim = np.maximum(outward @ _unit(np.float32(lighting.rim_direction)), 0) ** 2
    tone = (lock.tone * (0.35 + 0.65 * np.minimum(lock.rise, 1)))[:, None]
    return (0.25 + matt * facing + 0.6 * rim) * tone, (0.22 * gloss * facing + 0.1 * rim) * tone


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
    return unit


def _box(camera: Camera, points: Floats) -> Box:
    low, high = points.min((0, 1)), points.max((0, 1))
    edge = 2 * camera.pixel
    return camera.box(low[0] - edge, high[0] + edge, low[1] - edge, high[1] + edge)
