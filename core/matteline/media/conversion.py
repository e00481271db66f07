"""Conversion of decoded movie pictures to full-range RGB, as true to FFmpeg's own as it is cheap.

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
# White in video range at more than 8 bits, as swscale makes it: 255 / 256 of full scale, rounded.
_DEEP_VIDEO_WHITE = 65_283


@dataclass(frozen=True)
class Conversion:
    """A way from one pixel format to RGB.

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
        """True where swscale delivers green, blue, red and alpha as planes."""
        return self.target.startswith("gbr")


class Converter:
    """Converts a movie's pictures. Keeps swscale's tables from one picture to the next, so one thread only.

    Args:
        pixel_format: The pictures' pixel format.
        tags: Matrix and range of their codes.
    """

    def __init__(self, pixel_format: VideoFormat, tags: VideoTags) -> None:
        self._conversion = conversion = choose_conversion(pixel_format, tags.full_range)
        self._matrix = tags.matrix
        self._range = int(ColorRange.JPEG if tags.full_range else ColorRange.MPEG)
        self._scaler = VideoReformatter()
        self._colour_table = _stretch_table(conversion.dtype, conversion.black, conversion.white)
        self._alpha_table = _stretch_table(conversion.dtype, 0, conversion.opaque)

    def rgb(self, picture: VideoFrame) -> Pixels:
        """Return full-range RGB or RGBA of a picture, (H, W, 3 or 4), uint8 or uint16, writable, not yet upright."""
        # What was assumed where the stream says nothing has to be told to swscale.
        picture.colorspace, picture.color_range = self._matrix, self._range
        conversion, width = self._conversion, picture.width
        # Bicubic is FFmpeg's own default, so that chroma comes out as its programs have it.
        converted = self._scaler.reformat(
            picture, format=conversion.target, interpolation=Interpolation.BICUBIC
        )
        if not conversion.planar:
            pixels = _plane_pixels(converted.planes[0], conversion.dtype, width, conversion.channels)
            # swscale hands its argument back where there is nothing to do; the decoder may still need it.
            return pixels.copy() if converted is picture else pixels
        planes = np.empty((conversion.channels, converted.height, width), conversion.dtype)
        tables = (self._colour_table,) * 3 + (self._alpha_table,)
        # swscale's order is green, blue, red, alpha.
        for plane, table, index in zip(planes, tables, (2, 0, 1, 3), strict=False):
            codes = _plane_pixels(converted.planes[index], conversion.dtype, width, 1)[..., 0]
            if table is None:
                plane[...] = codes
            else:
                # 'wrap' spares numpy the check of bounds: the table has an entry for every code.
                np.take(table, codes, out=plane, mode="wrap")
        return planes.transpose(1, 2, 0)


def choose_conversion(pixel_format: VideoFormat, full_range: bool) -> Conversion:
    """Choose the conversion of a pixel format: to uint8 from 8 bits and less, to uint16 from more."""
    bits = max(component.bits for component in pixel_format.components)
    alpha = any(component.is_alpha for component in pixel_format.components)
    is_packed = pixel_format.is_rgb or pixel_format.has_palette or pixel_format.name in _PACKED_IS_QUICK
    if is_packed or bits > 16:
        if bits > 8:
            return Conversion("rgba64le" if alpha else "rgb48le", 3 + alpha, np.uint16, 0, 65_535, 65_535)
        return Conversion("rgba" if alpha else "rgb24", 3 + alpha, np.uint8, 0, 255, 255)
    planes = "gbrap" if alpha else "gbrp"
    # Grey comes unconverted, so its video range, 16 to 235 in 8 bits, is still to be stretched.
    stretch = is_grey(pixel_format) and not full_range
    if bits <= 8:
        black, white = (16, 235) if stretch else (0, 255)
        return Conversion(planes, 3 + alpha, np.uint8, black, white, 255)
    # swscale shifts codes to the top of 16 bits and leaves the bits below empty.
    opaque = (1 << bits) - 1 << 16 - bits
    black, white = (16 << 8, 235 << 8) if stretch else (0, opaque if full_range else _DEEP_VIDEO_WHITE)
    return Conversion(f"{planes}16le", 3 + alpha, np.uint16, black, white, opaque)


def _plane_pixels(
    plane: VideoPlane, dtype: type[np.uint8] | type[np.uint16], width: int, channels: int
) -> Pixels:
    """View the pixels of a plane without the padding of its lines, (H, W, C); the view keeps the picture alive."""
    lines: Pixels = np.frombuffer(memoryview(plane), dtype).reshape(plane.height, -1)
    pixels: Pixels = lines[:, : width * channels].reshape(plane.height, width, channels)
    return pixels


def _stretch_table(dtype: type[np.uint8] | type[np.uint16], black: int, white: int) -> Pixels | None:
    """Make the table that takes codes from `black`..`white` to the full scale; None where they have it."""
    top = np.iinfo(dtype).max
    if (black, white) == (0, top):
        return None
    codes = (np.arange(top + 1, dtype=np.float64) - black) * (top / (white - black))
    return np.rint(np.clip(codes, 0, top)).astype(dtype)
