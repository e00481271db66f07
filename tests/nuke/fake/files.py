"""Image files in and out through OpenImageIO, as Read and Write do it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from tests.nuke.fake.picture import Format, Picture, Window

COMPRESSIONS = {
    "none": "none",
    "Zip (1 scanline)": "zips",
    "Zip (16 scanlines)": "zip",
    "PIZ Wavelet (32 scanlines)": "piz",
    "RLE": "rle",
    "B44": "b44",
    "B44A": "b44a",
    "DWAA": "dwaa",
    "DWAB": "dwab",
}
DEPTHS = {"16 bit half": oiio.HALF, "32 bit float": oiio.FLOAT}
_COLOURS = {"r": "red", "g": "green", "b": "blue", "a": "alpha", "red": "red", "green": "green"}
_COLOURS |= {"blue": "blue", "alpha": "alpha"}
_EXR = {"rgba.red": "R", "rgba.green": "G", "rgba.blue": "B", "rgba.alpha": "A"}
_LINEAR_EXTENSIONS = (".exr", ".hdr")


def numbered(path: str, frame: int) -> str:
    """A file name of a frame: `####` and `%04d` as C's printf writes them, the sign counted as a digit."""
    text = re.sub(r"#+", lambda match: f"%0{len(match[0])}d", path)
    return re.sub(r"%0?(\d*)d", lambda match: f"{frame:0{match[1] or 1}d}", text)


def read(path: str, *, raw: bool, colour_space: str = "default") -> Picture:
    """Read one file; `default` takes floating-point files for linear and all others for sRGB.

    Raises:
        RuntimeError: It cannot be read.
    """
    source = oiio.ImageInput.open(path)
    if source is None:
        raise RuntimeError(f"{path}: {oiio.geterror() or 'No such file or directory'}")
    spec, pixels = source.spec(), source.read_image(oiio.FLOAT)
    message = source.geterror()
    source.close()
    if pixels is None:
        raise RuntimeError(f"{path}: {message}")
    channels = {nuke_channel(name): pixels[..., index] for index, name in enumerate(spec.channelnames)}
    picture = Picture(channels, _window(spec), _format(spec), _metadata(path, spec))
    is_linear = path.lower().endswith(_LINEAR_EXTENSIONS) if colour_space == "default" else False
    if raw or is_linear or colour_space == "linear":
        return picture
    return picture.mapped(from_srgb)


def write(path: str, picture: Picture, channels: tuple[str, ...], depth: str, compression: str) -> None:
    """Write one EXR under a temporary name and rename it."""
    window, size = picture.window, picture.format
    spec = oiio.ImageSpec(window.width, window.height, len(channels), DEPTHS[depth])
    spec.x, spec.y = window.x, window.y
    spec.full_width, spec.full_height = size.width(), size.height()
    spec.channelnames = tuple(_EXR.get(name, name) for name in channels)
    spec.attribute("compression", COMPRESSIONS[compression])
    spec.attribute("PixelAspectRatio", size.pixelAspect())
    if "input/timecode" in picture.metadata:
        spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), picture.metadata["input/timecode"])
    temporary = f"{path}.{os.getpid()}.tmp"
    output = oiio.ImageOutput.create("openexr")
    pixels = np.stack([picture.plane(name) for name in channels], -1)
    if not (output.open(temporary, spec) and output.write_image(pixels)):
        raise RuntimeError(f"{path}: {output.geterror()}")
    output.close()
    os.replace(temporary, path)


def nuke_channel(name: str) -> str:
    """What a channel of a file is called in Nuke."""
    parts = [re.sub(r"[^A-Za-z0-9_]", "_", re.sub(r"^\d+", "", part)) for part in name.split(".")[-3:]]
    colour = _COLOURS.get(parts[-1].lower(), parts[-1])
    if len(parts) > 1:
        return f"{'_'.join(parts[:-1])}.{colour}"
    return f"rgba.{colour}" if colour in _COLOURS.values() else f"other.{colour}"


def from_srgb(values: np.ndarray) -> np.ndarray:
    """Codes of sRGB to light."""
    return np.where(values <= 0.04045, values / 12.92, ((np.abs(values) + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


def frames_of(pattern: str) -> list[int]:
    """The frames of a sequence that lie on disk."""
    path = Path(pattern)
    token = re.search(r"#+|%0?\d*d", path.name)
    if not token:
        return []
    shape = re.compile(
        re.escape(path.name[: token.start()]) + r"(-?\d+)" + re.escape(path.name[token.end() :])
    )
    names = os.listdir(path.parent) if path.parent.is_dir() else []
    return sorted(int(match[1]) for name in names if (match := shape.fullmatch(name)))


def _window(spec: oiio.ImageSpec) -> Window:
    return Window(spec.x - spec.full_x, spec.y - spec.full_y, spec.width, spec.height)


def _format(spec: oiio.ImageSpec) -> Format:
    return Format(spec.full_width, spec.full_height, spec.get_float_attribute("PixelAspectRatio", 1.0))


def _metadata(path: str, spec: oiio.ImageSpec) -> dict[str, object]:
    found: dict[str, object] = {"input/filename": path}
    for attribute in spec.extra_attribs:
        if attribute.name == "smpte:TimeCode":
            found["input/timecode"] = attribute.value
        elif isinstance(attribute.value, str):
            found[f"exr/{attribute.name}"] = attribute.value
    return found
