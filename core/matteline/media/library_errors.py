"""Failures of OpenImageIO and FFmpeg as words: the one place that takes them over from the libraries.

What they say is made fit for a sentence by `contract.library_text`; `SourceFile.reading` and
`contract.files.replacing` make errors of what leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import OpenImageIO as oiio
from av.sidedata.sidedata import SideDataContainer, Type
from av.video.frame import VideoFrame

from matteline.contract.library_text import pending_error, undecoded_text

BINDING_ERRORS = (ValueError, OverflowError, RuntimeError, SystemError)
"""Exceptions of the bindings for values that they have no form for: text in no encoding, numbers of no enum.

Not TypeError and the like: those are faults of the calling code, which must not be blamed on a file.
"""


# More than is left of a block on any disk, so that appending it asks the system for room.
_PROBE_BYTES = 1 << 20


class EncodeError(OSError):
    """A library's failure to write a file, in its own words and without a reason of the system."""


def oiio_error(source: Any = oiio) -> str:
    """Take the pending error of OpenImageIO, empty where there is none.

    One that is not taken is printed when the program ends.

    Args:
        source: The image or image buffer that failed; the library itself where none could be made.
    """
    return pending_error(source)


def side_data_of(picture: VideoFrame) -> SideDataContainer:
    """Return a picture's side data, entries included that FFmpeg knows and PyAV does not.

    PyAV builds every entry at the first question, and its enum of their types ends before FFmpeg's.
    """
    Type._missing_ = classmethod(_unknown_type)  # type: ignore[method-assign,assignment]
    side_data = picture.side_data
    assert isinstance(side_data, SideDataContainer)
    return side_data


def _unknown_type(kind: type[Type], value: object) -> Type:
    unknown = object.__new__(kind)
    unknown._name_ = f"UNKNOWN_{value}"
    unknown._value_ = value  # type: ignore[assignment]
    return unknown


def ffmpeg_words(error: av.FFmpegError) -> str:
    """Return FFmpeg's reason for a failure."""
    return f"FFmpeg: {error.strerror}"


def binding_words(error: Exception) -> str:
    """Return the words of an exception that a binding raised, one of `BINDING_ERRORS`."""
    return undecoded_text(error) if isinstance(error, UnicodeDecodeError) else str(error)


@contextmanager
def encode_errors() -> Iterator[None]:
    """Raise FFmpeg's failures as `EncodeError`, but for those that are the system's own `OSError`."""
    try:
        yield
    except OSError:
        # PyAV's errors for full disks and the like carry the system's reason, which says more.
        raise
    except av.FFmpegError as error:
        raise EncodeError(ffmpeg_words(error)) from error


def system_error(file: Path) -> OSError | None:
    """Return the reason for which the system refuses to write on in a file; None where it does not.

    Image libraries report a failed write without the system's reason, so the system is asked again, by appending. The
    file is of no use afterwards.
    """
    try:
        with open(file, "ab") as stream:
            stream.write(bytes(_PROBE_BYTES))
    except OSError as error:
        return error
    return None
