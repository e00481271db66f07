"""The canvas on which parts of one person are lit and composited, in linear light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.camera import Box, Camera
from matteline.drawing.shapes.chain import Projected, visible_box
from matteline.drawing.shapes.layers import Layers
from matteline.drawing.shapes.light import Lighting
from matteline.drawing.shapes.solids import Ellipsoid, Placement, rotation, surface

_SHADOW_REACH = 0.07  # of a contact shadow, in heights of a head
_SHADOW = 0.45
_OPAQUE = 0.998  # alpha from which nothing behind can be seen


@dataclass(frozen=True)
class Material:
    """Reflection of a surface.

    Attributes:
        wrap: How far light creeps around edges; 0 for not at all.
        gloss: Strength of the highlight; 0 for none.
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
class PersonCanvas:
    """Layers, lights and camera of one person in one frame."""

    layers: Layers
    camera: Camera
    lighting: Lighting

    def paint(self, seen: Projected, albedo: Floats, material: Material, cover: Floats | None = None) -> None:
        """Light a solid and composite it over what is there, its contact shadow first.

        Args:
            seen: Projection of the solid.
            albedo: (3,) or (h, w, 3), linear.
            material: Reflection of its surface.
            cover: (h, w), 0..1, factor of its coverage and its shadow.
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

    def blend(self, box: Box, share: Floats) -> Floats:
        """Return a cover (h, w) that lets a part blend into those under it.

        It is `share` (h, w) where those are opaque, else 1, or the matte would show a seam at their edges.
        """
        opaque = self.layers.alpha[box.slices] > _OPAQUE
        cover: Floats = np.where(opaque, np.clip(share, 0, 1), np.float32(1))
        return cover

    def coverage(self, distance: Floats, blur: Floats | float = 0.0) -> Floats:
        """Return the share of each pixel inside an outline that `blur` pixels of movement smear."""
        covered: Floats = np.clip(0.5 - distance * floats(self.camera.scale) / (1 + blur), 0, 1)
        return covered

    def solids(
        self,
        solids: list[Ellipsoid],
        placement: Placement,
        moved: Floats | None = None,
        smooth: float = 0.0,
    ) -> tuple[Projected, Floats] | None:
        """Project melted solids; None where nothing of them is in the picture.

        Args:
            solids: Solids in the coordinates of their part.
            placement: Place of the part in the world.
            moved: (2,) how far the part moves while the shutter is open, in world units; None for not at all.
            smooth: Radius over which normals are evened out, in world units.

        Returns:
            The projection, and its points (h, w, 3) in the coordinates of the part.
        """
        centres = placement.to_world(floats([solid.centre for solid in solids]))[:, :2]
        axes = [placement.turn @ rotation(roll=solid.tilt) * floats(solid.radii) for solid in solids]
        # Half width and half height of the outlines, and what they melt over.
        reach = np.sqrt((floats(axes)[:, :2] ** 2).sum(2)) + floats([[solid.melt / 4] for solid in solids])
        box = visible_box(self.camera, (centres - reach).min(0), (centres + reach).max(0))
        if box is None:
            return None
        shape = surface(solids, placement, self.camera, box, smooth)
        blur = np.zeros_like(shape.distance)
        if moved is not None and np.any(np.abs(moved) * self.camera.scale > 0.3):
            # A distance grows by 1 per unit of length; it only jumps far outside, where its fields end.
            slopes = np.gradient(shape.distance, self.camera.pixel)
            down, right = (np.clip(slope, -1, 1) for slope in slopes)
            blur = np.abs(right * moved[0] - down * moved[1]) * floats(self.camera.scale)
        seen = Projected(box, shape.distance, shape.normal, shape.depth, shape.depth, blur)
        return seen, shape.points(placement, self.camera, box)
