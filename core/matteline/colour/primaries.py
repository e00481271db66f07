"""Red, green, blue and white as chromaticities, and the matrix from any such set to linear Rec.709."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Chromaticities = tuple[float, ...]
Matrix = npt.NDArray[np.float64]

_D65: Final = (0.3127, 0.3290)
_ACES_WHITE: Final = (0.32168, 0.33767)

REC709: Final[Chromaticities] = (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, *_D65)
REC2020: Final[Chromaticities] = (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65)
P3_D65: Final[Chromaticities] = (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65)
ADOBE_RGB: Final[Chromaticities] = (0.640, 0.330, 0.210, 0.710, 0.150, 0.060, *_D65)
ACES_AP0: Final[Chromaticities] = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.0770, *_ACES_WHITE)
ACES_AP1: Final[Chromaticities] = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, *_ACES_WHITE)

# Bradford's cone responses: Lam (1985), as in ICC.1:2010 annex E; every ACES conversion adapts white with it.
_BRADFORD: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def same_chromaticities(one: Sequence[float], other: Sequence[float]) -> bool:
    """Compare two sets of chromaticities to the precision that files keep."""
    return len(one) == len(other) and bool(np.allclose(one, other, atol=2e-3))


def rec709_matrix(chromaticities: Sequence[float]) -> Matrix:
    """Return the matrix (3, 3) from linear RGB of these primaries to linear Rec.709, white adapted by Bradford.

    Args:
        chromaticities: Red x, y, green x, y, blue x, y, white x, y.

    Raises:
        ValueError: They span no gamut: a y of zero, primaries on one line, or a wrong count.
    """
    from_own = _to_xyz(chromaticities)
    adapted = _adaptation(chromaticities[6:8]) @ from_own
    return np.asarray(np.linalg.inv(_to_xyz(REC709)) @ adapted)


def _to_xyz(chromaticities: Sequence[float]) -> Matrix:
    if len(chromaticities) != 8 or not np.isfinite(chromaticities).all():
        raise ValueError("chromaticities are eight finite numbers")
    # Each primary in XYZ at unit luminance, then scaled so that together they make white.
    columns = np.stack([_xyz(*chromaticities[i : i + 2]) for i in (0, 2, 4)], axis=1)
    if abs(np.linalg.det(columns)) < 1e-6:
        raise ValueError("the primaries lie on one line")
    scale = np.linalg.solve(columns, _xyz(*chromaticities[6:8]))
    return np.asarray(columns * scale)


def _xyz(x: float, y: float) -> Matrix:
    if y == 0:
        raise ValueError("a chromaticity has y = 0")
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _adaptation(white: Sequence[float]) -> Matrix:
    # Each cone's response is scaled from one white to the other, as eyes do.
    source = _BRADFORD @ _xyz(*white)
    target = _BRADFORD @ _xyz(*_D65)
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(target / source) @ _BRADFORD)
