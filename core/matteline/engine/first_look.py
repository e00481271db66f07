"""The first look over a plate: every frame as a thumbnail, and now and then one through the network.

A frame is looked at by itself, without the recurrent state. So what it shows depends on that frame alone: not on
where a range begins, and not on what was before a cut. Which frames are looked at follows from their numbers and
from the cuts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from matteline.contract.frames import FrameRange
from matteline.contract.shot_notes import LookedFrame, ShotNotes
from matteline.engine.cuts import HISTORY_FRAMES, Thumbnail, shot_starts, thumbnail
from matteline.engine.focus import people_boxes

LOOK_EVERY_FRAMES: Final = 8
"""Frames whose numbers are multiples of this are looked at, and the first and last of every shot: a person who
walks in is seen within a third of a second, for a quarter of what the network costs at the weights' own size."""
LOOK_LARGER: Final = 1.5
"""Longer side of a frame that is looked at, as a multiple of the weights' own: at 768 people of a seventh of an
HD plate's height are found, and the man at the back of four dancers, whom 512 does not show."""
LEAD_IN_FRAMES: Final = HISTORY_FRAMES + LOOK_EVERY_FRAMES + 1
"""Frames to begin before the first one whose notes are wanted, so that these are the same as of the whole plate."""

_SOFT: Final = (0.1, 0.9)
_EDGE_PIXELS: Final = 3
"""Half the width of a soft edge, hair included, in the picture that is looked at; what is soft further in is a
body that the network is not sure of."""
_STILL: Final = 3 / 255
"""Change of a picture, sRGB-encoded, up to which it stands still: noise of an 8-bit movie."""


@dataclass(frozen=True)
class LookInput:
    """One frame on its way into the first look.

    Attributes:
        number: The plate's own frame number.
        picture: (3, h, w), float32, sRGB-encoded 0..1, reduced to `LOOK_LARGER` times the weights' longer side, or
            the whole frame where that is smaller.
        bright_stops: As for `LookedFrame`.
    """

    number: int
    picture: Tensor
    bright_stops: float


@dataclass(frozen=True)
class LookStep:
    """What was learnt of one frame.

    Attributes:
        number: The plate's own frame number.
        begins_shot: Whether a cut lies before it; True for the first frame of all.
        looked: What the network saw, where the frame was looked at.
    """

    number: int
    begins_shot: bool
    looked: LookedFrame | None = None


def look_over(
    inputs: Iterable[LookInput], matte: Callable[[Tensor], Tensor] | None, width: int, height: int
) -> Iterator[LookStep]:
    """Look over consecutive frames, in order.

    Args:
        inputs: The frames. Few are held at a time.
        matte: Gives alpha (h, w), 0..1, on the CPU, of a picture by itself; None where only cuts are wanted.
        width: Of the plate's canvas in pixels.
        height: Of the plate's canvas in pixels.
    """
    waiting: deque[LookInput] = deque()
    before: tuple[LookInput, Tensor] | None = None
    for starts, ends in _first_and_last(shot_starts(_thumbnails(inputs, waiting))):
        frame = waiting.popleft()
        # Behind a cut the picture has changed, and a change of alpha is no flicker.
        if starts:
            before = None
        looked = None
        if matte is not None and (starts or ends or frame.number % LOOK_EVERY_FRAMES == 0):
            alpha = matte(frame.picture)
            looked = looked_frame(frame, alpha, before, width, height)
            before = frame, alpha
        yield LookStep(frame.number, starts, looked)


def gather_notes(steps: Iterable[LookStep], width: int, height: int) -> ShotNotes:
    """Make notes of everything that was learnt; their segments are still to be chosen.

    Args:
        steps: Of consecutive frames in order; at least one.
        width: Of the plate's canvas in pixels.
        height: Of the plate's canvas in pixels.
    """
    listed = list(steps)
    cuts = tuple(step.number for step in listed[1:] if step.begins_shot)
    return ShotNotes(
        frames=FrameRange(listed[0].number, listed[-1].number),
        width=width,
        height=height,
        cuts=cuts,
        found_cuts=cuts,
        looked=tuple(step.looked for step in listed if step.looked is not None),
    )


def _thumbnails(inputs: Iterable[LookInput], waiting: deque[LookInput]) -> Iterator[Thumbnail]:
    for each in inputs:
        waiting.append(each)
        yield thumbnail(each.picture)


def _first_and_last(starts: Iterable[bool]) -> Iterator[tuple[bool, bool]]:
    """Of each frame, whether it is the first and whether it is the last of its shot."""
    each = None
    for following in starts:
        if each is not None:
            yield each, following
        each = following
    if each is not None:
        yield each, True


def looked_frame(
    frame: LookInput, alpha: Tensor, before: tuple[LookInput, Tensor] | None, width: int, height: int
) -> LookedFrame:
    """Notes of one frame.

    Args:
        frame: The frame.
        alpha: Its matte (h, w).
        before: The looked frame before it in the same shot, and its matte; None for the first.
        width: Of the plate's canvas in pixels.
        height: Of the plate's canvas in pixels.

    Returns:
        Measures rounded to thousandths, so that the last bits of alpha, which differ between machines, do not show.
    """
    return LookedFrame(
        number=frame.number,
        people=people_boxes(alpha.numpy(), width, height),
        bright_stops=round(frame.bright_stops, 2),
        unsure=round(_unsure(alpha), 3),
        flicker=0.0 if before is None else round(_flicker(frame.picture, alpha, before), 3),
    )


def _unsure(alpha: Tensor) -> float:
    """Share of the people's area that is soft, and further from any edge than one is wide."""
    soft = ((alpha > _SOFT[0]) & (alpha < _SOFT[1])).float()
    # An erosion, written as a dilation of what is not soft: torch has only the latter, as pooling.
    inner = 1 - max_pool2d(1 - soft[None, None], 2 * _EDGE_PIXELS + 1, 1, _EDGE_PIXELS)
    area = float((alpha > _SOFT[0]).sum())
    return float(inner.sum()) / area if area else 0.0


def _flicker(picture: Tensor, alpha: Tensor, before: tuple[LookInput, Tensor]) -> float:
    """Mean change of alpha where somebody is and the picture stands still."""
    earlier, earlier_alpha = before
    still = (picture - earlier.picture).abs().amax(0).cpu() <= _STILL
    counted = still & (torch.maximum(alpha, earlier_alpha) > _SOFT[0])
    return float((alpha - earlier_alpha).abs()[counted].mean()) if bool(counted.any()) else 0.0
