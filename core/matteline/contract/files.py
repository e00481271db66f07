"""Files: opened only where they are regular ones, and written whole under their final name or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import platform
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Union

from matteline.contract.errors import WriteError

# Six tries of 10, 20, … 160 ms: a third of a second, longer than indexers and virus scanners hold a file.
_REPLACE_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.01

_FREE_SPACE = "Free space there and try again; of a render all finished frames stay, so resume it."
_ASK_RIGHTS = "Choose another folder, or ask for the right to write there."
_SHORTER = "Choose a shorter folder or plate name."

# A hash, because a host's name may be of any length and hold any character; the temporary name stays short.
_THIS_HOST = hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]
_TEMPORARY = re.compile(r"\.matteline-(?:(?P<host>[0-9a-f]{8})-)?(?P<pid>\d{1,10})-[0-9a-f]{8}\.tmp")
_STALE_SECONDS = 24 * 3600

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
    # Only Windows has O_BINARY, without which it translates line ends; it has no O_NONBLOCK.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        # Of the descriptor, not of the path: the file may be exchanged between a check and the opening.
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
        # Bytes that are no UTF-8 come as lone surrogates, which `replace` turns into question marks.
        is_name_fine = name.encode("utf-8", "replace").decode() == name
        if not sys.platform.startswith("linux"):
            raise OSError(errno.EILSEQ, "its path is not Unicode") from None
        # The folder where only its name is the trouble: the file need not exist yet.
        # A pipe in its place must not be waited for, as in `open_regular`.
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

    Bytes of a file name that are no UTF-8 are escaped, which JSON reads back as they were.

    Raises:
        WriteError: It cannot be written.
    """
    return write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all, its folder made if needed. Raises `WriteError`."""
    make_folder(path.parent)
    with replacing(path, durable=True) as temporary:
        temporary.write_bytes(data)
    return path


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A temporary name beside `path` that takes its place when the block ends well.

    The block writes the temporary file and closes it. On any way out but a good end, an interrupt
    included, the temporary file is removed and what lay at `path` before is untouched. The temporary name
    is short, begins with a dot and ends in `.tmp`, so that no pattern of a sequence matches it.

    Args:
        path: The file.
        durable: Whether a power cut right afterwards must find the new file, not the old one. It finds one of the
            two whole in any case.

    Raises:
        WriteError: The block or the replacement met an OSError; it names `path` and the reason.
    """
    # The token keeps threads of one process apart; host and process let `remove_stale` know whose file it is.
    # In the same folder, because a rename to another disk would be a copy, which can be cut short.
    temporary = path.with_name(f".matteline-{_THIS_HOST}-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        # A rename may reach the disk before the file does, so that a power cut would leave an empty file.
        _sync(temporary)
        _replace(temporary, path)
        if durable:
            _sync_folder(path.parent)
    # BaseException: an interrupt must not leave the temporary file behind either.
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise


def remove_stale(folder: Path) -> int:
    """Remove temporary files of `replacing` that a killed process left in a folder; return how many.

    Those of processes that run on this machine, or may run on another one, stay.
    """
    removed = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _TEMPORARY.fullmatch(entry.name)
            # Another process may be quicker.
            with suppress(OSError):
                # A link of such a name counts by its own age, not by that of the file it leads to.
                if match and _is_stale(match, entry.stat(follow_symlinks=False).st_mtime):
                    os.unlink(entry.path)
                    removed += 1
    return removed


def _is_stale(name: re.Match[str], changed: float) -> bool:
    if name["host"] == _THIS_HOST:
        return not is_running(int(name["pid"]))
    # Of another machine nothing is known; no file takes so long that nothing is added to it in between.
    return time.time() - changed > _STALE_SECONDS


def is_running(pid: int) -> bool:
    """Return whether a process of this machine runs; True where the system does not say."""
    if os.name == "nt":
        return True  # asking by a signal would end it there
    try:
        os.kill(pid, 0)
    # Ten digits of a file name may be more than the system's process numbers hold.
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        # It runs, and belongs to another user.
        return True
    return True


def _sync(file: Path) -> None:
    """Wait until a file is on its disk. A file that a library keeps open or that is none is left alone."""
    if file.is_file():
        # For writing too: Windows flushes no file that is open for reading alone.
        descriptor = os.open(file, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on its disk, where the system can be told to."""
    # Windows opens no folder, and some network disks cannot sync one.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> WriteError:
    """The system's refusal of a file in an artist's words, with what to do."""
    reason, hint = _REASONS.get(error.errno or 0, (str(error.strerror or error), ""))
    return WriteError(f"{path} cannot be written: {reason}.", path=path, hint=hint)


def _replace(temporary: Path, path: Path) -> None:
    """Rename over what is there, waiting a moment for indexers and viewers that hold files on Windows."""
    for attempt in range(_REPLACE_ATTEMPTS - 1):
        try:
            return os.replace(temporary, path)
        # Windows reports a file that another program holds as a permission that is denied.
        except PermissionError:
            time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
    return os.replace(temporary, path)
