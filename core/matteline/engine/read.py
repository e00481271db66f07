"""The plate as the network needs it: every frame of a range, gaps filled as the artist chose."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from matteline.contract.errors import ReadError
from matteline.contract.plate import Header, PlateInfo
from matteline.engine.pipeline import ahead, each
from matteline.engine.user_mattes import NO_USER_MATTES, Hand
from matteline.media.frame import Frame
from matteline.media.plate import Plate


@dataclass(frozen=True)
class PlateFrame:
    """A frame ready for the network.

    Attributes:
        frame: The frame.
        note: What was put in its place, if anything.
        hand: The artist's own mattes for it.
    """

    frame: Frame
    note: str = ""
    hand: Hand = NO_USER_MATTES


@contextmanager
def read_frames(
    plate: Plate, numbers: Iterable[int], missing: str, *, workers: int, depth: int
) -> Iterator[Iterator[PlateFrame]]:
    """Decode ahead of the consumer: one sourced frame for each number, in ascending order.

    Sequences are read by `workers` threads, movies by one. Where the plate has a gap or, in a sequence, an
    unreadable frame, `missing` decides: `error` raises `ReadError`, `hold` repeats the frame before, `black`
    gives zeros.
    """
    if plate.random_access:
        with each(lambda n: _attempt(plate, n, missing), numbers, workers=workers, depth=depth) as read:
            yield _filled(plate.info, read, missing)
    else:
        with ahead((PlateFrame(frame) for frame in plate.read(numbers)), depth=depth) as decoded:
            yield decoded


def beside(
    frames: Iterable[PlateFrame], hands: Iterator[Hand], numbers: Container[int]
) -> Iterator[PlateFrame]:
    """Put the artist's mattes beside the frames of these numbers, both in ascending order."""
    for source in frames:
        wanted = source.frame.number in numbers
        yield replace(source, hand=next(hands)) if wanted else source


@dataclass(frozen=True)
class _Attempt:
    number: int
    frame: Frame | None
    error: ReadError | None


def _attempt(plate: Plate, number: int, missing: str) -> _Attempt:
    source = _source(plate.info, number, missing)
    if source is None:
        return _Attempt(number, None, None)
    try:
        return _Attempt(number, plate.frame(source), None)
    except ReadError as error:
        return _Attempt(number, None, error)


def _source(info: PlateInfo, number: int, missing: str) -> int | None:
    """The plate's frame that stands for `number`; None for black."""
    if number in info.frames:
        return number
    if missing == "black":
        return None
    return max(each.last for each in info.frames.ranges if each.last < number)


def _filled(info: PlateInfo, attempts: Iterable[_Attempt], missing: str) -> Iterator[PlateFrame]:
    last: Frame | None = None
    for attempt in attempts:
        sourced = _fill(info, attempt, last, missing)
        last = sourced.frame
        yield sourced


def _fill(info: PlateInfo, attempt: _Attempt, last: Frame | None, missing: str) -> PlateFrame:
    frame, error = attempt.frame, attempt.error
    if frame is not None and frame.number == attempt.number:
        return PlateFrame(frame)
    if error is not None and missing == "error":
        raise error
    if missing == "black":
        return PlateFrame(_black(info, attempt.number), _note(attempt, "black"))
    held = frame if frame is not None else last
    if held is None:
        raise error if error is not None else AssertionError("a gap is always held from a frame before it")
    return PlateFrame(_stand_in(held, attempt.number), _note(attempt, f"frame {held.number}, held"))


def _note(attempt: _Attempt, put: str) -> str:
    why = attempt.error.message if attempt.error else f"Frame {attempt.number} is missing."
    return f"{why} In its place: {put}."


def _stand_in(held: Frame, number: int) -> Frame:
    # A held picture must not carry the timecode of the frame it was taken from.
    return Frame(number, held.pixels, replace(held.header, timecode=None))


def _black(info: PlateInfo, number: int) -> Frame:
    dtype = {"uint8": np.uint8, "half": np.float16, "float": np.float32}.get(info.pixel_type, np.uint16)
    pixels = np.zeros((info.canvas.height, info.canvas.width, 3), dtype)
    return Frame(number, pixels, Header(info.canvas, info.display_window, info.pixel_aspect))
