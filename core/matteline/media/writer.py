"""Results on disk: one image per product and frame, whole under its name or not there at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matteline.contract.files import replacing
from matteline.contract.plate import Header, Window
from matteline.media.complete import is_complete
from matteline.media.encoding import Encoding, estimate_bytes
from matteline.media.exr_writer import write_exr
from matteline.media.frame import Pixels
from matteline.media.png_writer import write_png
from matteline.media.samples import crop_or_pad

__all__ = ["Encoding", "estimate_bytes", "frame_path", "is_complete", "write_image"]

_NO_ATTRIBUTES: Mapping[str, object] = {}


def write_image(
    path: Path,
    pixels: Pixels,
    encoding: Encoding,
    header: Header,
    *,
    channels: tuple[str, ...],
    attributes: Mapping[str, object] = _NO_ATTRIBUTES,
    canvas: Window | None = None,
) -> None:
    """Write one picture. Until it is whole, nothing changes at `path`. Safe from several threads at once.

    An EXR covers the frame's data window and knows its display window; a PNG, which has no windows, covers
    the display window. Half floats arrive fastest for half EXR, and integers of the file's depth for PNG.

    Args:
        path: The file; its folder must exist.
        pixels: (H, W, C) float16, float32, uint8 or uint16, the whole canvas; floats in PNG and integers
            stand for 0..1. C is the number of channels, or 1 to store the same plane in each.
        encoding: Format, depth and compression.
        header: The plate's header for this frame: windows, pixel aspect, timecode, metadata.
        channels: Names of the channels, such as ("R", "G", "B", "A"). For PNG only their number counts.
        attributes: Metadata to add, before the plate's own of the same name. `colorInteropID` is the only
            tag of colour that is written, and nothing is guessed where it is missing.
        canvas: Where the pixels lie; None when they begin at the data window's corner.

    Raises:
        WriteError: The file cannot be written: disk full, permission, folder gone, name too long.
    """
    canvas = canvas or Window(header.data_window.x, header.data_window.y, pixels.shape[1], pixels.shape[0])
    if encoding.file_format == "png":
        window = header.display_window
    else:
        # A data window beyond the canvas is cut; of one wholly beside it a pixel is left, since EXR needs one.
        window = header.data_window.intersection(canvas) or Window(canvas.x, canvas.y, 1, 1)
    if pixels.shape[2] not in (1, len(channels)):
        raise ValueError(f"{pixels.shape[2]} planes of pixels cannot fill {len(channels)} channels")
    # A matte that is broadcast to R, G and B is converted once.
    planes = pixels[..., :1] if pixels.strides[2] == 0 else pixels
    part = crop_or_pad(planes, canvas, window)
    if "A" in channels:
        stated = {"matteline/alpha": "straight" if encoding.straight_alpha else "premultiplied"}
        attributes = {**stated, **attributes}
    with replacing(path) as temporary:
        if encoding.file_format == "png":
            write_png(temporary, part, encoding, header, channels=len(channels), attributes=attributes)
        else:
            write_exr(temporary, part, window, encoding, header, channels=channels, attributes=attributes)


def frame_path(folder: Path, product: str, name: str, digits: str, file_format: str) -> Path:
    """Return `folder/<product>/<name>_<product>.<digits>.<file_format>`; see `naming.padded` for the digits."""
    return folder / product / f"{name}_{product}.{digits}.{file_format}"
