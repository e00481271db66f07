"""What a video stream says of its colour, in FFmpeg's words, and what is assumed where it says nothing."""

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
_CONVERTIBLE = ("gbr", "bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc")
_GBR, _BT709, _BT601 = 0, 1, 6
_VIDEO_RANGE, _FULL_RANGE = 1, 2


@dataclass(frozen=True)
class VideoTags:
    """How the codes of a stream are to be read.

    Attributes:
        colour: What the stream says, None where it says nothing.
        matrix: FFmpeg's number of the YUV matrix: the tag, else BT.709 for HD and BT.601 below.
        full_range: Whether codes are full range: by pixel format, else by tag, else only where they are grey.
    """

    colour: ColourTags
    matrix: int
    full_range: bool

    @property
    def convertible(self) -> bool:
        """Whether the matrix is one that can be undone."""
        return _MATRICES.get(self.matrix) in _CONVERTIBLE

    def __str__(self) -> str:
        matrix = _MATRICES.get(self.matrix, f"matrix {self.matrix}")
        assumed = "" if self.colour.matrix or matrix == "gbr" else " assumed"
        return f"{matrix}{assumed}, {'full' if self.full_range else 'video'} range"


def tags_of(picture: VideoFrame) -> VideoTags:
    """Read the tags of a decoded picture."""
    form = picture.format
    full_range = {_VIDEO_RANGE: False, _FULL_RANGE: True}.get(int(picture.color_range))
    if form.is_rgb or form.has_palette or form.name.startswith("yuvj"):
        full_range = True
    matrix = int(picture.colorspace)
    colour = ColourTags(
        primaries=_PRIMARIES.get(int(picture.color_primaries)),
        transfer=_TRANSFERS.get(int(picture.color_trc)),
        matrix=_MATRICES.get(matrix),
        full_range=full_range,
    )
    # FFmpeg's own habit: grey without a tag is full range.
    return VideoTags(colour, _matrix(picture), is_grey(form) if full_range is None else full_range)


def is_grey(form: VideoFormat) -> bool:
    """Whether a pixel format has no colour."""
    return not form.has_palette and sum(not component.is_alpha for component in form.components) == 1


def _matrix(picture: VideoFrame) -> int:
    if picture.format.is_rgb or picture.format.has_palette:
        return _GBR
    tagged = int(picture.colorspace)
    if tagged in _MATRICES and tagged != _GBR:
        return tagged
    return _BT709 if picture.height >= 720 or picture.width >= 1280 else _BT601
