"""EXR files through OpenImageIO: windows, timecode, rate and metadata as compositing programs expect them.

The pixels of the deflating compressions are written by `exr_chunks`, those of all others by OpenImageIO, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio

from matteline.contract.files import unicode_path
from matteline.contract.library_text import first_line
from matteline.contract.plate import Header, Window
from matteline.media.encoding import Encoding
from matteline.media.exr_chunks import CHUNK_ROWS, append_chunks
from matteline.media.frame import Pixels
from matteline.media.library_errors import EncodeError, oiio_error, system_error
from matteline.media.metadata import clean_text, result_metadata
from matteline.media.samples import to_float
from matteline.media.timecode import LAST_EXR_FRAME

_HALF_OR_FLOAT: dict[str, tuple[type[np.floating[Any]], Any]] = {
    "half": (np.float16, oiio.HALF),
    "float": (np.float32, oiio.FLOAT),
}

# EXR's own names that OpenImageIO only writes when given under its own.
_RENAMED = {"capDate": "DateTime"}

_VECTORS = {2: oiio.VEC2, 3: oiio.VEC3}
_MATRICES = {9: oiio.TypeMatrix33, 16: oiio.TypeMatrix44}
_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;])([0-3]\d)")
_DROP_FRAME = 0x40


def write_exr(
    path: Path,
    pixels: Pixels,
    window: Window,
    encoding: Encoding,
    header: Header,
    *,
    channels: tuple[str, ...],
    attributes: Mapping[str, object],
) -> None:
    """Write one scanline EXR of one part and make sure that it is whole.

    Args:
        path: The file, whatever its extension.
        pixels: (window.height, window.width, C) float16, float32, uint8 or uint16; one plane or one
            per channel.
        window: The data window.
        encoding: Depth and compression.
        header: Gives display window, pixel aspect, timecode and the metadata to copy.
        channels: Channel names; a single plane of pixels is written to each.
        attributes: Metadata to add; goes before what the header says.

    Raises:
        OSError: The system refuses the file, for a reason of its own; or an `EncodeError`, if OpenEXR does.
    """
    # Converted here rather than by OpenImageIO, which lets NaN and infinity pass.
    dtype, stored = _HALF_OR_FLOAT[encoding.depth]
    samples = to_float(pixels, dtype)
    spec = oiio.ImageSpec(window.width, window.height, len(channels), stored)
    spec.x, spec.y = window.x, window.y
    display = header.display_window
    spec.full_x, spec.full_y = display.x, display.y
    spec.full_width, spec.full_height = display.width, display.height
    spec.channelnames = channels
    spec.alpha_channel = channels.index("A") if "A" in channels else -1
    spec.attribute("compression", encoding.compression)
    spec.attribute("PixelAspectRatio", float(header.pixel_aspect))
    spec.attribute("DateTime", "")  # or else the time of writing, and no two renders would be alike
    if not _counts_too_far(attributes.get("framesPerSecond")):
        _set_timecode(spec, header.timecode)
    for name, value in result_metadata(header, attributes):
        _set_attribute(spec, name, value)
    _write(path, spec, samples)


def _write(path: Path, spec: oiio.ImageSpec, samples: Pixels) -> None:
    output = oiio.ImageOutput.create("openexr")  # by format: the temporary name does not end in .exr
    assert output is not None
    chunk_rows = CHUNK_ROWS.get(spec.get_string_attribute("compression"))
    with unicode_path(path) as name:
        written = output.open(name, spec)
        try:
            if written and chunk_rows is None:
                planes = (*samples.shape[:2], spec.nchannels)
                written = output.write_image(np.ascontiguousarray(np.broadcast_to(samples, planes)))
        finally:
            # Closed without pixels, the file holds the header and a table of offsets that are all 0.
            closed = output.close()
        if written and closed and chunk_rows is not None:
            append_chunks(path, samples, spec.channelnames, spec.y, chunk_rows)
        is_whole = written and closed and _ends_whole(name, spec)
    if not is_whole:
        words = oiio_error(output)
        raise system_error(path) or EncodeError(first_line(words))


def _ends_whole(path: str, spec: oiio.ImageSpec) -> bool:
    """Return whether the last scanline can be read back.

    OpenEXR hands the last few kilobytes to the system when it closes the file, and there does not report
    that the disk was full. They hold the last scanline.
    """
    written = oiio.ImageInput.open(path)
    if written is None:
        oiio_error()  # not taken, it is printed when the program ends
        return False
    last = spec.y + spec.height - 1
    row = written.read_scanlines(last, last + 1, 0, 0, spec.nchannels, spec.format)
    oiio_error(written)
    written.close()
    return row is not None


def _set_attribute(spec: oiio.ImageSpec, name: str, value: object) -> None:
    if name.lower() == "framespersecond":
        _set_rate(spec, value)
    elif isinstance(value, tuple):
        _set_tuple(spec, name, value)
    # EXR's whole numbers have 32 bits; a longer one is written as text rather than cut.
    elif isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**31):
        spec.attribute(_RENAMED.get(name, name), value)
    else:
        spec.attribute(_RENAMED.get(name, name), clean_text(value))


def _set_tuple(spec: oiio.ImageSpec, name: str, values: tuple[Any, ...]) -> None:
    """Set an attribute of several values under the type that EXR has for so many: key code, vector or matrix."""
    if not values:
        return
    if not all(isinstance(each, (int, float)) for each in values):
        kind, values = oiio.STRING, tuple(clean_text(each) for each in values)
    elif all(isinstance(each, int) and abs(each) < 2**31 for each in values):
        kind = oiio.INT
    else:
        kind, values = oiio.FLOAT, tuple(float(each) for each in values)
    count = len(values)
    if kind == oiio.INT and count == 7 and name.lower().endswith("keycode"):
        stored = oiio.TypeKeyCode
    elif kind == oiio.FLOAT and count in _MATRICES:
        stored = _MATRICES[count]
    elif kind != oiio.STRING and count in _VECTORS:
        stored = oiio.TypeDesc(kind, _VECTORS[count])
    else:
        stored = oiio.TypeDesc(kind, oiio.SCALAR, oiio.NOSEMANTICS, count)
    spec.attribute(name, stored, values)


def _set_rate(spec: oiio.ImageSpec, value: object) -> None:
    """Set the standard's `framesPerSecond`, a fraction of whole numbers; leave out what is none."""
    try:
        numbers = value if isinstance(value, tuple) else (value,)
        rate = Fraction(*numbers).limit_denominator(100_000)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        return
    if rate > 0:
        spec.attribute("framesPerSecond", oiio.TypeDesc("rational"), (rate.numerator, rate.denominator))


def _counts_too_far(rate: object) -> bool:
    """Return whether timecode of this rate has frame numbers that an EXR has no room for.

    Then no frame gets one: a timecode that is there up to frame 39 of each second breaks a conform.
    """
    return isinstance(rate, (int, float, Fraction)) and rate > LAST_EXR_FRAME + 1


def _set_timecode(spec: oiio.ImageSpec, timecode: str | None) -> None:
    """Set the timecode by SMPTE 12M, in decimals of four bits.

    Two bits hold the tens of frames, so frame 40 and all after it go without.
    """
    match = _TIMECODE.fullmatch(timecode or "")
    if not match:
        return
    # Read as hexadecimal: each decimal digit then has its four bits.
    hours, minutes, seconds, frames = (int(match[part], 16) for part in (1, 2, 3, 5))
    drop = _DROP_FRAME if match[4] == ";" else 0
    bits = hours << 24 | minutes << 16 | seconds << 8 | frames | drop
    spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (bits, 0))
