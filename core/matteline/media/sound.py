"""The sound of a movie plate, cut to the frames that are rendered, without decoding it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from matteline.contract.frames import FrameSet
from matteline.media.container import open_movie
from matteline.media.movie import Movie
from matteline.media.plate import Plate
from matteline.media.source_file import SourceFile


@dataclass(frozen=True)
class SoundPiece:
    """An unbroken piece of sound, in seconds.

    Attributes:
        start: On the plate's own clock.
        end: On the plate's own clock.
        result_start: Where it starts in the result.
    """

    start: Fraction
    end: Fraction
    result_start: Fraction


@dataclass(frozen=True)
class Sound:
    """Sound to copy: the pieces of it that belong to the frames rendered, ascending."""

    path: str
    pieces: tuple[SoundPiece, ...]


def sound_for_frames(plate: Plate, frames: FrameSet, rate: Fraction) -> Sound | None:
    """Return the sound that belongs to some frames of a plate; None for images. A movie may still be silent."""
    if not isinstance(plate, Movie):
        return None
    pieces, shown = [], 0
    for each in frames.ranges:
        start = plate.seconds(each.first)
        pieces.append(SoundPiece(start, start + len(each) / rate, shown / rate))
        shown += len(each)
    return Sound(plate.info.path, tuple(pieces))


class SoundTrack:
    """Copies sound into a movie while that is being written. Close it after the last packet.

    Args:
        sound: What to copy.
        movie: The container to write to; nothing must be written to it yet.

    Attributes:
        left_out: Codecs of streams that the container cannot hold.
    """

    def __init__(self, sound: Sound, movie: OutputContainer) -> None:
        self._sound = sound
        self._movie = movie
        self._files = ExitStack()
        self._plate, _ = self._files.enter_context(open_movie(SourceFile(sound.path, sound.path)))
        supported = movie.supported_codecs
        self._streams: dict[int, AudioStream] = {}
        self.left_out: list[str] = []
        for stream in self._plate.streams.audio:
            context = stream.codec_context
            # FFmpeg does not know all codecs of telephones; those streams have no context.
            name = "an unknown codec" if context is None else context.codec.canonical_name
            if name in supported:
                self._streams[stream.index] = movie.add_stream_from_template(stream)
            else:
                self.left_out.append(name)
        self._packets = self._cut_packets() if self._streams else iter(())
        self._next = next(self._packets, None)

    def close(self) -> None:
        """Close the plate."""
        self._files.close()

    def write_until(self, seconds: Fraction | None) -> None:
        """Write what starts before a time of the movie; None writes all that is left."""
        while self._next is not None and (seconds is None or self._next[0] < seconds):
            self._movie.mux(self._next[1])
            self._next = next(self._packets, None)

    def _cut_packets(self) -> Iterator[tuple[Fraction, Packet[Any]]]:
        """Yield packets and when they start in the movie. A packet is the smallest piece that can be copied."""
        # Where each stream has got to in the movie, in seconds; below zero before its first packet.
        ends = dict.fromkeys(self._streams, Fraction(-1))
        last = self._sound.pieces[-1].end
        for packet in self._copied_packets():
            assert packet.pts is not None
            start = packet.pts * packet.time_base
            end = start + (packet.duration or 0) * packet.time_base
            index = packet.stream.index
            piece = next((each for each in self._sound.pieces if end > each.start and start < each.end), None)
            if piece is None:
                # Streams are interleaved, so another one may be up to a second behind.
                if start > last + 1:
                    return
                continue
            shift = piece.result_start - piece.start
            begins = start + shift
            # Where pieces join, the second one's first packet may overlap the last of the first.
            if begins < ends[index]:
                continue
            ends[index] = end + shift
            packet.pts += round(shift / packet.time_base)
            packet.dts = packet.pts  # sound is not reordered
            packet.stream = self._streams[index]
            yield begins, packet

    def _copied_packets(self) -> Iterator[Packet[Any]]:
        """Yield the plate's packets of the streams that are copied; where the plate breaks off, they end."""
        streams = [stream for stream in self._plate.streams.audio if stream.index in self._streams]
        with suppress(av.FFmpegError):
            for packet in self._plate.demux(streams):
                # An empty one at the end, or one without a time, cannot be placed.
                if packet.size and packet.pts is not None:
                    yield packet
