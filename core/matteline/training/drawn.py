"""Drawn people as examples: their alpha and foreground are exact, to the last hair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from matteline.drawing import Drawing, draw_clip, draw_people
from matteline.training.footage import UInt8Array
from matteline.training.pack import Example, Pack, add_to_pack, packed_keys

FIRST_SEED: Final = 1000
"""Seeds from here on are for training; those below, the demo's among them, are never learned from."""

_SIZES: Final = ((320, 240), (320, 180), (240, 320), (256, 256))

_DRAW: Final[Mapping[str, Callable[..., Iterator[Drawing]]]] = MappingProxyType(
    {"drawn": draw_clip, "people": draw_people}
)
"""What is drawn, by the first word of an example's key: the demo's close view, or people of every kind."""


def drawn_examples(
    count: int,
    cache: Path,
    *,
    side: int,
    progress: Callable[[int, int], None],
) -> Pack:
    """Draw people, each in a room of its own, or take them from the cache as far as it goes.

    Args:
        count: How many.
        cache: The folder for all caches.
        side: Of the squares that are kept, in pixels.
        progress: Told how many are drawn, of how many.

    Raises:
        WriteError: The cache cannot be written.
    """
    folder = cache / f"drawn-{side}"
    keys = [f"{_kind(seed)}-{seed}" for seed in range(FIRST_SEED, FIRST_SEED + count)]
    there = packed_keys(folder)
    missing = [key for key in keys if key not in there]
    for added in add_to_pack(folder, map(_example, missing), side):
        progress(count - len(missing) + added, count)
    return Pack(folder, keys)


def _kind(seed: int) -> str:
    """One in two is a close view: hair is best seen there, and the others are more various."""
    return "drawn" if seed % 2 == 0 else "people"


def _example(key: str) -> Example:
    kind, _, number = key.partition("-")
    seed = int(number)
    width, height = _SIZES[seed // 4 % len(_SIZES)]
    drawing = next(_DRAW[kind](width, height, 1, seed=seed))
    pha = _bytes(drawing.alpha)
    return Example(key, _bytes(drawing.plate), _bytes(drawing.fgr), pha, pha, width / height)


def _bytes(values: np.ndarray) -> UInt8Array:
    array: UInt8Array = np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return array
