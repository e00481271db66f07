"""Hair of every kind: solids that make it opaque, strands that make its edges soft."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.head import SKULL
from matteline.drawing.light import Colour, decode
from matteline.drawing.noise import Noise
from matteline.drawing.people.easel import HAIR, Easel
from matteline.drawing.people.stance import unit
from matteline.drawing.solids import Ellipsoid, Placement
from matteline.drawing.strands import draw_strands

_NODES = 9
_LEAVES_HEAD = 1.6
"""Angle from the crown, in radians, at which a strand leaves the head and hangs."""

STYLES = ("bald", "cropped", "short", "short", "swept", "bob", "long", "long", "wavy", "curly", "afro", "bun",
          "ponytail", "receding")  # fmt: skip

_LENGTHS = {
    "bob": (0.2, 0.45),
    "long": (0.6, 1.5),
    "wavy": (0.4, 1.2),
    "curly": (0.15, 0.5),
    "ponytail": (0.5, 1.2),
}
_VOLUMES = {
    "bald": (0.0, 0.0),
    "receding": (0.02, 0.02),
    "cropped": (0.015, 0.015),
    "swept": (0.08, 0.16),
    "curly": (0.1, 0.2),
    "afro": (0.18, 0.4),
}
_CURLS = {"wavy": 0.05, "curly": 0.08, "afro": 0.05}
"""Measures of styles in heights of the head, the least and the most; others have short, smooth hair."""


@dataclass(frozen=True)
class Hairdo:
    """How hair is worn.

    Attributes:
        style: One of `STYLES`.
        colour: On average, sRGB-encoded.
        volume: How far it stands off the skull.
        length: Of strands, in heights of the head.
        curl: Sideways swing of a strand.
        fringe: Whether it hangs over the forehead.
        strands: (N, K, 3) in the head's coordinates.
        tone: (N,) brightness of each strand beside the average.
        seed: For its texture.
    """

    style: str
    colour: Colour
    volume: float
    length: float
    curl: float
    fringe: bool
    strands: Floats
    tone: Floats
    seed: int

    @classmethod
    def random(cls, rng: np.random.Generator, feminine: bool, colour: Colour) -> Hairdo:
        """Any style; long ones more often on women."""
        style = str(rng.choice(STYLES))
        if feminine and style in ("bald", "receding", "cropped") and rng.random() < 0.85:
            style = "long"
        if not feminine and style in ("bun", "ponytail", "bob", "long", "wavy") and rng.random() < 0.6:
            style = "short"
        volume, length, curl = _measures(style, rng)
        fringe = bool(rng.random() < (0.5 if style in ("bob", "swept", "short") else 0.15))
        strands = _grown(style, volume, length, curl, fringe, rng)
        tone = rng.normal(1, 0.25, len(strands)).clip(0.4, 1.8).astype(np.float32)
        return cls(style, colour, volume, length, curl, fringe, strands, tone, int(rng.integers(1 << 20)))

    @cached_property
    def noise(self) -> Noise:
        """Of its texture and its edges."""
        return Noise(self.seed)

    @property
    def shows_ears(self) -> bool:
        """Whether ears are free."""
        return self.style in ("bald", "cropped", "short", "swept", "receding", "bun", "ponytail")


def _measures(style: str, rng: np.random.Generator) -> tuple[float, float, float]:
    """Volume, length and curl."""
    low, high = _LENGTHS.get(style, (0.12, 0.16))
    least, most = _VOLUMES.get(style, (0.04, 0.09))
    curl = _CURLS.get(style, float(rng.uniform(0.0, 0.02)))
    return float(rng.uniform(least, most)), float(rng.uniform(low, high)), curl


def _grown(
    style: str, volume: float, length: float, curl: float, fringe: bool, rng: np.random.Generator
) -> Floats:
    """Strands (N, K, 3) in the head's coordinates."""
    if style in ("bald", "cropped", "receding"):
        return np.zeros((0, _NODES, 3), np.float32)
    if style in ("afro", "curly", "short", "swept"):
        around = _standing(volume, 0.1 if style != "curly" else length * 0.5, curl, rng)
        return (
            around
            if style != "curly"
            else np.concatenate([around, _hanging(volume, length, curl, fringe, rng)])
        )
    hanging = _hanging(volume, length if style in ("bob", "long", "wavy") else 0.06, curl, fringe, rng)
    return hanging if style != "ponytail" else np.concatenate([hanging, _tail(length, rng)])


