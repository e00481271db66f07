"""The chunks that a PNG is made of, and small PNGs made of them in memory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Length, kind and checksum around a chunk's data.
_FRAME_BYTES = 12


class Chunk(NamedTuple):
    """A chunk as it lies in a file.

    Attributes:
        start: The offset of its first byte.
        kind: Its four letters.
        data: Its data.
        intact: Whether its checksum is that of its data.
    """

    start: int
    kind: bytes
    data: memoryview
    intact: bool


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk for a file: length, kind, data and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def chunks(image: memoryview) -> Iterator[Chunk]:
    """Walk a PNG up to its end, or to the chunk that is cut off, which is not given."""
    start = len(SIGNATURE)
    # A chunk's own length may reach beyond the file's end, where that was cut off.
    while start + _FRAME_BYTES <= len(image):
        (length,) = struct.unpack_from(">I", image, start)
        end = start + _FRAME_BYTES + length
        if end > len(image):
            return
        (checksum,) = struct.unpack_from(">I", image, end - 4)
        intact = zlib.crc32(image[start + 4 : end - 4]) == checksum
        yield Chunk(start, bytes(image[start + 4 : start + 8]), image[start + 8 : end - 4], intact)
        start = end


def header_chunk(codes: npt.NDArray[np.unsignedinteger[Any]]) -> bytes:
    """Return the IHDR of a picture (H, W, C), uint8 or uint16: grey, grey and alpha, RGB or RGBA."""
    height, width, channels = codes.shape
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    # The zeros are the only methods that PNG has of compression and filtering, and no interlacing.
    fields = struct.pack(">IIBBBBB", width, height, 8 * codes.itemsize, colour_type, 0, 0, 0)
    return chunk(b"IHDR", fields)


def encode_png(codes: npt.NDArray[np.uint8], level: int = 6) -> bytes:
    """Return a small picture as a PNG file in memory, such as a thumbnail or an icon.

    Frames are written by `png_writer`, which is many times faster and states the colour space.

    Args:
        codes: (H, W, 3) RGB or (H, W, 4) straight RGBA.
        level: How hard zlib tries, 1 to 9.
    """
    height, width, channels = codes.shape
    # Each row begins with its filter: 0, none.
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = codes.reshape(height, width * channels)
    data = zlib.compress(rows.tobytes(), level)
    return SIGNATURE + header_chunk(codes) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
