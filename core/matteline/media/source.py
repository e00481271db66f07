"""Naming what could not be read, in one sentence."""

from __future__ import annotations

import os
from dataclasses import dataclass

from matteline.contract.errors import ReadError

MAX_SIDE = 65_536
MAX_PIXELS = 2**30

HOLD_HINT = "Re-render it, or set missing frames to 'hold'."

_TRUNCATED = (
    "end of file",
    "early end",
    "Premature end",
    "missing or corrupted",
    "Failed to read scanline",
    "Could not read header",
    "Could not read full header",
    "Cannot read TIFF header",
    "Read error",
    "READ_IO",
    "implausible for",
)


@dataclass(frozen=True)
class Source:
    """A file that is read, and what an artist calls it.

    Attributes:
        words: `Frame 1042 of plate.####.exr`, or the file's name.
        path: Where it lies.
        frame: Its number where it is a frame.
        hint: What to do when it cannot be read.
    """

    words: str
    path: str
    frame: int | None = None
    hint: str = ""

    def unreadable(self, reason: str, hint: str | None = None) -> ReadError:
        """The error that says why this cannot be read."""
        return ReadError(
            f"{self.words} cannot be read: {reason}.",
            path=self.path,
            frame=self.frame,
            hint=self.hint if hint is None else hint,
        )

    def failed(self, words: str) -> ReadError:
        """The error for a library's failure: what the disk says of the file, else the library's words."""
        return self.unreadable(self._obstacle() or _reason(words))

    def check_size(self, width: int, height: int) -> None:
        """Refuse sizes that only a damaged or hostile header claims, before memory is taken for them.

        Raises:
            ReadError: More than 65536 pixels a side, or more than 2^30 in all.
        """
        if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            raise self.unreadable(f"its header claims {width} x {height} pixels")

    def _obstacle(self) -> str | None:
        if not os.path.exists(self.path):
            return "the file is missing"
        if not os.access(self.path, os.R_OK):
            return "this user may not read the file"
        return "the file is empty" if os.path.getsize(self.path) == 0 else None


def _reason(words: str) -> str:
    if any(mark in words for mark in _TRUNCATED):
        return "the file is truncated"
    line = words.strip().splitlines()[0].rstrip(".") if words.strip() else "no reason was given"
    return f"the file is damaged or not what its name says ({line})"
