"""Random access to the decoded pictures of a movie, by their positions."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from types import TracebackType

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from matteline.media.container import choose_decoder, decode, open_movie, read_packets
from matteline.media.picture_index import Keyframe, PictureIndex
from matteline.media.source_file import SourceFile

# Pictures that are rather decoded than skipped: a seek throws away what the decoder has under way.
_WORTH_A_SEEK = 12

_Positioned = Iterator[tuple[int, VideoFrame]]


class MovieDecoder:
    """A movie opened for decoding. A context manager; for one thread.

    Args:
        source: The movie.
        index: Its pictures.

    Attributes:
        ended: Whether a picture was missing because the movie ended before it.
        builds_on_damage: Whether the last picture was predicted from one that is damaged or lacking.
    """

    def __init__(self, source: SourceFile, index: PictureIndex) -> None:
        self._source = source
        self._index = index
        self._files = contextlib.ExitStack()
        self._frames: _Positioned = iter(())
        self._next = 0
        self._just_seeked = self._is_first = False
        self.ended = self.builds_on_damage = False

    def __enter__(self) -> MovieDecoder:
        self._restart()
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
        if position >= len(self._index.timestamps):
            self.ended = True
            return None
        # Not by a seek: from the start every picture can be reached, whatever is wrong with the keyframes.
        if position < self._next:
            self._restart()
        if keyframes := self._keyframes_ahead(position):
            self._seek(position, keyframes)
        frame = self._decode_until(position)
        if frame is None and self._just_seeked:
            # Some streams mark keyframes that decoding cannot start at, such as those with gradual refresh.
            self._restart()
            frame = self._decode_until(position)
        self._just_seeked = False
        return frame

    def _decode_until(self, position: int) -> VideoFrame | None:
        for at, frame in self._frames:
            self._follow_damage(at, frame)
            if at > position:
                # The wanted one is missing. This one may be wanted next, so it is put back.
                self._frames, self._next = itertools.chain([(at, frame)], self._frames), at
                return None
            self._next = at + 1
            if at == position:
                return frame
        self.ended = True
        return None

    def _follow_damage(self, at: int, frame: VideoFrame) -> None:
        """Note whether a picture is built on one that is damaged or lacking; decoders conceal it and do not tell."""
        # The first one behind a seek may lie further on than the seek was for.
        is_lacking = at > self._next and not self._is_first
        self._is_first = False
        if self._stream.codec_context.codec.intra_only:
            return
        # A damaged keyframe harms what is built on it too.
        if frame.is_corrupt or (is_lacking and not frame.key_frame):
            self.builds_on_damage = True
        elif frame.key_frame:
            self.builds_on_damage = False

    def _restart(self) -> None:
        """Open the movie anew, before its first picture."""
        self._files.close()
        self._container, self._stream = self._files.enter_context(open_movie(self._source))
        self._decoder = choose_decoder(self._stream)
        self._decode_from(read_packets(self._container, self._stream))
        self._next = 0
        self._just_seeked = self.ended = self.builds_on_damage = False

    def _decode_from(self, packets: Iterator[Packet[VideoStream]]) -> None:
        """Decode these packets from now on."""
        self._refused = set[int | None]()
        frames = decode(packets, self._decoder, self._refused)
        self._frames = enumerate(frames) if self._index.by_counting else self._by_timestamp(frames)

    def _by_timestamp(self, frames: Iterator[VideoFrame]) -> _Positioned:
        """Give pictures their positions; those without one, such as cut off by an edit list, are left out."""
        timestamps = self._index.timestamps
        for frame in frames:
            at = len(timestamps) if frame.pts is None else self._index.position(frame.pts)
            # Some decoders show an older picture in place of one that they refused.
            if at < len(timestamps) and timestamps[at] == frame.pts and frame.pts not in self._refused:
                yield at, frame

    def _keyframes_ahead(self, position: int) -> list[Keyframe]:
        """List up to three keyframes to seek to for a position, the nearest first; none if decoding on is quicker."""
        if self._index.by_counting or position < self._next + _WORTH_A_SEEK:
            return []
        nearest_first = reversed(self._index.keyframes_before(position))
        behind = self._index.timestamps[self._next + _WORTH_A_SEEK - 1]
        return [each for each in itertools.islice(nearest_first, 3) if each.shown > behind]

    def _seek(self, position: int, keyframes: list[Keyframe]) -> None:
        """Go to a picture no later than the position, as near as the container can find it."""
        for keyframe in keyframes:
            # Containers seek by the time of showing or by that of decoding.
            for timestamp in dict.fromkeys((keyframe.shown, keyframe.decoded)):
                if self._seek_to(timestamp, position):
                    return
        self._restart()

    def _seek_to(self, timestamp: int, position: int) -> bool:
        """Seek, and return whether the first keyframe found there lies before the position."""
        try:
            self._container.seek(timestamp, stream=self._stream)
        except av.FFmpegError:
            return False
        self._decoder.flush_buffers()
        packets = read_packets(self._container, self._stream)
        packets = itertools.dropwhile(lambda packet: not packet.is_keyframe, packets)
        first = next(packets, None)
        if first is None or first.pts is None or first.pts > self._index.timestamps[position]:
            return False
        self._decode_from(itertools.chain([first], packets))
        self._next = self._index.position(first.pts)
        self._just_seeked = self._is_first = True
        self.builds_on_damage = False
        return True
