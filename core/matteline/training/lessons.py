"""Lessons: what one training step shows the network, and what it should have said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

MATTES: Final = "mattes"
STILLS: Final = "mattes of stills"
SEGMENTS: Final = "segments"


@dataclass(frozen=True)
class Lesson:
    """Clips and the truth about them, float32.

    Attributes:
        pictures: (B, T, 3, H, W), sRGB-encoded, 0..1.
        pha: (B, T, 1, H, W), alpha, 0..1; None where people are only marked.
        fgr: (B, T, 3, H, W), straight, 0..1; counts where `pha` is above 0; None as `pha`.
        seg: (B, T, 1, H, W), how likely a pixel is of a person.
    """

    pictures: Tensor
    pha: Tensor | None
    fgr: Tensor | None
    seg: Tensor

    def each(self, change: Callable[[Tensor], Tensor]) -> Lesson:
        """The same change made to everything that is known."""
        return Lesson(
            change(self.pictures),
            None if self.pha is None else change(self.pha),
            None if self.fgr is None else change(self.fgr),
            change(self.seg),
        )

    def to(self, device: torch.device) -> Lesson:
        """The same on another device."""
        return self.each(lambda planes: planes.to(device, non_blocking=True))

    def after(self, frames: int) -> Lesson:
        """The same without the first frames."""
        return self.each(lambda planes: planes[:, frames:])


@dataclass(frozen=True)
class Shape:
    """What a lesson is like.

    Attributes:
        clips: How many.
        frames: Of each clip.
        height: In pixels.
        width: In pixels.
        kind: `MATTES`, `STILLS` or `SEGMENTS`.
        boldness: How far a lesson may stray from the pictures as they are, 0 to 1. Whole pictures as they
            were taken are far easier, and a network without any training learns from them first.
    """

    clips: int
    frames: int
    height: int
    width: int
    kind: str = MATTES
    boldness: float = 1.0


class Lessons(Protocol):
    """Where lessons come from."""

    def lesson(self, shape: Shape, rng: np.random.Generator) -> Lesson:
        """A lesson that depends on nothing but its shape and the state of `rng`."""
