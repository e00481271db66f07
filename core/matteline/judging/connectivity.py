"""Conn: the part of a matte that is not connected to its body.

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

# Thresholds from 0 to 1. Published evaluations take 10; smaller steps give other values.
STEPS = 10
# Alpha above the connected level below which a pixel counts as connected.
LOOSE = 0.15


def conn(pred: Alpha, truth: Alpha) -> float:
    """Return the connectivity error of a matte, divided by 1000."""
    level = _connected_up_to(np.minimum(pred, truth))
    return float(np.abs(_phi(pred, level) - _phi(truth, level)).sum(dtype=np.float64)) / 1e3


def _connected_up_to(both: Alpha) -> Alpha:
    """Return the threshold up to which each pixel belongs to the body of both mattes' minimum, (H, W)."""
    # Of alpha's own type: 0.3 in double precision lies elsewhere than a pixel's 0.3.
    thresholds = np.arange(STEPS + 1, dtype=np.float32) / np.float32(STEPS)
    reached: npt.NDArray[np.uint8] = np.zeros(both.shape, np.uint8)
    inside: Mask = np.ones(both.shape, np.bool_)
    for threshold in thresholds[1:]:
        areas = components_of(both >= threshold)
        if not len(areas):
            # Higher thresholds are reached by no pixel either.
            break
        # Once outside the body a pixel stays outside, also where it would be inside at a higher threshold.
        inside &= areas.painted(int(np.argmax(areas.areas)))
        reached += inside
    return thresholds[reached]


def _phi(alpha: Alpha, level: Alpha) -> Alpha:
    loose = alpha - level
    # Less than LOOSE above the level counts as connected, as in the published code.
    phi: Alpha = 1 - loose * (loose >= np.float32(LOOSE))
    return phi
