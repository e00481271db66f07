"""Splits of pictures: learned from, held out to choose a model, and held out to measure it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

HOLD_OUT: Final = 10
"""One picture of so many in a folder is held out, by name, the first one included."""


def split(files: Sequence[Path], every: int = HOLD_OUT) -> tuple[list[Path], list[Path]]:
    """Split the pictures of one folder into those to learn from and those held out.

    Args:
        files: The pictures, in any order.
        every: Hold out one of so many, in the order of names; 0 holds out none.
    """
    # By name, so that the split stays the same wherever the pictures lie.
    ordered = sorted(files, key=lambda file: file.name)
    held = ordered[::every] if every else []
    return [file for file in ordered if file not in set(held)], held


def validation_half(held: Sequence[Path]) -> list[Path]:
    """Return the half of the held-out pictures that decides which model of a run is kept."""
    return list(held[1::2])


def measured_half(held: Sequence[Path]) -> list[Path]:
    """Return the half of the held-out pictures that a model card's figures come from; it decides nothing."""
    return list(held[::2])
