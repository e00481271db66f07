"""The pictures of a movie in the order they are shown, and the keyframes among them.

Frame numbers are exact only if every picture is known by its timestamp before the first one is wanted. The
timestamps come, in this order of cost:

1. from the container's own index, where that holds every picture and none is reordered (ProRes or DNxHR in
   MOV or MXF): the file need not be read, however large it is;
2. from the packets, without decoding them;
3. from decoding everything once, where packets do not tell (AVI with reordered pictures, fields in packets of
   their own).

Timestamps are believed only when the first pictures, decoded, bear them out.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from matteline.media.container import choose_decoder, open_movie, read_packets
from matteline.media.source_file import SourceFile

# Share of lost pictures up to which a movie is taken for damaged rather than for one of a variable rate.
_MOST_HOLES = 0.1

# Bytes of an AVI up to which its header counts all of its pictures.
_FIRST_PART_BYTES = 1 << 30

# Gaps in the clock that are taken for losses; a variable rate leaves more.
_FEW_GAPS = 3

# Pictures that a few gaps may lack for each one that came, where the gaps are few among these, and where not.
_MOST_LACKING = 50
_MOST_LACKING_OF_FEW = 1

# Pictures for each gap from which on the gaps are few among them.
_MANY = 8

# Steps by which a timestamp may miss the even clock: Matroska rounds to milliseconds, which are 0.3 at 300 fps.
_OFF_BEAT = 0.3

# Share of timestamps off the even clock up to which those are damaged ones.
_MOST_OFF_BEAT = 0.05

MOST_REORDERED = 12
"""More pictures than any codec decodes before one that is shown earlier, with some room."""


@dataclass(frozen=True, order=True)
class Keyframe:
    """A picture that decoding can start at: when it is shown and decoded, in the stream's time base."""

    shown: int
    decoded: int


@dataclass(frozen=True)
class PictureIndex:
    """The pictures of a movie in the order they are shown.

    Attributes:
        timestamps: In the stream's time base, each greater than the one before.
        keyframes: Pictures that decoding can start at, ascending.
        claimed: Pictures that the container claims; more than there are timestamps if the file is cut off.
        by_counting: Whether the timestamps are mere positions, because the movie's own are wrong.
        holes: Positions whose picture is not in the file although the clock of those around it leaves room for one.
        is_even: Whether no packet is left out on purpose, so that a gap of the clock is a loss.
        runs_back: Whether times come twice, as where a piece of the file was written twice or two movies were joined.
        skipped: Pictures before the first that can be decoded; they are not counted.
        is_intra: Whether each picture is coded by itself.
        is_open_ended: Whether a header that should count the pictures does not, as of an MXF that is being recorded.
        promised: Pictures that the header counts, where nothing tells which of them are lacking; 0 where it does not.
    """

    timestamps: Sequence[int]
    keyframes: Sequence[Keyframe] = ()
    claimed: int = 0
    by_counting: bool = False
    holes: frozenset[int] = frozenset()
    is_even: bool = True
    runs_back: bool = False
    skipped: int = 0
    is_intra: bool = False
    is_open_ended: bool = False
    promised: int = 0

    def __len__(self) -> int:
        return max(len(self.timestamps), self.claimed)

    def is_cut_off_at(self, position: int) -> bool:
        """Return whether the file was cut off so near a picture that this one is damaged or missing for it."""
        return self.claimed > len(self.timestamps) and position >= len(self.timestamps) - MOST_REORDERED

    def position(self, timestamp: int) -> int:
        """Return the position of the first picture shown at a time or after it."""
        return bisect.bisect_left(self.timestamps, timestamp)

    def keyframes_before(self, position: int) -> Sequence[Keyframe]:
        """Return the keyframes from which the picture at a position can be decoded, ascending.

        One that is shown after the picture does not serve even if it is decoded before it: what is shown
        before an open group's first picture also needs the group before.
        """
        timestamp = self.timestamps[min(position, len(self.timestamps) - 1)]
        return self.keyframes[: bisect.bisect_right(self.keyframes, timestamp, key=lambda each: each.shown)]


