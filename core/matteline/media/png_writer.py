"""PNG files: compressed by FFmpeg's encoder, which is several times faster than libpng's.

Of what FFmpeg makes only the image data is kept. The chunks around it say what is known of the picture and
nothing else: FFmpeg would add a pixel of size 0 by 1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from matteline.contract.plate import Header
from matteline.media.encoding import Encoding
from matteline.media.frame import Pixels
from matteline.media.library_errors import encode_errors
from matteline.media.metadata import clean_text, result_metadata
from matteline.media.png_chunks import SIGNATURE, chunk, chunks
from matteline.media.samples import to_codes

_PIXEL_FORMATS = {
    ("8", 1): "gray",
    ("8", 2): "ya8",
    ("8", 3): "rgb24",
    ("8", 4): "rgba",
    ("16", 1): "gray16be",
    ("16", 2): "ya16be",
    ("16", 3): "rgb48be",
    ("16", 4): "rgba64be",
}

# Level 1 because higher levels cost two to four times as long for a tenth of the size. Each row is stored as
# its difference to the row above: of all filters it is fastest on clean pictures and as good on grain.
_ENCODER_OPTIONS = {"compression_level": "1", "pred": "up"}

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

_PERCEPTUAL = b"\0"
_LONGEST_KEYWORD = 79
# Signature and IHDR: length, kind, 13 bytes and checksum.
_HEADER_BYTES = len(SIGNATURE) + 25


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
        OSError: The system refuses the file; or an `EncodeError`, if the encoder does.
    """
    codes = to_codes(pixels, np.uint8 if encoding.depth == "8" else np.uint16)
    planes = np.broadcast_to(codes, (*codes.shape[:2], channels))
    image = _encode(planes, _PIXEL_FORMATS[encoding.depth, channels])
    data_start = next(each.start for each in chunks(image) if each.kind == b"IDAT")
    with open(path, "wb") as file:
        file.write(image[:_HEADER_BYTES])
        for kind, data in _chunks(header, attributes):
            file.write(chunk(kind, data))
        file.write(image[data_start:])


def _encode(codes: Pixels, pixel_format: str) -> memoryview:
    """Encode one picture as a whole PNG file. A new encoder costs little and shares nothing with other threads."""
    height, width, channels = codes.shape
    context = av.CodecContext.create("png", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, pixel_format
    context.time_base = Fraction(1, 25)  # asked for by the encoder, and without a meaning for one picture
    context.thread_count = 1  # frames are written side by side already
    context.options = dict(_ENCODER_OPTIONS)
    frame = av.VideoFrame(width, height, pixel_format)
    plane = frame.planes[0]
    # FFmpeg's own memory: rows with padding, 16 bits with the high byte first.
    stored = codes.dtype.newbyteorder(">")
    rows = np.asarray(memoryview(plane)).reshape(height, plane.line_size)
    samples = rows[:, : width * channels * stored.itemsize].view(stored)
    samples.reshape(codes.shape)[...] = codes  # a view: only the last axis is split
    with encode_errors():
        [packet] = context.encode(frame)
    return memoryview(packet)


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
