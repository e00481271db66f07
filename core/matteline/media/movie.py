"""Movies as plates."""

from __future__ import annotations

import contextlib
import itertools
import os
import struct
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.plate import Header, PlateInfo, Window
from matteline.media.container import decoded, decoder_of, opened, packets_of
from matteline.media.conversion import Conversion, Converter, conversion_of
from matteline.media.cursor import Cursor
from matteline.media.frame import Frame
from matteline.media.naming import result_name
from matteline.media.orientation import UPRIGHT, Turn
from matteline.media.pictures import Pictures, Sample, find_pictures
from matteline.media.source import Source
from matteline.media.timecode import advanced
from matteline.media.video_tags import VideoTags, tags_of

_SAMPLE = 12
"""Pictures decoded on opening, to see what they are and that their time stamps are true: more than codecs reorder."""

_HINT = "Copy or export the movie again, or render only the frames before this one."
_OWN = {"major_brand", "minor_version", "compatible_brands", "encoder", "timecode", "duration"}
"""Metadata that tells of the file itself, or that is carried elsewhere."""
_OWN_ENDINGS = ("_umid", "_uid", "_ul")


@dataclass(frozen=True)
class _Look:
    """What a movie's header and its first picture say."""

    form: str
    width: int
    height: int
    tags: VideoTags
    conversion: Conversion
    turn: Turn
    pixel_aspect: float
    rate: Fraction | None
    timecode: str | None
    attributes: tuple[tuple[str, object], ...]
    description: str
    pixel_type: str


class Movie:
    """A plate whose frames are the pictures of a movie, in the order they are shown. Holds no file open.

    Frame `first_frame` + k is the k-th picture, whatever its time: edit lists, a late start and a variable rate
    change when a picture is shown, not which one it is. Pictures come upright.

    Args:
        path: As the user named it.
        first_frame: The number of the first picture.

    Raises:
        ReadError: It is no movie, or has no picture that can be decoded.
    """

    random_access = False

    def __init__(self, path: str, first_frame: int = 1) -> None:
        self._path = path
        self._name = os.path.basename(path)
        self._first = first_frame
        source = Source(self._name, path, hint="Check that it plays, and export it again.")
        self._look, sample = _look_at(source)
        self._pictures = find_pictures(source, sample)
        self.info = _info(path, first_frame, self._look, len(self._pictures))

    def __enter__(self) -> Movie:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open between readings."""

    def frame(self, number: int) -> Frame:
        """Read one frame, decoding from the picture before it that decoding can start at.

        Raises:
            ReadError: As `read`.
        """
        with contextlib.closing(self.read([number])) as frames:
            return next(frames)

    def read(self, frames: Iterable[int]) -> Generator[Frame]:
        """Read frames by ascending numbers from an own opening of the movie, decoding only what they need.

        Raises:
            ReadError: A frame does not exist, or is missing or damaged in the file.
        """
        converter = Converter(self._look.conversion, self._look.tags.matrix, self._look.tags.full_range)
        with Cursor(Source(self._name, self._path), self._pictures) as cursor:
            for number in frames:
                picture = self._picture(cursor, number)
                pixels = self._look.turn.apply(converter.rgb(picture))
                yield Frame(number, pixels, self._header(number))

    def _picture(self, cursor: Cursor, number: int) -> VideoFrame:
        source = Source(f"Frame {number} of {self._name}", self._path, number, _HINT)
        if number not in self.info.frames:
            raise source.unreadable("there is no such frame", hint=f"The movie has frames {self.info.frames}.")
        picture = cursor.picture(number - self._first)
        if picture is None:
            raise source.unreadable("the file is truncated" if cursor.ended else "its data is damaged")
        if picture.is_corrupt:
            raise source.unreadable("its data is damaged")
        if (picture.format.name, picture.width, picture.height) != (self._look.form, *self._stored_size):
            raise source.unreadable(
                f"it is {picture.format.name} {picture.width}x{picture.height}, the first frame "
                f"{self._look.form} {self._look.width}x{self._look.height}",
                hint="Split the movie where its format changes.",
            )
        return picture
