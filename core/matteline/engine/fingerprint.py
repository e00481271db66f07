"""Fingerprints of files: words that change when the files do, wherever they are mounted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator

from matteline.contract.errors import ReadError
from matteline.contract.files import open_regular
from matteline.engine.pipeline import each
from matteline.media.plate import Plate

PIECE_BYTES = 4096
PIECES_OF_AN_IMAGE = 3
PIECES_OF_A_MOVIE = 128
READERS = 8
"""Threads: most of the time is spent waiting for a file server."""


class PlateFingerprint:
    """Fingerprints of a plate's files and of ranges of its frames.

    Times are left out, since copies of a plate have others. Of every image the beginning, a piece of the middle
    and the end are read: a frame rendered again differs in its header, and nearly always in its compressed
    size. A change that leaves the size and those pieces alone is not noticed.

    Args:
        plate: An open plate. It may be closed afterwards; its files are opened anew.

    All methods raise `ReadError` where a file is gone or cannot be read.
    """

    def __init__(self, plate: Plate) -> None:
        self._plate = plate
        self._kind = plate.info.kind
        self._pieces = PIECES_OF_AN_IMAGE if plate.random_access else PIECES_OF_A_MOVIE
        self._marks: dict[str, bytes] = {}

    def of_frame(self, number: int) -> str:
        """Return the fingerprint of the file that holds a frame, 16 hexadecimal digits; empty for a gap."""
        if number not in self._plate.info.frames:
            return ""
        file = self._plate.file(number)
        self._read([file])
        return self._marks[file].hex()[:16]

    def of_frames(self, numbers: Iterable[int]) -> str:
        """Return a SHA-256 over the numbers and files of frames that the plate has."""
        numbers = [number for number in numbers if number in self._plate.info.frames]
        # All frames of a movie lie in one file, which is read once.
        files = {number: self._plate.file(number) for number in numbers}
        self._read(dict.fromkeys(files.values()))
        whole = hashlib.sha256(self._kind.encode())
        for number, file in files.items():
            whole.update(f" {number} ".encode() + self._marks[file])
        return whole.hexdigest()

    def _read(self, files: Iterable[str]) -> None:
        # Each file is read once, though the hashes of a run's states ask for the same frames again and again.
        unread = [file for file in files if file not in self._marks]
        with each(
            lambda file: _mark(file, self._pieces), unread, workers=READERS, depth=4 * READERS
        ) as marks:
            self._marks.update(zip(unread, marks, strict=True))


def config_fingerprint(source: str) -> str:
    """Return what stands for an OCIO config on every machine: its address, or the SHA-256 of its file."""
    if not os.path.isfile(source):
        return source
    with open_regular(source) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mark(path: str, pieces: int) -> bytes:
    try:
        size = os.path.getsize(path)
        # The name without its folder, since machines mount a plate at different paths. Names need not be valid UTF-8.
        marks = hashlib.sha256(f"{os.path.basename(path)} {size}".encode("utf-8", "surrogateescape"))
        with open_regular(path) as file:
            for place in _places(size, pieces):
                file.seek(place)
                marks.update(file.read(PIECE_BYTES))
    except OSError as error:
        reason = error.strerror or "the system gives no reason"
        raise ReadError(f"{path} cannot be read: {reason}.", path=path) from None
    return marks.digest()


def _places(size: int, pieces: int) -> Iterator[int]:
    """Yield where pieces begin: spread from the file's first byte to its last."""
    end = max(size - PIECE_BYTES, 0)
    # In a file smaller than its pieces these places coincide.
    yield from dict.fromkeys(end * piece // (pieces - 1) for piece in range(pieces))
