"""Tables over every half-precision number: exact for half plates, and within half precision for the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.float32]

HALF_MAX: Final = 65504.0
"""The greatest finite half; infinities are taken as this."""

SIZE: Final = 65536


def every_half() -> Table:
    """Return all 65,536 half-precision numbers by their bit pattern; NaN as 0, infinities as the greatest finite."""
    # NaN and infinities of damaged plates thus become numbers in every table made of this.
    values = np.arange(SIZE, dtype=np.uint16).view(np.float16).astype(np.float32)
    return np.nan_to_num(values, nan=0.0, posinf=HALF_MAX, neginf=-HALF_MAX)


def every_code() -> Table:
    """Return all 16-bit codes as 0..1. An 8-bit code k is the 16-bit code 257 k."""
    return (np.arange(SIZE, dtype=np.float64) / (SIZE - 1)).astype(np.float32)


def tabulate(curve: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]], over: Table) -> Table:
    """Return the curve's value at each entry, computed in double precision."""
    return curve(over.astype(np.float64)).astype(np.float32)
