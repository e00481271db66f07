"""Frame numbers as artists count them: ranges inclusive at both ends, source numbers kept."""

from __future__ import annotations

import bisect
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from matteline.contract.errors import JobError

# Numbers of 18 digits at most: all that a 64-bit machine can count.
_RANGE = re.compile(r"(-?\d{1,18})(?:-(-?\d{1,18}))?")

# A line of a message holds about six ranges.
_SHOWN_PIECES = 6


@dataclass(frozen=True, order=True)
class FrameRange:
    """Consecutive frames, `first` to `last`, both included. Never empty."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise JobError(
                f"The frame range {self.first}-{self.last} ends before it begins.",
                field="frames",
                hint=f"Write it as {self.last}-{self.first}.",
            )

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1))

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int) and self.first <= frame <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    @classmethod
    def parse(cls, text: str) -> FrameRange:
        """Read `1001`, `1001-1020` or `-3-5` (frame -3 to frame 5).

        Raises:
            JobError: The text is not a frame range.
        """
        match = _RANGE.fullmatch(text.strip())
        if not match:
            raise JobError(
                f"'{text.strip()}' is not a frame range.",
                field="frames",
                hint="Write frames as 1001-1020, several ranges as 1001-1020,1050-1060.",
            )
        first = int(match[1])
        return cls(first, int(match[2]) if match[2] is not None else first)


@dataclass(frozen=True)
class FrameSet:
    """Frames as sorted, disjoint ranges that do not touch. May be empty."""

    ranges: tuple[FrameRange, ...] = ()

    def __len__(self) -> int:
        return sum(len(each) for each in self.ranges)

    def __iter__(self) -> Iterator[int]:
        for each in self.ranges:
            yield from each

    def __contains__(self, frame: object) -> bool:
        if not isinstance(frame, int):
            return False
        # The last range that begins at the frame or before it; by halving, because sets may have thousands.
        place = bisect.bisect_right(self.ranges, FrameRange(frame, max(frame, sys.maxsize)))
        return place > 0 and frame <= self.ranges[place - 1].last

    def __str__(self) -> str:
        return ",".join(str(each) for each in self.ranges)

    @property
    def brief(self) -> str:
        """The frames as a sentence names them: ranges after the first few are counted, not listed."""
        if len(self.ranges) <= _SHOWN_PIECES:
            return str(self)
        shown = ",".join(str(each) for each in self.ranges[: _SHOWN_PIECES - 1])
        return f"{shown},…,{self.ranges[-1]} ({len(self)} frames in {len(self.ranges)} pieces)"

    @property
    def first(self) -> int:
        """The lowest frame number. The set must not be empty."""
        return self.ranges[0].first

    @property
    def last(self) -> int:
        """The highest frame number. The set must not be empty."""
        return self.ranges[-1].last

    @property
    def hull(self) -> FrameRange:
        """The one range from the first frame to the last, gaps included."""
        return FrameRange(self.first, self.last)

    @classmethod
    def of(cls, frames: Iterable[int]) -> FrameSet:
        """Gather frame numbers, in any order and with repeats, into ranges."""
        ranges: list[FrameRange] = []
        for frame in sorted(set(frames)):
            if ranges and ranges[-1].last == frame - 1:
                ranges[-1] = FrameRange(ranges[-1].first, frame)
            else:
                ranges.append(FrameRange(frame, frame))
        return cls(tuple(ranges))

    @classmethod
    def joined(cls, ranges: Iterable[FrameRange]) -> FrameSet:
        """Sort ranges and join those that overlap or touch, whatever their length."""
        joined: list[FrameRange] = []
        for each in sorted(ranges):
            if joined and each.first <= joined[-1].last + 1:
                joined[-1] = FrameRange(joined[-1].first, max(joined[-1].last, each.last))
            else:
                joined.append(each)
        return cls(tuple(joined))

    @classmethod
    def parse(cls, text: str) -> FrameSet:
        """Read `1001-1020,1050`; ranges may overlap and come in any order.

        Raises:
            JobError: A part of the text is not a frame range.
        """
        return cls.joined(FrameRange.parse(part) for part in text.split(","))

    def within(self, bounds: FrameRange) -> FrameSet:
        """Return the frames of this set that lie in a range."""
        inside = (each for each in self.ranges if each.first <= bounds.last and each.last >= bounds.first)
        return FrameSet(
            tuple(FrameRange(max(each.first, bounds.first), min(each.last, bounds.last)) for each in inside)
        )

    def minus(self, other: FrameSet) -> FrameSet:
        """Return the frames of this set that are not in the other."""
        left: list[FrameRange] = []
        holes = iter(other.ranges)
        hole = next(holes, None)
        for each in self.ranges:
            start = each.first
            while hole is not None and hole.first <= each.last:
                if hole.first > start:
                    left.append(FrameRange(start, hole.first - 1))
                start = max(start, hole.last + 1)
                if hole.last > each.last:
                    break  # it may reach into the next range too
                hole = next(holes, None)
            if start <= each.last:
                left.append(FrameRange(start, each.last))
        return FrameSet(tuple(left))


NO_FRAMES = FrameSet()
