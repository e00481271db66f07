"""Heads: face, ears, beard and glasses, from every side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.arrays import Floats
from matteline.drawing.face import paint_face
from matteline.drawing.figure import Figure, Pose
from matteline.drawing.head import head_solids
from matteline.drawing.light import Colour, decode
from matteline.drawing.noise import Noise
from matteline.drawing.people.easel import HAIR, SKIN, Easel
from matteline.drawing.solids import Ellipsoid, Placement

_EYE_X, _EYE_Y = 0.132, 0.0
_FINE_FROM = 150.0
"""Pixels to a head's height from which creases of the face are worth evening out."""
_ROUGH_BELOW, _ROUGH = 36.0, 8
"""Pixels to a head's height below which that many of a head's solids do: without lips and nostrils."""
_TURNED_AWAY = -0.4
"""Cosine of the angle to the viewer below which nothing of a face is seen."""


@dataclass(frozen=True)
class Visage:
    """What is on a face beside the face.

    Attributes:
        beard: 0 for none, up to 0.4 for stubble, to 1 for a full one.
        glasses: Colour of the frame; None for none.
        dark_glasses: Whether they are sunglasses.
        round_glasses: Whether they are round.
    """

    beard: float = 0.0
    glasses: Colour | None = None
    dark_glasses: bool = False
    round_glasses: bool = True

    @classmethod
    def random(cls, rng: np.random.Generator, feminine: bool) -> Visage:
        """Some of each."""
        return cls(
            beard=0.0 if feminine or rng.random() < 0.45 else float(rng.uniform(0.15, 1)),
            glasses=_frame(rng) if rng.random() < 0.25 else None,
            dark_glasses=bool(rng.random() < 0.3),
            round_glasses=bool(rng.random() < 0.5),
        )


def _frame(rng: np.random.Generator) -> Colour:
    frames: tuple[Colour, ...] = ((0.05, 0.05, 0.06), (0.3, 0.18, 0.1), (0.6, 0.55, 0.4), (0.7, 0.1, 0.1))
    return frames[int(rng.integers(len(frames)))]


def draw_visage(
    easel: Easel, head: Placement, figure: Figure, visage: Visage, pose: Pose, moved: Floats, ears: bool
) -> None:
    """Draw head and face without hair; ears where hair leaves them free."""
    sides = (-1, 1) if head.turn[2, 0] < 0 else (1, -1)
    if ears:
        _draw_ear(easel, head, figure, sides[0], moved)
    _draw_face(easel, head, figure, visage, pose, moved)
    if ears and abs(head.turn[2, 0]) > 0.25:
        _draw_ear(easel, head, figure, sides[1], moved)
    if visage.beard > 0.55:
        _draw_beard(easel, head, figure, visage.beard, moved)


def _draw_face(
    easel: Easel, head: Placement, figure: Figure, visage: Visage, pose: Pose, moved: Floats
) -> None:
    smooth = 0.012 if easel.camera.scale > _FINE_FROM else 0.0
    away = bool(head.turn[2, 2] < _TURNED_AWAY)
    solids = head_solids(figure.face_width, pose.mouth)
    if away or easel.camera.scale < _ROUGH_BELOW:
        solids = solids[:_ROUGH]
    found = easel.solids(solids, head, moved, smooth)
    if found is None:
        return
    seen, points = found
    if away:
        easel.lay(seen, decode(figure.skin), SKIN)
        return
    albedo, shadow = paint_face(figure, pose, points)
    front = np.clip(points[..., 2] / 0.1, 0, 1)
    if visage.beard:
        _paint_beard(albedo, figure, visage.beard, points, front)
    if visage.glasses is not None:
        _paint_glasses(albedo, visage, visage.glasses, figure, points, front)
    easel.lay(seen, albedo * shadow[..., None], SKIN)


