"""One image file, through OpenImageIO: its header, and its colour channels at full depth."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import OpenImageIO as oiio

from matteline.contract.files import open_regular, unicode_path
from matteline.contract.plate import ColourTags, Header
from matteline.media.channels import SEARCH_COLOUR, Channels, ChannelSearch, Part, colour_layers
from matteline.media.frame import Pixels, as_rgb
from matteline.media.image_header import colour_tags, frame_rate, header_of
from matteline.media.library_errors import oiio_error
from matteline.media.orientation import UPRIGHT, Orientation
from matteline.media.png_chunks import SIGNATURE, chunks
from matteline.media.source_file import SourceFile

# Stored sample type to the type delivered, both in OpenImageIO's words. Others hold no picture.
_READ_AS = {"uint8": "uint8", "uint16": "uint16", "half": "half", "float": "float", "double": "float"}

_FORMATS = {"openexr": "EXR", "cineon": "Cineon", "targa": "TGA"}
_SUBSAMPLED = "Subsampled channels"
_OLDER_READER = threading.Lock()


# Formats whose orientation is that of a camera; that of a DPX tells how a film was scanned.
_ORIENTED_FORMATS = ("jpeg", "tiff", "png")


@dataclass(frozen=True)
class ImageHeader:
    """The header of an image file.

    Attributes:
        header: Windows, timecode and metadata, as of the upright picture.
        channels: Channels of the colour, and the part of the file that they are in.
        dtype: OpenImageIO's word for the type that pixels are delivered as.
        pixel_type: As `PlateInfo.pixel_type`.
        orientation: How the stored picture becomes upright.
        rate: Frames per second where the file says.
        colour: Tags of the file's colour.
        description: Such as `EXR half, zips`.
        layers: The names of all layers that have colour, as a user gives them.
        pictures: How many pictures the file has; only the first is read.
    """

    header: Header
    channels: Channels
    dtype: str
    pixel_type: str
    orientation: Orientation
    rate: Fraction | None
    colour: ColourTags
    description: str
    layers: tuple[str, ...] = ()
    pictures: int = 1


def read_header(source: SourceFile, search: ChannelSearch = SEARCH_COLOUR) -> ImageHeader:
    """Read the header of an image file; no pixel is decoded.

    Raises:
        ReadError: No image, nothing that can be matted in it, or larger than any plate.
    """
    with _opened(source) as file:
        return _describe(file, source, search)


def read_image(source: SourceFile, search: ChannelSearch = SEARCH_COLOUR) -> tuple[ImageHeader, Pixels]:
    """Read an image file: header and upright pixels of its data window, (H, W, 3 or 4), as stored.

    A single channel comes three times, as grey does.

    uint8 and uint16 are full-scale codes, whatever number of bits the file holds; float16 and float32 hold
    what an EXR holds. Alpha is neither multiplied into the colour nor divided out of it.

    Raises:
        ReadError: As `read_header`, or the file ends before its last pixel.
    """
    with _opened(source) as file:
        image = _describe(file, source, search)
        indices = image.channels.indices
        # OpenImageIO reads a run of channels, so that those in between are read and left out below.
        first, last = min(indices), max(indices)
        pixels = file.read_image(image.channels.part, 0, first, last + 1, image.dtype)
        # Both, because some formats fill what they could not read with black.
        if pixels is None or file.has_error:
            raise source.failed(oiio_error(file))
    if indices != tuple(range(first, last + 1)):
        pixels = pixels[..., [index - first for index in indices]]
    return image, image.orientation.apply(as_rgb(pixels))


@contextmanager
def _opened(source: SourceFile) -> Iterator[Any]:
    config = oiio.ImageSpec()
    # As stored: OpenImageIO would multiply the colour of a PNG or TIFF by its alpha.
    config.attribute("oiio:UnassociatedAlpha", 1)
    with source.reading(), unicode_path(source.path) as path:
        _check_png(source)
        file = oiio.ImageInput.open(path, config)
        if file is None and _SUBSAMPLED in (words := oiio_error()):
            file = _open_subsampled(path, config)
        elif file is None:
            raise source.failed(words)
        if file is None:
            raise source.unreadable("its chroma is subsampled", hint="Write it with R, G and B of full size.")
        try:
            yield file
        finally:
            file.close()


def _open_subsampled(path: str, config: Any) -> Any:
    """Open a luminance-chroma EXR as RGB through OpenEXR's older reader; None where that cannot either."""
    with _OLDER_READER:
        # The choice of the reader is the whole library's; what others open meanwhile comes out the same.
        oiio.attribute("openexr:core", 0)
        try:
            file = oiio.ImageInput.open(path, config)
        finally:
            oiio.attribute("openexr:core", 1)
    if file is None:
        oiio_error()
    return file


