"""One frame of a plate, on its way from the reader to the writer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from matteline.contract.plate import Header

Pixels = npt.NDArray[Any]


@dataclass(frozen=True)
class Frame:
    """The pixels of one frame in the plate's own colour space, and the metadata of its file.

    Attributes:
        number: The frame's number in the plate.
        pixels: (H, W, C) with C 3 (RGB) or 4 (RGBA), of the size of `PlateInfo.canvas` and 0 outside the
            frame's own data window. uint8 and uint16 are full-range RGB, 0 to the type's maximum; float16 and
            float32 hold what the file holds. Writable; rows may be padded and channels may lie in planes.
        header: Windows, timecode and metadata of this frame.
    """

    number: int
    pixels: Pixels
    header: Header


def as_rgb(pixels: Pixels) -> Pixels:
    """Expand grey (H, W, 1) or grey with alpha (H, W, 2) to RGB or RGBA; return others as they are."""
    # Everything behind the reader takes colour, so grey is made colour here and nowhere else.
    channels = pixels.shape[2]
    if channels > 2:
        return pixels
    return np.ascontiguousarray(pixels[..., [0, 0, 0] if channels == 1 else [0, 0, 0, 1]])
