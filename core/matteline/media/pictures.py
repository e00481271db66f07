"""Which pictures a movie has, in the order they are shown, and where its decoder can start.

Frame numbers are exact only if every picture is known by its time stamp before the first one is wanted. The
stamps come, in this order of cost:

1. from the container's own index, where that holds every picture and none is reordered (ProRes or DNxHR in
   MOV or MXF): the file need not be read, however large it is;
2. from the packets, without decoding them;
3. from decoding everything once, where packets do not tell (AVI with reordered pictures, fields in packets of
   their own).

Stamps are believed only when the first pictures, decoded, bear them out.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from matteline.media.container import decoded, decoder_of, opened, packets_of
from matteline.media.source import Source

MOST_REORDERED = 12
"""More pictures than any codec decodes before one that is shown earlier, with some room."""


@dataclass(frozen=True, order=True)
class Start:
    """A picture that decoding can start at: when it is shown and decoded, in the stream's time base."""

    shown: int
    decoded: int


@dataclass(frozen=True)
class Pictures:
    """The pictures of a movie in the order they are shown.

    Attributes:
        stamps: Their time stamps, in the stream's time base, each greater than the one before.
        starts: Where decoding can start, ascending.
        promised: How many pictures the container claims; more than there are stamps if the file is cut off.
        counted: Whether the stamps are mere positions, because the movie's own are not to be believed.
    """

    stamps: Sequence[int]
    starts: Sequence[Start] = ()
    promised: int = 0
    counted: bool = False

    def __len__(self) -> int:
        return max(len(self.stamps), self.promised)

    def lacks(self, position: int) -> bool:
        """Whether the file was cut off so near a picture that it may be damaged or missing for that."""
        return self.promised > len(self.stamps) and position >= len(self.stamps) - MOST_REORDERED

    def position(self, stamp: int) -> int:
        """The position of the first picture shown at a time or after it."""
        return bisect.bisect_left(self.stamps, stamp)

    def starts_before(self, position: int) -> Sequence[Start]:
        """Where decoding can start for the picture at a position, ascending.

        A start that is shown after the picture does not serve even if it is decoded before it: what is shown
        before an open group's first picture also needs the group before.
        """
        stamp = self.stamps[min(position, len(self.stamps) - 1)]
        return self.starts[: bisect.bisect_right(self.starts, stamp, key=lambda start: start.shown)]


@dataclass(frozen=True)
class Sample:
    """The first pictures of a movie, decoded.

    Attributes:
        stamps: Their time stamps.
        fields: Whether packets may hold single fields, two of which make one picture.
    """

    stamps: Sequence[int | None]
    fields: bool


def find_pictures(source: Source, sample: Sample) -> Pictures:
    """List the pictures of a movie.

    Raises:
        ReadError: It is no movie, or ends before its first picture.
    """
    for listed in (_from_index, _from_packets):
        with opened(source) as (container, stream):
            pictures = listed(container, stream)
        if pictures and (first := _first_decoded(pictures, sample)) is not None:
            return _without_broken_lead(pictures, first)
    with opened(source) as (container, stream):
        count = sum(1 for _ in decoded(packets_of(container, stream), decoder_of(stream)))
    return Pictures(range(count), counted=True)


def _from_index(container: InputContainer, stream: VideoStream) -> Pictures | None:
    if not stream.codec_context.codec.intra_only:
        return None
    if "mov" in container.format.name and stream.frames:
        stamps: Sequence[int] = sorted(each.timestamp for each in stream.index_entries if not each.is_discard)
    elif container.format.name == "mxf" and (length := _length_in_pictures(stream)):
        first = stream.start_time or 0
        stamps = range(first, first + length)
    else:
        return None
    return Pictures(stamps, [Start(stamp, stamp) for stamp in stamps], len(stamps))


def _from_packets(container: InputContainer, stream: VideoStream) -> Pictures | None:
    stamps: list[int] = []
    starts: list[Start] = []
    last = None
    for packet in packets_of(container, stream):
        if packet.pts is None:
            return None
        if _is_shown(packet, stream):
            stamps.append(packet.pts)
        if packet.is_keyframe:
            starts.append(Start(packet.pts, packet.pts if packet.dts is None else packet.dts))
        last = packet
    if last is None or not stamps:
        return None
    return Pictures(sorted(stamps), sorted(starts), _promised(container, stream, stamps, last))


def _is_shown(packet: Packet[VideoStream], stream: VideoStream) -> bool:
    """Whether a packet makes a picture: an edit list may cut it off, and VP8 has packets that help others."""
    if stream.codec_context.name == "vp8" and not memoryview(packet)[0] & 0x10:
        return False
    return not packet.is_discard


def _promised(
    container: InputContainer, stream: VideoStream, stamps: Sequence[int], last: Packet[VideoStream]
) -> int:
    """How many pictures a container claims to have; less than found where it claims nothing."""
    if "mov" in container.format.name:
        return sum(1 for each in stream.index_entries if not each.is_discard)
    if container.format.name == "mxf":
        return _length_in_pictures(stream)
    if "matroska" in container.format.name:
        return len(stamps) + _lacking(stream, max(stamps) + (last.duration or 0))
    return stream.frames if last.is_corrupt else 0


def _length_in_pictures(stream: VideoStream) -> int:
    if not stream.duration or not stream.time_base or not stream.average_rate:
        return 0
    return stream.duration if stream.time_base * stream.average_rate == 1 else 0


def _lacking(stream: VideoStream, end: int) -> int:
    """Pictures between the end of the last one found in a Matroska file and the duration its track claims."""
    duration = _seconds(stream.metadata.get("DURATION", ""))
    if duration is None or not stream.time_base or not stream.average_rate:
        return 0
    lacking = (duration - float(end * stream.time_base)) * float(stream.average_rate)
    # The last picture's own duration is often not known, so that one or two prove nothing.
    return round(lacking) if lacking > 2 else 0


def _seconds(clock: str) -> float | None:
    parts = clock.split(":")
    try:
        hours, minutes, seconds = (float(part) for part in parts)
    except ValueError:
        return None
    return hours * 3600 + minutes * 60 + seconds


def _first_decoded(pictures: Pictures, sample: Sample) -> int | None:
    """The position of the first picture that was decoded; None if the decoded ones contradict the stamps."""
    known = set(pictures.stamps)
    stamps = [stamp for stamp in sample.stamps if stamp is not None and stamp in known]
    if sample.fields or len(known) < len(pictures.stamps) or len(stamps) < len(sample.stamps):
        return None
    first, last = pictures.position(stamps[0]), pictures.position(stamps[-1])
    # A few may be lacking because they are damaged; every other one is lacking where packets are fields.
    plausible = stamps == sorted(stamps) and last - first < 1.5 * len(stamps)
    return first if plausible else None


def _without_broken_lead(pictures: Pictures, first: int) -> Pictures:
    """Leave out what is shown before the first start and was not decoded: it needs what was cut off."""
    if pictures.starts:
        first = min(first, pictures.position(pictures.starts[0].shown))
    return replace(pictures, stamps=pictures.stamps[first:], promised=pictures.promised - first)
