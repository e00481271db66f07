"""A file that is read, and the sentence for the user where that fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import av

from matteline.contract.errors import DeviceError, MattelineError, ReadError
from matteline.contract.files import check_regular
from matteline.contract.library_text import first_line
from matteline.media.library_errors import BINDING_ERRORS, binding_words, ffmpeg_words
from matteline.media.memory import free_memory_bytes

# Four times the longest side of any camera, and 16 GiB as float RGBA: a header that claims more is damaged.
MAX_SIDE = 65_536
MAX_PIXELS = 2**30

# Twice those of a picture of 8K.
_MANY_PIXELS = 2**26

# Of one frame: as it is read, as the network sees it, matte and foreground, and as it is written, in floats.
_BYTES_PER_PIXEL = 64

HOLD_HINT = "Re-render it, or set missing frames to 'hold'."

# Words of OpenImageIO, libtiff, libpng and others for a file that ends too early.
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
class SourceFile:
    """A file that is read, and the name that an artist has for it.

    Attributes:
        label: `Frame 1042 of plate.####.exr`, or the file's name.
        path: Where it lies.
        frame: Its number where it is a frame.
        hint: Advice for when it cannot be read.
    """

    label: str
    path: str
    frame: int | None = None
    hint: str = ""

    def unreadable(self, reason: str, hint: str | None = None) -> ReadError:
        """Return the error that says why this cannot be read."""
        return ReadError(
            f"{self.label} cannot be read: {reason}.",
            path=self.path,
            frame=self.frame,
            hint=self.hint if hint is None else hint,
        )

    def failed(self, words: str) -> ReadError:
        """Return the error for a library's failure: the disk's own reason, else the library's words."""
        # The disk first: libraries word a missing or empty file in many ways.
        if not os.path.exists(self.path):
            return self.unreadable("the file is missing")
        if not os.access(self.path, os.R_OK):
            return self.unreadable("this user may not read the file")
        if os.path.getsize(self.path) == 0:
            return self.unreadable("the file is empty")
        if any(mark in words for mark in _TRUNCATED):
            return self.unreadable("the file is truncated")
        reason = first_line(words) or "no reason was given"
        return self.unreadable(f"the file is damaged or not what its name says ({reason})")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Raise the libraries' own exceptions inside the block as a `ReadError` of this file.

        Raises:
            ReadError: The file is none, is damaged, or is what a library has no form for.
            DeviceError: There is too little memory for it.
        """
        try:
            if os.path.exists(self.path):
                check_regular(self.path)
            yield
        except MattelineError:
            raise
        except av.FFmpegError as error:
            raise self.failed(ffmpeg_words(error)) from None
        except MemoryError:
            raise DeviceError(
                f"There is too little memory to read {self.label}.", hint="Close other programs."
            ) from None
        except BINDING_ERRORS as error:
            raise self.failed(binding_words(error)) from None
        except FileNotFoundError:
            raise self.unreadable("the file is missing") from None
        except OSError as error:
            raise self.unreadable(error.strerror or str(error)) from None

    def check_size(self, width: int, height: int) -> None:
        """Refuse sizes that only a damaged or hostile header claims, before memory is taken for them.

        Raises:
            ReadError: More than 65536 pixels a side, or more than 2^30 in all.
            DeviceError: More than the free memory can hold.
        """
        if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            raise self.unreadable(f"its header claims {width} x {height} pixels")
        # Plates of everyday sizes are left to try: what is free for a moment says little.
        if width * height < _MANY_PIXELS:
            return
        needed, free = width * height * _BYTES_PER_PIXEL, free_memory_bytes()
        if free is not None and needed > free:
            raise DeviceError(
                f"{self.label} cannot be read: {width} x {height} pixels take {needed / 1e9:.0f} GB of memory, "
                f"and {free / 1e9:.0f} GB are free.",
                hint="Check that the size is meant, or use a machine with more memory.",
            )
