"""The shoulder of the picture's curve: highlights rolled off towards white. For numpy arrays and tensors alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np

from matteline.colour.levels import SHOULDER_START
from matteline.pictures.srgb import srgb_encode

ROOM: Final = 1.0 - SHOULDER_START
"""What is left between the start of the shoulder and white."""

Values = TypeVar("Values", bound=Any)


def roll_off(linear: Values, where: Callable[[Any, Any, Any], Any] = np.where) -> Values:
    """Encode linear light: the plain sRGB curve up to `SHOULDER_START`, highlights rolled off above it.

    Above its start the curve is u / sqrt(1 + u^2) in units of the room left below white: it leaves the plain
    encoding without a corner, never quite reaches 1, and has an inverse. White itself becomes 0.971.

    Args:
        linear: Linear light, a numpy array or a tensor; values below black become black.
        where: `numpy.where`, or `torch.where` for tensors.
    """
    encoded = srgb_encode(linear.clip(min=0), where)
    # In terms of the encoded picture, so that below the shoulder not a bit differs from plain sRGB.
    above = (encoded - SHOULDER_START).clip(min=0) / ROOM
    picture: Values = encoded.clip(max=SHOULDER_START) + ROOM * above * (1 + above**2) ** -0.5
    return picture
