"""Training batches: the clips that one step shows the network, with their true mattes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

# Kinds of batches: clips with mattes, moved pictures with mattes, and pictures with masks alone.
MATTES: Final = "mattes"
STILLS: Final = "mattes of stills"
SEGMENTS: Final = "segments"


@dataclass(frozen=True)
class TrainingBatch:
    """Clips and the truth about them, float32.

    Attributes:
        pictures: (B, T, 3, H, W), sRGB-encoded, 0..1.
        pha: (B, T, 1, H, W), alpha, 0..1; None where people are only segmented.
        fgr: (B, T, 3, H, W), straight, sRGB-encoded, 0..1; counts where `pha` is above 0; None as `pha`.
        seg: (B, T, 1, H, W), probability that a pixel shows a person, 0..1.
    """

    pictures: Tensor
    pha: Tensor | None
    fgr: Tensor | None
    seg: Tensor

    def map(self, change: Callable[[Tensor], Tensor]) -> TrainingBatch:
        """Return the batch with the same change made to all of its tensors."""
        return TrainingBatch(
            change(self.pictures),
            None if self.pha is None else change(self.pha),
            None if self.fgr is None else change(self.fgr),
            change(self.seg),
        )

    def to(self, device: torch.device) -> TrainingBatch:
        """Return the batch on another device."""
        return self.map(lambda planes: planes.to(device, non_blocking=True))

    def after(self, frames: int) -> TrainingBatch:
        """Return the batch without its first frames."""
        return self.map(lambda planes: planes[:, frames:])


@dataclass(frozen=True)
class BatchShape:
    """Size and kind of a batch.

    Attributes:
        clips: B, number of clips.
        frames: T, frames of each clip.
        height: H, in pixels.
        width: W, in pixels.
        kind: `MATTES`, `STILLS` or `SEGMENTS`.
        augmentation: Strength of all augmentation, 0 to 1. Whole pictures as they were taken are far easier, and
            a network that begins from nothing learns from them first.
    """

    clips: int
    frames: int
    height: int
    width: int
    kind: str = MATTES
    augmentation: float = 1.0


class BatchSource(Protocol):
    """Anything that makes training batches."""

    def batch(self, shape: BatchShape, rng: np.random.Generator) -> TrainingBatch:
        """Return a batch that depends on nothing but its shape and the state of `rng`."""
