"""Plates: movies, image sequences and stills behind one interface."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Protocol, Self

from matteline.contract.errors import JobError, ReadError
from matteline.contract.plate import PlateInfo
from matteline.media.channels import SEARCH_COLOUR, ChannelSearch, search_layer
from matteline.media.frame import Frame
from matteline.media.movie import MOVIE_EXTENSIONS, Movie
from matteline.media.naming import (
    IMAGE_EXTENSIONS,
    NamePattern,
    NumberedName,
    SequenceFiles,
    gather_sequence,
    is_image,
    is_sparse,
    list_sequences,
)
from matteline.media.sequence import PlateSequence

_STILLS_OF_TILES = (".heic", ".heif", ".avif")


class Plate(Protocol):
    """Frames that can be read by their numbers. A context manager.

    Attributes:
        info: The plate's own description.
        random_access: Whether `frame` costs no more than decoding that frame, so that several threads may
            call it to read ahead. A movie also decodes what comes before: use `read`.
    """

    @property
    def info(self) -> PlateInfo: ...

    @property
    def random_access(self) -> bool: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def file(self, number: int) -> str:
        """Return the path of the file that holds a frame which exists."""

    def sample(self, count: int) -> list[int]:
        """List about `count` frames spread over the plate that cost little to read, ascending."""

    def read(self, frames: Iterable[int]) -> Iterator[Frame]:
        """Yield frames by ascending numbers, decoding only what they need. Closing the iterator stops.

        Raises:
            ReadError: A frame does not exist or cannot be read; it names path and frame. The frames before it
                have been delivered.
        """

    def attempts(self, frames: Iterable[int]) -> Iterator[Frame | ReadError]:
        """Yield as `read` does, with the error of a frame that cannot be read in its place."""

    def frame(self, number: int) -> Frame:
        """Read one frame. Any thread may call it at any time.

        Raises:
            ReadError: As `read`.
        """

    def close(self) -> None:
        """Close what the plate holds open. Frames that were read stay valid."""


def open_plate(path: str, *, first_frame: int | None = None, search: ChannelSearch = SEARCH_COLOUR) -> Plate:
    """Open a movie, an image sequence or a still, reading no more than headers.

    Args:
        path: A movie; an image, which stands for the sequence it belongs to; a folder that holds one
            sequence; or a pattern such as `plate.####.exr` or `plate.%04d.exr`. What exists under the very
            name wins over its reading as a pattern. Of images a layer or a view may follow after a colon:
            `plate.####.exr:diffuse`, `plate.####.exr:left`.
        first_frame: The number of a movie's first picture; None counts from 1.
        search: The channels to read of images.

    Raises:
        ReadError: Nothing there, nothing that can be read, or not clear what is meant.
        JobError: The path is no path, or `first_frame` is given for images, which carry their own numbers.
    """
    if not path.strip() or "\0" in path:
        raise JobError("The plate is not named.", field="plate", hint="Name a movie, an image or a folder.")
    file, layer = split_channel(path) if search is SEARCH_COLOUR else (path, None)
    # What exists goes first, so that a file whose name holds a # can be named.
    if os.path.isdir(file):
        files = _only_sequence(file)
    elif not os.path.exists(file):
        files = _files_of_pattern(file)
    elif is_image(file):
        files = _sequence_around(file)
    elif layer is None:
        return _open_movie(file, first_frame)
    else:
        raise ReadError(f"{file} is a movie, which has no layers.", path=path, hint=f"Leave :{layer} out.")
    if first_frame is not None:
        raise JobError(
            f"{files.pattern} cannot be renumbered: its frames are numbered by their file names.",
            field="first_frame",
            hint="Leave the first frame out; it is for movies.",
        )
    search = search if layer is None else search_layer(layer)
    return PlateSequence(path, files, "sequence" if len(files.names) > 1 else "still", search)


def split_channel(path: str) -> tuple[str, str | None]:
    r"""Split `roto.####.exr:mask.A` into path and channel or layer.

    What exists under the very name wins, and only what follows an image, a movie or a folder is a channel, so
    that `C:\roto.exr` keeps its drive.
    """
    file, colon, channel = path.rpartition(":")
    if not colon or not channel or os.path.exists(path):
        return path, None
    is_plate = is_image(os.path.basename(file)) or file.lower().endswith(MOVIE_EXTENSIONS)
    return (file, channel.strip()) if is_plate or os.path.isdir(file) else (path, None)


def file_identity(path: str) -> tuple[str | int, ...]:
    """Return words that change when a file does, or another takes its place. Raises `OSError`."""
    there = os.stat(path)
    return os.path.abspath(path), there.st_ino, there.st_mtime_ns, there.st_size


@lru_cache(maxsize=16)
def _movie(path: str, first_frame: int, identity: tuple[str | int, ...]) -> Movie:
    """Open a movie, or return the one that was opened before while its file is still the same.

    Its index takes reading the whole file, and a render opens its plate several times, a panel at every change.
    """
    # `identity` is only part of the key: a file that has changed has another one.
    return Movie(path, first_frame)


def _open_movie(path: str, first_frame: int | None) -> Movie:
    try:
        return _movie(path, 1 if first_frame is None else first_frame, file_identity(path))
    except ReadError:
        extension = os.path.splitext(path)[1].lower()
        # What FFmpeg says of a text file or a project would only mislead.
        if extension in (*MOVIE_EXTENSIONS, *_STILLS_OF_TILES) or os.path.getsize(path) == 0:
            raise
        images, movies = (
            " ".join(each.lstrip(".") for each in extensions)
            for extensions in (IMAGE_EXTENSIONS, MOVIE_EXTENSIONS)
        )
        raise ReadError(
            f"{os.path.basename(path)} is neither an image nor a movie that can be read.",
            path=path,
            hint=f"Images: {images}. Movies: {movies} and others.",
        ) from None


def _sequence_around(path: str) -> SequenceFiles:
    """Return the sequence that an existing image belongs to; the image alone where there is none."""
    folder, name = os.path.split(path)
    images = list(filter(is_image, _names_in(folder)))
    file = NumberedName.among(name, images)
    if file is None:
        stem, suffix = os.path.splitext(name)
        return SequenceFiles(folder, NamePattern(stem, suffix, 4), {1: name})
    found = gather_sequence(folder, images, NamePattern.around(file))
    alone = SequenceFiles(folder, NamePattern(file.prefix, file.suffix, file.width), {file.number: name})
    if found is None or found.names.get(file.number) is None:
        return alone
    if is_sparse(found):
        note = (
            f"{len(found.names)} images of the folder have names like it, with numbers too far apart for a sequence: "
            f"only this one is read. Name {found.pattern} for all of them."
        )
        return replace(alone, note=note)
    return found


def _files_of_pattern(path: str) -> SequenceFiles:
    folder, name = os.path.split(path)
    pattern = NamePattern.parse(name)
    if pattern is None:
        raise ReadError(f"{path} does not exist.", path=path, hint="Check the path of the plate.")
    names = [name for name in _names_in(folder) if is_image(name)]
    found = gather_sequence(folder, names, pattern)
    if found is None:
        # A wrong number of # signs is the usual slip, so any padding is tried for the hint.
        other = gather_sequence(folder, names, NamePattern(pattern.prefix, pattern.suffix, 1))
        hint = f"The folder holds {other.pattern}." if other else "Check the name and the number of # signs."
        raise ReadError(f"No image fits {path}.", path=path, hint=hint)
    return found


def _only_sequence(folder: str) -> SequenceFiles:
    """Return the one sequence of a folder; its one image where there is no sequence."""
    names = [name for name in _names_in(folder) if is_image(name)]
    sequences = [each for each in list_sequences(folder, names) if len(each.names) > 1]
    if len(sequences) == 1:
        others = sorted(set(names) - set(sequences[0].names.values()))
        # A single image beside a sequence is a slate or a reference, as a rule; beside two frames, who knows.
        if not others:
            return sequences[0]
        note = (
            f"The folder also holds {others[0]}{' and others' if others[1:] else ''}, not part of the plate."
        )
        return replace(sequences[0], note=note)
    if not names:
        hint = "Name a movie by its own name, or another folder."
        raise ReadError(f"The folder {folder} holds no images.", path=folder, hint=hint)
    if len(names) == 1:
        return _sequence_around(os.path.join(folder, names[0]))
    plates = [str(each.pattern) for each in sequences] or sorted(names)
    shown = " and ".join(plates) if len(plates) == 2 else f"{', '.join(plates[:3])} and more"
    raise ReadError(
        f"The folder {folder} holds several plates: {shown}.", path=folder, hint="Name the one that is meant."
    )


def _names_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder or os.curdir) as entries:
            return [entry.name for entry in entries]
    except OSError as error:
        reason = error.strerror or "the system gives no reason"
        raise ReadError(f"The folder {folder} cannot be read: {reason}.", path=folder) from None