def _check_png(source: SourceFile) -> None:
    """Refuse a PNG that is a little movie, and a damaged one before its library prints what it thinks of it.

    Image libraries show an animation's first picture and do not tell.
    """
    if not source.path.lower().endswith(".png"):
        return
    with open_regular(source.path) as file:
        data = file.readall()
    if not data.startswith(SIGNATURE):
        return  # whatever it is, it is not libpng's
    parts = list(chunks(memoryview(data)))
    if any(each.kind == b"acTL" for each in parts):
        raise source.unreadable("it is an animated PNG", hint="Convert it to a movie or to numbered images.")
    # Whatever begins with a small letter is a remark, which readers pass over.
    if not all(each.intact for each in parts if each.kind[:1].isupper()):
        raise source.unreadable("its data is damaged")
    if not parts or parts[-1].kind != b"IEND":
        raise source.unreadable("the file is truncated")


def _describe(file: Any, source: SourceFile, search: ChannelSearch) -> ImageHeader:
    specs: list[Any] = []
    while file.seek_subimage(len(specs), 0):
        specs.append(file.spec())
    oiio_error(file)  # asking for one part too many is no failure of the file
    parts = [_part(spec) for spec in specs]
    channels = search.find(parts)
    if channels is None:
        names = ", ".join(dict.fromkeys(name for part in parts for name in part.names))
        raise source.unreadable(f"it has no {search.label}, only {names}", hint=search.hint)
    spec = specs[channels.part]
    if spec.get_string_attribute("dpx:ImageDescriptor").startswith("Cb"):
        # OpenImageIO names the channels R, G and B, but hands on what it takes from the wrong places.
        raise source.unreadable(
            "its colour is YCbCr, which is not read of DPX files", hint="Write it as RGB."
        )
    dtype = _delivered_type(spec, channels, source)
    oriented = file.format_name() in _ORIENTED_FORMATS
    orientation = Orientation.from_exif(spec.get_int_attribute("Orientation", 1)) if oriented else UPRIGHT
    header = header_of(spec, orientation)
    for window in (header.data_window, header.display_window):
        source.check_size(window.width, window.height)
    return ImageHeader(
        header=header,
        channels=channels,
        dtype=dtype,
        pixel_type=_pixel_type(spec, dtype),
        orientation=orientation,
        rate=frame_rate(spec),
        colour=colour_tags(spec),
        description=_description(file, spec, channels, dtype),
        layers=tuple(label for label, _ in colour_layers(parts)),
        pictures=len(specs) if file.format_name() == "tiff" else 1,
    )


def _part(spec: Any) -> Part:
    # Of a stereo picture in one part the plain channels are those of the first view of the list.
    views = spec.getattribute("multiView")
    first = views[0] if isinstance(views, tuple) and views else views if isinstance(views, str) else ""
    view = spec.get_string_attribute("view") or first
    return Part(spec.channelnames, spec.get_string_attribute("oiio:subimagename"), view)


def _delivered_type(spec: Any, channels: Channels, source: SourceFile) -> str:
    """Choose the one type that all chosen channels fit into, in OpenImageIO's words."""
    if spec.deep:
        raise source.unreadable("it is a deep image", hint="Flatten it to one colour per pixel.")
    stored = {str(spec.channelformat(index)) for index in channels.indices}
    if unknown := sorted(stored - set(_READ_AS)):
        raise source.unreadable(
            f"its colour is stored as {' and '.join(unknown)}", hint="Write it as half, float, 8 or 16 bit."
        )
    # Channels of several types, as in EXRs of half colour and float depth, are read as the widest.
    kinds = {_READ_AS[word] for word in stored}
    return kinds.pop() if len(kinds) == 1 else "float"


def _pixel_type(spec: Any, dtype: str) -> str:
    if dtype != "uint16":
        return dtype
    # OpenImageIO delivers 10 and 12 bits stretched to 16.
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
