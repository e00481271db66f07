"""What training learns from: clips and pictures, by what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

UInt8Array = NDArray[np.uint8]


@dataclass(frozen=True)
class MattingFootage:
    """A clip of people cut out exactly.

    Attributes:
        fgr: (T, H, W, 3), straight foreground, sRGB-encoded; its colour counts where `pha` is above 0.
        pha: (T, H, W), alpha; 255 is opaque.
    """

    fgr: UInt8Array
    pha: UInt8Array


@dataclass(frozen=True)
class PlainFootage:
    """Backgrounds without people, or pictures of which nothing is known.

    Attributes:
        pictures: (T, H, W, 3), sRGB-encoded.
    """

    pictures: UInt8Array


@dataclass(frozen=True)
class SegmentedFootage:
    """A clip or a picture, and where its people are.

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
        """How many clips or pictures there are."""

    def load(self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None) -> F:
        """Read consecutive frames of one clip.

        Args:
            index: Which, from 0.
            frames: How many frames; a still picture gives one, and augmentation moves it.
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
        """As `Source.load`."""
        for source in self.sources:
            if index < len(source):
                break
            index -= len(source)
        return source.load(index, frames, rng, longest)
