"""Read: every frame of a range of the plate, with the artist's own mattes, gaps filled as the artist chose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from matteline.contract.errors import ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.plate import Header, PlateInfo
from matteline.engine.pipeline import ahead, each
from matteline.engine.user_mattes import NO_USER_MATTES, UserMattes
from matteline.media.frame import Frame
from matteline.media.plate import Plate

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class PlateFrame:
    """A frame of the plate on its way to the network.

    Attributes:
        frame: Number, pixels in the plate's own space, and header.
        note: A sentence for the user where something stands in for a missing or unreadable frame.
        user_mattes: The artist's own mattes of this frame.
        picture: The network's picture of it, (3, H, W) float32, sRGB-encoded 0..1; None until it is conditioned.
    """

    frame: Frame
    note: str = ""
    user_mattes: UserMattes = NO_USER_MATTES
    picture: Tensor | None = None

    @property
    def number(self) -> int:
        """The plate's own frame number."""
        return self.frame.number


@contextmanager
def read_frames(
    plate: Plate, numbers: Collection[int], missing: str, *, workers: int, depth: int
) -> Iterator[Iterator[PlateFrame]]:
    """Decode ahead of the consumer: one plate frame for each number, in ascending order.

    Args:
        plate: An open plate. Sequences are read by `workers` threads, movies by one.
        numbers: Frame numbers, ascending.
        missing: Treatment of a gap or of an unreadable frame: `error` raises `ReadError`,
            `hold` repeats the frame before, `black` gives zeros.
        workers: Threads.
        depth: Frames decoded ahead of the consumer.
    """
    if plate.random_access:
        with each(lambda n: _attempt(plate, n, missing), numbers, workers=workers, depth=depth) as read:
            yield _filled(plate.info, numbers, read, missing)
    else:
        # One thread for a movie: its frames depend on each other, and FFmpeg has threads of its own inside.
        with ahead(_movie_attempts(plate, numbers, missing), depth=depth) as decoded:
            yield _filled(plate.info, numbers, decoded, missing)


def add_user_mattes(
    frames: Iterable[PlateFrame], mattes: Iterator[UserMattes], numbers: FrameSet
) -> Iterator[PlateFrame]:
    """Add the artist's mattes to the frames of these numbers, both in ascending order."""
    for frame in frames:
        yield replace(frame, user_mattes=next(mattes)) if frame.number in numbers else frame


def _movie_attempts(
    plate: Plate, numbers: Collection[int], missing: str
) -> Iterator[Frame | ReadError | None]:
    """Decode a movie's frames in one go; see `_attempt` for what stands in the place of each number."""
    info = plate.info
    sources = [number if number in info.frames else _before_gap(info, number, missing) for number in numbers]
    # Each source once: a frame that is held over a gap must not be decoded again, which would mean going back.
    decoded = plate.attempts(sorted({source for source in sources if source is not None}))
    with closing(decoded):  # type: ignore[type-var]
        at, last = None, None
        for source in sources:
            if source is not None and source != at:
                at, last = source, next(decoded)
            yield None if source is None else last


def _before_gap(info: PlateInfo, number: int, missing: str) -> int | None:
    """Return the frame that is held over a gap; None where black is wanted."""
    if missing == "black":
        return None
    return max(each.last for each in info.frames.ranges if each.last < number)


def _attempt(plate: Plate, number: int, missing: str) -> Frame | ReadError | None:
    """Read a frame, or the one before a gap that is to be held; None where black is wanted."""
    source = number if number in plate.info.frames else _before_gap(plate.info, number, missing)
    if source is None:
        return None
    try:
        return plate.frame(source)
    except ReadError as error:
        # Raised in the consumer's order, not the reader's: frames before it are still delivered.
        return error


def _filled(
    info: PlateInfo, numbers: Collection[int], attempts: Iterable[Frame | ReadError | None], missing: str
) -> Iterator[PlateFrame]:
    last: Frame | None = None
    for number, read in zip(numbers, attempts, strict=False):
        if isinstance(read, Frame) and read.number == number:
            filled = PlateFrame(read)
        else:
            filled = _fill(info, number, read, last, missing)
        last = filled.frame
        yield filled


def _fill(
    info: PlateInfo, number: int, read: Frame | ReadError | None, last: Frame | None, missing: str
) -> PlateFrame:
    if isinstance(read, ReadError) and missing == "error":
        raise read
    why = read.message if isinstance(read, ReadError) else f"Frame {number} is missing."
    if missing == "black":
        return PlateFrame(_black(info, number), f"{why} It is replaced by black.")
    held = read if isinstance(read, Frame) else last
    if held is None:
        # Nothing was read before it, so there is nothing to hold.
        assert isinstance(read, ReadError)
        raise read
    # A held picture must not carry the timecode of the frame it was taken from.
    stand_in = Frame(number, held.pixels, replace(held.header, timecode=None))
    return PlateFrame(stand_in, f"{why} Frame {held.number} is held instead.")


def _black(info: PlateInfo, number: int) -> Frame:
    # The plate's own type, so that everything after treats a black frame like any other.
    dtype = {"uint8": np.uint8, "half": np.float16, "float": np.float32}.get(info.pixel_type, np.uint16)
    pixels = np.zeros((info.canvas.height, info.canvas.width, 3), dtype)
    return Frame(number, pixels, Header(info.canvas, info.display_window, info.pixel_aspect))
