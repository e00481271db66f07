"""Colours of a face: cheeks, eyes, brows, nostrils and mouth, in the head's own coordinates.

There u grows to the right, v up and z to the front, 0 between the eyes, in heights of the head; the many numbers
below are places and sizes of features in these units, found by looking at drawings.
"""

from __future__ import annotations

import numpy as np

from matteline.drawing.person.appearance import FaceAppearance, HeadPose
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.light import Colour, decode
from matteline.drawing.shapes.noise import Noise

_EYE_X, _EYE_Y = 0.132, 0.005
_EYE_HALF_WIDTH, _EYE_HALF_HEIGHT = 0.062, 0.030
_IRIS, _PUPIL = 0.029, 0.013  # radii


def paint_face(appearance: FaceAppearance, pose: HeadPose, points: Floats) -> tuple[Floats, Floats]:
    """Return the colour of the skin with all features.

    Args:
        appearance: Colours and width of the face.
        pose: Blink and mouth.
        points: (h, w, 3) of the surface, in the head's coordinates.

    Returns:
        Linear albedo (h, w, 3), and the share of light (h, w) that hollows leave, 0..1.
    """
    u, v, near = points[..., 0] / appearance.face_width, points[..., 1], points[..., 2]
    front = np.clip(near / 0.1, 0, 1)
    albedo = np.broadcast_to(decode(appearance.skin), (*u.shape, 3)).copy()
    mottled = Noise(appearance.seed + 3).layered(u * 14 + 7, v * 14 + 3, 3) - 0.5
    albedo *= (1 + 0.12 * mottled)[..., None]
    # Cheeks and nose are redder than the rest.
    red = 0.5 * _bump(np.abs(u) - 0.17, v + 0.13, 0.09, 0.08) + 0.35 * _bump(u, v + 0.125, 0.05, 0.05)
    albedo *= 1 - red[..., None] * floats([0.02, 0.22, 0.2])
    for side in (-1, 1):
        _paint_eye(albedo, appearance, pose, side * u - _EYE_X, v - _EYE_Y, front)
        _paint_brow(albedo, appearance, side * u, v, front)
    _paint_mouth(albedo, appearance, pose, u, v, front)
    return albedo, _hollows(u, v, front)


def _paint_eye(
    albedo: Floats, appearance: FaceAppearance, pose: HeadPose, u: Floats, v: Floats, front: Floats
) -> None:
    """Paint one eye; u grows towards the ear, and both are 0 at its centre."""
    open_ = 1 - pose.blink
    curve = np.clip(1 - (u / _EYE_HALF_WIDTH) ** 2, 0, 1)
    upper = _EYE_HALF_HEIGHT * (open_ * 1.05 * curve**0.8 - 0.35 * pose.blink)
    lower = -_EYE_HALF_HEIGHT * 0.62 * curve
    inside = _step(upper - v) * _step(v - lower) * front * (curve > 0)
    # Never quite white, and shaded by the lid.
    white = floats([0.62, 0.58, 0.55]) * (0.6 + 0.4 * _step(upper - v - 0.012, 0.012))[..., None]
    radius = np.hypot(u + 0.004, v - 0.002)
    iris = decode(appearance.eyes) * (0.6 + 0.9 * np.clip(radius / _IRIS, 0, 1))[..., None]
    eye = _mix(white, iris, _step(_IRIS - radius, 0.004))
    eye = _mix(eye, floats([0.005, 0.005, 0.005]), _step(_PUPIL - radius, 0.004))
    # The reflection of the light is brighter than white.
    eye = _mix(eye, floats([1.6, 1.6, 1.6]), _step(0.006 - np.hypot(u + 0.013, v - 0.012), 0.004))
    albedo[...] = _mix(albedo, eye, inside)
    lash = np.exp(-(((v - upper) / 0.006) ** 2)) * _step(_EYE_HALF_WIDTH * 1.05 - np.abs(u), 0.01) * front
    albedo[...] = _mix(albedo, floats([0.012, 0.009, 0.008]), 0.9 * lash)
    fold = np.exp(-(((v - upper - 0.017) / 0.005) ** 2)) * _step(_EYE_HALF_WIDTH - np.abs(u), 0.02) * front
    under = np.exp(-(((v - lower) / 0.006) ** 2)) * _step(_EYE_HALF_WIDTH - np.abs(u), 0.02) * front
    albedo *= (1 - 0.45 * fold - 0.35 * under)[..., None]


