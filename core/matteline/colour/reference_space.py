"""The reference space of a config: one whose way to linear Rec.709 is a known matrix."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from matteline.colour.config import Config, Values
from matteline.colour.primaries import ACES_AP0, ACES_AP1, Matrix, rec709_matrix
from matteline.contract.errors import ColourError

# The same spaces under the names that configs gave them over the years.
_LINEAR_REC709: Final = (
    "lin_rec709_scene",
    "lin_rec709",
    "lin_srgb",
    "Linear Rec.709 (sRGB)",
    "Utility - Linear - Rec.709",
    "Utility - Linear - sRGB",
)
_ACES2065_1: Final = ("aces_interchange", "lin_ap0_scene", "ACES2065-1", "ACES - ACES2065-1")
_ACESCG: Final = ("lin_ap1_scene", "lin_ap1", "ACEScg", "ACES - ACEScg")
_SRGB: Final = ("srgb_rec709_scene", "srgb_tx", "sRGB", "sRGB - Texture", "Utility - sRGB - Texture")


@dataclass(frozen=True)
class ReferenceSpace:
    """A linear space of a config, and its matrix (3, 3) to linear Rec.709."""

    name: str
    matrix: Matrix = field(repr=False, compare=False)

    def to_rec709(self, values: Values) -> Matrix:
        """Convert values (N, 3) of this space to linear Rec.709, float64."""
        return np.asarray(values.astype(np.float64) @ self.matrix.T)


def find_reference_space(config: Config) -> ReferenceSpace:
    """Find the reference space of a config: linear Rec.709, ACES, or the working space by its own sRGB.

    Raises:
        ColourError: The config names none of them.
    """
    for words, matrix in (
        (_LINEAR_REC709, np.eye(3)),
        (_ACES2065_1, rec709_matrix(ACES_AP0)),
        (_ACESCG, rec709_matrix(ACES_AP1)),
    ):
        if name := config.first(*words):
            return ReferenceSpace(name, matrix)
    # Configs of games and of small studios have no ACES, but sRGB textures that they convert.
    srgb, working = config.first(*_SRGB), config.find("scene_linear")
    if srgb is None or working is None:
        raise ColourError(
            f"The OCIO config {config.source} does not say how its spaces relate to Rec.709: it has neither "
            "linear Rec.709 nor ACES under a known name, nor both sRGB and the role scene_linear.",
            hint="Assign the role aces_interchange to its ACES2065-1.",
        )
    # The primaries of sRGB, converted to the working space, are the columns of the matrix between them.
    primaries = config.convert(np.eye(3, dtype=np.float32), srgb, working)
    return ReferenceSpace(working, np.linalg.inv(primaries.T.astype(np.float64)))
