"""Reading back what a render has written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from matteline.contract.plate import Header
from matteline.media.frame import Frame
from matteline.media.image import read_image
from matteline.media.samples import placed
from matteline.media.source import Source


def read_result(path: Path, number: int) -> Frame:
    """Read one frame of a product, as large as its display window.

    Returns:
        Its colour as `Frame` has it, RGB or RGBA, but on the display window: 0 where there is no data.

    Raises:
        ReadError: It is missing, damaged or truncated.
    """
    source = Source(path.name, str(path), number, "Resume the render, which makes it again.")
    image, pixels = read_image(source)
    header = image.header
    on_display = placed(pixels, header.data_window, header.display_window)
    return Frame(number, on_display, replace(header, timecode=header.timecode or _in_words(header)))


def _in_words(header: Header) -> str | None:
    """The timecode of a PNG, which has no place of its own for it."""
    words = dict(header.attributes).get("timecode")
    return words if isinstance(words, str) else None
