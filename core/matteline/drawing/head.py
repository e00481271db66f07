"""The head: skull, face and ears as melted solids, and what is painted on them."""

from __future__ import annotations

import numpy as np

from matteline.drawing.arrays import floats
from matteline.drawing.face import paint_face
from matteline.drawing.layers import Layers
from matteline.drawing.light import decode, encode
from matteline.drawing.solids import Ellipsoid, surface
from matteline.drawing.stage import Stage

SKULL = Ellipsoid((0, 0.12, -0.07), (0.335, 0.40, 0.42))


def head_solids(width: float, mouth: float) -> list[Ellipsoid]:
    """Skull, cheeks, chin, brows, nose and lips, each to be melted into those before it."""
    w, sides = width, (-1, 1)
    drop = 0.05 * mouth
    return [
        SKULL,
        Ellipsoid((0, -0.13 - drop / 2, 0.02), (0.278 * w, 0.37, 0.30), melt=0.12),
        Ellipsoid((0, -0.385 - drop, 0.13), (0.145, 0.112, 0.145), melt=0.14),
        *(Ellipsoid((s * 0.15 * w, -0.10, 0.18), (0.12, 0.11, 0.11), melt=0.12) for s in sides),
        *(
            Ellipsoid((s * 0.10 * w, 0.095, 0.23), (0.12, 0.05, 0.10), tilt=-s * 0.1, melt=0.10)
            for s in sides
        ),
        Ellipsoid((0, -0.015, 0.315), (0.030, 0.13, 0.07), melt=0.04),
        Ellipsoid((0, -0.122, 0.365), (0.044, 0.040, 0.052), melt=0.04),
        *(Ellipsoid((s * 0.043, -0.138, 0.325), (0.032, 0.027, 0.040), melt=0.02) for s in sides),
        Ellipsoid((0, -0.225, 0.20), (0.14, 0.10, 0.13), melt=0.10),
        Ellipsoid((0, -0.247, 0.317), (0.082, 0.020, 0.030), melt=0.03),
        Ellipsoid((0, -0.293 - drop, 0.307), (0.070, 0.025, 0.034), melt=0.03),
    ]


def draw_head(layers: Layers, stage: Stage) -> None:
    """Draw ears, then the head without its hair."""
    for side in (-1, 1):
        _draw_ear(layers, stage, side)
    figure, pose, camera = stage.figure, stage.pose, stage.camera
    x, y, _ = pose.head.origin
    box = camera.box(x - 0.42, x + 0.42, y - 0.62, y + 0.6)
    seen = surface(head_solids(figure.face_width, pose.mouth), pose.head, camera, box, smooth=0.012)
    albedo, shadow = paint_face(figure, pose, seen.points(pose.head, camera, box))
    light = stage.lighting.shade(albedo, seen.normal, wrap=0.35, gloss=0.05) * shadow[..., None]
    layers.over(box, encode(light), camera.coverage(seen.distance))


def _draw_ear(layers: Layers, stage: Stage, side: int) -> None:
    figure, head, camera = stage.figure, stage.pose.head, stage.camera
    ear = Ellipsoid((side * 0.335 * figure.face_width, -0.035, -0.03), (0.045, 0.105, 0.06), tilt=side * 0.15)
    x, y, _ = head.to_world(floats(ear.centre))
    box = camera.box(x - 0.13, x + 0.13, y - 0.13, y + 0.13)
    seen = surface([ear], head, camera, box)
    rim = np.clip(-seen.distance / 0.03, 0.45, 1)[..., None]
    light = stage.lighting.shade(decode(figure.skin) * rim, seen.normal, wrap=0.35)
    layers.over(box, encode(light), camera.coverage(seen.distance))
