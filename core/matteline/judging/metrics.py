"""Measures of a matte's distance to the truth, by the definitions of papers on video matting.

Units are those of the papers: MAD and MSE times 1000, Grad divided by 1000, dtSSD times 100. Connectivity has
a file of its own. Definitions: Lin et al., "Robust High-Resolution Video Matting with Temporal Guidance"
(2022), and the evaluation published with it; Grad and Conn from Rhemann et al., "A Perceptually Motivated
Online Benchmark for Image Matting" (2009); dtSSD from Erofeev et al., "Perceptually Motivated Benchmark for
Video Matting" (2015).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

# (H, W), 0..1.
Alpha = npt.NDArray[np.float32]
# (H, W, 3), straight.
Colour = npt.NDArray[np.float32]

# Sigma of the Gaussian whose derivative Grad takes, in pixels.
SIGMA = 1.4
# Rows filtered at once, which stay in the processor's cache: twice as fast as whole pictures.
_ROWS = 32
# The Gaussian's tails are cut where it falls below this.
_NEGLIGIBLE = 1e-2


def mad(pred: Alpha, truth: Alpha) -> float:
    """Return the mean absolute difference, times 1000."""
    # Summed in double precision, since single precision loses digits over millions of pixels.
    return 1e3 * float(np.abs(pred - truth).mean(dtype=np.float64))


def mse(pred: npt.NDArray[Any], truth: npt.NDArray[Any]) -> float:
    """Return the mean squared difference, times 1000."""
    return 1e3 * float(np.square(pred - truth).mean(dtype=np.float64))


def foreground_mse(pred: Colour, truth: Colour, alpha: Alpha) -> float | None:
    """Return the mean squared difference of colour where true alpha is above 0, times 1000, or None."""
    inside = alpha > 0
    return mse(pred[inside], truth[inside]) if inside.any() else None


def dtssd(pred: Alpha, truth: Alpha, pred_before: Alpha | None, truth_before: Alpha | None) -> float:
    """Return the difference of the two changes from the frame before: root mean square, times 100.

    The first frame changes from nothing and counts as 0, as in the published evaluation.
    """
    if pred_before is None or truth_before is None:
        return 0.0
    change = (pred - pred_before) - (truth - truth_before)
    return 1e2 * math.sqrt(np.square(change).mean(dtype=np.float64))


def grad(pred: Alpha, truth: Alpha, *, stretched: bool = True) -> float:
    """Return the summed squared difference of the lengths of the gradients, divided by 1000.

    The gradient is taken with the derivative of a Gaussian of sigma 1.4, nine pixels wide, each of the two
    filters of unit length; borders are repeated.

    Args:
        pred: The matte.
        truth: The true one.
        stretched: Stretch both to fill 0..1 first. The published evaluation does at low resolution, and does
            not at high resolution.
    """
    lengths = [_gradient_length(_stretched(alpha) if stretched else alpha) for alpha in (pred, truth)]
    return float(np.square(lengths[0] - lengths[1]).sum(dtype=np.float64)) / 1e3


def _stretched(alpha: Alpha) -> Alpha:
    low, high = float(alpha.min()), float(alpha.max())
    # An even matte has no range to stretch, and counts as empty.
    if high - low <= np.finfo(np.float64).eps:
        return np.zeros_like(alpha)
    stretched: Alpha = (alpha - np.float32(low)) * np.float32(1 / (high - low))
    return stretched


def _gradient_length(alpha: Alpha) -> Alpha:
    # A Gaussian and its derivative, each of unit length, so that their outer product is of unit length too.
    reach = math.ceil(SIGMA * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * SIGMA * _NEGLIGIBLE)))
    places = range(-reach, reach + 1)
    gaussian = [math.exp(-(x**2) / (2 * SIGMA**2)) for x in places]
    smooth = _unit(gaussian)
    slope = _unit([-x * weight for x, weight in zip(places, gaussian, strict=True)])
    padded = np.pad(alpha, reach, "edge")
    lengths = np.empty_like(alpha)
    for top in range(0, len(alpha), _ROWS):
        strip = padded[top : top + _ROWS + 2 * reach]
        across = _filtered(_filtered(strip, smooth, axis=0), slope, axis=1)
        down = _filtered(_filtered(strip, slope, axis=0), smooth, axis=1)
        lengths[top : top + _ROWS] = np.sqrt(across * across + down * down)
    return lengths


def _unit(weights: list[float]) -> list[float]:
    length = math.sqrt(sum(weight**2 for weight in weights))
    return [weight / length for weight in weights]


def _filtered(padded: Alpha, weights: list[float], *, axis: int) -> Alpha:
    """Return the weighted sum of neighbours along an axis, where none is beyond the border."""
    size = padded.shape[axis] - len(weights) + 1
    parts = [padded[at : at + size] if axis == 0 else padded[:, at : at + size] for at in range(len(weights))]
    total: Alpha = np.zeros_like(parts[0])
    # One buffer for all products, instead of an array for each weight.
    scratch = np.empty_like(total)
    for weight, part in zip(weights, parts, strict=True):
        total += np.multiply(part, np.float32(weight), out=scratch)
    return total
