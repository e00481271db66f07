"""The picture on a host's button, drawn here: a person as a matte, over black and over a checker."""

from __future__ import annotations

import struct
import zlib

from matteline.media.png_chunks import SIGNATURE, chunk

SIZE = 24
_FINE = 4
_HEAD = (0.5, 0.34, 0.2)
_SHOULDERS = (0.5, 1.02, 0.4, 0.42)


def icon() -> bytes:
    """The icon as an 8-bit RGBA PNG of 24 by 24 pixels, the size of Nuke's own."""
    rows = b"".join(b"\0" + b"".join(_pixel(x, y) for x in range(SIZE)) for y in range(SIZE))
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def _pixel(x: int, y: int) -> bytes:
    alpha = _cover(x, y)
    behind = 0 if x < SIZE // 2 else 200 - 80 * ((x // 4 + y // 4) % 2)
    grey = round(alpha * 255 + (1 - alpha) * behind)
    return bytes((grey, grey, grey, 255))


def _cover(x: int, y: int) -> float:
    """How much of a pixel the person covers, by a grid of points in it."""
    points = [(each + 0.5) / _FINE for each in range(_FINE)]
    inside = sum(_is_person((x + dx) / SIZE, (y + dy) / SIZE) for dx in points for dy in points)
    return inside / _FINE**2


def _is_person(x: float, y: float) -> bool:
    head_x, head_y, radius = _HEAD
    middle, bottom, width, height = _SHOULDERS
    in_head = (x - head_x) ** 2 + (y - head_y) ** 2 <= radius**2
    return in_head or ((x - middle) / width) ** 2 + ((y - bottom) / height) ** 2 <= 1
