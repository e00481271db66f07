"""Small plates on disk: scene-linear EXR with every window, value and number that a plate can have."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from PIL import Image

WIDTH, HEIGHT = 64, 36
FIRST, LAST = 1001, 1004


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width, 3) float32, 0 to 4: a blob that moves, and noise; another for each number."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    blob = np.exp(-((x - width * (0.5 + 0.2 * np.sin(number * 0.7))) ** 2 + (y - height / 2) ** 2) / 150)
    noise = np.random.default_rng(number + 5000).random((height, width, 3), np.float32)
    return (3.0 * blob[..., None] + noise).astype(np.float32)


def write(
    folder: Path,
    numbers: Iterable[int] = range(FIRST, LAST + 1),
    *,
    name: str = "sh010.{:04d}.exr",
    overscan: int = 0,
    pixel_aspect: float = 1.0,
    gain: float = 1.0,
) -> str:
    """Write a sequence; returns its pattern with `####`. Overscan widens the data window on all sides."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        pixels = gain * picture(number, WIDTH + 2 * overscan, HEIGHT + 2 * overscan)
        spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], 3, oiio.HALF)
        spec.x = spec.y = -overscan
        spec.full_width, spec.full_height = WIDTH, HEIGHT
        spec.attribute("PixelAspectRatio", pixel_aspect)
        spec.attribute("compression", "zips")
        output = oiio.ImageOutput.create("openexr")
        assert output.open(str(folder / name.format(number)), spec) and output.write_image(pixels)
        output.close()
    return str(folder / name.replace("{:04d}", "####"))


def write_png(folder: Path, numbers: Iterable[int] = range(FIRST, LAST + 1)) -> str:
    """The same as 8-bit PNG, darker; returns its pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        codes = np.clip(picture(number) * 60, 0, 255).astype(np.uint8)
        Image.fromarray(codes).save(folder / f"sh010.{number:04d}.png")
    return str(folder / "sh010.####.png")


def read(path: Path | str) -> dict[str, np.ndarray]:
    """Channel name to float32 plane over the file's data window."""
    source = oiio.ImageInput.open(str(path))
    assert source, oiio.geterror()
    pixels = source.read_image(oiio.FLOAT)
    names = source.spec().channelnames
    source.close()
    return {name: pixels[..., index] for index, name in enumerate(names)}


def windows(path: Path | str) -> tuple[tuple[int, ...], tuple[int, ...], float]:
    """Data window and display window as x, y, width, height; and the pixel aspect."""
    source = oiio.ImageInput.open(str(path))
    assert source, oiio.geterror()
    spec = source.spec()
    source.close()
    data = (spec.x, spec.y, spec.width, spec.height)
    display = (spec.full_x, spec.full_y, spec.full_width, spec.full_height)
    return data, display, spec.get_float_attribute("PixelAspectRatio", 1.0)
