"""Grain out of the network's picture of a dark plate. The foreground keeps its own."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad

from matteline.colour.levels import LUMA_709

# Colour is described by luma over blocks of so many pixels.
_BLOCK: Final = 4

# Variance of luma below which a block tells nothing of where colour changes.
_FLAT: Final = 0.002

# Standard deviation of the blur of luma.
_BLUR_PIXELS: Final = 0.7


def denoise(picture: Tensor, strength: float) -> Tensor:
    """Take grain out of a picture (3, H, W) in 0..1: much from colour, little from luma, which holds hair.

    Args:
        picture: As the network sees it; not changed.
        strength: From 0, which returns the picture itself, to 1.
    """
    if strength <= 0:
        return picture
    brightness = luma(picture)
    guide = _blurred(brightness)
    return picture.lerp(guide + _guided(picture - brightness, guide), strength).clamp_(0, 1)


def luma(picture: Tensor) -> Tensor:
    """Return the luma (1, H, W) of a picture (3, H, W)."""
    red, green, blue = LUMA_709
    return picture[:1] * red + picture[1:2] * green + picture[2:] * blue


def _blurred(luma: Tensor) -> Tensor:
    taps = torch.arange(-2, 3, device=luma.device, dtype=luma.dtype)
    weights = torch.exp(-taps.square() / (2 * _BLUR_PIXELS**2))
    weights = weights / weights.sum()
    # Two passes of one dimension: ten products a pixel in place of twenty-five.
    padded = pad(luma[None], (2, 2, 2, 2), mode="replicate")
    return conv2d(conv2d(padded, weights.view(1, 1, 1, 5)), weights.view(1, 1, 5, 1))[0]


def _guided(colour: Tensor, guide: Tensor) -> Tensor:
    """Colour (3, H, W) as a line over luma in each block: a coarse guided filter (He and Sun, 2015)."""
    moments = _pooled(torch.cat([guide, guide.square(), colour, guide * colour]))
    mean, square, means, products = moments[0], moments[1], moments[2:5], moments[5:]
    rise = (products - mean * means) / (square - mean.square() + _FLAT)
    line = interpolate(torch.cat([rise, means - rise * mean])[None], size=guide.shape[1:], mode="bilinear")[0]
    return line[:3] * guide + line[3:]


def _pooled(planes: Tensor) -> Tensor:
    # Blocks at the border hold fewer pixels and are means of those.
    return avg_pool2d(planes[None], _BLOCK, ceil_mode=True, count_include_pad=False)[0]