@dataclass(frozen=True)
class FirstPictures:
    """The first pictures of a movie, decoded.

    Attributes:
        timestamps: Their timestamps.
        fields: Whether packets may hold single fields, two of which make one picture.
        step: The time from one picture to the next where the container keeps an even clock, in the stream's time
            base; None where a gap is as the container means it.
    """

    timestamps: Sequence[int | None]
    fields: bool
    step: Fraction | None = None


def index_pictures(source: SourceFile, decoded: FirstPictures) -> PictureIndex:
    """List the pictures of a movie.

    Raises:
        ReadError: It is no movie, or ends before its first picture.
    """
    runs_back = False
    for listed in (_from_container, _from_packets):
        with open_movie(source) as (container, stream):
            index = listed(container, stream)
            cut_off = _samples_cut_off(source, stream) if "mov" in container.format.name else 0
        runs_back = index is not None and len(set(index.timestamps)) < len(index.timestamps)
        if index and (first := _first_decodable(index, decoded)) is not None:
            # What is shown before the first keyframe and was not decoded needs pictures that were cut off.
            if index.keyframes:
                first = min(first, index.position(index.keyframes[0].shown))
            claimed = index.claimed + cut_off - first
            index = replace(index, timestamps=index.timestamps[first:], claimed=claimed, skipped=first)
            return _with_holes(index, decoded.step) if decoded.step and index.is_even else index
    return replace(_counted(source), runs_back=runs_back)


def _counted(source: SourceFile) -> PictureIndex:
    """Count the pictures by decoding them all; one that cannot be decoded leaves no trace of its place."""
    count = undecoded = 0
    with open_movie(source) as (container, stream):
        decoder = choose_decoder(stream)
        for packet in itertools.chain(read_packets(container, stream), [None]):
            try:
                count += len(decoder.decode(packet))
            except av.FFmpegError:
                undecoded += 1
        promised = max(stream.frames, count + undecoded)
    # Some writers count a last packet that holds no picture.
    return PictureIndex(range(count), by_counting=True, promised=promised if promised > count + 1 else 0)


def _with_holes(index: PictureIndex, step: Fraction) -> PictureIndex:
    """Give the pictures that are lacking from an even clock their positions, so that all others keep theirs.

    Only where few are lacking: whoever writes at a variable rate leaves more out, or does not keep to the clock.

    Args:
        index: The pictures that came.
        step: The time from one picture to the next, in the stream's time base.
    """
    start = index.timestamps[0]
    places = {timestamp: (timestamp - start) / step for timestamp in index.timestamps}
    positions = {
        timestamp: round(place)
        for timestamp, place in places.items()
        if abs(place - round(place)) < _OFF_BEAT
    }
    # A damaged timestamp or two: their pictures belong nowhere.
    keeps_time = len(places) - len(positions) <= len(places) * _MOST_OFF_BEAT
    taken = sorted(positions.values())
    lacking = taken[-1] + 1 - len(taken)
    gaps = sum(after - before > 1 for before, after in itertools.pairwise(taken))
    # A few long gaps, or a little lost in many places.
    most = _MOST_HOLES
    if gaps <= _FEW_GAPS:
        most = _MOST_LACKING if gaps * _MANY <= len(taken) else _MOST_LACKING_OF_FEW
    is_loss = 0 < lacking <= len(taken) * most
    if not (is_loss and keeps_time and len(set(taken)) == len(taken)):
        return index
    at = {position: timestamp for timestamp, position in positions.items()}
    timestamps = [at.get(position, start + round(position * step)) for position in range(taken[-1] + 1)]
    claimed = index.claimed + len(timestamps) - len(index.timestamps)
    return replace(
        index, timestamps=timestamps, claimed=claimed, holes=frozenset(range(len(timestamps))) - set(taken)
    )


def _from_container(container: InputContainer, stream: VideoStream) -> PictureIndex | None:
    # Of other codecs the index has the order of decoding.
    if not stream.codec_context.codec.intra_only:
        return None
    if "mov" in container.format.name and stream.frames:
        timestamps: Sequence[int] = sorted(
            each.timestamp for each in stream.index_entries if not each.is_discard
        )
    elif container.format.name == "mxf" and (length := _length_in_pictures(stream)):
        first = stream.start_time or 0
        timestamps = range(first, first + length)
    else:
        return None
    keyframes = [Keyframe(timestamp, timestamp) for timestamp in timestamps]
    return PictureIndex(timestamps, keyframes, len(timestamps))


