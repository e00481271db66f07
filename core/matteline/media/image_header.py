"""Windows, rate, colour tags and metadata out of an image header as OpenImageIO gives it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from matteline.contract.plate import ColourTags, Header, Window
from matteline.media.orientation import UPRIGHT, Orientation
from matteline.media.timecode import from_smpte, snapped_rate

# Attributes that tell of the file itself, or that are carried elsewhere; results get their own.
_OWN = {
    "ICCProfile",
    "Orientation",
    "PixelAspectRatio",
    "ResolutionUnit",
    "Software",
    "XResolution",
    "YResolution",
    "chromaticities",
    "chunkCount",
    "colorInteropID",
    "compression",
    "framesPerSecond",
    "multiView",
    "name",
    "planarconfig",
    "screenWindowCenter",
    "screenWindowWidth",
    "smpte:TimeCode",
    "type",
    "version",
    "view",
}
_OWN_PREFIXES = ("cineon:", "dpx:", "jpeg:", "oiio:", "openexr:", "png:", "targa:", "tiff:", "thumbnail")

_DPX_TRANSFERS = {"Linear": "linear", "ITU-R 709-4": "bt709", "SMPTE 274M": "bt709"}
# The film and the television header of a DPX have a rate each; the third is other formats' own.
_DPX_RATES = ("dpx:FrameRate", "dpx:TemporalFrameRate", "FramesPerSecond")


def header_of(spec: Any, orientation: Orientation) -> Header:
    """Return windows, pixel aspect, timecode and other metadata of the upright picture."""
    data = Window(spec.x, spec.y, spec.width, spec.height)
    display = Window(spec.full_x, spec.full_y, spec.full_width, spec.full_height)
    if orientation != UPRIGHT:
        # Formats that are turned by a tag have one window.
        data = display = Window(0, 0, *orientation.size(spec.width, spec.height))
    timecode = spec.getattribute("smpte:TimeCode")
    return Header(
        data_window=data,
        display_window=display,
        pixel_aspect=orientation.aspect(spec.get_float_attribute("PixelAspectRatio", 1.0) or 1.0),
        timecode=from_smpte(timecode[0]) if isinstance(timecode, tuple) else None,
        attributes=tuple((each.name, each.value) for each in spec.extra_attribs if _is_kept(each)),
    )


def frame_rate(spec: Any) -> Fraction | None:
    """Return frames per second, from the rational of an EXR or the decimal of a DPX."""
    # Damaged and hand-made headers hold 0/0 and negative rates.
    rational = spec.getattribute("framesPerSecond")
    if isinstance(rational, tuple) and rational[0] > 0 and rational[1] > 0:
        return Fraction(*rational)
    rates = (snapped_rate(spec.get_float_attribute(name, 0.0)) for name in _DPX_RATES)
    return next((rate for rate in rates if rate), None)


def colour_tags(spec: Any) -> ColourTags:
    """Return the tags of the file's colour."""
    chromaticities = spec.getattribute("chromaticities")
    return ColourTags(
        transfer=_DPX_TRANSFERS.get(spec.get_string_attribute("dpx:Transfer")),
        interop_id=spec.get_string_attribute("colorInteropID") or None,
        chromaticities=chromaticities if isinstance(chromaticities, tuple) else None,
        colour_space=spec.get_string_attribute("oiio:ColorSpace") or None,
    )


def _is_kept(attribute: Any) -> bool:
    """Return whether an attribute goes on into results."""
    if attribute.name in _OWN or attribute.name.startswith(_OWN_PREFIXES):
        return False
    value = attribute.value
    # Tables and other types of OpenImageIO's have no counterpart in the files that we write.
    if isinstance(value, tuple):
        return all(isinstance(each, (int, float)) for each in value)
    return isinstance(value, (str, int, float))
