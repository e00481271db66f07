"""Faults of result files that show in the files themselves: size, storage, values, and what their neighbours hold.

The farm's check and the report of a shot share this, so that neither passes what the other one finds.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matteline.contract.errors import MattelineError
from matteline.contract.plate import Window
from matteline.media.frame import Pixels
from matteline.media.image import read_image
from matteline.media.source_file import SourceFile

# Tolerance of mattes for filters and half floats that overshoot by rounding.
_OVERSHOOT = 1e-3


@dataclass(frozen=True)
class ExpectedFile:
    """The form of a product's files.

    Attributes:
        product: `alpha`, `fgr`, `rgba` or `layers`.
        display_window: The picture's size; of a PNG, which has no windows, only that.
        file_format: `exr` or `png`.
        depth: `half` or `float`; `8` or `16` bits.
        compression: Of an EXR.
    """

    product: str
    display_window: Window
    file_format: str
    depth: str
    compression: str


@dataclass(frozen=True)
class FileFacts:
    """One file of results.

    Attributes:
        fault: What is wrong with it by itself, as in "its values are no numbers"; empty where nothing is.
        checksum: Of its pixels.
        is_flat: Whether all of its pixels are the same.
    """

    fault: str = ""
    checksum: int = 0
    is_flat: bool = False


def read_file_facts(path: Path, number: int, expected: ExpectedFile) -> FileFacts:
    """Read a file to its last pixel and hold it against what it should be; what cannot be read is a fault."""
    try:
        image, pixels = read_image(SourceFile(path.name, str(path), number))
    except MattelineError:
        return FileFacts("cannot be read")
    own, wanted = image.header.display_window, expected.display_window
    has_size = own == wanted
    if expected.file_format == "png":
        has_size = (own.width, own.height) == (wanted.width, wanted.height)
    flat = pixels.reshape(-1, pixels.shape[2])
    faults = (
        "" if has_size else "has another size than the plate",
        value_fault(pixels, expected.product),
        _storage_fault(image.description, expected),
    )
    return FileFacts(
        fault=next(filter(None, faults), ""),
        checksum=zlib.crc32(pixels.tobytes()),
        is_flat=bool((flat == flat[0]).all()),
    )


def value_fault(pixels: Pixels, product: str) -> str:
    """Return what no result of a product holds, empty where all is well.

    Args:
        pixels: (H, W, C) as stored.
        product: `alpha`, whose channels are all the matte; or one with the matte as its fourth channel, or none.
    """
    # Whole numbers cannot leave their range, so only floats are looked at.
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        return "holds values that are no numbers"
    if product == "alpha" and not (pixels[..., :1] == pixels[..., :3]).all():
        return "is no matte: its channels differ"
    if product != "fgr" and pixels.dtype.kind == "f":
        matte = pixels[..., 0 if product == "alpha" else 3]
        if matte.min() < -_OVERSHOOT or matte.max() > 1 + _OVERSHOOT:
            return "holds a matte that is not from 0 to 1"
    return ""


def find_neighbour_faults(frames: Sequence[FileFacts | None]) -> dict[int, str]:
    """Find files that do not fit their neighbours: one colour between pictures, or the picture of the one before.

    Args:
        frames: The files of one product by ascending frames, None where there is none.

    Returns:
        Faults by index. Of two files with one picture both have it, for which of them is right is not known.
    """
    faults = {}
    for index, own in enumerate(frames):
        before = frames[index - 1] if index else None
        after = frames[index + 1] if index + 1 < len(frames) else None
        if own is None:
            continue
        beside = [each for each in (before, after) if each is not None]
        # Flat beside flat is no fault: a matte is black for as long as nobody is in the picture.
        if own.is_flat and beside and not any(each.is_flat for each in beside):
            faults[index] = "is of one colour and its neighbours are not"
        elif before is not None and not own.is_flat and own.checksum == before.checksum:
            faults[index - 1] = faults[index] = "has the picture of its neighbour"
    return faults


def _storage_fault(description: str, expected: ExpectedFile) -> str:
    """Hold the words of a header, such as `EXR half, zips` and `PNG 8-bit`, against what was asked for."""
    if expected.file_format == "png":
        wanted = f"PNG {expected.depth}-bit"
    else:
        wanted = f"EXR {expected.depth}, {expected.compression}"
    # A level may follow the compression, and a layer both.
    found = ", ".join(each.partition(":")[0] for each in description.split(", ")[: wanted.count(",") + 1])
    return "" if found.lower() == wanted.lower() else f"is stored as {found}, not {wanted}"
