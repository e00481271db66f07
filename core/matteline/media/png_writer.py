"""PNG files: rows filtered by numpy and compressed by ISA-L, several times faster than by libpng or FFmpeg."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
from isal import isal_zlib

from matteline.contract.plate import Header
from matteline.media.encoding import Encoding
from matteline.media.frame import Pixels
from matteline.media.metadata import clean_text, result_metadata
from matteline.media.png_chunks import SIGNATURE, chunk, header_chunk
from matteline.media.samples import to_codes

# Each row is stored as its difference to the row above: of all filters it is fastest on clean pictures and as good
# on grain.
_FILTER_UP = 2

# Level 1 is faster, but the same picture would not always give the same bytes; see `exr_chunks`.
_LEVEL = 3

# Bytes of rows filtered and compressed at once, near the processor. Half or twice as many take as long.
_STRIP_BYTES = 1 << 20

# Colour interop IDs with Rec. 709 primaries, and 100000 / gamma as a PNG states it. Programs that know no
# interop ID still go by gAMA and cHRM.
_GAMMA = {
    "srgb_rec709_scene": 45455,
    "srgb_rec709_display": 45455,
    "g22_rec709_scene": 45455,
    "g22_rec709_display": 45455,
    "g24_rec709_scene": 41667,
    "g24_rec709_display": 41667,
    "lin_rec709_scene": 100000,
}

# White, red, green and blue x, y times 100000.
_REC709 = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)

# All that an sRGB chunk holds is a rendering intent; this is the one for photographs.
_PERCEPTUAL = b"\0"
_LONGEST_KEYWORD = 79


def write_png(
    path: Path,
    pixels: Pixels,
    encoding: Encoding,
    header: Header,
    *,
    channels: int,
    attributes: Mapping[str, object],
) -> None:
    """Write one PNG.

    Args:
        path: The file, whatever its extension.
        pixels: (H, W, C); integers of the file's depth are stored as they are, others are rounded to it.
            C is 1 or as many as channels; a single plane is stored in each.
        encoding: The depth.
        header: Gives pixel aspect, timecode and the metadata to copy.
        channels: 1 is grey, 2 grey and alpha, 3 RGB, 4 RGBA.
        attributes: Metadata to add; `colorInteropID` also states the colour where PNG has words for it.

    Raises:
        OSError: The system refuses the file.
    """
    codes = to_codes(pixels, np.uint8 if encoding.depth == "8" else np.uint16)
    planes = np.broadcast_to(codes, (*codes.shape[:2], channels))
    with open(path, "wb") as file:
        file.write(SIGNATURE + header_chunk(planes))
        for kind, data in _chunks(header, attributes):
            file.write(chunk(kind, data))
        for data in _compressed(planes):
            file.write(chunk(b"IDAT", data))
        file.write(chunk(b"IEND", b""))


def _compressed(codes: Pixels) -> Iterator[bytes]:
    """Yield the image data of a picture (H, W, C), uint8 or uint16, piece by piece; together they are one stream."""
    height, width, channels = codes.shape
    stored = codes.dtype.newbyteorder(">")  # of 16 bits the high byte comes first
    row_bytes = width * channels * stored.itemsize
    strip_rows = max(1, _STRIP_BYTES // row_bytes)
    filtered = np.empty((min(strip_rows, height), 1 + row_bytes), np.uint8)
    filtered[:, 0] = _FILTER_UP
    above = np.zeros(row_bytes, np.uint8)  # the first row has nothing above it
    compressor = isal_zlib.compressobj(_LEVEL)
    for top in range(0, height, strip_rows):
        strip = np.ascontiguousarray(codes[top : top + strip_rows], stored)
        rows = strip.view(np.uint8).reshape(len(strip), row_bytes)
        np.subtract(rows[0], above, out=filtered[0, 1:])
        np.subtract(rows[1:], rows[:-1], out=filtered[1 : len(rows), 1:])
        above = rows[-1]
        if data := compressor.compress(filtered[: len(rows)]):
            yield data
    yield compressor.flush()


def _chunks(header: Header, attributes: Mapping[str, object]) -> Iterable[tuple[bytes, bytes]]:
    """Yield kind and data of the chunks that describe the picture."""
    interop_id = str(attributes.get("colorInteropID"))
    if interop_id in _GAMMA:
        yield b"gAMA", struct.pack(">I", _GAMMA[interop_id])
        yield b"cHRM", struct.pack(">8I", *_REC709)
        if interop_id.startswith("srgb"):
            yield b"sRGB", _PERCEPTUAL
    if header.pixel_aspect != 1.0:
        aspect = Fraction(header.pixel_aspect).limit_denominator(10_000)
        # Pixels per unit across and down, unit unknown: a wide pixel has fewer of them across.
        yield b"pHYs", struct.pack(">IIB", aspect.denominator, aspect.numerator, 0)
    if header.timecode:
        yield from _text_chunk("timecode", header.timecode)
    for name, value in result_metadata(header, attributes):
        yield from _text_chunk(name, value)


def _text_chunk(name: str, value: object) -> Iterable[tuple[bytes, bytes]]:
    """Yield the chunk of a text; none where the name is too long for a PNG."""
    text = ", ".join(str(each) for each in value) if isinstance(value, tuple) else str(value)
    keyword = name.strip().encode("latin-1", "replace")
    if not 0 < len(keyword) <= _LONGEST_KEYWORD:
        return
    try:
        yield b"tEXt", keyword + b"\0" + clean_text(text).encode("latin-1")
    except UnicodeEncodeError:
        # Not compressed, no language, no translated keyword: each ends with a zero.
        yield b"iTXt", keyword + b"\0\0\0\0\0" + clean_text(text).encode()
