"""Results read back from disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from matteline.media.frame import Frame
from matteline.media.image import read_image
from matteline.media.samples import crop_or_pad
from matteline.media.source_file import SourceFile


def read_result(path: Path, number: int) -> Frame:
    """Read one frame of a product, as large as its display window.

    Returns:
        Its colour as `Frame` has it, RGB or RGBA, but on the display window: 0 where there is no data.

    Raises:
        ReadError: It is missing, damaged or truncated.
    """
    source = SourceFile(path.name, str(path), number, "Resume the render, which makes it again.")
    image, pixels = read_image(source)
    header = image.header
    on_display = crop_or_pad(pixels, header.data_window, header.display_window)
    timecode = header.timecode or None
    if timecode is None:
        # A PNG has no place of its own for it, so it stands among the texts.
        text = dict(header.attributes).get("timecode")
        timecode = text if isinstance(text, str) else None
    return Frame(number, on_display, replace(header, timecode=timecode))
