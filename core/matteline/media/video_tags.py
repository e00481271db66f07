"""The colour tags of a video stream, in FFmpeg's words, and the assumptions where it has none."""

from __future__ import annotations

from dataclasses import dataclass

from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from matteline.contract.plate import ColourTags

_PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020",
    10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
_TRANSFERS = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100",
    10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12",
    16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
_MATRICES = {
    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc",
    10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp",
}  # fmt: skip
# swscale undoes these; the others are no matrix, such as ICtCp, or not known to it.
_CONVERTIBLE = ("gbr", "bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc")
_GBR, _BT709, _BT601 = 0, 1, 6
_VIDEO_RANGE, _FULL_RANGE = 1, 2


@dataclass(frozen=True)
class VideoTags:
    """Colour tags, matrix and range of a stream's codes.

    Attributes:
        colour: The tags of the stream, None where it has none.
        matrix: FFmpeg's number of the YUV matrix: the tag, else BT.709 for HD and BT.601 below.
        full_range: Whether codes are full range: by pixel format, else by tag, else only where they are grey.
    """

    colour: ColourTags
    matrix: int
    full_range: bool

    @property
    def convertible(self) -> bool:
        """True where the matrix is one that can be undone."""
        return _MATRICES.get(self.matrix) in _CONVERTIBLE

    def __str__(self) -> str:
        matrix = _MATRICES.get(self.matrix, f"matrix {self.matrix}")
        assumed = "" if self.colour.matrix or matrix == "gbr" else " assumed"
        return f"{matrix}{assumed}, {'full' if self.full_range else 'video'} range"


def tags_of(picture: VideoFrame) -> VideoTags:
    """Read the tags of a decoded picture."""
    form = picture.format
    full_range = {_VIDEO_RANGE: False, _FULL_RANGE: True}.get(int(picture.color_range))
    # `yuvj` are FFmpeg's older names for pixel formats of full range.
    if form.is_rgb or form.has_palette or form.name.startswith("yuvj"):
        full_range = True
    tagged = int(picture.colorspace)
    colour = ColourTags(
        primaries=_PRIMARIES.get(int(picture.color_primaries)),
        transfer=_TRANSFERS.get(int(picture.color_trc)),
        matrix=_MATRICES.get(tagged),
        full_range=full_range,
    )
    if form.is_rgb or form.has_palette:
        matrix = _GBR
    # GBR is no matrix of YUV: a stream that claims it is taken for one without a tag.
    elif tagged in _MATRICES and tagged != _GBR:
        matrix = tagged
    else:
        # What players assume: high definition is BT.709, and standard definition BT.601.
        matrix = _BT709 if picture.height >= 720 or picture.width >= 1280 else _BT601
    # FFmpeg's own habit: grey without a tag is full range.
    return VideoTags(colour, matrix, is_grey(form) if full_range is None else full_range)


def is_grey(pixel_format: VideoFormat) -> bool:
    """Return whether a pixel format has no colour."""
    colours = [component for component in pixel_format.components if not component.is_alpha]
    return not pixel_format.has_palette and len(colours) == 1
