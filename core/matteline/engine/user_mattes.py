"""The mattes that an artist names: held against the plate before the first frame, then read ahead beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import repeat

from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.plate import PlateInfo, Window
from matteline.contract.settings import MatteSettings
from matteline.engine.pipeline import ahead, each
from matteline.media.mask import Coverage, Mask

_NAMES = {
    "alpha": "given alpha",
    "garbage": "garbage matte",
    "holdout": "hold-out matte",
    "hints": "mask of a person",
}
_NOT_GIVEN = ("none", "network")
_OF_PLATE = ("alpha", "garbage", "holdout")
"""Settings that name a matte of every frame."""


@dataclass(frozen=True)
class UserMatte:
    """A matte that the artist named, checked against the plate.

    Attributes:
        field: The setting that names it: `alpha`, `garbage` or `holdout`.
        words: Its path, as the user gave it.
        description: For the plan, such as `EXR half, zips, frames 1001-1100`.
        identity: A word that changes when its files do.
    """

    field: str
    words: str
    description: str
    identity: str

    @property
    def name(self) -> str:
        """The name that artists use for it."""
        return _NAMES[self.field]


@dataclass(frozen=True)
class UserMattes:
    """The artist's mattes for one frame; None where none is given.

    Attributes:
        alpha: (H, W) float32, 0..1, on the plate's canvas: a matte of another tool, in place of the network's.
        garbage: The same size and range.
        holdout: The same.
    """

    alpha: Coverage | None = None
    garbage: Coverage | None = None
    holdout: Coverage | None = None


NO_USER_MATTES = UserMattes()


def check_user_mattes(settings: MatteSettings, plate: PlateInfo, frames: FrameSet) -> tuple[UserMatte, ...]:
    """Find the mattes that the settings name and hold them against the plate, reading no more than headers.

    Args:
        settings: Name them.
        plate: Gives their size, and the number of a movie's first picture.
        frames: Those that will be rendered.

    Raises:
        JobError: One is not of the plate's size, or does not have all frames.
        ReadError: One cannot be read.
    """
    named = {field: getattr(settings, field) for field in _OF_PLATE}
    return tuple(
        _checked(field, words, plate, frames) for field, words in named.items() if words not in _NOT_GIVEN
    )


@contextmanager
def read_user_mattes(
    mattes: tuple[UserMatte, ...], plate: PlateInfo, frames: FrameSet, *, workers: int, depth: int
) -> Iterator[Iterator[UserMattes]]:
    """Decode the artist's mattes ahead of the consumer: one `UserMattes` for each frame, in ascending order.

    Raises:
        ReadError: From the iterator, a matte's frame cannot be read; those before it have been delivered.
    """
    with ExitStack() as stack:
        streams = {matte.field: _stream(matte, plate, frames, workers, depth) for matte in mattes}
        yield _together({field: stack.enter_context(stream) for field, stream in streams.items()})


def _together(streams: dict[str, Iterator[Coverage]]) -> Iterator[UserMattes]:
    if not streams:
        return repeat(NO_USER_MATTES)
    rows = zip(*streams.values(), strict=False)  # a still goes on for ever
    return (UserMattes(**dict(zip(streams, row, strict=True))) for row in rows)


@contextmanager
def _stream(
    matte: UserMatte, plate: PlateInfo, frames: FrameSet, workers: int, depth: int
) -> Iterator[Iterator[Coverage]]:
    mask, window = open_mask(matte.field, matte.words, plate)

    def read(number: int) -> Coverage:
        with blamed(matte.field):
            return mask.coverage(number, window)

    if mask.still:
        # A still is decoded once, and handed out for each frame.
        yield repeat(read(frames.first))
    elif mask.random_access:
        with each(read, frames, workers=workers, depth=depth) as images:
            yield images
    else:
        with ahead(_decoded(matte.field, mask, frames, window), depth=depth) as pictures:
            yield pictures


def _decoded(field: str, mask: Mask, frames: FrameSet, window: Window) -> Iterator[Coverage]:
    with blamed(field):
        yield from mask.read(frames, window)


def _checked(field: str, words: str, plate: PlateInfo, frames: FrameSet) -> UserMatte:
    mask, _ = open_mask(field, words, plate)
    lacking = mask.missing(frames)
    if lacking.ranges:
        raise JobError(
            f"The {_NAMES[field]} {words} does not have frames {lacking.brief}; it has {mask.info.frames.brief}.",
            field=field,
            hint="Render them, or take the number out of the name of an image that is meant for all frames.",
        )
    with blamed(field):
        identity = mask.identity(frames)
    reach = "for all frames" if mask.still else f"frames {mask.info.frames.brief}"
    return UserMatte(field, words, f"{words} ({mask.info.description}, {reach})", identity)


def open_mask(field: str, words: str, plate: PlateInfo) -> tuple[Mask, Window]:
    """Open a mask that a setting names; returns it, and the plate's canvas in its coordinates.

    Raises:
        JobError: It is not of the plate's size.
        ReadError: It cannot be read.
    """
    with blamed(field):
        mask = Mask(words, first_frame=plate.frames.first)
    # Display window first: mattes are mostly painted on what the audience sees, without overscan.
    for own in (plate.display_window, plate.canvas):
        display = mask.info.display_window
        if (display.width, display.height) == (own.width, own.height):
            canvas = plate.canvas
            return mask, replace(canvas, x=canvas.x + display.x - own.x, y=canvas.y + display.y - own.y)
    size = _size(mask.info.display_window)
    raise JobError(
        f"The {_NAMES[field]} {words} is {size}, but the plate is {_sizes(plate)}.",
        field=field,
        hint="Render it at the plate's size.",
    )


def _size(window: Window) -> str:
    return f"{window.width}x{window.height}"


def _sizes(plate: PlateInfo) -> str:
    display, canvas = _size(plate.display_window), _size(plate.canvas)
    return display if display == canvas else f"{display}, {canvas} with overscan"


@contextmanager
def blamed(field: str) -> Iterator[None]:
    """Name the matte of a setting in errors: media knows plates only."""
    name = _NAMES[field]
    try:
        yield
    except ReadError as error:
        raise ReadError(
            f"The {name} cannot be used: {error.message}",
            path=error.path,
            frame=error.frame,
            hint=f"Check its path and channel, render it again, or leave the {name} out.",
        ) from None
    except JobError:
        hint = "Name an image, a sequence or a movie."
        raise JobError(f"The {name} is not named.", field=field, hint=hint) from None
