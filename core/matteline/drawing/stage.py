"""All that a part of the body needs to know to be drawn."""

from __future__ import annotations

from dataclasses import dataclass

from matteline.drawing.camera import Camera
from matteline.drawing.figure import Figure, Pose
from matteline.drawing.light import Lighting


@dataclass(frozen=True)
class Stage:
    """A figure in a pose, under lights, before a camera."""

    figure: Figure
    pose: Pose
    lighting: Lighting
    camera: Camera