def _paint_brow(albedo: Floats, appearance: FaceAppearance, u: Floats, v: Floats, front: Floats) -> None:
    """Paint one brow; u grows towards the ear."""
    along = (u - 0.055) / 0.15
    middle = 0.082 + 0.028 * np.sin(np.clip(along, 0, 1) * 2.2)
    # Brows thin out to the temples.
    thick = 0.020 * (1 - 0.65 * np.clip(along, 0, 1))
    hairs = 0.75 + 0.5 * Noise(appearance.seed + 8)(u * 160 + v * 120, v * 60)
    inside = _step(thick - np.abs(v - middle), 0.008) * _step(along + 0.03, 0.1) * _step(1.03 - along, 0.1)
    albedo[...] = _mix(
        albedo,
        0.6 * decode(appearance.hair) * decode(appearance.skin) ** 0.5,
        np.clip(0.85 * inside * hairs, 0, 1) * front,
    )


def _paint_mouth(
    albedo: Floats, appearance: FaceAppearance, pose: HeadPose, u: Floats, v: Floats, front: Floats
) -> None:
    drop = 0.05 * pose.mouth
    along = np.clip(1 - (u / 0.098) ** 2, 0, 1)
    line = -0.268 + 0.006 * np.cos(u * 60) * along - 0.2 * drop
    upper = line + along**0.7 * (0.024 - 0.008 * np.exp(-((u / 0.015) ** 2)))
    lower = line - along**0.7 * 0.036 - drop * along
    lips = _step(upper - v, 0.006) * _step(v - lower, 0.006) * front * (along > 0)
    albedo[...] = _mix(albedo, decode(appearance.lips), 0.8 * lips)
    gap = 0.5 * drop * along
    # The line between the lips, and what an open mouth shows.
    dark = np.exp(-((np.maximum(np.abs(v - line + gap) - gap, 0) / 0.0055) ** 2)) * _step(
        0.1 - np.abs(u), 0.01
    )
    albedo[...] = _mix(albedo, floats([0.03, 0.008, 0.008]), 0.85 * dark * front)


def _hollows(u: Floats, v: Floats, front: Floats) -> Floats:
    """Share of light left in hollows: sockets, beside the nose, nostrils, under the lip."""
    side = np.abs(u)
    shade = 0.38 * _bump(side - 0.095, v - 0.03, 0.055, 0.035)
    shade += 0.2 * _bump(side - 0.13, v + 0.005, 0.09, 0.055)
    shade += 0.25 * _bump(side - 0.082, v + 0.145, 0.02, 0.035)
    shade += 0.75 * _bump(side - 0.030, v + 0.163, 0.016, 0.010)
    shade += 0.3 * _bump(u, v + 0.185, 0.06, 0.02)
    shade += 0.3 * _bump(u, v + 0.345, 0.07, 0.022)
    shade += 0.18 * _bump(side - 0.115, v + 0.21, 0.02, 0.06)
    result: Floats = 1 - np.clip(shade, 0, 0.85) * front
    return result


def _bump(u: Floats, v: Floats, wide: float, high: float) -> Floats:
    """Return a Gaussian around 0, 1 at its peak."""
    bump: Floats = np.exp(-((u / wide) ** 2) - (v / high) ** 2)
    return bump


def _step(value: Floats, soft: float = 0.005) -> Floats:
    """Return 0 below and 1 above 0, with a ramp of width `soft`."""
    step: Floats = np.clip(value / soft + 0.5, 0, 1)
    return step


def _mix(one: Floats, other: Floats | Colour, share: Floats) -> Floats:
    mixed: Floats = one + share[..., None] * (other - one)
    return mixed
