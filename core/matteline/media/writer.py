"""Results on disk: one image per product and frame, whole under its name or not there at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matteline.contract.plate import Header, Window
from matteline.media.atomic import replacing
from matteline.media.complete import is_complete
from matteline.media.encoding import Encoding, estimate_bytes
from matteline.media.exr_writer import write_exr
from matteline.media.frame import Pixels
from matteline.media.png_writer import write_png
from matteline.media.samples import placed

__all__ = ["Encoding", "estimate_bytes", "frame_path", "is_complete", "write_image"]

_NOTHING: Mapping[str, object] = {}


def write_image(
    path: Path,
    pixels: Pixels,
    encoding: Encoding,
    header: Header,
    *,
    channels: tuple[str, ...],
    attributes: Mapping[str, object] = _NOTHING,
    canvas: Window | None = None,
) -> None:
    """Write one picture. Until it is whole, nothing changes at `path`. Safe from several threads at once.

    An EXR covers the frame's data window and knows its display window; a PNG, which has no windows, covers
    the display window. Half floats arrive fastest for half EXR, and integers of the file's depth for PNG.

    Args:
        path: The file; its folder must exist.
        pixels: (H, W, C) float16, float32, uint8 or uint16, the whole canvas; floats in PNG and integers
            stand for 0..1. C is the number of channels, or 1 to store the same plane in each.
        encoding: How to store it.
        header: The plate's words for this frame: windows, pixel aspect, timecode, metadata.
        channels: Names of the channels, such as ("R", "G", "B", "A"). PNG minds only how many there are.
        attributes: Metadata to add, before the plate's own of the same name. `colorInteropID` is the only
            word on colour that is written, and nothing is guessed where it is missing.
        canvas: Where the pixels lie; None when they begin at the data window's corner.

    Raises:
        WriteError: The file cannot be written: disk full, permission, folder gone, name too long.
    """
    canvas = canvas or Window(header.data_window.x, header.data_window.y, pixels.shape[1], pixels.shape[0])
    window = _window(encoding, header, canvas)
    part = placed(_planes(pixels, len(channels)), canvas, window)
    words = {**_alpha_word(encoding, channels), **attributes}
    with replacing(path) as temporary:
        if encoding.file_format == "png":
            write_png(temporary, part, encoding, header, channels=len(channels), attributes=words)
        else:
            write_exr(temporary, part, window, encoding, header, channels=channels, attributes=words)


def frame_path(folder: Path, product: str, name: str, frame: int, padding: int, file_format: str) -> Path:
    """`folder/<product>/<name>_<product>.<frame>.<file_format>`, the frame with at least `padding` digits."""
    return folder / product / f"{name}_{product}.{frame:0{padding}d}.{file_format}"


def _planes(pixels: Pixels, channels: int) -> Pixels:
    """The pixels with as many planes as are to be converted: one, where one stands for all channels."""
    repeated = pixels.strides[2] == 0
    if pixels.shape[2] not in (1, channels):
        raise ValueError(f"{pixels.shape[2]} planes of pixels cannot fill {channels} channels")
    return pixels[..., :1] if repeated else pixels


def _window(encoding: Encoding, header: Header, canvas: Window) -> Window:
    """What the file covers. A data window beyond the canvas is cut; one wholly beside it leaves one pixel."""
    if encoding.file_format == "png":
        return header.display_window
    return _common(header.data_window, canvas) or Window(canvas.x, canvas.y, 1, 1)


def _alpha_word(encoding: Encoding, channels: tuple[str, ...]) -> dict[str, object]:
    if "A" not in channels:
        return {}
    return {"matteline/alpha": "straight" if encoding.straight_alpha else "premultiplied"}


def _common(one: Window, other: Window) -> Window | None:
    left, top = max(one.x, other.x), max(one.y, other.y)
    width = min(one.x + one.width, other.x + other.width) - left
    height = min(one.y + one.height, other.y + other.height) - top
    return Window(left, top, width, height) if width > 0 and height > 0 else None
