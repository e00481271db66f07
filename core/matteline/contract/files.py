"""Files that appear whole under their final name or not at all, and why one could not be written."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from matteline.contract.errors import WriteError

_REPLACE_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.01

_FREE_SPACE = "Free space there and try again; of a render all finished frames stay, so resume it."
_ASK_RIGHTS = "Choose another folder, or ask for the right to write there."
_SHORTER = "Choose a shorter folder or plate name."

_REASONS = {
    errno.ENOSPC: ("the disk is full", _FREE_SPACE),
    errno.EFBIG: ("it would be larger than the disk or the user's limit allows", _FREE_SPACE),
    errno.EACCES: (
        "permission is denied, or another program keeps it open",
        "Close programs that show it, choose another folder, or ask for the right to write there.",
    ),
    errno.EPERM: ("permission is denied", _ASK_RIGHTS),
    errno.EROFS: ("the disk is read-only", _ASK_RIGHTS),
    errno.ENOENT: ("its folder does not exist", "Check that the drive is still connected, then try again."),
    errno.ENOTDIR: ("a part of its path is a file, not a folder", "Choose another folder."),
    errno.EISDIR: ("a folder of that name is in its place", "Remove that folder or choose another place."),
    errno.ENAMETOOLONG: ("its name is too long for this disk", _SHORTER),
}
if hasattr(errno, "EDQUOT"):  # not on every platform
    _REASONS[errno.EDQUOT] = ("the disk quota is used up", _FREE_SPACE)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are not there yet.

    Raises:
        WriteError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"The folder {folder} cannot be made: {error.strerror}.", path=folder, hint=_ASK_RIGHTS
        ) from None


def write_text(path: Path, text: str) -> Path:
    """Write a text as UTF-8, whole or not at all, its folder made if needed. Lines end as `text` has them.

    Raises:
        WriteError: It cannot be written.
    """
    return write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all, its folder made if needed. Raises `WriteError`."""
    make_folder(path.parent)
    with replacing(path) as temporary:
        temporary.write_bytes(data)
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` that takes its place when the block ends well.

    The block writes the temporary file and closes it. On any way out but a good end, an interrupt
    included, the temporary file is removed and what lay at `path` before is untouched. The temporary name
    is short, begins with a dot and ends in `.tmp`, so that no pattern of a sequence matches it.

    Raises:
        WriteError: The block or the replacement met an OSError; it names `path` and the reason.
    """
    temporary = path.with_name(f".matteline-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        _replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise


def _unwritable(path: Path, error: OSError) -> WriteError:
    """The system's refusal of a file in an artist's words, with what to do."""
    reason, hint = _REASONS.get(error.errno or 0, (str(error.strerror or error), ""))
    return WriteError(f"{path} cannot be written: {reason}.", path=path, hint=hint)


def _replace(temporary: Path, path: Path) -> None:
    """Rename over what is there, waiting a moment for indexers and viewers that hold files on Windows."""
    for attempt in range(_REPLACE_ATTEMPTS - 1):
        try:
            return os.replace(temporary, path)
        except PermissionError:
            time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
    return os.replace(temporary, path)
