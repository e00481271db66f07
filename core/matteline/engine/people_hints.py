"""Hints of a job: read from its settings, held against the plate, and their masks opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from matteline.contract.errors import JobError
from matteline.contract.frames import FrameSet
from matteline.contract.people import NO_HINTS, BoxHint, Hint, MaskHint, PeopleHints
from matteline.contract.plate import PlateInfo, Window
from matteline.contract.settings import MatteSettings
from matteline.engine.user_mattes import blamed, open_mask
from matteline.media.mask import Coverage, Mask

_MOST_BYTES: Final = 1 << 22


@dataclass(frozen=True)
class OpenMask:
    """A mask of a person that is held against the plate.

    Attributes:
        name: Of the person.
        mask: The picture, sequence or movie.
        window: The plate's canvas in the mask's own coordinates.
        frames: Frames of the plate that it has.
    """

    name: str
    mask: Mask
    window: Window
    frames: FrameSet

    def coverage(self, number: int) -> Coverage:
        """Return the mask (H, W) float32, 0..1, on the plate's canvas. Raises `ReadError`."""
        with blamed("hints"):
            return self.mask.coverage(number, self.window)

    @property
    def identity(self) -> str:
        """Word that changes when the mask's files do. Raises `ReadError`."""
        with blamed("hints"):
            return self.mask.identity(self.frames)


def read_hints(settings: MatteSettings, plate: PlateInfo) -> PeopleHints:
    """Read the hints that settings give, in words or as JSON files.

    Raises:
        JobError: One cannot be read, or lies outside the plate.
        ReadError: A mask cannot be read.
    """
    if settings.hints == "none":
        return NO_HINTS
    hints: list[Hint] = []
    for words in settings.hints.split(";"):
        # With `=` it is the mask of a person.
        if words.strip().lower().endswith(".json") and "=" not in words:
            hints += PeopleHints.from_json(_file(words.strip())).hints
        else:
            hints += PeopleHints.parse(words).hints
    for hint in hints:
        # Gaps that are filled are frames as well, and may have hints.
        _check(hint, plate, plate.frames if settings.missing == "error" else FrameSet((plate.frames.hull,)))
    found = PeopleHints(tuple(hints))
    # Only to check: a mask that does not fit is told before the first frame.
    for _ in open_masks(found, plate):
        pass
    return found


def open_masks(hints: PeopleHints, plate: PlateInfo) -> Iterator[OpenMask]:
    """Open the masks among hints. Raises `JobError` or `ReadError` where one does not fit the plate."""
    for hint in hints.hints:
        if not isinstance(hint, MaskHint):
            continue
        mask, window = open_mask("hints", hint.path, plate)
        frames = mask.info.frames.within(plate.frames.hull)
        if not frames.ranges:
            raise JobError(
                f"The mask {hint.path} of {hint.name} has no frame of the plate, which has {plate.frames.hull}.",
                field="hints",
                hint="Number its files as the plate's are.",
            )
        yield OpenMask(hint.name, mask, window, frames)


def _check(hint: Hint, plate: PlateInfo, frames: FrameSet) -> None:
    if isinstance(hint, MaskHint):
        return
    canvas = plate.canvas
    right, down = hint.x, hint.y
    if isinstance(hint, BoxHint):
        right, down = hint.x + hint.width, hint.y + hint.height
    outside = right < 0 or down < 0 or hint.x > canvas.width or hint.y > canvas.height
    if outside or hint.frame not in frames:
        where = (
            f"frames {frames.brief}" if hint.frame not in frames else f"{canvas.width}x{canvas.height} pixels"
        )
        raise JobError(
            f"The hint {hint.words} is outside the plate, which has {where}.",
            field="hints",
            hint="Count frames as the plate does, and pixels from the upper left corner of its canvas.",
        )


def _file(path: str) -> str:
    try:
        if os.path.getsize(path) > _MOST_BYTES:
            raise JobError(
                f"{path} is too large for hints of people.", field="hints", hint="Name a file of hints."
            )
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "it is no text"
        raise JobError(
            f"The hints {path} cannot be read: {reason}.", field="hints", hint="Check the path of the file."
        ) from None
