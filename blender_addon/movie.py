"""Binding finished PNG files into a QuickTime movie, byte for byte: a movie of PNG is PNG files and a table.

Retimed strips need it: Blender keeps their timing for a movie that takes the place of another one of the same
rate and length, and tells no one what the timing is.
"""

import struct
import zlib
from fractions import Fraction
from pathlib import Path

from .contract.errors import ReadError
from .contract.files import replacing

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def bind(path, pictures, rate, size, alpha):
    """Write a movie of PNG files.

    Args:
        path: The movie; replaced when it is there.
        pictures: Paths of 8-bit PNG files in order; None stands for an empty picture.
        rate: Pictures per second, as Blender tells it for the movie that this one will stand for.
        size: Width and height in pixels.
        alpha: Whether the files have alpha.

    Raises:
        ReadError: A picture cannot be read.
        WriteError: The movie cannot be written.
    """
    with replacing(Path(path)) as temporary, open(temporary, "wb") as file:
        _write(file, pictures, rate, size, alpha)


def _write(file, pictures, rate, size, alpha):
    kind = _box(b"ftyp", b"qt  ", struct.pack(">I", 0x200), b"qt  ")
    file.write(kind + struct.pack(">I4sQ", 1, b"mdat", 0))
    offsets, lengths = [], []
    blank = _blank(*size, alpha)
    for picture in pictures:
        offsets.append(file.tell())
        lengths.append(file.write(_read(picture) if picture else blank))
    end = file.tell()
    file.write(_moov(offsets, lengths, Fraction(rate).limit_denominator(1001), size, alpha))
    file.seek(len(kind) + 8)
    file.write(struct.pack(">Q", end - len(kind)))


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror}.", path=path) from None


def _blank(width, height, alpha):
    """A PNG of zeros, of the kind that results are."""
    channels, colour = (4, 6) if alpha else (1, 0)
    rows = zlib.compress(bytes((1 + width * channels) * height), 9)
    header = struct.pack(">2I5B", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _moov(offsets, lengths, rate, size, alpha):
    scale, step = rate.numerator, rate.denominator
    duration = step * len(offsets)
    header = struct.pack(">4I", 0, 0, scale, duration)
    movie = header + struct.pack(">IH10x", 0x10000, 0x100) + _MATRIX + bytes(24) + struct.pack(">I", 2)
    return _box(b"moov", _full(b"mvhd", movie), _track(offsets, lengths, header, step, size, alpha))


def _track(offsets, lengths, header, step, size, alpha):
    duration = step * len(offsets)
    tkhd = struct.pack(">5I8x4H", 0, 0, 1, 0, duration, 0, 0, 0, 0) + _MATRIX
    tkhd += struct.pack(">2I", size[0] << 16, size[1] << 16)
    handler = _full(b"hdlr", b"mhlrvide" + bytes(12) + b"\x00")
    data = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1)))
    information = _box(
        b"minf",
        _full(b"vmhd", struct.pack(">4H", 0x40, 0x8000, 0x8000, 0x8000), flags=1),
        _full(b"hdlr", b"dhlrurl " + bytes(12) + b"\x00"),
        data,
        _samples(offsets, lengths, step, size, alpha),
    )
    media = _box(b"mdia", _full(b"mdhd", header, struct.pack(">2H", 0x7FFF, 0)), handler, information)
    return _box(b"trak", _full(b"tkhd", tkhd, flags=3), media)


def _samples(offsets, lengths, step, size, alpha):
    count = len(offsets)
    return _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), _description(size, alpha)),
        _full(b"stts", struct.pack(">3I", 1, count, step)),
        _full(b"stsc", struct.pack(">4I", 1, 1, 1, 1)),
        _full(b"stsz", struct.pack(">2I", 0, count), struct.pack(f">{count}I", *lengths)),
        _full(b"co64", struct.pack(">I", count), struct.pack(f">{count}Q", *offsets)),
    )


def _description(size, alpha):
    depth = 32 if alpha else 24
    name = b"\x03PNG".ljust(32, b"\x00")
    return _box(
        b"png ",
        struct.pack(">6xH2H4s2I2H2IIH", 1, 0, 0, b"\0\0\0\0", 0, 0x200, *size, 0x480000, 0x480000, 0, 1),
        name,
        struct.pack(">Hh", depth, -1),
    )


def _full(kind, *parts, flags=0):
    return _box(kind, struct.pack(">I", flags), *parts)


def _box(kind, *parts):
    data = b"".join(parts)
    return struct.pack(">I", len(data) + 8) + kind + data
