"""The sRGB curve (IEC 61966-2-1), for numpy arrays and for tensors alike.

torch is not imported here: pass `torch.where` for tensors. Arithmetic is in the dtype of the values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

Values = TypeVar("Values", bound=Any)
"""A numpy array or a tensor of floats, of any shape."""


def srgb_encode(light: Values, where: Callable[[Any, Any, Any], Any] = np.where) -> Values:
    """Encode linear light, 0 and more, also beyond 1. Black is 0, white is 1.

    Args:
        light: Linear light; negative values continue the straight piece at black.
        where: `numpy.where`, or `torch.where` for tensors.
    """
    # Clipped, because a power of a negative number is NaN, also where it is not taken.
    curved = 1.055 * light.clip(min=0) ** (1 / 2.4) - 0.055
    encoded: Values = where(light <= 0.0031308, light * 12.92, curved)
    return encoded


def srgb_decode(encoded: Values, where: Callable[[Any, Any, Any], Any] = np.where) -> Values:
    """Return the linear light of sRGB-encoded values, 0 and more, also beyond 1.

    Args:
        encoded: Encoded values; negative ones continue the straight piece at black.
        where: `numpy.where`, or `torch.where` for tensors.
    """
    curved = ((encoded + 0.055) / 1.055).clip(min=0) ** 2.4
    light: Values = where(encoded <= 0.04045, encoded / 12.92, curved)
    return light
