"""Every error that Matteline raises on purpose.

::

    MattelineError            exit code 1
    ├── JobError(field)       2   the request itself is wrong
    ├── ColourError(space)    2   a colour space or OCIO config is unknown or broken
    ├── MediaError(path, frame)
    │   ├── ReadError         3   a plate or a frame of it cannot be read
    │   └── WriteError        5   a result cannot be written
    ├── ModelError(path)      3   weights are missing, foreign or damaged
    │   └── StateError        6   a saved state or a farm job belongs to something else
    ├── DeviceError           4   the device is absent or out of memory
    ├── FetchError            4   nothing that offers a network can be reached
    └── WorkerError(code)     1   the worker process ended by itself

The message says what failed, where and why, in one sentence; the hint says what to do about it. Neither
speaks of flags, buttons or knobs: `settings` names the settings that the hint is about, and each door adds
its own controls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

LONGEST_SENTENCE = 400
"""Characters of a message, a hint's line or a notice: what files and requests hold may be repeated in them."""


def shortened(text: str) -> str:
    """Return a text with each line cut in its middle to `LONGEST_SENTENCE`, its beginning and end kept.

    Control characters become spaces: a name with them could turn a terminal upside down.
    """
    return "\n".join(map(_shortened_line, text.split("\n")))


def _shortened_line(line: str) -> str:
    if len(line) > LONGEST_SENTENCE:
        # The end says why something failed, the beginning what.
        line = f"{line[: LONGEST_SENTENCE // 2]} … {line[-(LONGEST_SENTENCE // 2 - 3) :]}"
    return "".join(" " if ord(each) < 32 or ord(each) == 127 else each for each in line)


class MattelineError(Exception):
    """Base of all errors meant for the user.

    Args:
        message: One sentence: what failed, where, why. Cut to `LONGEST_SENTENCE`, as the hint is.
        hint: One sentence: what to do. Empty when there is nothing to advise.
        settings: The settings that would mend it, fields of `MatteSettings`, `FarmSettings` or `Job`: a name,
            or a name with a value, such as `frames` and `device=cpu`.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", settings: Sequence[str] = ()) -> None:
        self.message = shortened(message.replace("\n", " "))
        self.hint = shortened(hint)
        super().__init__(self.message)
        self.settings = tuple(settings)

    def where(self) -> dict[str, object]:
        """Return the fields that locate the failure, for JSON events; empty when there are none."""
        return {"settings": list(self.settings)} if self.settings else {}


class JobError(MattelineError):
    """A request that cannot be carried out as written; `field` names the setting at fault."""

    exit_code = 2

    def __init__(
        self, message: str, *, field: str = "", hint: str = "", settings: Sequence[str] = ()
    ) -> None:
        super().__init__(message, hint=hint, settings=settings)
        self.field = field

    def where(self) -> dict[str, object]:
        return {**super().where(), "field": self.field}


class ColourError(MattelineError):
    """A colour space, display view or OCIO config that is unknown or broken."""

    exit_code = 2

    def __init__(
        self, message: str, *, space: str = "", hint: str = "", settings: Sequence[str] = ()
    ) -> None:
        super().__init__(message, hint=hint, settings=settings)
        self.space = space

    def where(self) -> dict[str, object]:
        return {**super().where(), "space": self.space}


class MediaError(MattelineError):
    """A failure of one file: `path` as the user named it, `frame` by its number in the plate."""

    def __init__(
        self,
        message: str,
        *,
        path: object = "",
        frame: Optional[int] = None,
        hint: str = "",
        settings: Sequence[str] = (),
    ) -> None:
        super().__init__(message, hint=hint, settings=settings)
        self.path = str(path)
        self.frame = frame

    def where(self) -> dict[str, object]:
        return {**super().where(), "path": self.path, "frame": self.frame}


class ReadError(MediaError):
    """A plate, or a frame of it, that cannot be read."""

    exit_code = 3


class WriteError(MediaError):
    """A result that cannot be written."""

    exit_code = 5


class ModelError(MattelineError):
    """Weights that are missing, foreign, damaged or not what was asked for."""

    exit_code = 3

    def __init__(
        self, message: str, *, path: object = "", hint: str = "", settings: Sequence[str] = ()
    ) -> None:
        super().__init__(message, hint=hint, settings=settings)
        self.path = str(path)

    def where(self) -> dict[str, object]:
        return {**super().where(), "path": self.path}


class StateError(ModelError):
    """A saved state or a submitted job that belongs to another plate, model or settings than are here now."""

    exit_code = 6


class DeviceError(MattelineError):
    """A device that is not there, or whose memory does not suffice."""

    exit_code = 4


def memory_error(error: BaseException) -> Optional[DeviceError]:
    """Return the error for the user where memory ran out, as Python or a numeric library says it; else None."""
    words = str(error).lower()
    is_torch = isinstance(error, RuntimeError) and any(each in words for each in _OUT_OF_MEMORY)
    if not isinstance(error, MemoryError) and not is_torch:
        return None
    return DeviceError(
        "There is too little memory for this.",
        hint="Close other programs, take a smaller plate or batch, or use a machine with more memory.",
    )


# In the words of torch's allocators: for a processor on Windows, for one elsewhere, for a GPU.
_OUT_OF_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


class FetchError(MattelineError):
    """A network that cannot be fetched: no place that offers it can be reached, or gives the right file."""

    exit_code = 4


class WorkerError(MattelineError):
    """The worker process ended by itself; `code` is its exit code where one is known."""

    def __init__(self, message: str, *, code: Optional[int] = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code

    def where(self) -> dict[str, object]:
        return {**super().where(), "code": self.code}
