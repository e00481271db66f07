"""Plates so long that no machine is done with them before a test stops the render."""

from __future__ import annotations

import os
from pathlib import Path


def lengthened(folder: Path, last: int) -> Path:
    """Repeat the one sequence of a folder, such as `name.1001.png`, up to a number; links cost no time."""
    drawn = sorted(folder.iterdir())
    name, first, suffix = drawn[0].name.rsplit(".", 2)
    for number in range(int(first) + len(drawn), last + 1):
        again = drawn[(number - int(first)) % len(drawn)]
        os.link(again, folder / f"{name}.{number}.{suffix}")
    return folder
