"""Float arrays, the one kind of array that is drawn with."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


def floats(values: npt.ArrayLike) -> Floats:
    """Return numbers as a float32 array."""
    return np.asarray(values, np.float32)


def lengths(vectors: Floats) -> Floats:
    """Return the lengths (..., 1) of vectors (..., 3)."""
    # Summing over an axis of three is many times slower than adding three arrays.
    x, y, z = (vectors[..., axis] for axis in range(3))
    length: Floats = np.sqrt(x * x + y * y + z * z)[..., None]
    return length
