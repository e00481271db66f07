"""Footage for training: clips and pictures with mattes, with masks, or without either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

UInt8Array = NDArray[np.uint8]


@dataclass(frozen=True)
class MattingFootage:
    """A clip of people with true mattes.

    Attributes:
        fgr: (T, H, W, 3), straight foreground, sRGB-encoded; its colour counts where `pha` is above 0.
        pha: (T, H, W), alpha; 255 for opaque.
    """

    fgr: UInt8Array
    pha: UInt8Array


@dataclass(frozen=True)
class PlainFootage:
    """A clip or a picture without mattes and masks, such as a background.

    Attributes:
        pictures: (T, H, W, 3), sRGB-encoded.
    """

    pictures: UInt8Array


@dataclass(frozen=True)
class SegmentedFootage:
    """A clip or a picture with masks of its people.

    Attributes:
        pictures: (T, H, W, 3), sRGB-encoded.
        masks: (T, H, W), 0 or 255.
    """

    pictures: UInt8Array
    masks: UInt8Array


F = TypeVar("F", MattingFootage, PlainFootage, SegmentedFootage, covariant=True)


class Source(Protocol[F]):
    """A set of clips or pictures, checked when it was opened."""

    def __len__(self) -> int:
        """Return the number of clips or pictures."""

    def load(self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None) -> F:
        """Read consecutive frames of one clip.

        Args:
            index: Number of the clip, from 0.
            frames: Number of frames; a still picture gives one, and augmentation moves it.
            rng: Decides which frames of a longer clip.
            longest: Scale down so that the longer side is at most this many pixels; None as stored.

        Raises:
            ReadError: A picture cannot be read.
            JobError: The pictures of one clip do not belong together.
        """


@dataclass(frozen=True)
class Several(Generic[F]):
    """Several sources as one, their clips one after another.

    Attributes:
        sources: At least one.
    """

    sources: tuple[Source[F], ...]

    def __len__(self) -> int:
        return sum(map(len, self.sources))

    def load(self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None) -> F:
        """Read frames; see `Source.load`."""
        # A number that is too large fails in the last source, as in any other sequence.
        for source in self.sources:
            if index < len(source):
                break
            index -= len(source)
        return source.load(index, frames, rng, longest)
