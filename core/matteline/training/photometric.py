"""Photometric augmentation: light, lens, sensor and compression, the same in all frames of a clip."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_LUMA = (0.299, 0.587, 0.114)
_BLUR_SAMPLES = 7  # positions over an open shutter that are averaged


def relight(clips: Tensor, rng: np.random.Generator, *, strength: float = 1.0) -> Tensor:
    """Change exposure, contrast and colour of clips (N, T, 3, H, W), 0..1, each in its own way; some get dark."""
    count = clips.shape[0]

    def random_gain(sigma: float, channels: int = 1) -> Tensor:
        drawn = strength * sigma * rng.standard_normal((count, 1, channels, 1, 1))
        return torch.from_numpy(np.exp(np.clip(drawn, -1.5, 1.5))).float()

    # Exposure, then white balance.
    gain = random_gain(0.22) * random_gain(0.07, 3)
    dark = torch.from_numpy(rng.random((count, 1, 1, 1, 1)) < 0.12 * strength).float()
    gain = gain * (1 - dark * float(rng.uniform(0.35, 0.75)))
    # The gradient of a power is infinite at 0.
    lit = (clips * gain).clamp(1e-4, 1) ** random_gain(0.2)
    luma = (lit * torch.tensor(_LUMA).view(3, 1, 1)).sum(2, keepdim=True)
    toned = luma + (lit - luma) * random_gain(0.3)
    middle = toned.mean((1, 2, 3, 4), keepdim=True)
    return (middle + (toned - middle) * random_gain(0.12)).clamp(0, 1)


def degrade(clips: Tensor, rng: np.random.Generator, *, strength: float = 1.0) -> Tensor:
    """Make a share `strength` of clips (N, T, 3, H, W), 0..1, soft, noisy, coarse in colour or grey at times."""
    made = torch.stack([_degrade_one(clip, rng) if rng.random() < strength else clip for clip in clips])
    return made.clamp(0, 1)


def motion_blur(clips: Tensor, direction: tuple[float, float]) -> Tensor:
    """Average clips (N, T, C, H, W) along a straight line, as an open shutter records what moves.

    Args:
        clips: Pictures, mattes or both; colours that are blurred with their matte must be premultiplied.
        direction: Length of the line down and across, in pixels.
    """
    height, width = clips.shape[-2:]
    reach = math.ceil(max(abs(each) for each in direction) / 2)
    padded = functional.pad(clips.flatten(0, 1), (reach,) * 4, mode="replicate")
    total = torch.zeros_like(clips.flatten(0, 1))
    for moment in np.linspace(-0.5, 0.5, _BLUR_SAMPLES):
        down, across = (reach + round(moment * each) for each in direction)
        total += padded[..., down : down + height, across : across + width]
    return (total / _BLUR_SAMPLES).view_as(clips)


def _degrade_one(clip: Tensor, rng: np.random.Generator) -> Tensor:
    luma = torch.tensor(_LUMA).view(3, 1, 1)
    # Independent of one another: a soft picture may be noisy, too.
    kind = rng.random(4)
    if kind[0] < 0.25:
        clip = _blur(clip, float(rng.uniform(1.3, 3.0)))
    if kind[1] < 0.3:
        # Full brightness, and colour of a picture several times smaller, as strong JPEG and video keep it.
        grey = (clip * luma).sum(1, keepdim=True)
        clip = grey + _blur(clip - grey, float(rng.integers(2, 5)))
    if kind[2] < 0.35:
        seed = torch.Generator().manual_seed(int(rng.integers(2**31)))
        clip = clip + torch.randn(clip.shape, generator=seed) * float(rng.uniform(0.005, 0.06))
    if kind[3] < 0.05:
        clip = (clip * luma).sum(1, keepdim=True).expand_as(clip)
    return clip


def _blur(clip: Tensor, factor: float) -> Tensor:
    """Return a clip with only the detail that a picture `factor` times smaller holds."""
    height, width = clip.shape[-2:]
    size = max(8, round(height / factor)), max(8, round(width / factor))
    small = functional.interpolate(clip, size, mode="area")
    return functional.interpolate(small, (height, width), mode="bilinear", align_corners=False)
