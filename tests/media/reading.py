"""What tests of the readers share: images and movies whose pictures show their own numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import OpenEXR

WIDTH, HEIGHT = 256, 128
_BITS = 8


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A picture that shows its number in bars a lossy codec cannot destroy, (H, W, 3) uint8."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.linspace(0, 255, width)[None]
    picture[..., 1] = np.linspace(0, 255, height)[:, None]
    picture[..., 2] = number * 5 % 256
    bar = width // _BITS
    for bit in range(_BITS):
        picture[: height // 2, bit * bar : (bit + 1) * bar] = 255 * (number >> bit & 1)
    return picture


def number_of(pixels: np.ndarray) -> int:
    """The number that a picture shows."""
    height, width = pixels.shape[:2]
    bar = width // _BITS
    row = pixels[height // 4, bar // 2 :: bar, 0] / np.iinfo(pixels.dtype).max
    return sum(1 << bit for bit, lit in enumerate(row[:_BITS] > 0.5) if lit)


def write_movie(
    path: Path,
    codec: str,
    pixel_format: str,
    *,
    count: int = 40,
    options: dict[str, str] | None = None,
    rate: Fraction = Fraction(25),
    stamp: Callable[[int], int] | None = None,
    picture: Callable[[int], av.VideoFrame | np.ndarray] = numbered,
    muxing: dict[str, str] | None = None,
    prepare: Callable[[av.container.OutputContainer, av.VideoStream], None] | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Path:
    """Encode pictures to a movie; `stamp` gives times in milliseconds, `prepare` may change the stream."""
    with av.open(str(path), "w", options=muxing or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = 1 / rate if stamp is None else Fraction(1, 1000)
        if prepare:
            prepare(container, stream)
        for number in range(count):
            frame = picture(number)
            if isinstance(frame, np.ndarray):
                frame = av.VideoFrame.from_ndarray(frame, "rgba" if frame.shape[2] == 4 else "rgb24")
            if frame.format.name != pixel_format:
                frame = frame.reformat(format=pixel_format)
            frame.pts = number if stamp is None else stamp(number)
            frame.time_base = stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_exr(path: Path, channels: dict[str, np.ndarray], *, origin=(0, 0), display=None, **header) -> Path:
    """Write an EXR by OpenEXR's own binding; `display` is x, y, width, height."""
    height, width = next(iter(channels.values())).shape[:2]
    words = {"compression": OpenEXR.ZIPS_COMPRESSION, "type": OpenEXR.scanlineimage, **header}
    words["dataWindow"] = _box(*origin, width, height)
    words["displayWindow"] = _box(*(display or (*origin, width, height)))
    OpenEXR.File(words, {name: np.ascontiguousarray(plane) for name, plane in channels.items()}).write(
        str(path)
    )
    return path


def ramp(width: int = 16, height: int = 12, channels: int = 3, dtype: type = np.float16) -> np.ndarray:
    """Pixels that all differ, (H, W, C), from 0 to 2 for floats and over the full scale for integers."""
    top = 2.0 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    return np.linspace(0, top, width * height * channels).reshape(height, width, channels).astype(dtype)


def truncate(path: Path, share: float = 0.6) -> Path:
    """Cut a file off."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def damage(path: Path, share: float = 0.6, length: int = 300) -> Path:
    """Overwrite a part of a file."""
    data = bytearray(path.read_bytes())
    start = int(len(data) * share)
    data[start : start + length] = bytes(byte ^ 0x5A for byte in data[start : start + length])
    path.write_bytes(data)
    return path


def shown(frames: Iterable) -> list[int]:
    """The numbers that frames show."""
    return [number_of(frame.pixels) for frame in frames]


def _box(x: int, y: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array([x, y], np.int32), np.array([x + width - 1, y + height - 1], np.int32)
