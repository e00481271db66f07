"""Conn: how much of a matte has come loose from its body.

By Rhemann et al. (2009), as published evaluations compute it: at each threshold t of 0.1, 0.2 … 1.0 the
body is the largest area, of pixels that touch by their sides, in which both mattes reach t; of equal areas
the first in reading order. A pixel is connected up to the last threshold l before the first one at which it
lies outside the body. What a matte holds beyond that counts as loose if it is at least 0.15: phi = 1 -
(alpha - l) where alpha - l >= 0.15, else 1. Conn is the sum of |phi - phi of the truth| over all pixels,
divided by 1000.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matteline.judging.components import Mask, components_of
from matteline.judging.metrics import Alpha

STEPS = 10
"""Thresholds from 0 to 1. Published evaluations take 10; smaller steps give other values."""
LOOSE = 0.15
"""What is less loose than this is not counted."""


def conn(pred: Alpha, truth: Alpha) -> float:
    """The connectivity error, divided by 1000."""
    level = _connected_up_to(np.minimum(pred, truth))
    return float(np.abs(_phi(pred, level) - _phi(truth, level)).sum(dtype=np.float64)) / 1e3


def _connected_up_to(both: Alpha) -> Alpha:
    """The threshold up to which each pixel belongs to the body of what both mattes hold."""
    thresholds = np.arange(STEPS + 1, dtype=np.float32) / np.float32(STEPS)
    reached: npt.NDArray[np.uint8] = np.zeros(both.shape, np.uint8)
    inside: Mask = np.ones(both.shape, np.bool_)
    for threshold in thresholds[1:]:
        body = _largest(both >= threshold)
        if body is None:
            break
        inside &= body
        reached += inside
    return thresholds[reached]


def _largest(mask: Mask) -> Mask | None:
    areas = components_of(mask)
    return areas.painted(int(np.argmax(areas.areas))) if len(areas) else None


def _phi(alpha: Alpha, level: Alpha) -> Alpha:
    loose = alpha - level
    phi: Alpha = 1 - loose * (loose >= np.float32(LOOSE))
    return phi
