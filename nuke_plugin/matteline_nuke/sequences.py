"""File names of sequences, and a test for files that are there."""

from __future__ import annotations

import os
import re


def slashed(path: str) -> str:
    """Return a path with slashes: Nuke takes a backslash in a knob for Tcl."""
    return path.replace(os.sep, "/")


def numbered(pattern: str, frame: int) -> str:
    """Return a frame's file: `plate.0007.exr` of `plate.####.exr` and 7. Folders are left as they are."""
    head, name = os.path.split(pattern)
    return os.path.join(head, re.sub(r"#+", lambda token: f"{frame:0{len(token[0])}d}", name))


def pattern_of(path: str, frame: int) -> str:
    """Return the pattern of a sequence by one of its files; empty when its number is not that of the frame."""
    head, name = os.path.split(path)
    match = re.fullmatch(r"(.*?)([0-9]+)(\.[^.]*)", name, re.DOTALL)
    if not match or int(match[2]) != frame or "#" in name:
        return ""
    return slashed(os.path.join(head, f"{match[1]}{'#' * len(match[2])}{match[3]}"))


def is_complete(path: str) -> bool:
    """Tell whether a file is there and not empty; a file under its final name is whole."""
    try:
        return os.path.getsize(path) > 0
    except OSError:
        return False
