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
