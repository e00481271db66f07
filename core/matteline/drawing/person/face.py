"""Drawing a head without its hair: face, ears, beard and glasses, from every side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.person.appearance import FaceAppearance, HeadPose
from matteline.drawing.person.canvas import HAIR, SKIN, PersonCanvas
from matteline.drawing.person.face_paint import paint_face
from matteline.drawing.person.head import head_solids
from matteline.drawing.shapes.arrays import Floats
from matteline.drawing.shapes.light import Colour, decode
from matteline.drawing.shapes.noise import Noise
from matteline.drawing.shapes.solids import Ellipsoid, Placement

_FRAMES: tuple[Colour, ...] = ((0.05, 0.05, 0.06), (0.3, 0.18, 0.1), (0.6, 0.55, 0.4), (0.7, 0.1, 0.1))
_EYE_X, _EYE_Y = 0.132, 0.0
# Pixels to a head's height from which creases of the face are worth evening out.
_FINE_FROM = 150.0
_ROUGH_BELOW, _ROUGH = 36.0, 8
"""Pixels to a head's height below which that many of a head's solids do: without lips and nostrils."""
# Cosine of the angle to the viewer below which nothing of a face is seen.
_TURNED_AWAY = -0.4


@dataclass(frozen=True)
class FaceFeatures:
    """Beard and glasses.

    Attributes:
        beard: 0 for none, up to 0.4 for stubble, to 1 for a full one.
        glasses: Colour of the frame; None for none.
        dark_glasses: Sunglasses.
        round_glasses: Round glasses rather than square ones.
    """

    beard: float = 0.0
    glasses: Colour | None = None
    dark_glasses: bool = False
    round_glasses: bool = True

    @classmethod
    def random(cls, rng: np.random.Generator, feminine: bool) -> FaceFeatures:
        """Return random features: a beard on every second man, glasses on every fourth person."""
        return cls(
            # Not quite half of men are clean-shaven.
            beard=0.0 if feminine or rng.random() < 0.45 else float(rng.uniform(0.15, 1)),
            glasses=_FRAMES[rng.integers(len(_FRAMES))] if rng.random() < 0.25 else None,
            dark_glasses=bool(rng.random() < 0.3),
            round_glasses=bool(rng.random() < 0.5),
        )


def draw_face(
    canvas: PersonCanvas,
    head: Placement,
    appearance: FaceAppearance,
    features: FaceFeatures,
    pose: HeadPose,
    moved: Floats,
    *,
    ears: bool,
) -> None:
    """Draw a head without hair.

    Args:
        canvas: Painted on.
        head: Place of the head.
        appearance: Colours and width of the face.
        features: Beard and glasses.
        pose: Eyes and mouth.
        moved: (2,) how far the head moves while the shutter is open, in world units.
        ears: Draw the ears, too, which some hair covers.
    """
    # The ear on the far side is drawn before the face, the other one after it.
    sides = (-1, 1) if head.turn[2, 0] < 0 else (1, -1)
    if ears:
        _draw_ear(canvas, head, appearance, sides[0], moved)
    _draw_skin(canvas, head, appearance, features, pose, moved)
    if ears and abs(head.turn[2, 0]) > 0.25:
        _draw_ear(canvas, head, appearance, sides[1], moved)
    if features.beard > 0.55:
        _draw_beard(canvas, head, appearance, features.beard, moved)


def _draw_skin(
    canvas: PersonCanvas,
    head: Placement,
    appearance: FaceAppearance,
    features: FaceFeatures,
    pose: HeadPose,
    moved: Floats,
) -> None:
    # Creases between melted solids show from near only.
    smooth = 0.012 if canvas.camera.scale > _FINE_FROM else 0.0
    away = bool(head.turn[2, 2] < _TURNED_AWAY)
    solids = head_solids(appearance.face_width, pose.mouth)
    if away or canvas.camera.scale < _ROUGH_BELOW:
        solids = solids[:_ROUGH]
    found = canvas.solids(solids, head, moved, smooth)
    if found is None:
        return
    seen, points = found
    # The back of a head is hair, or plain skin.
    if away:
        canvas.paint(seen, decode(appearance.skin), SKIN)
        return
    albedo, shadow = paint_face(appearance, pose, points)
    front = np.clip(points[..., 2] / 0.1, 0, 1)
    if features.beard:
        _paint_beard(albedo, appearance, features.beard, points, front)
    if features.glasses is not None:
        _paint_glasses(albedo, features, features.glasses, appearance, points, front)
    canvas.paint(seen, albedo * shadow[..., None], SKIN)


def _paint_beard(
    albedo: Floats, appearance: FaceAppearance, beard: float, points: Floats, front: Floats
) -> None:
    u, v, near = points[..., 0] / appearance.face_width, points[..., 1], points[..., 2]
    # From the cheeks down, around the lips, and up to the ears.
    lower = np.clip((-0.17 - 0.35 * np.maximum(0.14 - np.abs(u), 0) - v) / 0.05, 0, 1)
    lip = np.exp(-((u / 0.11) ** 4) - ((v + 0.205) / 0.022) ** 2)
    sides = np.clip((np.abs(u) - 0.2) / 0.05, 0, 1) * np.clip((0.05 - v) / 0.1, 0, 1) * (near > -0.08)
    mouth = np.clip(1.5 - (u / 0.1) ** 2 - ((v + 0.27) / 0.045) ** 2, 0, 1)
    where = np.clip(np.maximum(np.maximum(lower * front, lip * front), sides) - mouth * front, 0, 1)
    hairs = 0.55 + 0.9 * Noise(appearance.seed + 9)(u * 60, v * 45)
    share = np.clip(where * hairs * min(1.0, 1.6 * beard), 0, 0.95)[..., None]
    albedo += share * (0.7 * decode(appearance.hair) - albedo)


def _paint_glasses(
    albedo: Floats,
    features: FaceFeatures,
    frame: Colour,
    appearance: FaceAppearance,
    points: Floats,
    front: Floats,
) -> None:
    u, v, near = np.abs(points[..., 0]) / appearance.face_width, points[..., 1], points[..., 2]
    # A superellipse: 2 is a circle, 4 nearly a square.
    power = 2 if features.round_glasses else 4
    x, y = np.abs((u - _EYE_X) / 0.1), np.abs((v - _EYE_Y) / 0.085)
    lens = (x**power + y**power + 1e-6) ** (1 / power)
    ring = np.clip(1.6 - np.abs(lens - 1) / 0.12, 0, 1)
    bridge = np.clip(1.5 - np.abs(v - 0.02) / 0.014, 0, 1) * (u < 0.045)
    temple = np.clip(1.5 - np.abs(v - 0.02) / 0.016, 0, 1) * (u > 0.22) * (near > -0.05)
    inside = (np.clip((1 - lens) / 0.1, 0, 1) * front)[..., None]
    # Clear glass takes 12 % of the light, sunglasses nearly all of it.
    albedo *= 1 - inside * (0.93 if features.dark_glasses else 0.12)
    cover = np.maximum(np.maximum(ring, bridge) * front, temple)[..., None]
    albedo += cover * (decode(frame) - albedo)


def _draw_ear(
    canvas: PersonCanvas, head: Placement, appearance: FaceAppearance, side: int, moved: Floats
) -> None:
    ear = Ellipsoid(
        (side * 0.335 * appearance.face_width, -0.035, -0.04), (0.04, 0.105, 0.065), tilt=side * 0.15
    )
    found = canvas.solids([ear], head, moved)
    if found is not None:
        seen, _ = found
        # Darker to its edge, as if it were hollow.
        rim = np.clip(-seen.distance / 0.03, 0.5, 1)[..., None]
        canvas.paint(seen, decode(appearance.skin) * rim, SKIN)


def _draw_beard(
    canvas: PersonCanvas, head: Placement, appearance: FaceAppearance, beard: float, moved: Floats
) -> None:
    """Draw a beard that stands off the chin."""
    long_ = 0.12 * (beard - 0.5)
    solids = [
        Ellipsoid((0, -0.43 - long_, 0.14), (0.175, 0.1 + 2 * long_, 0.16)),
        *(Ellipsoid((s * 0.19, -0.32, 0.05), (0.085, 0.17, 0.14), tilt=s * 0.25, melt=0.08) for s in (-1, 1)),
    ]
    found = canvas.solids(solids, head, moved)
    if found is None:
        return
    seen, points = found
    u, v, near = points[..., 0], points[..., 1], points[..., 2]
    hairs = Noise(appearance.seed + 9)(u * 45, v * 14)
    # A ragged outline.
    seen.distance += 0.05 * (hairs - 0.4)
    mouth = np.clip((u / 0.13) ** 2 + ((v + 0.275) / 0.06) ** 2 - 0.8, 0, 1)
    cheeks = np.clip((-0.2 - v) / 0.08, 0, 1)
    cover = np.where(near > 0, mouth * np.maximum(cheeks, np.abs(u) > 0.24), 1)
    canvas.paint(seen, decode(appearance.hair) * (0.55 + 0.7 * hairs)[..., None], HAIR, cover)
