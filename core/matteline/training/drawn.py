"""Drawn people as examples: their alpha and foreground are exact, to the last hair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from matteline.drawing.clip import Drawing, draw_clip
from matteline.training.footage import UInt8Array
from matteline.training.hints import add_hints
from matteline.training.pack import Example, Pack, add_to_pack, packed_keys
from matteline.training.teacher import Teacher

FIRST_SEED: Final = 1000
"""Seeds from here on are for training; those below, the demo's among them, are never learned from."""

_SIZES: Final = ((320, 240), (320, 180), (240, 320), (256, 256))


def drawn_examples(
    count: int,
    cache: Path,
    *,
    side: int,
    progress: Callable[[int, int], None],
    teacher: Teacher | None = None,
) -> Pack:
    """Draw people, each in a room of its own, or take them from the cache as far as it goes.

    Args:
        count: How many.
        cache: The folder for all caches.
        side: Of the squares that are kept, in pixels.
        progress: Told how many are drawn, of how many.
        teacher: Gives hints of what it thinks of them, but not their mattes; None for none.

    Raises:
        WriteError: The cache cannot be written.
    """
    folder = cache / f"drawn-{side}"
    keys = [f"drawn-{seed}" for seed in range(FIRST_SEED, FIRST_SEED + count)]
    there = packed_keys(folder)
    missing = [key for key in keys if key not in there]
    for added in add_to_pack(folder, map(_example, missing), side):
        progress(count - len(missing) + added, count)
    if teacher is None:
        return Pack(folder, keys)
    name = teacher.sha256[:12]
    add_hints(folder, name, teacher.thinker)
    return Pack(folder, keys, name)


def _example(key: str) -> Example:
    seed = int(key.rpartition("-")[2])
    width, height = _SIZES[seed % len(_SIZES)]
    drawing = _one(draw_clip(width, height, 1, seed=seed))
    pha = _bytes(drawing.alpha)
    return Example(key, _bytes(drawing.plate), _bytes(drawing.fgr), pha, pha, width / height)


def _one(drawings: Iterator[Drawing]) -> Drawing:
    return next(drawings)


def _bytes(values: np.ndarray) -> UInt8Array:
    array: UInt8Array = np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return array
