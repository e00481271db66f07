"""QuickTime movies of finished PNG files, byte for byte: a movie of PNG is PNG files and a table.

Retimed strips need it: Blender keeps their timing for a movie that takes the place of another one of the same
rate and length, and does not tell what the timing is. The boxes are those of Apple's QuickTime File Format
Specification (2016).
"""

import struct
import zlib
from fractions import Fraction
from pathlib import Path

from .contract.errors import ReadError
from .contract.files import replacing

# No rotation and no scale: fixed point of 16.16 bits, the last column of 2.30.
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def write_png_movie(path, pictures, rate, size, alpha):
    """Write a movie of PNG files.

    Args:
        path: The movie; replaced when it is there.
        pictures: Paths of 8-bit PNG files in order; None stands for an empty picture.
        rate: Pictures per second, as Blender tells it for the movie that this one will stand for.
        size: Width and height in pixels.
        alpha: True if the files have alpha.

    Raises:
        ReadError: A picture cannot be read.
        WriteError: The movie cannot be written.
    """
    with replacing(Path(path)) as temporary, open(temporary, "wb") as file:
        kind = _box(b"ftyp", b"qt  ", struct.pack(">I", 0x200), b"qt  ")
        # The length of the data follows when it is known; 1 says that it has 64 bits.
        file.write(kind + struct.pack(">I4sQ", 1, b"mdat", 0))
        offsets, lengths = [], []
        empty = _empty_png(*size, alpha)
        for picture in pictures:
            offsets.append(file.tell())
            lengths.append(file.write(_read(picture) if picture else empty))
        end = file.tell()
        # Rates such as 24000/1001 are told as decimals.
        file.write(_movie(offsets, lengths, Fraction(rate).limit_denominator(1001), size, alpha))
        file.seek(len(kind) + 8)
        file.write(struct.pack(">Q", end - len(kind)))


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror}.", path=path) from None


def _empty_png(width, height, alpha):
    """Return a PNG of zeros, of the kind that results are: RGBA or grey, 8 bits."""
    channels, colour_type = (4, 6) if alpha else (1, 0)
    rows = zlib.compress(bytes((1 + width * channels) * height), 9)
    header = struct.pack(">2I5B", width, height, 8, colour_type, 0, 0, 0)
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _movie(offsets, lengths, rate, size, alpha):
    """Return the table of contents, `moov`, with its one track."""
    # By the numerator, so that a picture lasts whole units of time at 24000/1001 too.
    scale, step = rate.numerator, rate.denominator
    duration = step * len(offsets)
    times = struct.pack(">4I", 0, 0, scale, duration)
    movie = times + struct.pack(">IH10x", 0x10000, 0x100) + _MATRIX + bytes(24) + struct.pack(">I", 2)
    # One track, whose id is 1, so that the next free one is 2.
    tkhd = struct.pack(">5I8x4H", 0, 0, 1, 0, duration, 0, 0, 0, 0) + _MATRIX
    tkhd += struct.pack(">2I", size[0] << 16, size[1] << 16)
    media = _box(
        b"mdia",
        # 0x7FFF stands for no language.
        _full_box(b"mdhd", times, struct.pack(">2H", 0x7FFF, 0)),
        _full_box(b"hdlr", b"mhlrvide" + bytes(12) + b"\x00"),
        _box(
            b"minf",
            _full_box(b"vmhd", struct.pack(">4H", 0x40, 0x8000, 0x8000, 0x8000), flags=1),
            _full_box(b"hdlr", b"dhlrurl " + bytes(12) + b"\x00"),
            # The data is in this file.
            _box(b"dinf", _full_box(b"dref", struct.pack(">I", 1), _full_box(b"url ", flags=1))),
            _samples(offsets, lengths, step, size, alpha),
        ),
    )
    # Flags 1 and 2: the track is enabled, and belongs to the movie.
    track = _box(b"trak", _full_box(b"tkhd", tkhd, flags=3), media)
    return _box(b"moov", _full_box(b"mvhd", movie), track)


def _samples(offsets, lengths, step, size, alpha):
    """Return the table of the pictures, `stbl`: how they are coded, how long shown, where and how large."""
    count = len(offsets)
    description = _box(
        b"png ",
        struct.pack(">6xH2H4s2I2H2IIH", 1, 0, 0, b"\0\0\0\0", 0, 0x200, *size, 0x480000, 0x480000, 0, 1),
        b"\x03PNG".ljust(32, b"\x00"),
        # A depth of 32 says that there is alpha, one of 24 that there is none; -1 is no table of colours.
        struct.pack(">Hh", 32 if alpha else 24, -1),
    )
    return _box(
        b"stbl",
        _full_box(b"stsd", struct.pack(">I", 1), description),
        _full_box(b"stts", struct.pack(">3I", 1, count, step)),
        _full_box(b"stsc", struct.pack(">4I", 1, 1, 1, 1)),
        _full_box(b"stsz", struct.pack(">2I", 0, count), struct.pack(f">{count}I", *lengths)),
        # Offsets of 64 bits, because the movie may be larger than 4 GiB.
        _full_box(b"co64", struct.pack(">I", count), struct.pack(f">{count}Q", *offsets)),
    )


def _full_box(kind, *parts, flags=0):
    """Return a box that begins with a version, 0, and flags."""
    return _box(kind, struct.pack(">I", flags), *parts)


def _box(kind, *parts):
    data = b"".join(parts)
    # The length counts itself and the kind.
    return struct.pack(">I", len(data) + 8) + kind + data
