"""Movies as plates."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterable
from dataclasses import replace
from fractions import Fraction

from av.video.frame import VideoFrame

from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.plate import Header, PlateInfo
from matteline.media.conversion import Converter
from matteline.media.cursor import Cursor
from matteline.media.frame import Frame
from matteline.media.movie_header import Look, look_at
from matteline.media.naming import result_name
from matteline.media.pictures import find_pictures
from matteline.media.source import Source

MOVIE_EXTENSIONS = (
    ".mov", ".mp4", ".m4v", ".mxf", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv",
)  # fmt: skip

_HINT = "Copy or export the movie again, or render only the frames before this one."


class Movie:
    """A plate whose frames are the pictures of a movie, in the order they are shown. Holds no file open.

    Frame `first_frame` + k is the k-th picture, whatever its time: edit lists, a late start and a variable
    rate change when a picture is shown, not which one it is. Pictures come upright, as full-range RGB.

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
        source = Source(self._name, path, hint="Check that it plays, and export or copy it again.")
        self._look, sample = look_at(source)
        self._pictures = find_pictures(source, sample)
        self.info = _info(path, FrameRange(first_frame, first_frame + len(self._pictures) - 1), self._look)

    def __enter__(self) -> Movie:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open between readings."""

    def frame(self, number: int) -> Frame:
        """Read one frame, decoding from the nearest picture before it that decoding can start at.

        Raises:
            ReadError: As `read`.
        """
        with contextlib.closing(self.read([number])) as frames:
            return next(frames)

    def file(self, number: int) -> str:
        """The path of the movie, which holds every frame."""
        return self._path

    def read(self, frames: Iterable[int]) -> Generator[Frame, None, None]:
        """Read frames by ascending numbers; opens the movie anew, so that readings do not disturb each other.

        Raises:
            ReadError: A frame does not exist, or is missing or damaged in the file.
        """
        converter = Converter(self._look.form, self._look.tags)
        with Cursor(Source(self._name, self._path, hint=_HINT), self._pictures) as cursor:
            for number in frames:
                picture = self._picture(cursor, number)
                yield Frame(number, self._look.turn.apply(converter.rgb(picture)), self._header(number))

    def seconds(self, number: int) -> Fraction:
        """When a frame is shown, on the clock that the movie's sound runs by."""
        position = number - self._first
        if self._pictures.counted or position >= len(self._pictures.stamps):
            return position / (self._look.rate or Fraction(25))
        return self._pictures.stamps[position] * self._look.time_base

    def _picture(self, cursor: Cursor, number: int) -> VideoFrame:
        source = Source(f"Frame {number} of {self._name}", self._path, number, _HINT)
        if number not in self.info.frames:
            raise source.unreadable("there is no such frame", f"The movie has frames {self.info.frames}.")
        position = number - self._first
        picture = cursor.picture(position)
        if picture is None or picture.is_corrupt:
            truncated = cursor.ended or self._pictures.lacks(position)
            raise source.unreadable("the file is truncated" if truncated else "its data is damaged")
        self._check(picture, source)
        return picture

    def _check(self, picture: VideoFrame, source: Source) -> None:
        form, size = picture.format.name, (picture.width, picture.height)
        if (form, size) != (self._look.form.name, self._look.stored):
            first = "{}x{}".format(*self._look.stored)
            raise source.unreadable(
                f"it is {form} of {size[0]}x{size[1]}, the first frame {self._look.form.name} of {first}",
                hint="Split the movie where its format changes.",
            )

    def _header(self, number: int) -> Header:
        return replace(self._look.first, timecode=self._look.timecode(number - self._first))


def _info(path: str, frames: FrameRange, look: Look) -> PlateInfo:
    stem = os.path.splitext(os.path.basename(path))[0]
    return PlateInfo(
        path=path,
        kind="movie",
        name=result_name(os.path.dirname(path), stem),
        frames=FrameSet((frames,)),
        padding=4,
        canvas=look.first.display_window,
        display_window=look.first.display_window,
        pixel_aspect=look.first.pixel_aspect,
        pixel_type=look.pixel_type,
        rate=look.rate,
        colour=look.tags.colour,
        description=look.description,
    )
