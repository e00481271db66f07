"""Where the parts of one person are lit and laid over one another. Light is linear until the picture is done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.camera import Box, Camera
from matteline.drawing.layers import Layers
from matteline.drawing.light import Lighting
from matteline.drawing.solids import Placement, Surface, surface
from matteline.drawing.solids import Ellipsoid as Ellipsoid
from matteline.drawing.people.limb import Seen, visible_box

_SHADOW_REACH = 0.07
_SHADOW = 0.45


@dataclass(frozen=True)
class Material:
    """How a surface takes light.

    Attributes:
        wrap: How far light creeps around edges: 0 not at all.
        gloss: Strength of the highlight.
        shadow: Strength of the contact shadow on what lies behind, 0 to 1.
    """

    wrap: float = 0.25
    gloss: float = 0.0
    shadow: float = _SHADOW


SKIN = Material(wrap=0.35, gloss=0.03)
CLOTH = Material()
LEATHER = Material(wrap=0.1, gloss=0.12)
HAIR = Material(wrap=0.3, gloss=0.04, shadow=0.3)


@dataclass(frozen=True)
class Easel:
    """Layers, lights and camera of one person in one frame."""

    layers: Layers
    camera: Camera
    lighting: Lighting

    def lay(self, seen: Seen, albedo: Floats, material: Material, cover: Floats | None = None) -> None:
        """Lay a solid over what is there, its shadow first.

        Args:
            seen: The solid.
            albedo: (3,) or (h, w, 3), linear.
            material: Of its surface.
            cover: (h, w) 0..1, by which its coverage is reduced.
        """
        coverage = self.coverage(seen.distance, seen.blur)
        if cover is not None:
            coverage = coverage * cover
        elif material.shadow:
            near = np.clip(1 - seen.distance / _SHADOW_REACH, 0, 1)
            self.layers.colour[seen.box.slices] *= (1 - material.shadow * near * near)[..., None]
        light = self.lighting.shade(albedo, seen.normal, material.wrap, material.gloss)
        self.layers.over(seen.box, light, coverage)

    def coverage(self, distance: Floats, blur: Floats | float = 0.0) -> Floats:
        """How much of each pixel lies inside an outline that `blur` pixels of movement smear."""
        covered: Floats = np.clip(0.5 - distance * floats(self.camera.scale) / (1 + blur), 0, 1)
        return covered

    def solids(
        self,
        solids: list[Ellipsoid],
        placement: Placement,
        moved: Floats | None = None,
        smooth: float = 0.0,
    ) -> tuple[Seen, Floats] | None:
        """Look at melted solids: what is seen, and (h, w, 3) its points in the part's own coordinates."""
        box = self._box(solids, placement)
        if box is None:
            return None
        shape = surface(solids, placement, self.camera, box, smooth)
        seen = Seen(box, shape.distance, shape.normal, shape.depth, shape.depth, self._blur(shape, moved))
        return seen, shape.points(placement, self.camera, box)

    def _box(self, solids: list[Ellipsoid], placement: Placement) -> Box | None:
        placed = [solid.placed(placement) for solid in solids]
        centres = floats([each.centre[:2] for each in placed])
        reach = floats([each.reach for each in placed])
        return visible_box(self.camera, (centres - reach).min(0), (centres + reach).max(0))

    def _blur(self, shape: Surface, moved: Floats | None) -> Floats:
        if moved is None or not np.any(np.abs(moved) * self.camera.scale > 0.3):
            return np.zeros_like(shape.distance)
        down, right = np.gradient(shape.distance, self.camera.pixel)
        blur: Floats = np.abs(right * moved[0] - down * moved[1]) * floats(self.camera.scale)
        return np.clip(blur, 0, 40)
