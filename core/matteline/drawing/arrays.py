"""Arrays of floats, as everything that is drawn is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


def floats(values: npt.ArrayLike) -> Floats:
    """Numbers as an array of float32."""
    return np.asarray(values, np.float32)


def lengths(vectors: Floats) -> Floats:
    """Of vectors (..., 3), with the last axis kept: (..., 1)."""
    x, y, z = (
        vectors[..., axis] for axis in range(3)
    )  # many times faster than summing over so short an axis
    length: Floats = np.sqrt(x * x + y * y + z * z)[..., None]
    return length
