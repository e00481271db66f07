"""Drawn people and places as examples: their alpha and foreground are exact, to the last hair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from matteline.drawing import draw_people, draw_place
from matteline.training.footage import UInt8Array
from matteline.training.pack import Example, Pack, add_to_pack, packed_keys

FIRST_SEED: Final = 1000
"""Seeds from here on are for training; those below, the demo's among them, are never learned from."""

_SIZES: Final = ((448, 336), (448, 252), (336, 448), (384, 384))
"""Width and height in pixels."""

_PEOPLE, _PLACE = "people", "place"
"""First word of an example's key; its second is the seed."""

Progress = Callable[[int, int], None]
"""Told how many are drawn, of how many."""


def drawn_people(count: int, cache: Path, *, side: int, progress: Progress) -> Pack:
    """Draw people, each time in a place of its own, or take them from the cache as far as it goes.

    Args:
        count: How many pictures.
        cache: The folder for all caches.
        side: Of the squares that are kept, in pixels.
        progress: Told how many are drawn, of how many.

    Raises:
        WriteError: The cache cannot be written.
    """
    return _drawn(_PEOPLE, count, cache, side, progress)


def drawn_places(count: int, cache: Path, *, side: int, progress: Progress) -> Pack:
    """As `drawn_people`, without anybody."""
    return _drawn(_PLACE, count, cache, side, progress)


def _drawn(kind: str, count: int, cache: Path, side: int, progress: Progress) -> Pack:
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
        width, height = _SIZES[seed // 4 % len(_SIZES)]
        if kind == _PLACE:
            place = _bytes(next(draw_place(width, height, 1, seed=seed)))
            nobody = np.zeros((height, width), np.uint8)
            yield Example(key, place, np.zeros_like(place), nobody, nobody, width / height)
        else:
            drawing = next(draw_people(width, height, 1, seed=seed))
            pha = _bytes(drawing.alpha)
            yield Example(key, _bytes(drawing.plate), _bytes(drawing.fgr), pha, pha, width / height)


def _bytes(values: np.ndarray) -> UInt8Array:
    array: UInt8Array = np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return array
