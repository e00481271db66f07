"""Which pictures are held out: never learned from, only measured on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

HOLD_OUT: Final = 10
"""Every so many pictures of a folder, the first one included, by name."""


def split(files: Sequence[Path], every: int = HOLD_OUT) -> tuple[list[Path], list[Path]]:
    """What is learned from and what is held out: of the files by name, every tenth is held out.

    Args:
        files: The pictures of one folder.
        every: Of how many one is held out; 0 for none.
    """
    ordered = sorted(files, key=lambda file: file.name)
    held = ordered[::every] if every else []
    return [file for file in ordered if file not in set(held)], held


def watched(held: Sequence[Path]) -> list[Path]:
    """Return the half of a folder's held-out pictures that decides which model of a run is kept."""
    return list(held[1::2])


def measured(held: Sequence[Path]) -> list[Path]:
    """Return the other half, which had no part in choosing the model: what its card's figures come from."""
    return list(held[::2])
