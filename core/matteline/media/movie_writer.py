"""Movies of results, with rate, timecode, sound and tags: whole under their name or not there at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from matteline.media.atomic import Refused, replacing
from matteline.media.metadata import clean_text
from matteline.media.movie_kinds import MovieKind
from matteline.media.sound import Sound, SoundTrack
from matteline.media.ycbcr import BT709, Values


@dataclass(frozen=True)
class MovieHeader:
    """What a movie says of itself.

    Attributes:
        rate: Frames per second.
        timecode: Of the first picture, None where there is none.
        pixel_aspect: Width of a pixel divided by its height.
        words: Metadata, by name.
    """

    rate: Fraction
    timecode: str | None = None
    pixel_aspect: float = 1.0
    words: Mapping[str, str] = field(default_factory=dict)


class MovieFile:
    """A movie that is being written. Made by `writing_movie`."""

    def __init__(
        self, container: OutputContainer, kind: MovieKind, header: MovieHeader, sound: Sound | None
    ) -> None:
        self._container = container
        self._kind = kind
        self._header = header
        self._sound = sound
        self._stream: VideoStream | None = None
        self._track: SoundTrack | None = None
        self._count = 0

    @property
    def left_out(self) -> tuple[str, ...]:
        """Codecs of the plate's sound that this container cannot hold; known from the first picture on."""
        return tuple(self._track.left_out) if self._track else ()

    def close(self) -> None:
        """Let go of the plate's sound."""
        if self._track:
            self._track.close()

    def add(self, picture: Values) -> None:
        """Append a picture, (H, W, C) float32 of 0..1 in BT.709; all are of one size.

        C is 1 for grey, 3 for RGB, and 4 where the kind has alpha. H.264 halves its chroma both ways: an odd
        width or height is made even by repeating the last column or row.

        Raises:
            OSError: The system refuses the file. Let it pass: `writing_movie` says so in words.
            Refused: FFmpeg does.
        """
        picture = _even(picture) if self._kind.planes.down == 2 else picture
        stream = self._stream = self._stream or self._begun(picture)
        frame = self._kind.planes.frame(picture)
        frame.pts, frame.time_base = self._count, 1 / self._header.rate
        with _refusing():
            self._container.mux(stream.encode(frame))
            self._count += 1
            if self._track:
                self._track.write_until(self._count / self._header.rate)

    def finish(self) -> None:
        """Write what the encoder still holds. Raises as `add` does."""
        with _refusing():
            if self._stream:
                self._container.mux(self._stream.encode())
            if self._track:
                self._track.write_until(None)

    def _begun(self, picture: Values) -> VideoStream:
        with _refusing():
            stream = self._container.add_stream(
                self._kind.encoder, rate=self._header.rate, options=dict(self._kind.options)
            )
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = self._kind.planes.pixel_format
        context = stream.codec_context
        context.time_base = 1 / self._header.rate
        if self._kind.tag:
            context.codec_tag = self._kind.tag
        context.thread_type, context.thread_count = "AUTO", 0
        context.sample_aspect_ratio = Fraction(self._header.pixel_aspect).limit_denominator(1000)
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = self._kind.planes.color_range
        if self._header.timecode:
            stream.metadata["timecode"] = self._header.timecode
        if self._sound:
            # After the pictures' stream, which so is the first: some programs look no further.
            with _refusing():
                self._track = SoundTrack(self._sound, self._container)
        return stream


@contextmanager
def writing_movie(
    path: Path, kind: MovieKind, header: MovieHeader, sound: Sound | None = None
) -> Iterator[MovieFile]:
    """Write a movie. Nothing changes at `path` unless the block ends well.

    Args:
        path: The file; its folder must exist.
        kind: How to store it.
        header: What it says of itself.
        sound: Sound of the plate to copy.

    Raises:
        WriteError: The file cannot be written: disk full, permission, folder gone.
        ReadError: The plate's sound cannot be read.
    """
    with replacing(path) as temporary, ExitStack() as files:
        # A file of our own, because the system's reason for a failure gets lost in FFmpeg's.
        file = files.enter_context(open(temporary, "w+b"))
        with _refusing():
            options = {"movflags": "use_metadata_tags"}
            container = av.open(file, "w", format=kind.extension, container_options=options)
        files.callback(_close, container)
        container.metadata.update({name: clean_text(value) for name, value in header.words.items()})
        movie = files.enter_context(closing(MovieFile(container, kind, header, sound)))
        yield movie
        movie.finish()


def _close(container: OutputContainer) -> None:
    with _refusing():
        container.close()


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except av.FFmpegError as error:
        raise Refused(f"FFmpeg: {error.strerror}") from error


def _even(picture: Values) -> Values:
    height, width = picture.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return picture
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
