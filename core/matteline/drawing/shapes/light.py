"""Light and encoding: surfaces are lit in linear light, pictures are sRGB-encoded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.shapes.arrays import Floats, floats
from matteline.pictures.srgb import srgb_decode, srgb_encode

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Lighting:
    """A key light, a light from behind, and the light that a room gives from above and below.

    Directions point towards the light and need not be of length 1; colours are linear and may exceed 1.
    """

    key_direction: tuple[float, float, float] = (-0.55, 0.5, 0.67)
    key: Colour = (1.05, 0.98, 0.9)
    rim_direction: tuple[float, float, float] = (0.85, 0.35, -0.4)
    rim: Colour = (0.35, 0.4, 0.5)
    above: Colour = (0.3, 0.32, 0.36)
    below: Colour = (0.16, 0.13, 0.11)

    def shade(self, albedo: Floats, normal: Floats, wrap: float = 0.2, gloss: float = 0.0) -> Floats:
        """Return the linear light (h, w, 3) that a surface sends to the viewer.

        Args:
            albedo: (h, w, 3) linear.
            normal: (h, w, 3) unit vectors.
            wrap: How far light creeps around edges, as it does in skin; 0 for not at all.
            gloss: Strength of the highlight; 0 for none.
        """
        key, rim = _unit(self.key_direction), _unit(self.rim_direction)
        # Lambert's law, with the terminator moved by `wrap`: light scatters under skin.
        lit = np.clip((normal @ key + wrap) / (1 + wrap), 0, 1)[..., None] * floats(self.key)
        if any(self.rim):
            lit += np.clip(normal @ rim, 0, 1)[..., None] * floats(self.rim)
        # A hemisphere: light from above and below mixes by the height that a normal points at.
        up = 0.5 + 0.5 * normal[..., 1:2]
        lit += up * floats(self.above) + (1 - up) * floats(self.below)
        light: Floats = albedo * lit
        if gloss:
            # Blinn (1977): the highlight is where the normal halves the angle between light and viewer.
            halfway = _unit(key + floats([0, 0, 1]))
            light += gloss * np.clip(normal @ halfway, 0, 1)[..., None] ** 24
        return light


def encode(linear: Floats) -> Floats:
    """Return linear light sRGB-encoded (IEC 61966-2-1), clipped to 0..1."""
    return srgb_encode(np.clip(linear, 0, 1))


def decode(encoded: Colour | Floats) -> Floats:
    """Return sRGB-encoded values, a colour or a picture (..., 3), as linear light (IEC 61966-2-1)."""
    return srgb_decode(floats(encoded))


def _unit(vector: tuple[float, float, float] | Floats) -> Floats:
    values = floats(vector)
    unit: Floats = values / np.linalg.norm(values)
    return unit