def _from_packets(container: InputContainer, stream: VideoStream) -> PictureIndex | None:
    timestamps: list[int] = []
    keyframes: list[Keyframe] = []
    last, is_even = None, True
    for packet in read_packets(container, stream):
        if packet.pts is None:
            return None
        # Bit 4 of VP8's first byte says that a packet is shown; others only help to decode those that are.
        hidden = stream.codec_context.name == "vp8" and not memoryview(packet)[0] & 0x10
        # An edit list may cut a picture off that others need.
        if hidden or packet.is_discard:
            is_even = False
        else:
            timestamps.append(packet.pts)
        if packet.is_keyframe:
            keyframes.append(Keyframe(packet.pts, packet.pts if packet.dts is None else packet.dts))
        last = packet
    if last is None or not timestamps:
        return None
    claimed = _claimed_pictures(container, stream, timestamps, last)
    # Without a clock of their own pictures are numbered as they come.
    promised = {"avi": stream.frames, "mxf": claimed}.get(container.format.name, 0)
    # Headers of very long AVIs count their first part only.
    is_too_many = promised and len(timestamps) > promised and container.size < _FIRST_PART_BYTES
    return PictureIndex(
        sorted(timestamps),
        sorted(keyframes),
        claimed,
        promised=promised if promised > len(timestamps) or is_too_many else 0,
        is_even=is_even,
        is_intra=stream.codec_context.codec.intra_only,
        is_open_ended=container.format.name == "mxf" and not stream.duration,
    )


def _samples_cut_off(source: SourceFile, stream: VideoStream) -> int:
    """Count the pictures that the header of a MOV or MP4 counts and its index lacks, other than by an edit list."""
    if stream.frames <= len(stream.index_entries):
        return 0
    with open_movie(source, ignore_editlist="1") as (_, whole):
        return max(whole.frames - len(whole.index_entries), 0)


def _claimed_pictures(
    container: InputContainer, stream: VideoStream, timestamps: Sequence[int], last: Packet[VideoStream]
) -> int:
    """Count the pictures that a container claims to have; fewer than found where it claims nothing."""
    if "mov" in container.format.name:
        return sum(1 for each in stream.index_entries if not each.is_discard)
    if container.format.name == "mxf":
        return _length_in_pictures(stream)
    if "matroska" in container.format.name:
        return len(timestamps) + _pictures_after(stream, max(timestamps), last.duration or 0)
    return stream.frames if last.is_corrupt else 0


def _length_in_pictures(stream: VideoStream) -> int:
    """Return a stream's duration where that counts pictures, as in MXF, else 0."""
    if not stream.duration or not stream.time_base or not stream.average_rate:
        return 0
    return stream.duration if stream.time_base * stream.average_rate == 1 else 0


def _pictures_after(stream: VideoStream, last: int, duration: int) -> int:
    """Count the pictures between the last one found in a Matroska file and the duration its track claims.

    Args:
        stream: Its metadata may hold `DURATION`, such as `00:00:04.171000000`.
        last: When the last picture found is shown, in the stream's time base.
        duration: For how long; 0 where that is not known.
    """
    try:
        hours, minutes, seconds = (float(part) for part in stream.metadata.get("DURATION", "").split(":"))
    except ValueError:
        return 0
    if not stream.time_base or not stream.average_rate:
        return 0
    left = hours * 3600 + minutes * 60 + seconds - float((last + duration) * stream.time_base)
    pictures = left * float(stream.average_rate)
    # Where the last picture's own duration is not known, one or two prove nothing.
    return round(pictures) if pictures > (1 - _OFF_BEAT if duration else 2) else 0


def _first_decodable(index: PictureIndex, decoded: FirstPictures) -> int | None:
    """Return the position of the first picture decoded; None if the decoded ones contradict the timestamps."""
    known = set(index.timestamps)
    found = [each for each in decoded.timestamps if each is not None and each in known]
    if decoded.fields or len(known) < len(index.timestamps) or len(found) < len(decoded.timestamps):
        return None
    first, last = index.position(found[0]), index.position(found[-1])
    # A few may be lacking because they are damaged; every other one is lacking where packets are fields.
    plausible = found == sorted(found) and last - first < 1.5 * len(found)
    return first if plausible else None
