"""Completeness of results on disk, so that a resumed render may keep them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import OpenImageIO as oiio

from matteline.contract.files import unicode_path
from matteline.contract.plate import Window
from matteline.media.library_errors import BINDING_ERRORS, oiio_error
from matteline.media.png_chunks import SIGNATURE, chunks

# PNG's colour types without a palette, and their numbers of channels.
_PNG_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}

_PIECE_BYTES = 1 << 20


def is_complete(path: Path, *, canvas: Window, channels: int) -> bool:
    """Return whether a result can be read to its last pixel and belongs on this canvas.

    Every pixel is decoded, so a file cut off at any byte is found out, and so is damage that compression or
    checksums reveal. Whatever else is wrong, an unreadable or foreign file is just not complete.

    Args:
        path: An EXR or PNG as `write_image` makes it.
        canvas: The pixels that frames of the shot are delivered on. An EXR's data window lies within it, a
            PNG's picture is no larger.
        channels: How many channels the file has.
    """
    if path.suffix.lower() == ".png":
        return _is_whole_png(path, canvas, channels)
    try:
        with unicode_path(path) as name:
            return _is_whole_image(name, canvas, channels)
    except (OSError, *BINDING_ERRORS):
        return False


def _is_whole_image(path: str, canvas: Window, channels: int) -> bool:
    image = oiio.ImageInput.open(path)
    if image is None:
        oiio_error()  # not taken, it is printed when the program ends
        return False
    try:
        spec = image.spec()
        window = Window(spec.x, spec.y, spec.width, spec.height)
        fits = canvas.contains(window) and spec.nchannels == channels
        return fits and image.read_image(spec.format) is not None
    finally:
        oiio_error(image)
        image.close()


def _is_whole_png(path: Path, canvas: Window, channels: int) -> bool:
    # By hand, because libpng forgives much, and prints what it does not forgive.
    try:
        image = memoryview(path.read_bytes())
    except OSError:
        return False
    parts = list(chunks(image))
    if image[:8] != SIGNATURE or not parts or parts[0].kind != b"IHDR" or parts[-1].kind != b"IEND":
        return False
    # A header of another length could not be taken apart below.
    if not all(each.intact for each in parts) or len(parts[0].data) != 13:
        return False
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0].data)
    fits = width <= canvas.width and height <= canvas.height and _PNG_CHANNELS.get(kind) == channels
    # The rows of an interlaced file lie in seven passes, and no file of ours is one.
    if not fits or interlaced:
        return False
    # One byte before each row names its filter.
    row_bytes = 1 + (width * channels * depth + 7) // 8
    return _inflates_to(height * row_bytes, (each.data for each in parts if each.kind == b"IDAT"))


def _inflates_to(size: int, pieces: Iterable[memoryview]) -> bool:
    """Return whether compressed pieces together hold exactly `size` bytes; stop at the first byte too many."""
    stream, inflated = zlib.decompressobj(), 0
    try:
        for piece in pieces:
            waiting: bytes | memoryview = piece
            # Piecewise, because a few bytes of a hostile file inflate to gigabytes.
            while len(waiting) and inflated <= size:
                inflated += len(stream.decompress(waiting, _PIECE_BYTES))
                waiting = stream.unconsumed_tail
    except zlib.error:
        return False
    return stream.eof and inflated == size
