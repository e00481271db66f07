"""Conversion of RGB pictures to the Y'CbCr planes that video codecs take, by ITU-R BT.709.

swscale could do this, but rounds deep pictures to other codes than the standard says (see `conversion`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

from matteline.media.frame import Pixels

BT709: Final = 1
"""FFmpeg's number of primaries, transfer and matrix alike."""

VIDEO_RANGE: Final = 1
FULL_RANGE: Final = 2
"""FFmpeg's numbers."""

_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
# Blue less luma reaches from -(1 - 0.0722) to 1 - 0.0722; divided by this it has a span of one.
_BLUE_SPAN: Final = 2 * (1 - 0.0722)
_RED_SPAN: Final = 2 * (1 - 0.2126)
_HALF, _QUARTER = np.float32(0.5), np.float32(0.25)

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PlaneFormat:
    """The picture planes that a codec takes.

    Attributes:
        pixel_format: FFmpeg's name, planar Y'CbCr.
        bits: Per sample.
        across: Pixels that share a chroma sample horizontally, 1 or 2.
        down: Pixels that share a chroma sample vertically, 1 or 2.
        full_range: Whether black is code 0 and white the highest, rather than 16 and 235 of 255.
    """

    pixel_format: str
    bits: int
    across: int
    down: int
    full_range: bool = False

    @property
    def color_range(self) -> int:
        """FFmpeg's number of the range."""
        return FULL_RANGE if self.full_range else VIDEO_RANGE

    def video_frame(self, picture: Values) -> VideoFrame:
        """Return a picture as a frame for FFmpeg.

        Args:
            picture: (H, W, C) float32 of 0..1, with C 1 (grey), 3 (RGB) or 4 (RGBA). Where the format has
                alpha, the picture needs it.
        """
        height, width, channels = picture.shape
        frame = VideoFrame(width, height, self.pixel_format)
        frame.colorspace = frame.color_primaries = frame.color_trc = BT709
        frame.color_range = self.color_range
        if channels == 1:
            luma = picture[..., 0]
            blue = red = np.zeros_like(luma)
        else:
            # Channel by channel: a matrix product may add in another order on another machine.
            weighted = [picture[..., channel] * _LUMA[channel] for channel in range(3)]
            luma = weighted[0] + weighted[1] + weighted[2]
            blue, red = (picture[..., 2] - luma) / _BLUE_SPAN, (picture[..., 0] - luma) / _RED_SPAN
        # The span of what has no head-room, such as alpha, given for 8 bits as those of luma and chroma are.
        full = ((1 << self.bits) - 1) / (1 << self.bits - 8)
        _fill(frame.planes[0], self._codes(luma, *((0, full) if self.full_range else (16, 219))))
        for plane, chroma in zip(frame.planes[1:3], (blue, red), strict=True):
            _fill(plane, self._codes(self._subsampled(chroma), 128, full if self.full_range else 224))
        if len(frame.planes) == 4:
            _fill(frame.planes[3], self._codes(picture[..., 3], 0, full))
        return frame

    def _subsampled(self, chroma: Values) -> Values:
        """Return chroma of several pixels: between two lines, and on the left one of two columns (H.273, type 0)."""
        if self.across == 2:
            # Every other column with a quarter of both beside it; at the sides it stands for the one missing.
            kept, between = chroma[:, ::2] * _HALF, chroma[:, 1::2] * _QUARTER
            kept[:, : between.shape[1]] += between
            kept[:, 1:] += between[:, : kept.shape[1] - 1]
            kept[:, 0] += chroma[:, 0] * _QUARTER
            if chroma.shape[1] % 2:
                kept[:, -1] += chroma[:, -1] * _QUARTER
            chroma = kept
        if self.down == 2:
            # An odd height lacks the line below its last one, which stands for it.
            below = chroma[1::2] if len(chroma) % 2 == 0 else np.vstack([chroma[1::2], chroma[-1:]])
            chroma = (chroma[::2] + below) * _HALF
        return chroma

    def _codes(self, values: Values, zero: float, span: float) -> Pixels:
        """Return the codes of values, `zero` and `span` given for 8 bits."""
        scale = 1 << self.bits - 8
        codes = values * np.float32(span * scale)
        codes += np.float32(zero * scale + 0.5)  # what is cut off below then is what rounds down
        np.clip(codes, 0, 2**self.bits - 1, out=codes)
        return codes.astype(np.uint8 if self.bits <= 8 else np.uint16)


def _fill(plane: VideoPlane, codes: Pixels) -> None:
    # FFmpeg pads each line to a width that vectors like.
    rows = np.asarray(memoryview(plane)).reshape(plane.height, plane.line_size).view(codes.dtype)
    rows[:, : codes.shape[1]] = codes
