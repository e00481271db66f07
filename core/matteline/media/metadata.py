"""The metadata of a result: what goes on from the plate's header, and what the caller adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matteline.contract.plate import Header

# Names that tell how a file is stored, or that writers fill from other fields: no metadata may set them.
_RESERVED = frozenset(
    [
        *("channels", "compression", "datawindow", "displaywindow", "lineorder", "pixelaspectratio", "tiles"),
        *("type", "name", "view", "multiview", "version", "chunkcount", "maxsamplesperpixel", "preview"),
        *("dwacompressionlevel", "envmap", "textureformat", "wrapmodes", "acesimagecontainerflag"),
        *("timecode", "smpte:timecode", "xresolution", "yresolution", "resolutionunit", "orientation"),
    ]
)

# True of the plate's colour, but perhaps not of the result's: only the caller may state them.
_COLOUR = frozenset(["colorinteropid", "chromaticities", "adoptedneutral", "whiteluminance", "iccprofile"])

# Beginnings of names that OpenImageIO would take as options of the writer.
_OPTION_PREFIXES = ("oiio:", "openexr:")


def result_metadata(header: Header, own: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield name and value of everything to store as metadata, each name once, the plate's first.

    Args:
        header: Of the plate's frame. What describes its storage or its colour is left out.
        own: What the caller states of the result; goes before the plate's words of the same name.
    """
    # In any case of letters: programs spell the same attribute in several ways.
    for name, value in header.attributes:
        if name not in own and name.lower() not in _RESERVED | _COLOUR and _is_portable(name):
            yield name, value
    for name, value in own.items():
        if name.lower() not in _RESERVED and _is_portable(name):
            yield name, value


def clean_text(value: object) -> str:
    """Return a value as text that any file can hold: valid Unicode without NUL."""
    # Python's surrogates, for bytes of a file name that are no Unicode, cannot be encoded.
    return str(value).encode("utf-8", "replace").decode().replace("\0", "")


def _is_portable(name: str) -> bool:
    """Return whether an EXR can hold the name (255 bytes) and it sets no option."""
    fits = 0 < len(name.encode("utf-8", "replace")) <= 255 and clean_text(name) == name
    return fits and not name.lower().startswith(_OPTION_PREFIXES)
