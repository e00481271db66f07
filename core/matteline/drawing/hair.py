"""Hair: a dark cap on the skull, locks of strands over it, and single hairs that stand off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.camera import Box, Camera
from matteline.drawing.head import SKULL
from matteline.drawing.layers import Layers
from matteline.drawing.light import Lighting, decode, encode
from matteline.drawing.solids import Ellipsoid, surface
from matteline.drawing.stage import Stage
from matteline.drawing.strands import draw_strands

_NODES = 26
"""Points along a strand, between which it is straight."""
_STRANDS_PER_PIXEL = 2.4
"""Strands one head long in a layer, per pixel of the head's height: they cover the head several times."""
_WIDTH_PX = 1.25
_FLYAWAY_WIDTH = 0.0028
_FLYAWAYS = 90
_BEHIND = -0.14
"""Roots farther back than this hang behind neck and shoulders."""
_LONG = 0.5
"""Hair longer than this is parted; shorter hair grows from everywhere."""
_HEAD_RADIUS = 0.42
_LEAVES_HEAD = 1.65
"""Angle from the top, in radians, at which a strand leaves the head and hangs."""


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


def draw_hair_behind(layers: Layers, stage: Stage) -> None:
    """Draw what hangs behind neck and shoulders; comes before the body."""
    for level in (0, 1):
        _draw(layers, stage, _lock(stage, level, behind=True), _WIDTH_PX)


def draw_hair(layers: Layers, stage: Stage) -> None:
    """Draw what covers the head and hangs in front; comes after the head."""
    _draw_cap(layers, stage)
    for level in (0, 1, 2):
        _draw(layers, stage, _lock(stage, level, behind=False), _WIDTH_PX)
    _draw(layers, stage, _flyaway(stage), _FLYAWAY_WIDTH * stage.camera.scale)


def _draw_cap(layers: Layers, stage: Stage) -> None:
    """The roots: without them the scalp would shine through."""
    figure, head, camera = stage.figure, stage.pose.head, stage.camera
    x, y, _ = head.origin
    box = camera.box(x - 0.6, x + 0.6, y - 0.5, y + 0.8)
    grow = 0.25 * figure.hair_volume
    wide, high, deep = SKULL.radii
    cap = Ellipsoid(SKULL.centre, (wide + grow, high + grow, deep + grow))
    seen = surface([cap], head, camera, box)
    u, v, near = np.moveaxis(seen.points(head, camera, box), -1, 0)
    light = stage.lighting.shade(0.35 * decode(figure.hair) * np.ones_like(seen.normal), seen.normal)
    layers.over(box, encode(light), camera.coverage(seen.distance) * _scalp(u, v, near))


def _scalp(u: Floats, v: Floats, near: Floats) -> Floats:
    """1 where hair grows, seen in the head's coordinates."""
    hairline = 0.315 - 1.1 * np.maximum(np.abs(u) - 0.08, 0) ** 1.5
    front = np.clip((v - hairline) / 0.03, 0, 1)
    temple = np.where(v > 0.06, 0.06, -0.12)
    side = np.clip((temple - near) / 0.03, 0, 1) * np.clip((v + 0.2) / 0.1, 0, 1)
    scalp: Floats = np.maximum(front, side)
    return scalp


def _lock(stage: Stage, level: int, *, behind: bool) -> Lock:
    """One of three layers, 0 to 2 from the scalp outwards."""
    rng = np.random.default_rng([stage.figure.seed, 20 + level, int(behind)])
    share = 0.6 if behind else 1.0
    count = max(1, round(share * _STRANDS_PER_PIXEL * stage.camera.scale / stage.figure.hair_length))
    depth = _roots_behind(rng, count) if behind else rng.uniform(_BEHIND, 0.30, count)
    return _grown(stage, rng, depth, (level + rng.random(count)) / 3, unruly=1.0)


def _roots_behind(rng: np.random.Generator, count: int) -> Floats:
    """Depths of roots at the back of the head, such that their strands hang evenly from side to side."""
    sideways = rng.uniform(0.2, 1, count)
    depth = SKULL.centre[2] - SKULL.radii[2] * np.sqrt(1 - sideways**2)
    return np.minimum(depth, _BEHIND)


def _flyaway(stage: Stage) -> Lock:
    """Single hairs that stand off."""
    rng = np.random.default_rng([stage.figure.seed, 40])
    depth = rng.uniform(-0.4, 0.2, _FLYAWAYS)
    return _grown(stage, rng, depth, 1.0 + 0.35 * rng.random(_FLYAWAYS), unruly=2.2)