def _directions(rng: np.random.Generator, count: int, fringe: bool) -> tuple[Floats, Floats]:
    """Angles around the head, 0 in front, and down from the crown, without the face."""
    open_ = 0.0 if fringe else 1.0
    around = rng.uniform(open_, math.pi, count) * rng.choice([-1, 1], count)
    return around.astype(np.float32), rng.uniform(0.05, 1.0, count).astype(np.float32)


def _on_head(around: Floats, angle: Floats, stand: Floats) -> Floats:
    """Places `stand` above the skull."""
    wide, high, deep = (radius + stand for radius in SKULL.radii)
    x = wide * np.sin(angle) * np.sin(around)
    z = SKULL.centre[2] + deep * np.sin(angle) * np.cos(around)
    return np.stack([x, SKULL.centre[1] + high * np.cos(angle), z], -1)


def _hanging(volume: float, length: float, curl: float, fringe: bool, rng: np.random.Generator) -> Floats:
    """Strands that follow the head and then hang."""
    count = 130
    around, start = (each[:, None] for each in _directions(rng, count, fringe))
    along = np.linspace(0, 1, _NODES, dtype=np.float32)
    reach = np.maximum(_LEAVES_HEAD - start, 0) * 0.42 + length
    front = np.abs(around) < 0.9
    reach = np.where(front, (1.0 - start) * 0.42 + 0.1, reach) * rng.uniform(0.8, 1.1, (count, 1))
    turned = start + reach * along / 0.42
    angle = np.minimum(turned, _LEAVES_HEAD)
    fallen = 0.42 * (turned - angle)
    loose = rng.random((count, 1)) ** 3  # few strands stand off, as flyaways do
    stand = (volume * (0.35 + 0.7 * rng.random((count, 1))) + 0.1 * loose) * (0.5 + 0.5 * along)
    points = _on_head(around, angle, stand)
    points[..., 1] -= fallen
    phase = rng.uniform(0, 6.3, (count, 2, 1))
    frequency = rng.uniform(9, 13) if curl < 0.06 else rng.uniform(16, 26)
    for axis, index in ((0, 0), (2, 1)):
        wave = np.sin(frequency * fallen + phase[:, index]) * np.minimum(1, 4 * fallen)
        points[..., axis] += (curl + 0.01) * wave + 0.06 * rng.normal(size=(count, 1)) * fallen
    return points.astype(np.float32)


def _standing(volume: float, length: float, curl: float, rng: np.random.Generator) -> Floats:
    """Short strands that stand off all around."""
    count = 170
    around, start = (each[:, None] for each in _directions(rng, count, fringe=True))
    start = np.where(np.abs(around) < 1.2, 0.75 * start, 1.7 * start)
    along = np.linspace(0, 1, _NODES, dtype=np.float32)
    lean = rng.normal(0.5, 0.4, (count, 1)) * length
    points = _on_head(
        around, start + lean * along, volume * 0.7 + length * along * rng.uniform(0.2, 0.9, (count, 1))
    )
    spin = 25 * along + rng.uniform(0, 6.3, (count, 1))
    points[..., 0] += curl * 0.6 * np.sin(spin)
    points[..., 1] += curl * 0.6 * np.cos(spin)
    return points.astype(np.float32)


def _tail(length: float, rng: np.random.Generator) -> Floats:
    """Strands from the back of the head, tied together."""
    count = 60
    along = np.linspace(0, 1, _NODES, dtype=np.float32)
    spread = rng.normal(0, 0.07, (count, 2, 1)) * np.minimum(1, 0.4 + along)
    far = length * rng.uniform(0.75, 1.05, (count, 1))
    out = 0.12 * np.sin(2.2 * along)
    x, z = spread[:, 0], -0.5 - out + spread[:, 1]
    y = 0.25 + 0.1 * np.sin(3 * along) * (along < 0.5) - far * along
    return np.stack([x, y, z], -1).astype(np.float32)


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
    chosen = (world[:, _NODES // 2, 2] < head.origin[2] - 0.02) == behind
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
    taper = 1 - 0.75 * np.linspace(0, 1, _NODES, dtype=np.float32) ** 2
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
