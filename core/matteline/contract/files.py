"""Files: opened only where they are regular ones, and written whole under their final name or not at all."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Union

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

AnyPath = Union[str, "os.PathLike[str]"]


def check_regular(path: AnyPath) -> None:
    """Refuse what is no regular file: reading a pipe, a device or a socket may never end.

    Raises:
        OSError: The path names something else, or nothing; its `strerror` says so.
    """
    _refuse_irregular(os.stat(path).st_mode)


def open_regular(path: AnyPath) -> io.FileIO:
    """Open a regular file for reading, unbuffered.

    Raises:
        OSError: As `check_regular`; or the system refuses.
    """
    # Opening a pipe waits for a writer unless told not to; for files the flag means nothing.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        _refuse_irregular(os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb", buffering=0)


def read_limited(path: AnyPath, max_bytes: int) -> bytes:
    """Return a regular file's bytes, `max_bytes` + 1 at most: one more than allowed tells that it is too large.

    Raises:
        OSError: As `open_regular`.
    """
    pieces, left = [], max_bytes + 1
    with open_regular(path) as file:
        # One call may return less than was asked for.
        while left and (piece := file.read(left)):
            pieces.append(piece)
            left -= len(piece)
    return b"".join(pieces)


@contextmanager
def unicode_path(path: AnyPath) -> Iterator[str]:
    """A path to the same file for libraries that take only Unicode; the path itself where it is Unicode.

    A name on Linux may hold any bytes. The folder is opened, and reached through its descriptor while the block
    lasts; a file whose own name is the trouble must exist, and is opened itself.

    Raises:
        OSError: The path is not Unicode, and cannot be opened or reached in this way on this system.
    """
    text = os.fspath(path)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        folder, name = os.path.split(text)
        is_name_fine = name.encode("utf-8", "replace").decode() == name
        if not sys.platform.startswith("linux"):
            raise OSError(errno.EILSEQ, "its path is not Unicode") from None
        descriptor = os.open((folder or os.curdir) if is_name_fine else text, os.O_RDONLY | os.O_NONBLOCK)
        try:
            alias = f"/proc/self/fd/{descriptor}"
            yield f"{alias}/{name}" if is_name_fine else alias
        finally:
            os.close(descriptor)
    else:
        yield text


def _refuse_irregular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe, a device or a socket, not a file")


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
