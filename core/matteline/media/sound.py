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
from matteline.media.container import opened
from matteline.media.movie import Movie
from matteline.media.plate import Plate
from matteline.media.source import Source


@dataclass(frozen=True)
class Cut:
    """An unbroken piece of sound, in seconds.

    Attributes:
        start: On the plate's own clock.
        end: Where it ends there.
        at: Where it starts in the result.
    """

    start: Fraction
    end: Fraction
    at: Fraction

    def holds(self, start: Fraction, end: Fraction) -> bool:
        """Whether any of it sounds between two times of the plate."""
        return end > self.start and start < self.end


@dataclass(frozen=True)
class Sound:
    """Sound to copy: the pieces of it that belong to the frames rendered, ascending."""

    path: str
    cuts: tuple[Cut, ...]


def sound_of(plate: Plate, frames: FrameSet, rate: Fraction) -> Sound | None:
    """The sound that belongs to some frames of a plate; None for images. A movie may still be silent."""
    if not isinstance(plate, Movie):
        return None
    cuts, shown = [], 0
    for each in frames.ranges:
        start = plate.seconds(each.first)
        cuts.append(Cut(start, start + len(each) / rate, shown / rate))
        shown += len(each)
    return Sound(plate.info.path, tuple(cuts))


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
        self._plate, _ = self._files.enter_context(opened(Source(sound.path, sound.path)))
        supported = movie.supported_codecs
        self._streams: dict[int, AudioStream] = {}
        self.left_out: list[str] = []
        for stream in self._plate.streams.audio:
            name = _codec(stream)
            if name in supported:
                self._streams[stream.index] = movie.add_stream_from_template(stream)
            else:
                self.left_out.append(name)
        self._packets = self._cut_out() if self._streams else iter(())
        self._next = next(self._packets, None)

    def close(self) -> None:
        """Let go of the plate."""
        self._files.close()

    def write_until(self, seconds: Fraction | None) -> None:
        """Write what starts before a time of the movie; None writes all that is left."""
        while self._next is not None and (seconds is None or self._next[0] < seconds):
            self._movie.mux(self._next[1])
            self._next = next(self._packets, None)

    def _cut_out(self) -> Iterator[tuple[Fraction, Packet[Any]]]:
        """Packets and when they start in the movie. A packet is the smallest piece that can be copied."""
        ends = dict.fromkeys(self._streams, Fraction(-1))
        last = self._sound.cuts[-1].end
        for start, end, packet in self._timed():
            index = packet.stream.index
            cut = next((each for each in self._sound.cuts if each.holds(start, end)), None)
            if cut is None:
                if start > last + 1:
                    return
                continue
            begins = start - cut.start + cut.at
            if begins < ends[index]:
                continue
            ends[index] = begins + end - start
            yield begins, self._moved(packet, begins - start)

    def _timed(self) -> Iterator[tuple[Fraction, Fraction, Packet[Any]]]:
        streams = [stream for stream in self._plate.streams.audio if stream.index in self._streams]
        with suppress(av.FFmpegError):  # where the plate breaks off, its sound ends
            for packet in self._plate.demux(streams):
                if packet.size and packet.pts is not None:
                    start = packet.pts * packet.time_base
                    yield start, start + (packet.duration or 0) * packet.time_base, packet

    def _moved(self, packet: Packet[Any], seconds: Fraction) -> Packet[Any]:
        assert packet.pts is not None
        packet.pts += round(seconds / packet.time_base)
        packet.dts = packet.pts
        packet.stream = self._streams[packet.stream.index]
        return packet


def _codec(stream: AudioStream) -> str:
    """FFmpeg's name of a codec. Telephones have some that it does not know."""
    context = stream.codec_context
    return "an unknown codec" if context is None else context.codec.canonical_name
