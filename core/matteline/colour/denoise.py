"""Grain out of the network's picture of a dark plate. The foreground keeps its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad

from matteline.colour.levels import LUMA_709
from matteline.colour.picture import PictureTransform

_BLOCK: Final = 4
"""Colour is averaged over blocks of so many pixels."""

_BLUR_PIXELS: Final = 0.7
"""Standard deviation of the blur of luma."""

_QUIET: Final = 0.016
_NOISY: Final = 0.030
"""Noise of colour in the lifted picture (standard deviation, sRGB-encoded) below which a filter costs more edge
than it gains, and from which on all of it helps: measured on composites of known alpha."""

_CPU: Final = torch.device("cpu")


def denoise(picture: Tensor, strength: float) -> Tensor:
    """Take grain out of a picture (3, H, W) in 0..1: most of it from colour, little from luma, which holds hair.

    Args:
        picture: As the network sees it; not changed.
        strength: From 0, which returns the picture itself, to 1.
    """
    if strength <= 0:
        return picture
    luma = luma_of(picture)
    smooth = _blurred(luma) + _averaged(picture - luma)
    return picture.lerp(smooth, strength).clamp_(0, 1)


def luma_of(picture: Tensor) -> Tensor:
    """The luma (1, H, W) of a picture (3, H, W)."""
    return torch.tensordot(picture.new_tensor(LUMA_709), picture, dims=1)[None]


def _blurred(luma: Tensor) -> Tensor:
    taps = torch.arange(-2, 3, device=luma.device, dtype=luma.dtype)
    weights = torch.exp(-taps.square() / (2 * _BLUR_PIXELS**2))
    weights = weights / weights.sum()
    padded = pad(luma[None], (2, 2, 2, 2), mode="replicate")
    return conv2d(conv2d(padded, weights.view(1, 1, 1, 5)), weights.view(1, 1, 5, 1))[0]


def _averaged(colour: Tensor) -> Tensor:
    blocks = avg_pool2d(colour[None], _BLOCK, ceil_mode=True, count_include_pad=False)
    return interpolate(blocks, size=colour.shape[1:], mode="bilinear", align_corners=False)[0]
