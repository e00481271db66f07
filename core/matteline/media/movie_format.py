"""The format of a movie's pictures, from its header and its first pictures decoded."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.sidedata.sidedata import Type
from av.stream import Disposition
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from matteline.contract.plate import Header, Window
from matteline.media.container import choose_decoder, decode, is_still, open_movie, read_packets
from matteline.media.library_errors import side_data_of
from matteline.media.orientation import UPRIGHT, Orientation
from matteline.media.picture_index import MOST_REORDERED, FirstPictures
from matteline.media.source_file import SourceFile
from matteline.media.timecode import advanced
from matteline.media.video_tags import VideoTags, tags_of

# Frames per second that no camera's file exceeds which is played at the speed it was shot at.
_HIGHEST_RATE = 1000

# Metadata that tells of the file itself, or that is carried elsewhere; results get their own.
_OWN = {"major_brand", "minor_version", "compatible_brands", "encoder", "timecode", "duration"}
_OWN_ENDINGS = ("_umid", "_uid", "_ul")


@dataclass(frozen=True)
class MovieFormat:
    """The format of a movie's pictures.

    Attributes:
        pixel_format: FFmpeg's pixel format.
        stored_size: Width and height as stored, before they are turned upright.
        tags: Colour tags, matrix and range of the codes.
        orientation: How stored pictures become upright.
        first_header: The header of the first picture.
        rate: Frames per second, on average where it varies.
        time_base: Seconds that one step of the timestamps counts.
        pixel_type: As `PlateInfo.pixel_type`.
        description: Such as `h264 8-bit, bt709, video range`.
        container: FFmpeg's name of the container, such as `matroska,webm`.
        notes: As `PlateInfo.notes`.
    """

    pixel_format: VideoFormat
    stored_size: tuple[int, int]
    tags: VideoTags
    orientation: Orientation
    first_header: Header
    rate: Fraction | None
    time_base: Fraction
    pixel_type: str
    description: str
    container: str = ""
    notes: tuple[str, ...] = ()

    def timecode(self, position: int) -> str | None:
        """Return the timecode of the picture at a position, 0 for the first; None where there is none."""
        if self.first_header.timecode is None or self.rate is None:
            return None
        return advanced(self.first_header.timecode, position, self.rate)


def probe_movie(source: SourceFile) -> tuple[MovieFormat, FirstPictures]:
    """Read a movie's header and decode its first pictures.

    Raises:
        ReadError: No movie, none of its pictures can be decoded, or their colour cannot be converted.
    """
    with open_movie(source) as (container, stream):
        source.check_size(stream.width, stream.height)
        frames = decode(read_packets(container, stream), choose_decoder(stream))
        # So many that the first one shown is among them, whatever order they are stored in.
        pictures = list(itertools.islice(frames, MOST_REORDERED))
        if not pictures:
            raise source.unreadable("none of its pictures can be decoded")
        found = _describe(container, stream, pictures[0])
        # A packet of such a stream may be a field, half a picture.
        interlaced = stream.codec_context.name == "h264" and pictures[0].interlaced_frame
        fields = "mpegts" in container.format.name and interlaced
        # MOV and MP4 list the time of every picture, so that a gap there is meant.
        is_listed = "mov" in container.format.name
        step = 1 / (found.rate * found.time_base) if found.rate and not is_listed else None
    if not found.tags.convertible:
        raise source.unreadable(f"its colour is {found.tags}", hint="Convert it to BT.709, BT.2020 or RGB.")
    return found, FirstPictures([picture.pts for picture in pictures], fields, step)


def _describe(container: InputContainer, stream: VideoStream, picture: VideoFrame) -> MovieFormat:
    matrix = side_data_of(picture).get(Type.DISPLAYMATRIX)
    # Nine 32-bit numbers in the machine's own byte order.
    orientation = (
        UPRIGHT if matrix is None else Orientation.from_display_matrix(struct.unpack("=9i", bytes(matrix)))
    )
    # From the decoded picture: containers often lack what the codec itself says, or contradict it.
    tags = tags_of(picture)
    bits = max(component.bits for component in picture.format.components)
    words = [f"{stream.codec_context.codec.canonical_name} {bits}-bit", str(tags)]
    words += ["interlaced"] if picture.interlaced_frame else []
    words += ["turned upright"] if orientation != UPRIGHT else []
    return MovieFormat(
        pixel_format=picture.format,
        stored_size=(picture.width, picture.height),
        tags=tags,
        orientation=orientation,
        first_header=_header(container, stream, picture, orientation),
        rate=_rate(stream),
        time_base=stream.time_base or Fraction(1),
        pixel_type="uint8" if bits <= 8 else f"uint{bits}" if bits in (10, 12) else "uint16",
        description=", ".join(words),
        container=container.format.name,
        notes=_notes(container, picture),
    )


def _rate(stream: VideoStream) -> Fraction | None:
    # The average is the truth of a variable rate; raw DV and some others give a step of their clock in its place.
    average, guessed = stream.average_rate, stream.guessed_rate
    return guessed if guessed and (not average or average > _HIGHEST_RATE) else average


def _notes(container: InputContainer, picture: VideoFrame) -> tuple[str, ...]:
    notes = []
    if picture.interlaced_frame:
        notes.append(
            "It is interlaced: two moments are in each picture, and mattes show combs where something moves. "
            "Deinterlace it first, as with: ffmpeg -i PLATE -vf bwdif=mode=send_frame -c:v prores_ks -profile:v 3 "
            "-c:a copy PROGRESSIVE.mov"
        )
    pictures = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    if len(pictures) > 1 and not is_still(container):
        notes.append(
            f"It has {len(pictures)} streams of pictures, of which the one that players show is read."
        )
    return tuple(notes)


def _header(
    container: InputContainer, stream: VideoStream, picture: VideoFrame, orientation: Orientation
) -> Header:
    window = Window(0, 0, *orientation.size(picture.width, picture.height))
    # A timecode stands in the pictures' stream, in the container, or in a track of its own.
    places = (stream.metadata, container.metadata, *(each.metadata for each in container.streams))
    kept = (
        (name, value)
        for name, value in container.metadata.items()
        if name.lower() not in _OWN and not name.lower().endswith(_OWN_ENDINGS)
    )
    return Header(
        data_window=window,
        display_window=window,
        pixel_aspect=orientation.aspect(float(stream.sample_aspect_ratio or 1)),
        timecode=next((metadata["timecode"] for metadata in places if "timecode" in metadata), None),
        attributes=tuple(kept),
    )