def _paint_beard(albedo: Floats, figure: Figure, beard: float, points: Floats, front: Floats) -> None:
    u, v, near = points[..., 0] / figure.face_width, points[..., 1], points[..., 2]
    lower = np.clip((-0.17 - 0.35 * np.maximum(0.14 - np.abs(u), 0) - v) / 0.05, 0, 1)
    lip = np.exp(-((u / 0.11) ** 4) - ((v + 0.205) / 0.022) ** 2)
    sides = np.clip((np.abs(u) - 0.2) / 0.05, 0, 1) * np.clip((0.05 - v) / 0.1, 0, 1) * (near > -0.08)
    mouth = np.clip(1.5 - (u / 0.1) ** 2 - ((v + 0.27) / 0.045) ** 2, 0, 1)
    where = np.clip(np.maximum(np.maximum(lower * front, lip * front), sides) - mouth * front, 0, 1)
    hairs = 0.55 + 0.9 * Noise(figure.seed + 9)(u * 60, v * 45)
    share = np.clip(where * hairs * min(1.0, 1.6 * beard), 0, 0.95)[..., None]
    albedo += share * (0.7 * decode(figure.hair) - albedo)


def _paint_glasses(
    albedo: Floats, visage: Visage, frame: Colour, figure: Figure, points: Floats, front: Floats
) -> None:
    u, v, near = np.abs(points[..., 0]) / figure.face_width, points[..., 1], points[..., 2]
    power = 2 if visage.round_glasses else 4
    x, y = np.abs((u - _EYE_X) / 0.1), np.abs((v - _EYE_Y) / 0.085)
    lens = (x**power + y**power + 1e-6) ** (1 / power)
    ring = np.clip(1.6 - np.abs(lens - 1) / 0.12, 0, 1)
    bridge = np.clip(1.5 - np.abs(v - 0.02) / 0.014, 0, 1) * (u < 0.045)
    temple = np.clip(1.5 - np.abs(v - 0.02) / 0.016, 0, 1) * (u > 0.22) * (near > -0.05)
    inside = (np.clip((1 - lens) / 0.1, 0, 1) * front)[..., None]
    albedo *= 1 - inside * (0.93 if visage.dark_glasses else 0.12)
    cover = np.maximum(np.maximum(ring, bridge) * front, temple)[..., None]
    albedo += cover * (decode(frame) - albedo)


def _draw_ear(easel: Easel, head: Placement, figure: Figure, side: int, moved: Floats) -> None:
    ear = Ellipsoid((side * 0.335 * figure.face_width, -0.035, -0.04), (0.04, 0.105, 0.065), tilt=side * 0.15)
    found = easel.solids([ear], head, moved)
    if found is not None:
        seen, _ = found
        rim = np.clip(-seen.distance / 0.03, 0.5, 1)[..., None]
        easel.lay(seen, decode(figure.skin) * rim, SKIN)


def _draw_beard(easel: Easel, head: Placement, figure: Figure, beard: float, moved: Floats) -> None:
    """A beard that stands off the chin."""
    long_ = 0.12 * (beard - 0.5)
    solids = [
        Ellipsoid((0, -0.43 - long_, 0.14), (0.175, 0.1 + 2 * long_, 0.16)),
        *(Ellipsoid((s * 0.19, -0.32, 0.05), (0.085, 0.17, 0.14), tilt=s * 0.25, melt=0.08) for s in (-1, 1)),
    ]
    found = easel.solids(solids, head, moved)
    if found is None:
        return
    seen, points = found
    u, v, near = points[..., 0], points[..., 1], points[..., 2]
    hairs = Noise(figure.seed + 9)(u * 45, v * 14)
    seen.distance += 0.05 * (hairs - 0.4)
    mouth = np.clip((u / 0.13) ** 2 + ((v + 0.275) / 0.06) ** 2 - 0.8, 0, 1)
    cheeks = np.clip((-0.2 - v) / 0.08, 0, 1)
    cover = np.where(near > 0, mouth * np.maximum(cheeks, np.abs(u) > 0.24), 1)
    easel.lay(seen, decode(figure.hair) * (0.55 + 0.7 * hairs)[..., None], HAIR, cover)
