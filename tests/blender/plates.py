"""Drawn plates whose every pixel says which frame and where it is, and mattes that follow from their colour.

The matte is a linear function of the plate's colour. So whatever Blender does to the plate - trims, speeds,
scales - what it shows says which matte belongs on it, with no knowledge of how the add-on found out.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

WIDTH, HEIGHT = 64, 36
BACKGROUND = np.array([0.2, 0.4, 0.6]) * 255
WEIGHTS = np.array([0.6, 0.2, 0.2])


def picture(index: int) -> np.ndarray:
    """The picture (36, 64, 3) uint8 at a place of the plate, counted from 0 up to 69."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([np.full_like(x, 20 + 3 * index), 60 + 2 * x, 60 + 3 * y], axis=-1).astype(np.uint8)


def matte(plate: np.ndarray) -> np.ndarray:
    """The matte of a picture, 0 to 255, as floats."""
    return plate[..., :3].astype(float) @ WEIGHTS


def write_movie(path: Path, count: int = 60, rate: int | Fraction = 24) -> Path:
    """Write a lossless movie."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(rate))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgr0"
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(picture(index), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="bgr0")))
        container.mux(stream.encode(None))
    return path


def write_sequence(folder: Path, numbers: Iterable[int], name: str = "plate") -> list[Path]:
    """Write PNG pictures under these numbers; the first is picture 0."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{number:04d}.png" for number in numbers]
    for index, path in enumerate(paths):
        Image.fromarray(picture(index)).save(path)
    return paths


def write_matte(path: Path, index: int, *, cutout: bool = False) -> None:
    """Write the matte, or the cut-out, of a picture as 8-bit PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plate = picture(index)
    alpha = np.rint(matte(plate)).astype(np.uint8)
    Image.fromarray(np.dstack([plate, alpha]) if cutout else alpha).save(path)


def read(path: str | Path) -> np.ndarray:
    """A rendered picture (H, W, 4), 0 to 255, as floats; straight colour."""
    return np.asarray(Image.open(path).convert("RGBA")).astype(float)


def assert_composite(before: Path | str, after: Path | str) -> None:
    """What is shown over the background must be the plate that was shown before, through its own matte."""
    plate, shown = read(before), read(after)
    inside, outside = plate[..., 3] == 255, plate[..., 3] == 0
    # A transform's edge is neither; what lies beside it is blurred by it.
    edge = ~(inside | outside)
    near = edge | _shifted(edge) | _border(inside)
    if edge.any():
        # Blender 5.0 softens a turned mask along the frame's own border, too.
        near[[0, -1]] = near[:, [0, -1]] = True
    alpha = matte(plate)[..., None] / 255
    expected = np.where(inside[..., None], plate[..., :3] * alpha + BACKGROUND * (1 - alpha), BACKGROUND)
    error = np.abs(shown[..., :3] - expected).max(axis=-1)
    error[near] = 0
    assert inside.any(), "the plate was not shown at all"
    assert error.max() <= 2, (
        f"{after}: off by {error.max():.1f} codes at {np.unravel_index(error.argmax(), error.shape)}"
    )


def _border(inside: np.ndarray) -> np.ndarray:
    """Where a picture's inside meets its outside."""
    return (_shifted(inside) & _shifted(~inside)) if not inside.all() else np.zeros_like(inside)


def _shifted(mask: np.ndarray) -> np.ndarray:
    """A mask grown by one pixel."""
    grown = mask.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            grown |= np.roll(mask, step, axis)
    return grown
