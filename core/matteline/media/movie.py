"""Movies as plates."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterable
from dataclasses import replace
from fractions import Fraction

from av.video.frame import VideoFrame

from matteline.contract.errors import ReadError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.plate import PlateInfo
from matteline.media.conversion import Converter
from matteline.media.frame import Frame
from matteline.media.movie_decoder import MovieDecoder
from matteline.media.movie_format import probe_movie
from matteline.media.naming import result_name
from matteline.media.picture_index import MOST_REORDERED, index_pictures
from matteline.media.sampling import spread
from matteline.media.source_file import SourceFile
from matteline.media.timecode import timecode_note

MOVIE_EXTENSIONS = (
    ".mov", ".mp4", ".m4v", ".mxf", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv",
)  # fmt: skip

# Frames between samples after a keyframe, a third of a second: closer ones would show the same.
_SAMPLE_STEP = 8

_HINT = "Copy or export the movie again, or set missing frames to 'hold'."


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
        source = SourceFile(self._name, path, hint="Check that it plays, and export or copy it again.")
        self._format, first_pictures = probe_movie(source)
        self._index = index_pictures(source, first_pictures)
        header = self._format.first_header
        last = first_frame + len(self._index) - 1
        holes = FrameSet.of(first_frame + position for position in self._index.holes)
        frames = FrameSet((FrameRange(first_frame, last),)).minus(holes)
        shortfall = ""
        if self._index.promised:
            shortfall = (
                f"{self._name} promises {self._index.promised} pictures and {len(self._index)} can be read: "
                "where it is damaged is not known, so that numbers behind that are wrong."
            )
        lost = (
            (f"It lacks frames {holes.brief}: its clock goes on, the pictures do not.",)
            if holes.ranges
            else ()
        )
        self.info = PlateInfo(
            path=path,
            kind="movie",
            name=result_name(os.path.dirname(path), os.path.splitext(self._name)[0]),
            frames=frames,
            padding=4,
            canvas=header.display_window,
            display_window=header.display_window,
            pixel_aspect=header.pixel_aspect,
            pixel_type=self._format.pixel_type,
            rate=self._format.rate,
            colour=self._format.tags.colour,
            description=self._format.description,
            notes=(
                *self._format.notes,
                *timecode_note(header.timecode, self._format.rate),
                *lost,
                *self._clock_notes(),
                *filter(None, [shortfall]),
            ),
            shortfall=shortfall,
        )

    def _clock_notes(self) -> list[str]:
        """List what the clock tells of losses and repetitions that may be meant as well."""
        index, rate = self._index, self._format.rate
        if index.runs_back:
            return [
                "Its clock runs back: pictures are numbered as they come, those that are there twice included."
            ]
        if index.skipped >= MOST_REORDERED:
            return [
                f"Its first {index.skipped} pictures cannot be decoded: frames are counted from the next one on."
            ]
        if index.is_open_ended:
            return [
                "Its header does not say how many pictures it has: it is still being recorded, or damaged. "
                "Check that its last frame is the right one."
            ]
        # Of other containers the clock says nothing of the beginning.
        starts = index.timestamps[0] * self._format.time_base * (rate or 0)
        if "matroska" in self._format.container and starts >= MOST_REORDERED:
            return [
                f"Its clock begins {round(starts)} pictures late: if those were lost, its numbers are too low."
            ]
        return []

    def __enter__(self) -> Movie:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open between readings."""

    def frame(self, number: int) -> Frame:
        """Read one frame, decoding from the nearest keyframe before it.

        Raises:
            ReadError: As `read`.
        """
        with contextlib.closing(self.read([number])) as frames:
            return next(frames)

    def file(self, number: int) -> str:
        """Return the path of the movie, which holds every frame."""
        return self._path

    def sample(self, count: int) -> list[int]:
        """List keyframes spread over the movie; where there are fewer than `count`, frames soon after them too.

        So the cost does not grow with the movie's length, however far its keyframes are apart.
        """
        keyframes = {self._index.position(each.shown) for each in self._index.keyframes}
        starts = sorted(position for position in keyframes | {0} if position < len(self._index.timestamps))
        if len(starts) < count:
            each_has = -(-count // len(starts))
            after = range(0, each_has * _SAMPLE_STEP, _SAMPLE_STEP)
            last = len(self._index.timestamps) - 1
            starts = sorted({min(start + step, last) for start in starts for step in after})
        return [
            self._first + position for position in spread(starts, count) if position not in self._index.holes
        ]

    def read(self, frames: Iterable[int]) -> Generator[Frame, None, None]:
        """Read frames by ascending numbers; opens the movie anew, so that readings do not disturb each other.

        Raises:
            ReadError: A frame does not exist, or is missing or damaged in the file.
        """
        with contextlib.closing(self.attempts(frames)) as attempts:
            for each in attempts:
                if isinstance(each, ReadError):
                    raise each
                yield each

    def attempts(self, frames: Iterable[int]) -> Generator[Frame | ReadError, None, None]:
        """Read as `read` does, and give the error of a frame in its place, so that reading can go on behind it."""
        converter = Converter(self._format.pixel_format, self._format.tags)
        with MovieDecoder(SourceFile(self._name, self._path, hint=_HINT), self._index) as decoder:
            for number in frames:
                try:
                    picture = self._picture(decoder, number)
                except ReadError as error:
                    yield error
                    continue
                pixels = self._format.orientation.apply(converter.rgb(picture))
                timecode = self._format.timecode(number - self._first)
                yield Frame(number, pixels, replace(self._format.first_header, timecode=timecode))

    def seconds(self, number: int) -> Fraction:
        """Return when a frame is shown, on the clock that the movie's sound runs by."""
        position = number - self._first
        # A movie whose timestamps are wrong is taken to run evenly, at television's rate where none is given.
        if self._index.by_counting or position >= len(self._index.timestamps):
            return position / (self._format.rate or Fraction(25))
        return self._index.timestamps[position] * self._format.time_base

    def _picture(self, decoder: MovieDecoder, number: int) -> VideoFrame:
        source = SourceFile(f"Frame {number} of {self._name}", self._path, number, _HINT)
        if number not in self.info.frames:
            raise source.unreadable(
                "there is no such frame", f"The movie has frames {self.info.frames.brief}."
            )
        position = number - self._first
        picture = decoder.picture(position)
        if picture is None or picture.is_corrupt:
            # Copying the file again mends the one, only exporting it again the other.
            truncated = decoder.ended or self._index.is_cut_off_at(position)
            raise source.unreadable("the file is truncated" if truncated else "its data is damaged")
        if decoder.builds_on_damage:
            raise source.unreadable("a picture before it that it builds on is damaged or lacking")
        # A shot has one canvas and one conversion; streams of broadcasters change both in the middle.
        name, width, height = picture.format.name, picture.width, picture.height
        if (name, (width, height)) != (self._format.pixel_format.name, self._format.stored_size):
            first = "{} of {}x{}".format(self._format.pixel_format.name, *self._format.stored_size)
            raise source.unreadable(
                f"it is {name} of {width}x{height}, the first frame {first}",
                hint="Split the movie where its format changes.",
            )
        return picture
