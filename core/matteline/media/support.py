"""What this installation's media libraries are, and what they can decode and encode."""

from __future__ import annotations

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
    """Library name to version."""
    avcodec = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return {"OpenImageIO": oiio.VERSION_STRING, "PyAV": av.__version__, "FFmpeg's libavcodec": avcodec}


def decodable() -> dict[str, bool]:
    """Name of each codec that plates usually come in, and whether it can be decoded here."""
    return {name: _has(codec) for name, codec in _CODECS.items()}


def image_formats() -> tuple[str, ...]:
    """The image formats, of those that plates come in, that can be read here."""
    known = set(str(oiio.get_string_attribute("format_list")).split(","))
    return tuple(name for name in ("openexr", "dpx", "tiff", "png", "jpeg") if name in known)


def _has(codec: str) -> bool:
    try:
        av.codec.Codec(codec, "r")
    except av.codec.codec.UnknownCodecError:
        return False
    return True
