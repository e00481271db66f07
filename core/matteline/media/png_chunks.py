"""The chunks that a PNG is made of."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME_BYTES = 12
"""Length, kind and checksum around a chunk's data."""


class Chunk(NamedTuple):
    """A chunk as it lies in a file: its first byte's place, its four letters, its data, and if undamaged."""

    start: int
    kind: bytes
    data: memoryview
    intact: bool


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk for a file: length, kind, data and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def chunks(image: memoryview) -> Iterator[Chunk]:
    """Walk a PNG up to its end, or to the chunk that is cut off, which is not given."""
    start = len(SIGNATURE)
    while start + _FRAME_BYTES <= len(image):
        (length,) = struct.unpack_from(">I", image, start)
        end = start + _FRAME_BYTES + length
        if end > len(image):
            return
        (checksum,) = struct.unpack_from(">I", image, end - 4)
        intact = zlib.crc32(image[start + 4 : end - 4]) == checksum
        yield Chunk(start, bytes(image[start + 4 : start + 8]), image[start + 8 : end - 4], intact)
        start = end
