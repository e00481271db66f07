"""Measures of a whole shot, taken once so that nothing flickers: exposure, and the grain that it brings up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from matteline.colour.denoise import luma
from matteline.colour.levels import LUMA_709
from matteline.colour.picture import PictureTransform
from matteline.colour.pixel_codec import colour_tensor, make_pixel_codec
from matteline.colour.space import PlateSpace

MOST_STOPS: Final = 6.0
"""A plate darker than this holds more noise than picture."""

# Glints and small lamps lie above: they say nothing of how a shot was exposed.
_BRIGHT: Final = 0.99
# Where the brightest hundredth of well exposed footage begins, in stops from white: the median of 163
# photos is -0.2, and people without a bright surrounding lie lower.
_USUAL_STOPS: Final = -0.6

# Below this no well exposed skin is in the picture; dark clothes on a dark set still have a face at -1.9.
_DARK_STOPS: Final = -1.95

# Grain of colour in the lifted picture (standard deviation, sRGB-encoded): below the first a filter costs
# more edge than it gains, from the second on all of it helps. Measured on composites of known alpha.
_QUIET: Final = 0.016
_NOISY: Final = 0.030

_STRIDE: Final = 4
_CPU: Final = torch.device("cpu")


def measure_exposure(samples: Iterable[np.ndarray], space: PlateSpace) -> float:
    """Measure how many stops to lift a shot's picture for the network.

    Args:
        samples: A spread of the shot's frames as decoded, (H, W, 3 or 4) in the plate's space.
        space: The plate's space.

    Returns:
        One number for the shot, from 0 to `MOST_STOPS`, in hundredths; 0 for footage of usual brightness.
        Frames far darker than the shot, as in a fade, do not count.
    """
    codec = make_pixel_codec(space.codec, _CPU)
    # Every fourth pixel of every fourth line finds the same level in a sixteenth of the time.
    thinned = (colour_tensor(sample)[::_STRIDE, ::_STRIDE].reshape(-1, 3) for sample in samples)
    levels = [_bright_level(codec.to_linear(pixels)) for pixels in thinned]
    # The upper quartile, so that the dark frames of a fade do not count.
    level = float(np.quantile(levels, 0.75)) if levels else 0.0
    if level >= _DARK_STOPS:
        return 0.0
    return round(min(_USUAL_STOPS - level, MOST_STOPS), 2)


def _bright_level(linear: Tensor) -> float:
    """Return the level at which the brightest hundredth of a frame (3, N) begins, in stops from white."""
    luminance = (torch.tensor(LUMA_709) @ linear).numpy()
    # A black frame has no logarithm.
    return float(np.log2(max(np.quantile(luminance, _BRIGHT), 2.0**-16)))


def measure_denoise(samples: Iterable[np.ndarray], space: PlateSpace, exposure_stops: float) -> float:
    """Measure how strongly to take grain out of a shot's lifted picture, for `PictureTransform`.

    Args:
        samples: As for `measure_exposure`.
        space: The plate's space.
        exposure_stops: What the picture is lifted by.

    Returns:
        From 0 to 1, in hundredths; 0 for a plate that is not lifted, or has little grain.
    """
    if exposure_stops <= 0:
        return 0.0
    transform = PictureTransform(space, exposure_stops=exposure_stops)
    grains = [_colour_grain(transform.to_network(sample, _CPU)) for sample in samples]
    grain = float(np.median(grains)) if grains else 0.0
    return round(min(max((grain - _QUIET) / (_NOISY - _QUIET), 0.0), 1.0), 2)


def _colour_grain(picture: Tensor) -> float:
    """Return the standard deviation of grain in the difference of red and blue from luma, whichever has more.

    Cloth and hair are texture of luma, so what colour does from pixel to pixel is noise; of that a mask which
    ignores slopes is taken (Immerkaer, 1996), and its median, which ignores edges.
    """
    if min(picture.shape[1:]) < 3:
        return 0.0  # no room for the mask
    colour = (picture - luma(picture))[::2]
    mask = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]]).view(1, 1, 3, 3)
    ripple = conv2d(colour[:, None], mask)[:, 0].abs().flatten(1)
    # Of a normal distribution half lies within 0.6745 deviations; the mask adds up 36 variances.
    return float(ripple.median(dim=1).values.max()) / (0.6745 * 6)
