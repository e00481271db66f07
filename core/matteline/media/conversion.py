"""Turning decoded movie pictures into full-range RGB, as true to FFmpeg's own conversion as it is cheap.

swscale does the matrix. Three things it leaves to us:

- It is quick to packed RGB only from 8-bit 4:2:0 and 4:2:2 (under 1 ms at HD; from others over 20 ms), but to
  planar RGB from everything (3 to 5 ms). So planes are asked for, and put in order here.
- Its deep RGB does not end at 65535: white is 65283 from video range, 65472 from 10-bit full range.
- Grey it copies, without stretching video range to full range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from matteline.media.frame import Pixels
from matteline.media.video_tags import VideoTags, is_grey

_PACKED_IS_QUICK = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuva420p")
_DEEP_VIDEO_WHITE = 65_283
"""What swscale makes of white in video range at more than 8 bits: 255 / 256 of full scale, and rounding."""


@dataclass(frozen=True)
class Conversion:
    """How pictures of one pixel format become RGB.

    Attributes:
        target: The pixel format asked of swscale.
        channels: 3, or 4 with alpha.
        dtype: uint8 or uint16.
        black: The code that swscale makes of black.
        white: The code that swscale makes of white.
        opaque: The code that swscale makes of full alpha.
    """

    target: str
    channels: int
    dtype: type[np.uint8] | type[np.uint16]
    black: int
    white: int
    opaque: int

    @property
    def planar(self) -> bool:
        """Whether swscale delivers green, blue, red and alpha as planes."""
        return self.target.startswith("gbr")


class Converter:
    """Converts a movie's pictures. Keeps swscale's tables from one picture to the next, so one thread only.

    Args:
        form: The pictures' pixel format.
        tags: How their codes are to be read.
    """

    def __init__(self, form: VideoFormat, tags: VideoTags) -> None:
        self._conversion = conversion = conversion_of(form, tags.full_range)
        self._matrix = tags.matrix
        self._range = int(ColorRange.JPEG if tags.full_range else ColorRange.MPEG)
        self._scaler = VideoReformatter()
        self._colour_table = _stretched(conversion.dtype, conversion.black, conversion.white)
        self._alpha_table = _stretched(conversion.dtype, 0, conversion.opaque)

    def rgb(self, picture: VideoFrame) -> Pixels:
        """Full-range RGB or RGBA of a picture as it is stored, (H, W, 3 or 4), uint8 or uint16; writable."""
        picture.colorspace, picture.color_range = self._matrix, self._range
        target, dtype = self._conversion.target, self._conversion.dtype
        converted = self._scaler.reformat(picture, format=target, interpolation=Interpolation.BICUBIC)
        if not self._conversion.planar:
            pixels = _plane(converted.planes[0], dtype, picture.width, self._conversion.channels)
            # swscale hands its argument back where there is nothing to do; the decoder may still need it.
            return pixels.copy() if converted is picture else pixels
        return self._in_order(converted)

    def _in_order(self, converted: VideoFrame) -> Pixels:
        height, width = converted.height, converted.width
        pixels = np.empty((self._conversion.channels, height, width), self._conversion.dtype)
        tables = (self._colour_table,) * 3 + (self._alpha_table,)
        for plane, table, index in zip(pixels, tables, (2, 0, 1, 3), strict=False):
            codes = _plane(converted.planes[index], self._conversion.dtype, width, 1)[..., 0]
            if table is None:
                plane[...] = codes
            else:
                np.take(table, codes, out=plane, mode="wrap")
        return pixels.transpose(1, 2, 0)


def conversion_of(form: VideoFormat, full_range: bool) -> Conversion:
    """Choose the conversion of a pixel format: to uint8 from 8 bits and less, to uint16 from more."""
    bits = max(component.bits for component in form.components)
    alpha = any(component.is_alpha for component in form.components)
    if form.is_rgb or form.has_palette or form.name in _PACKED_IS_QUICK or bits > 16:
        return _packed(bits > 8, alpha)
    return _planar(bits, alpha, stretched=is_grey(form) and not full_range, full_range=full_range)


def _packed(deep: bool, alpha: bool) -> Conversion:
    if deep:
        return Conversion("rgba64le" if alpha else "rgb48le", 3 + alpha, np.uint16, 0, 65_535, 65_535)
    return Conversion("rgba" if alpha else "rgb24", 3 + alpha, np.uint8, 0, 255, 255)


def _planar(bits: int, alpha: bool, *, stretched: bool, full_range: bool) -> Conversion:
    planes = "gbrap" if alpha else "gbrp"
    if bits <= 8:
        black, white = (16, 235) if stretched else (0, 255)
        return Conversion(planes, 3 + alpha, np.uint8, black, white, 255)
    opaque = (1 << bits) - 1 << 16 - bits
    black, white = (16 << 8, 235 << 8) if stretched else (0, opaque if full_range else _DEEP_VIDEO_WHITE)
    return Conversion(f"{planes}16le", 3 + alpha, np.uint16, black, white, opaque)


def _plane(plane: VideoPlane, dtype: type[np.uint8] | type[np.uint16], width: int, channels: int) -> Pixels:
    """The pixels of a plane without the padding of its lines, (H, W, C); the view keeps the picture alive."""
    lines: Pixels = np.frombuffer(memoryview(plane), dtype).reshape(plane.height, -1)
    pixels: Pixels = lines[:, : width * channels].reshape(plane.height, width, channels)
    return pixels


def _stretched(dtype: type[np.uint8] | type[np.uint16], black: int, white: int) -> Pixels | None:
    """A table that takes codes from `black`..`white` to the full scale; None where they have it."""
    top = np.iinfo(dtype).max
    if (black, white) == (0, top):
        return None
    codes = (np.arange(top + 1, dtype=np.float64) - black) * (top / (white - black))
    return np.rint(np.clip(codes, 0, top)).astype(dtype)
