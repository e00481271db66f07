"""What a movie says of itself: its header, and its first pictures decoded."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.sidedata.sidedata import SideDataContainer, Type
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from matteline.contract.plate import Header, Window
from matteline.media.container import decoded, decoder_of, opened, packets_of
from matteline.media.orientation import UPRIGHT, Turn
from matteline.media.pictures import MOST_REORDERED, Sample
from matteline.media.source import Source
from matteline.media.timecode import advanced
from matteline.media.video_tags import VideoTags, tags_of

_OWN = {"major_brand", "minor_version", "compatible_brands", "encoder", "timecode", "duration"}
"""Metadata that tells of the file itself, or that is carried elsewhere; results get their own."""
_OWN_ENDINGS = ("_umid", "_uid", "_ul")


@dataclass(frozen=True)
class Look:
    """What a movie's pictures are.

    Attributes:
        form: Their pixel format.
        stored: Width and height as stored, before they are turned upright.
        tags: How their codes are to be read.
        turn: How they are turned upright.
        first: The header of the first picture.
        rate: Frames per second, on average where it varies.
        time_base: Seconds that a time stamp of its pictures counts.
        pixel_type: As `PlateInfo.pixel_type`.
        description: Such as `h264 8-bit, bt709, video range`.
    """

    form: VideoFormat
    stored: tuple[int, int]
    tags: VideoTags
    turn: Turn
    first: Header
    rate: Fraction | None
    time_base: Fraction
    pixel_type: str
    description: str

    def timecode(self, position: int) -> str | None:
        """The timecode of the picture at a position, 0 for the first."""
        if self.first.timecode is None or self.rate is None:
            return None
        return advanced(self.first.timecode, position, self.rate)


def look_at(source: Source) -> tuple[Look, Sample]:
    """Read a movie's header and decode its first pictures.

    Raises:
        ReadError: No movie, none of its pictures can be decoded, or their colour cannot be converted.
    """
    with opened(source) as (container, stream):
        source.check_size(stream.width, stream.height)
        frames = decoded(packets_of(container, stream), decoder_of(stream))
        pictures = list(itertools.islice(frames, MOST_REORDERED))
        if not pictures:
            raise source.unreadable("none of its pictures can be decoded")
        look = _look(container, stream, pictures[0])
        fields = "mpegts" in container.format.name and _interlaced_h264(stream, pictures[0])
    if not look.tags.convertible:
        raise source.unreadable(f"its colour is {look.tags}", hint="Convert it to BT.709, BT.2020 or RGB.")
    return look, Sample([picture.pts for picture in pictures], fields)


def _look(container: InputContainer, stream: VideoStream, picture: VideoFrame) -> Look:
    tags, turn = tags_of(picture), _turn(picture)
    bits = max(component.bits for component in picture.format.components)
    words = [f"{stream.codec_context.codec.canonical_name} {bits}-bit", str(tags)]
    words += ["interlaced"] if picture.interlaced_frame else []
    words += ["turned upright"] if turn != UPRIGHT else []
    return Look(
        form=picture.format,
        stored=(picture.width, picture.height),
        tags=tags,
        turn=turn,
        first=_header(container, stream, picture, turn),
        rate=stream.average_rate or stream.guessed_rate,
        time_base=stream.time_base or Fraction(1),
        pixel_type="uint8" if bits <= 8 else f"uint{bits}" if bits in (10, 12) else "uint16",
        description=", ".join(words),
    )


def _header(container: InputContainer, stream: VideoStream, picture: VideoFrame, turn: Turn) -> Header:
    window = Window(0, 0, *turn.size(picture.width, picture.height))
    sources = (stream.metadata, container.metadata, *(each.metadata for each in container.streams))
    return Header(
        data_window=window,
        display_window=window,
        pixel_aspect=turn.aspect(float(stream.sample_aspect_ratio or 1)),
        timecode=next((metadata["timecode"] for metadata in sources if "timecode" in metadata), None),
        attributes=tuple((name, value) for name, value in container.metadata.items() if _travels(name)),
    )


def _turn(picture: VideoFrame) -> Turn:
    side_data = picture.side_data
    assert isinstance(side_data, SideDataContainer)
    matrix = side_data.get(Type.DISPLAYMATRIX)
    return UPRIGHT if matrix is None else Turn.of_matrix(struct.unpack("=9i", bytes(matrix)))


def _interlaced_h264(stream: VideoStream, picture: VideoFrame) -> bool:
    """Whether a packet of a transport stream may be a field, half a picture."""
    return stream.codec_context.name == "h264" and picture.interlaced_frame


def _travels(name: str) -> bool:
    return name.lower() not in _OWN and not name.lower().endswith(_OWN_ENDINGS)
