"""Arrays of floats, as everything that is drawn is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


def floats(values: npt.ArrayLike) -> Floats:
    """Numbers as an array of float32."""
    return np.asarray(values, np.float32)
