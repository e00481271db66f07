"""Spans: the frames that the network sees, in their order, and those of them that are written.

A run is one unbroken pass of the recurrent network; a span is the part of a run that one render does. A run begins
with mirrored frames or real handles, a span with the run or with a saved state of it, and advances over every
frame up to the last one to render.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.settings import AUTO_PREROLL_FRAMES, WHOLE_RUN_FRAMES


class NetworkRun(NamedTuple):
    """One unbroken pass of the network: the same frame has the same pixels in every span of it.

    Attributes:
        start: The first frame that it advances over, after the mirrored ones.
        mirrored: How many mirrored frames are shown before that. Ranges near a segment's start begin at the same
            frame with different numbers of them, and so with different states.
    """

    start: int
    mirrored: int


class SavedState(NamedTuple):
    """A recurrent state on disk: its run, and the frame that comes next."""

    run: NetworkRun
    next_frame: int


@dataclass(frozen=True)
class Span:
    """A part of one run of the network.

    Attributes:
        run: The run that it is a part of.
        mirrored: Frames shown first, in this order, to settle the state; empty with handles or a saved state.
        frames: Frames that the state advances over, each exactly once.
        render: Those of them that are written.
        from_state: True where the span begins with the state saved before `frames.first`.
    """

    run: NetworkRun
    mirrored: tuple[int, ...]
    frames: FrameRange
    render: FrameSet
    from_state: bool = False

    @property
    def preroll_frames(self) -> int:
        """Pictures that are shown to the network without a matte being written."""
        return len(self.mirrored) + len(self.frames) - len(self.render)


def lay_out(
    render: FrameSet,
    segments: Sequence[FrameRange],
    preroll: int | str,
    shots: Sequence[FrameRange] | None = None,
) -> tuple[Span, ...]:
    """Lay out the spans that render the frames asked for, each with its preroll.

    Args:
        render: Frames to write; those outside all segments are ignored.
        segments: Unbroken ranges of frames that the network sees in the same way; no run crosses from one to the
            next.
        preroll: A number of frames to show before each range; `all` to begin at the segment's first frame;
            `auto` to do so where that is at most `WHOLE_RUN_FRAMES` frames away, so that the pixels of a frame
            do not depend on the range it is rendered with, and to show `AUTO_PREROLL_FRAMES` elsewhere.
        shots: Unbroken ranges of frames of one shot, each of which holds one or more segments; by default the
            segments. Real handles come from the whole shot.
    """
    spans: list[Span] = []
    for segment in segments:
        shot = next(each for each in shots or segments if segment.first in each)
        runs: dict[tuple[int, tuple[int, ...]], list[FrameRange]] = {}
        for each in render.within(segment).ranges:
            runs.setdefault(_run_of(each.first, segment, shot, preroll), []).append(each)
        spans += [
            Span(
                NetworkRun(start, len(mirrored)),
                mirrored,
                FrameRange(start, ranges[-1].last),
                FrameSet(tuple(ranges)),
            )
            for (start, mirrored), ranges in runs.items()
        ]
    return tuple(spans)


def _run_of(
    first: int, segment: FrameRange, shot: FrameRange, preroll: int | str
) -> tuple[int, tuple[int, ...]]:
    """Return the first frame of the run that renders `first`, and the mirrored frames before it."""
    whole = preroll == "all" or (preroll == "auto" and first - segment.first <= WHOLE_RUN_FRAMES)
    wanted = AUTO_PREROLL_FRAMES if isinstance(preroll, str) else int(preroll)
    begin = segment.first if whole else first
    # Real frames of the segment before serve, but none from beyond a cut.
    handles = min(wanted, begin - shot.first)
    return begin - handles, mirror(shot, wanted - handles)


def mirror(segment: FrameRange, count: int) -> tuple[int, ...]:
    """List `count` frames that lead into the segment's first one as if time ran backwards before it.

    The first frame itself is not repeated; a segment shorter than `count` bounces between its ends.
    """
    length = len(segment)
    # There is nothing to mirror, and the period below would be 0.
    if length == 1:
        return (segment.first,) * count
    period = 2 * (length - 1)
    folded = (step % period for step in range(count, 0, -1))
    return tuple(segment.first + (step if step < length else period - step) for step in folded)


def resume(spans: Iterable[Span], done: FrameSet, states: Iterable[SavedState]) -> tuple[Span, ...]:
    """Lay out the spans that render what is not done yet, with the pixels of the unbroken runs.

    Args:
        spans: The spans of the whole.
        done: Frames whose results are complete.
        states: Saved states; those of other runs are ignored.
    """
    known = sorted(states)
    return tuple(part for span in spans for part in _missing_parts(span, done, known))


def _missing_parts(span: Span, done: FrameSet, states: Sequence[SavedState]) -> list[Span]:
    """Split a span at what is done, wherever a saved state spares the network the frames between."""
    parts: list[Span] = []
    for missing in span.render.minus(done).ranges:
        part = begin_at(replace(span, render=FrameSet((missing,))), missing.first, missing.last, states)
        # The parts meet: one pass over both is cheaper than to begin again from a state.
        if parts and part.frames.first <= parts[-1].frames.last + 1:
            both = FrameSet((*parts[-1].render.ranges, missing))
            parts[-1] = replace(
                parts[-1], frames=FrameRange(parts[-1].frames.first, missing.last), render=both
            )
        else:
            parts.append(part)
    return parts


def begin_at(span: Span, needed: int, last: int, states: Iterable[SavedState]) -> Span:
    """Begin the same span, up to `last`, from its latest saved state at or before the first frame needed."""
    # A state before the run's first real frame would be one of mirrored frames, which nobody saves.
    usable = [
        state.next_frame
        for state in states
        if state.run == span.run and span.run.start < state.next_frame <= needed
    ]
    if usable:
        return replace(span, mirrored=(), frames=FrameRange(max(usable), last), from_state=True)
    return replace(span, frames=FrameRange(span.frames.first, last))
