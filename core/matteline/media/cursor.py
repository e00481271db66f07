"""Going to a movie's pictures by their positions."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from types import TracebackType

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from matteline.media.container import decoded, decoder_of, opened, packets_of
from matteline.media.pictures import Pictures, Start
from matteline.media.source import Source

_WORTH_A_JUMP = 12
"""Pictures that are rather decoded than jumped over: a jump throws away what the decoder has under way."""

_Placed = Iterator[tuple[int, VideoFrame]]


class Cursor:
    """A movie opened for decoding, standing before some picture. A context manager; for one thread.

    Args:
        source: The movie.
        pictures: Its pictures.

    Attributes:
        ended: Whether a picture was missing because the movie ended before it.
    """

    def __init__(self, source: Source, pictures: Pictures) -> None:
        self._source = source
        self._pictures = pictures
        self._files = contextlib.ExitStack()
        self._frames: _Placed = iter(())
        self._next = 0
        self._just_jumped = False
        self.ended = False

    def __enter__(self) -> Cursor:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def picture(self, position: int) -> VideoFrame | None:
        """Decode the picture at a position; None where it is missing. Going back means beginning again.

        Raises:
            ReadError: The movie can no longer be opened.
        """
        if position >= len(self._pictures.stamps):
            self.ended = True
            return None
        if position < self._next:
            self._begin()
        if starts := self._worth_jumping_to(position):
            self._jump(position, starts)
        frame = self._forward(position)
        if frame is None and self._just_jumped:
            # Some streams mark starts that do not serve at once, such as those with gradual refresh.
            self._begin()
            frame = self._forward(position)
        self._just_jumped = False
        return frame

    def _forward(self, position: int) -> VideoFrame | None:
        for at, frame in self._frames:
            if at > position:
                self._frames, self._next = itertools.chain([(at, frame)], self._frames), at
                return None
            self._next = at + 1
            if at == position:
                return frame
        self.ended = True
        return None

    def _begin(self) -> None:
        """Open the movie and stand before its first picture."""
        self._files.close()
        self._container, self._stream = self._files.enter_context(opened(self._source))
        self._decoder = decoder_of(self._stream)
        self._run(packets_of(self._container, self._stream))
        self._next = 0
        self._just_jumped = self.ended = False

    def _run(self, packets: Iterator[Packet[VideoStream]]) -> None:
        """Decode these packets from now on."""
        frames = decoded(packets, self._decoder)
        self._frames = enumerate(frames) if self._pictures.counted else self._placed(frames)

    def _placed(self, frames: Iterator[VideoFrame]) -> _Placed:
        stamps = self._pictures.stamps
        for frame in frames:
            at = len(stamps) if frame.pts is None else self._pictures.position(frame.pts)
            if at < len(stamps) and stamps[at] == frame.pts:
                yield at, frame

    def _worth_jumping_to(self, position: int) -> list[Start]:
        """Starts behind where the cursor stands that serve a position, the nearest first."""
        if self._pictures.counted or position < self._next + _WORTH_A_JUMP:
            return []
        nearest_first = reversed(self._pictures.starts_before(position))
        behind = self._pictures.stamps[self._next + _WORTH_A_JUMP - 1]
        return [start for start in itertools.islice(nearest_first, 3) if start.shown > behind]

    def _jump(self, position: int, starts: list[Start]) -> None:
        """Stand before a picture no later than the position, as near as the container can find it."""
        for start in starts:
            for stamp in dict.fromkeys((start.shown, start.decoded)):
                if self._landed(stamp, position):
                    return
        self._begin()

    def _landed(self, stamp: int, position: int) -> bool:
        try:
            self._container.seek(stamp, stream=self._stream)
        except av.FFmpegError:
            return False
        self._decoder.flush_buffers()
        packets = packets_of(self._container, self._stream)
        packets = itertools.dropwhile(lambda packet: not packet.is_keyframe, packets)
        first = next(packets, None)
        if first is None or first.pts is None or first.pts > self._pictures.stamps[position]:
            return False
        self._run(itertools.chain([first], packets))
        self._next = self._pictures.position(first.pts)
        self._just_jumped = True
        return True
