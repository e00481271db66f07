"""Where the parts of one person are lit and laid over one another, in linear light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.arrays import Floats, floats
from matteline.drawing.camera import Box, Camera
from matteline.drawing.layers import Layers
from matteline.drawing.light import Lighting
from matteline.drawing.people.limb import Seen, visible_box
from matteline.drawing.solids import Ellipsoid, Placement, Surface, rotation, surface

_SHADOW_REACH = 0.07
_SHADOW = 0.45
_OPAQUE = 0.998


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
            cover: (h, w) 0..1, by which its coverage and its shadow are reduced.
        """
        coverage = self.coverage(seen.distance, seen.blur)
        if material.shadow:
            near = np.clip(1 - seen.distance / _SHADOW_REACH, 0, 1)
            dark = material.shadow * near * near * (1 if cover is None else cover)
            self.layers.colour[seen.box.slices] *= (1 - dark)[..., None]
        if cover is not None:
            coverage = coverage * cover
        light = self.lighting.shade(albedo, seen.normal, material.wrap, material.gloss)
        self.layers.over(seen.box, light, coverage)

    def fused(self, box: Box, share: Floats) -> Floats:
        """Coverage by which a part flows into those under it: `share` (h, w) where they hide all, else 1.

        At their edges it must be 1, or the matte would show a seam.
        """
        opaque = self.layers.alpha[box.slices] > _OPAQUE
        cover: Floats = np.where(opaque, np.clip(share, 0, 1), np.float32(1))
        return cover

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
        centres = placement.to_world(floats([solid.centre for solid in solids]))[:, :2]
        reach = floats([_reach(solid, placement) for solid in solids])
        return visible_box(self.camera, (centres - reach).min(0), (centres + reach).max(0))

    def _blur(self, shape: Surface, moved: Floats | None) -> Floats:
        if moved is None or not np.any(np.abs(moved) * self.camera.scale > 0.3):
            return np.zeros_like(shape.distance)
        slopes = np.gradient(shape.distance, self.camera.pixel)
        down, right = (np.clip(slope, -1, 1) for slope in slopes)  # distances end in steps far outside
        blur: Floats = np.abs(right * moved[0] - down * moved[1]) * floats(self.camera.scale)
        return blur


def _reach(solid: Ellipsoid, placement: Placement) -> Floats:
    """Half width and half height of a solid's outline, and what it melts over."""
    axes = (placement.turn @ rotation(roll=solid.tilt))[:2] * floats(solid.radii)
    return floats(np.sqrt((axes * axes).sum(1)) + solid.melt / 4)