def _grown(stage: Stage, rng: np.random.Generator, depth: Floats, rise: Floats, unruly: float) -> Lock:
    """Let strands grow from a parting, or from all over the head, around it and down.

    Args:
        stage: Whose hair, and how the head is turned.
        rng: Of this lock.
        depth: (N,) how far in front of the head's middle each root lies.
        rise: (N,) 0 for strands close to the head, 1 for those on top.
        unruly: 1 for combed hair, more for hair that is not.
    """
    figure, pose, count = stage.figure, stage.pose, (len(depth), 1)
    side = rng.choice([-1.0, 1.0], count)
    start = rng.beta(1, 2.2, count) * (1.0 if figure.hair_length > _LONG else 1.45)
    along = np.linspace(0, 1, _NODES)
    turned = start + figure.hair_length * rng.uniform(0.8, 1.0, count) * along / _HEAD_RADIUS
    angle = np.minimum(turned, _LEAVES_HEAD)
    fallen = _HEAD_RADIUS * (turned - angle)
    stand = (
        figure.hair_volume * (0.25 + 0.75 * rise[:, None]) * (0.55 + 0.45 * along) * np.minimum(1, 8 * along)
    )
    across, up, near = _around_head(angle, stand, depth)
    wave = np.sin(fallen * rng.uniform(7, 10, count) + rng.uniform(0, 2, count) + 3 * depth[:, None])
    across += unruly * figure.hair_waves * wave * np.minimum(1, 3 * fallen)
    across += unruly * 0.02 * rng.normal(size=count) * along - 0.12 * fallen * (1 - rise[:, None])
    points = np.stack([side * across + pose.sway * fallen**2, up - fallen, near], -1).astype(np.float32)
    tone = rng.normal(1, 0.22, len(depth)).clip(0.4, 1.7)
    return Lock(pose.head.to_world(points), rise.astype(np.float32), tone.astype(np.float32))


def _around_head(angle: Floats, stand: Floats, depth: Floats) -> tuple[Floats, Floats, Floats]:
    """Sideways, upward and forward coordinates at an angle from the top, `stand` above the skull.

    Strands from the front lie back over the temples, so that they frame the face instead of crossing it.
    """
    way = np.clip(angle / _LEAVES_HEAD, 0, 1)
    hang = np.where(depth < _BEHIND, depth, 0.35 * depth - 0.08)
    near = depth[:, None] + way * way * (3 - 2 * way) * (hang - depth)[:, None]
    wide, high, deep = (radius + stand for radius in SKULL.radii)
    section = np.sqrt(np.maximum(1 - ((near - SKULL.centre[2]) / deep) ** 2, 0.02))
    return wide * section * np.sin(angle), SKULL.centre[1] + high * section * np.cos(angle), near


def _draw(layers: Layers, stage: Stage, lock: Lock, width_px: float) -> None:
    camera, tint = stage.camera, decode(stage.figure.hair)
    box = _box(camera, lock.points)
    taper = 1 - 0.8 * np.linspace(0, 1, _NODES, dtype=np.float32) ** 3
    widths = np.broadcast_to(np.float32(width_px) * taper, lock.points.shape[:2])
    (matt, gloss), coverage = draw_strands(camera, box, lock.points, widths, _light(stage.lighting, lock))
    colour = encode(matt[..., None] * tint + gloss[..., None] * (0.4 + tint))
    layers.over(box, colour, coverage)


def _light(lighting: Lighting, lock: Lock) -> tuple[Floats, Floats]:
    """Matt light and gloss of threads: both depend on the angle between thread and light."""
    tangent = _unit(np.gradient(lock.points, axis=1))
    key = _unit(floats(lighting.key_direction))
    halfway = _unit(key + floats([0, 0, 1]))
    matt = np.sqrt(np.maximum(1 - (tangent @ key) ** 2, 0))
    gloss = np.sqrt(np.maximum(1 - (tangent @ halfway) ** 2, 0)) ** 60
    outward = _unit(lock.points - lock.points.mean((0, 1)))
    facing = 0.55 + 0.45 * (outward @ key)
    rim = np.maximum(outward @ _unit(floats(lighting.rim_direction)), 0) ** 2
    tone = (lock.tone * (0.35 + 0.65 * np.minimum(lock.rise, 1)))[:, None]
    return (0.25 + matt * facing + 0.6 * rim) * tone, (0.22 * gloss * facing + 0.1 * rim) * tone


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
    return unit


def _box(camera: Camera, points: Floats) -> Box:
    low, high = points.min((0, 1)), points.max((0, 1))
    edge = 2 * camera.pixel
    return camera.box(low[0] - edge, high[0] + edge, low[1] - edge, high[1] + edge)
