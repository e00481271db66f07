"""Spans: the frames that the network sees, in their order, and those of them that are written.

A span is one unbroken run of the recurrent network. It begins from nothing, from mirrored frames, from real
handles, or from a saved state, and advances over every frame up to the last one to render.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.settings import AUTO_PREROLL_FRAMES


@dataclass(frozen=True)
class Span:
    """One unbroken run of the network.

    Attributes:
        mirrored: Frames shown first, in this order, to settle the state; empty with handles or a saved state.
        frames: Frames that the state advances over, each exactly once.
        render: Those of them that are written.
        from_state: True where the run begins with the state saved before `frames.first`.
        own: Frames that no other span of the same plan advances over: a state saved before one of them is this
            span's alone. None where it saves none.
    """

    mirrored: tuple[int, ...]
    frames: FrameRange
    render: FrameSet
    from_state: bool = False
    own: FrameRange | None = field(default=None, compare=False)

    @property
    def preroll_frames(self) -> int:
        """Pictures that are shown to the network without a matte being written."""
        return len(self.mirrored) + len(self.frames) - len(self.render)


def lay_out(render: FrameSet, plate: FrameSet, preroll: int | str) -> tuple[Span, ...]:
    """Lay out the spans that render the frames asked for, each with its preroll.

    Args:
        render: Frames to write; each of its ranges lies within one range of `plate`.
        plate: Unbroken ranges of frames that can be shown to the network.
        preroll: Frames to show first; `auto` for the measured default, `all` to begin at the plate's start.
    """
    if preroll == "all":
        frames = FrameRange(plate.first, render.last)
        return (Span(mirror(plate.ranges[0], AUTO_PREROLL_FRAMES), frames, render, own=frames),)
    wanted = AUTO_PREROLL_FRAMES if preroll == "auto" else int(preroll)
    return tuple(_span(each, _around(each, plate), wanted) for each in render.ranges)


def _around(render: FrameRange, plate: FrameSet) -> FrameRange:
    return next(each for each in plate.ranges if render.first in each)


def _span(render: FrameRange, plate: FrameRange, wanted: int) -> Span:
    handles = min(wanted, render.first - plate.first)
    return Span(
        mirrored=mirror(plate, wanted - handles),
        frames=FrameRange(render.first - handles, render.last),
        render=FrameSet((render,)),
        own=render,
    )


def mirror(plate: FrameRange, count: int) -> tuple[int, ...]:
    """List `count` frames that lead into the plate's first one as if time ran backwards before it.

    The first frame itself is not repeated; a plate shorter than `count` bounces between its ends.
    """
    length = len(plate)
    if length == 1:
        return (plate.first,) * count
    period = 2 * (length - 1)
    folded = (step % period for step in range(count, 0, -1))
    return tuple(plate.first + (step if step < length else period - step) for step in folded)


def resume(spans: Iterable[Span], done: FrameSet, states: Iterable[int]) -> tuple[Span, ...]:
    """Lay out the spans that render what is not done yet, with the pixels of the unbroken run.

    Args:
        spans: The spans of the interrupted run.
        done: Frames whose results are complete.
        states: Frames before which a state was saved.
    """
    known = sorted(states)
    left = (_resumed(span, done, known) for span in spans)
    return tuple(span for span in left if span.render.ranges)


def _resumed(span: Span, done: FrameSet, states: list[int]) -> Span:
    render = span.render.minus(done)
    if not render.ranges:
        return replace(span, mirrored=(), render=render)
    return begin_at(replace(span, render=render), render.first, render.last, states)


def begin_at(span: Span, needed: int, last: int, states: Iterable[int]) -> Span:
    """Begin the same span, up to `last`, from the latest of its own states at or before the first frame needed."""
    usable = [state for state in states if _is_own(state, span) and state <= needed]
    if usable:
        return replace(span, mirrored=(), frames=FrameRange(max(usable), last), from_state=True)
    return replace(span, frames=FrameRange(span.frames.first, last))


def _is_own(state: int, span: Span) -> bool:
    return span.own is not None and state in span.own and state > span.frames.first
