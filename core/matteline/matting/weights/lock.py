"""One process at a time: a lock that the system releases by itself when its holder dies."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_POLL_SECONDS = 0.2


@contextlib.contextmanager
def exclusive(path: Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file `path` while the block runs; wait for it as long as another process holds it.

    Args:
        path: The lock file. It is made, and removed again by the last to hold it.
        waiting: Called before every further try; may raise to give up.

    Raises:
        OSError: The file cannot be made, or its file system knows no locks.
    """
    while (file := _taken(path)) is None:
        waiting()
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        _release(file, path)


def _taken(path: Path) -> BinaryIO | None:
    with contextlib.ExitStack() as otherwise:
        file = otherwise.enter_context(path.open("ab"))
        if not (_try_lock(file) and _is_still(path, file)):
            return None
        otherwise.pop_all()
        return file


def _is_still(path: Path, file: BinaryIO) -> bool:
    """Whether the path still leads to this file: its last holder may have removed it in between."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":

    def _try_lock(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _release(file: BinaryIO, path: Path) -> None:
        # Windows removes no open file, and this fails, rightly, where another process has opened it by now.
        file.close()
        with contextlib.suppress(OSError):
            path.unlink()

else:

    def _try_lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(file: BinaryIO, path: Path) -> None:
        # Removed while still held: whoever waits on it finds that the path leads nowhere and makes a new one.
        with contextlib.suppress(OSError):
            path.unlink()
        file.close()
