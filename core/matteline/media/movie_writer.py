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

from matteline.contract.files import replacing
from matteline.media.library_errors import encode_errors
from matteline.media.metadata import clean_text
from matteline.media.movie_kinds import MovieKind
from matteline.media.sound import Sound, SoundTrack
from matteline.media.ycbcr import BT709, Values


@dataclass(frozen=True)
class MovieMetadata:
    """Rate, timecode and other metadata of a movie that is written.

    Attributes:
        rate: Frames per second.
        timecode: Of the first picture, None where there is none.
        pixel_aspect: Width of a pixel divided by its height.
        text: More metadata, by name.
    """

    rate: Fraction
    timecode: str | None = None
    pixel_aspect: float = 1.0
    text: Mapping[str, str] = field(default_factory=dict)


class MovieFile:
    """A movie that is being written. Made by `writing_movie`."""

    def __init__(
        self, container: OutputContainer, kind: MovieKind, metadata: MovieMetadata, sound: Sound | None
    ) -> None:
        self._container = container
        self._kind = kind
        self._metadata = metadata
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
            OSError: The system or FFmpeg refuses the file. Let it pass: `writing_movie` says so in words.
        """
        height, width = picture.shape[:2]
        if self._kind.planes.down == 2 and (height % 2 or width % 2):
            picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
        stream = self._stream = self._stream or self._add_stream(picture)
        frame = self._kind.planes.video_frame(picture)
        # Counted in frames, so that rates such as 24000/1001 add up without rounding.
        frame.pts, frame.time_base = self._count, 1 / self._metadata.rate
        with encode_errors():
            self._container.mux(stream.encode(frame))
            self._count += 1
            # Sound goes in between, so that players find it near the pictures it belongs to.
            if self._track:
                self._track.write_until(self._count / self._metadata.rate)

    def finish(self) -> None:
        """Write what the encoder still holds. Raises as `add` does."""
        with encode_errors():
            if self._stream:
                self._container.mux(self._stream.encode())
            if self._track:
                self._track.write_until(None)

    def _add_stream(self, picture: Values) -> VideoStream:
        with encode_errors():
            stream = self._container.add_stream(
                self._kind.encoder, rate=self._metadata.rate, options=dict(self._kind.options)
            )
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = self._kind.planes.pixel_format
        context = stream.codec_context
        context.time_base = 1 / self._metadata.rate
        if self._kind.tag:
            context.codec_tag = self._kind.tag
        context.thread_type, context.thread_count = "AUTO", 0  # as many threads as there are cores
        context.sample_aspect_ratio = Fraction(self._metadata.pixel_aspect).limit_denominator(1000)
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = self._kind.planes.color_range
        if self._metadata.timecode:
            # Of the stream's words FFmpeg makes the timecode track of a MOV.
            stream.metadata["timecode"] = self._metadata.timecode
        if self._sound:
            # After the pictures' stream, which so is the first: some programs look no further.
            with encode_errors():
                self._track = SoundTrack(self._sound, self._container)
        return stream


@contextmanager
def writing_movie(
    path: Path, kind: MovieKind, metadata: MovieMetadata, sound: Sound | None = None
) -> Iterator[MovieFile]:
    """Write a movie. Nothing changes at `path` unless the block ends well.

    Args:
        path: The file; its folder must exist.
        kind: Codec and container.
        metadata: Rate, timecode and text.
        sound: Sound of the plate to copy.

    Raises:
        WriteError: The file cannot be written: disk full, permission, folder gone.
        ReadError: The plate's sound cannot be read.
    """
    with replacing(path) as temporary, ExitStack() as files:
        # A file of our own, because the system's reason for a failure gets lost in FFmpeg's.
        file = files.enter_context(open(temporary, "w+b"))
        with encode_errors():
            # Without this the container keeps only names that QuickTime knows.
            options = {"movflags": "use_metadata_tags"}
            container = av.open(file, "w", format=kind.extension, container_options=options)
        # Closing writes the container's index, so it can fail like any write; it comes before the file's.
        files.enter_context(encode_errors())
        files.callback(container.close)
        container.metadata.update({name: clean_text(value) for name, value in metadata.text.items()})
        movie = files.enter_context(closing(MovieFile(container, kind, metadata, sound)))
        yield movie
        movie.finish()
