"""One image file, through OpenImageIO: its header, and its colour channels at full depth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import OpenImageIO as oiio

from matteline.contract.plate import ColourTags, Header
from matteline.media.channels import COLOUR, Channels, Wanted
from matteline.media.frame import Pixels, as_rgb
from matteline.media.image_header import colour_tags, frame_rate, header_of
from matteline.media.orientation import UPRIGHT, Turn
from matteline.media.source import Source

_READ_AS = {"uint8": "uint8", "uint16": "uint16", "half": "half", "float": "float", "double": "float"}
_FORMATS = {"openexr": "EXR", "cineon": "Cineon", "targa": "TGA"}
_TURNED_FORMATS = ("jpeg", "tiff", "png")
"""Formats whose orientation is that of a camera; that of a DPX tells how a film was scanned."""


@dataclass(frozen=True)
class Image:
    """What the header of an image file says.

    Attributes:
        header: Windows, timecode and metadata, as of the upright picture.
        channels: Which channels are the colour, and in which part of the file.
        dtype: OpenImageIO's word for what the pixels are delivered as.
        pixel_type: As `PlateInfo.pixel_type`.
        turn: How the stored picture is turned upright.
        rate: Frames per second where the file says.
        colour: What the file says of its colour.
        description: Such as `EXR half, zips`.
    """

    header: Header
    channels: Channels
    dtype: str
    pixel_type: str
    turn: Turn
    rate: Fraction | None
    colour: ColourTags
    description: str


def read_header(source: Source, wanted: Wanted = COLOUR) -> Image:
    """Read what an image file says of itself; no pixel is decoded.

    Raises:
        ReadError: No image, nothing that can be matted in it, or larger than any plate.
    """
    with _opened(source) as file:
        return _describe(file, source, wanted)


def read_image(source: Source, wanted: Wanted = COLOUR) -> tuple[Image, Pixels]:
    """Read an image file: header and upright pixels of its data window, (H, W, 3 or 4), as stored.

    A single channel comes three times, as grey does.

    uint8 and uint16 are full-scale codes, whatever number of bits the file holds; float16 and float32 hold
    what an EXR holds. Alpha is neither multiplied into the colour nor divided out of it.

    Raises:
        ReadError: As `read_header`, or the file ends before its last pixel.
    """
    with _opened(source) as file:
        image = _describe(file, source, wanted)
        pixels = _pixels(file, image, source)
    return image, image.turn.apply(as_rgb(pixels))


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)
    file = oiio.ImageInput.open(source.path, config)
    if file is None:
        raise source.failed(oiio.geterror())
    try:
        yield file
    finally:
        file.close()


def _describe(file: Any, source: Source, wanted: Wanted) -> Image:
    specs = list(_specs(file))
    channels = wanted.find([spec.channelnames for spec in specs])
    if channels is None:
        names = ", ".join(dict.fromkeys(name for spec in specs for name in spec.channelnames))
        raise source.unreadable(f"it has no {wanted.words}, only {names}", hint=wanted.hint)
    spec = specs[channels.part]
    dtype = _dtype(spec, channels, source)
    turn = _turn(file, spec)
    header = header_of(spec, turn)
    for window in (header.data_window, header.display_window):
        source.check_size(window.width, window.height)
    return Image(
        header=header,
        channels=channels,
        dtype=dtype,
        pixel_type=_pixel_type(spec, dtype),
        turn=turn,
        rate=frame_rate(spec),
        colour=colour_tags(spec),
        description=_description(file, spec, channels, dtype),
    )


def _specs(file: Any) -> Iterator[Any]:
    part = 0
    while file.seek_subimage(part, 0):
        yield file.spec()
        part += 1
    file.geterror()  # asking for one part too many is no failure of the file


def _dtype(spec: Any, channels: Channels, source: Source) -> str:
    if spec.deep:
        raise source.unreadable("it is a deep image", hint="Flatten it to one colour per pixel.")
    stored = {str(spec.channelformat(index)) for index in channels.indices}
    if unknown := sorted(stored - set(_READ_AS)):
        raise source.unreadable(
            f"its colour is stored as {' and '.join(unknown)}", hint="Write it as half, float, 8 or 16 bit."
        )
    kinds = {_READ_AS[word] for word in stored}
    return kinds.pop() if len(kinds) == 1 else "float"


def _turn(file: Any, spec: Any) -> Turn:
    if file.format_name() not in _TURNED_FORMATS:
        return UPRIGHT
    return Turn.of_orientation(spec.get_int_attribute("Orientation", 1))


def _pixels(file: Any, image: Image, source: Source) -> Pixels:
    indices = image.channels.indices
    first, last = min(indices), max(indices)
    pixels = file.read_image(image.channels.part, 0, first, last + 1, image.dtype)
    if pixels is None or file.has_error:
        raise source.failed(file.geterror())
    if indices != tuple(range(first, last + 1)):
        pixels = pixels[..., [index - first for index in indices]]
    return pixels  # type: ignore[no-any-return]


def _pixel_type(spec: Any, dtype: str) -> str:
    if dtype != "uint16":
        return dtype
    bits = spec.get_int_attribute("oiio:BitsPerSample", 16)
    return f"uint{bits}" if bits in (10, 12) else "uint16"


def _description(file: Any, spec: Any, channels: Channels, dtype: str) -> str:
    name = file.format_name()
    depth = _pixel_type(spec, dtype).replace("uint", "")
    words = [f"{_FORMATS.get(name, name.upper())} {depth + '-bit' if depth.isdigit() else depth}"]
    if name == "openexr":
        words.append(spec.get_string_attribute("compression", "none"))
    if channels.layer:
        words.append(f"layer {channels.layer}")
    return ", ".join(words)
