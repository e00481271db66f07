"""The media libraries of this installation, and the codecs and formats that they can read."""

from __future__ import annotations

import contextlib

import av
import OpenImageIO as oiio

_CODECS = {
    "H.264": "h264",
    "HEVC": "hevc",
    "ProRes": "prores",
    "DNxHD/HR": "dnxhd",
    "VP9": "vp9",
    "AV1": "av1",
    "MPEG-2": "mpeg2video",
    "FFV1": "ffv1",
}


def library_versions() -> dict[str, str]:
    """Map library names to versions."""
    avcodec = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return {"OpenImageIO": oiio.VERSION_STRING, "PyAV": av.__version__, "FFmpeg's libavcodec": avcodec}


def decodable() -> dict[str, bool]:
    """Map each codec that plates usually come in to whether it can be decoded here."""
    # Asked of the very build that is installed: distributions leave out codecs that are patented.
    found = dict.fromkeys(_CODECS, False)
    for name, codec in _CODECS.items():
        with contextlib.suppress(av.codec.codec.UnknownCodecError):
            av.codec.Codec(codec, "r")
            found[name] = True
    return found


def image_formats() -> tuple[str, ...]:
    """List the image formats, of those that plates come in, that can be read here."""
    known = set(str(oiio.get_string_attribute("format_list")).split(","))
    return tuple(name for name in ("openexr", "dpx", "tiff", "png", "jpeg") if name in known)
