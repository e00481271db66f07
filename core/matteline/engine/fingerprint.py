"""Fingerprints of files: words that change when the files do, wherever they are mounted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from matteline.contract.errors import ReadError
from matteline.engine.pipeline import each
from matteline.media.plate import Plate

PIECE_BYTES = 4096
PIECES_OF_AN_IMAGE = 3
PIECES_OF_A_MOVIE = 128
READERS = 8
"""Threads: most of the time is spent waiting for a file server."""


def plate_fingerprint(plate: Plate) -> str:
    """Return a SHA-256 over frame numbers, file names and sizes, and pieces of every file of a plate.

    Times are left out, since copies of a plate have others. Of every image the beginning, a piece of the
    middle and the end are read: a frame rendered again differs in its header, and nearly always in its
    compressed size. A change that leaves the size and those pieces alone is not noticed.

    Raises:
        ReadError: A file is gone or cannot be read.
    """
    marks = hashlib.sha256(f"{plate.info.kind} {plate.info.frames}".encode())
    files = list(dict.fromkeys(plate.file(number) for number in plate.info.frames))
    pieces = PIECES_OF_AN_IMAGE if plate.random_access else PIECES_OF_A_MOVIE
    with each(lambda file: _mark(file, pieces), files, workers=READERS, depth=4 * READERS) as found:
        for mark in found:
            marks.update(mark)
    return marks.hexdigest()


def config_fingerprint(source: str) -> str:
    """Return what stands for an OCIO config on every machine: its address, or the SHA-256 of its file."""
    if not os.path.isfile(source):
        return source
    with open(source, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mark(path: str, pieces: int) -> bytes:
    try:
        size = os.path.getsize(path)
        marks = hashlib.sha256(f"{os.path.basename(path)} {size}".encode("utf-8", "surrogateescape"))
        with open(path, "rb", buffering=0) as file:
            for place in _places(size, pieces):
                file.seek(place)
                marks.update(file.read(PIECE_BYTES))
    except OSError as error:
        reason = error.strerror or "the system gives no reason"
        raise ReadError(f"{path} cannot be read: {reason}.", path=path) from None
    return marks.digest()


def _places(size: int, pieces: int) -> Iterator[int]:
    """Where pieces begin: spread from the file's first byte to its last."""
    end = max(size - PIECE_BYTES, 0)
    yield from dict.fromkeys(end * piece // (pieces - 1) for piece in range(pieces))
