"""Files that appear whole or not at all, as the contract writes them, also where a library fails at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matteline.contract import files
from matteline.contract.errors import WriteError
from matteline.contract.files import make_folder, write_bytes, write_text

__all__ = ["Refused", "make_folder", "replacing", "system_refusal", "write_bytes", "write_text"]

_PROBE_BYTES = 1 << 20


class Refused(Exception):
    """A library that cannot write a file, in its own words."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """As `contract.files.replacing`, for blocks in which a library writes.

    Raises:
        WriteError: The block or the replacement met an OSError, or the block raised `Refused`; it names
            `path` and the reason.
    """
    try:
        with files.replacing(path) as temporary:
            yield temporary
    except Refused as error:
        raise WriteError(f"{path} cannot be written: {error}.", path=path) from error


def system_refusal(temporary: Path) -> OSError | None:
    """Why the system refuses to write on in a file; None where it does not.

    Image libraries report a failed write without the system's reason. Appending to the same file asks the
    system again. The file is of no use afterwards.
    """
    try:
        with open(temporary, "ab") as file:
            file.write(bytes(_PROBE_BYTES))
    except OSError as error:
        return error
    return None
