"""Drawn people and places: exact mattes, as many as wanted, as packed examples and as sources of clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from matteline.drawing import draw_people, draw_place
from matteline.drawing.shapes.arrays import Floats
from matteline.media.samples import to_codes
from matteline.training.footage import MattingFootage, PlainFootage, UInt8Array
from matteline.training.pack import Example, Pack, add_to_pack, packed_keys

FIRST_SEED: Final = 1000
"""Seeds from here on are for training; those below, the demo's among them, are never learned from."""

# Shapes of photos, videos and upright phones, of about the size at which examples are kept.
# Width and height of drawn examples, in pixels.
_SIZES: Final = ((448, 336), (448, 252), (336, 448), (384, 384))

_PEOPLE, _PLACE = "people", "place"
"""First word of an example's key; the second one is its seed."""

DrawingProgress = Callable[[int, int], None]
"""Called with the number of pictures drawn, and of those to draw."""


def drawn_people(count: int, cache: Path, *, side: int, progress: DrawingProgress) -> Pack:
    """Draw people, each time in a place of its own, or take them from the cache as far as it goes.

    Args:
        count: Number of pictures.
        cache: Folder for all caches.
        side: Side in pixels of the squares that are kept.
        progress: Called after every few pictures.

    Raises:
        WriteError: The cache cannot be written.
    """
    return _drawn(_PEOPLE, count, cache, side, progress)


def drawn_places(count: int, cache: Path, *, side: int, progress: DrawingProgress) -> Pack:
    """Draw places without people; as `drawn_people`."""
    return _drawn(_PLACE, count, cache, side, progress)


def _drawn(kind: str, count: int, cache: Path, side: int, progress: DrawingProgress) -> Pack:
    folder = cache / f"drawn-{kind}-{side}"
    keys = [f"{kind}-{seed}" for seed in range(FIRST_SEED, FIRST_SEED + count)]
    there = packed_keys(folder)
    missing = [key for key in keys if key not in there]
    for added in add_to_pack(folder, _examples(missing), side):
        progress(count - len(missing) + added, count)
    return Pack(folder, keys)


def _examples(keys: Sequence[str]) -> Iterable[Example]:
    for key in keys:
        kind, _, number = key.partition("-")
        seed = int(number)
        width, height = _SIZES[seed // 4 % len(_SIZES)]  # four of a size, whatever else the seed decides
        if kind == _PLACE:
            place = to_codes(next(draw_place(width, height, 1, seed=seed)), np.uint8)
            nobody = np.zeros((height, width), np.uint8)
            yield Example(key, place, np.zeros_like(place), nobody, nobody, width / height)
        else:
            drawing = next(draw_people(width, height, 1, seed=seed))
            plate, fgr = to_codes(drawing.plate, np.uint8), to_codes(drawing.fgr, np.uint8)
            pha = to_codes(drawing.alpha[..., None], np.uint8)[..., 0]
            yield Example(key, plate, fgr, pha, pha, width / height)


@dataclass(frozen=True)
class _DrawnClips:
    """Drawn clips; each index draws its own, the same every time.

    Attributes:
        count: Number of clips.
        width: Width of the pictures, in pixels.
        height: Height of the pictures, in pixels.
        first_seed: Seed of the first clip; the others follow.
    """

    count: int
    width: int = 1280
    height: int = 720
    first_seed: int = FIRST_SEED

    def __len__(self) -> int:
        return self.count

    def _size(self, longest: int | None) -> tuple[int, int]:
        """Width and height at which to draw: no larger than asked for, since drawing takes time."""
        scale = min(1.0, (longest or max(self.width, self.height)) / max(self.width, self.height))
        return max(2, round(self.width * scale)), max(2, round(self.height * scale))


class DrawnPeople(_DrawnClips):
    """Clips of people with exact mattes, as a `Source`."""

    def load(
        self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None
    ) -> MattingFootage:
        """Draw the first frames of a clip; see `Source.load`."""
        # Without a sensor's noise: people are put before other backgrounds, and degraded together.
        drawings = list(draw_people(*self._size(longest), frames, seed=self.first_seed + index, sensor=False))
        return MattingFootage(
            _codes(drawing.fgr for drawing in drawings),
            _codes(drawing.alpha[..., None] for drawing in drawings)[..., 0],
        )


class DrawnPlaces(_DrawnClips):
    """Clips of places without people, as a `Source`."""

    def load(
        self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None
    ) -> PlainFootage:
        """Draw the first frames of a clip; see `Source.load`."""
        return PlainFootage(_codes(draw_place(*self._size(longest), frames, seed=self.first_seed + index)))


def _codes(pictures: Iterable[Floats]) -> UInt8Array:
    """Pictures (T, H, W, C), 0..1, as 8-bit codes."""
    return np.stack([to_codes(picture, np.uint8) for picture in pictures])
