"""Opening a plate, whatever it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Protocol, Self

from matteline.contract.errors import JobError, ReadError
from matteline.contract.plate import PlateInfo
from matteline.media.channels import COLOUR, Wanted
from matteline.media.frame import Frame
from matteline.media.movie import MOVIE_EXTENSIONS, Movie
from matteline.media.naming import (
    IMAGE_EXTENSIONS,
    Numbered,
    Pattern,
    SequenceFiles,
    is_image,
    sequence_of,
    sequences_in,
)
from matteline.media.sequence import ImageSequence


class Plate(Protocol):
    """Frames that can be read by their numbers. A context manager.

    Attributes:
        info: What the plate says of itself.
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
        """The path of the file that holds a frame which exists."""

    def read(self, frames: Iterable[int]) -> Iterator[Frame]:
        """Yield frames by ascending numbers, decoding only what they need. Closing the iterator stops.

        Raises:
            ReadError: A frame does not exist or cannot be read; it names path and frame. The frames before it
                have been delivered.
        """

    def frame(self, number: int) -> Frame:
        """Read one frame. Any thread may call it at any time.

        Raises:
            ReadError: As `read`.
        """

    def close(self) -> None:
        """Let go of what the plate holds open. Frames that were read stay valid."""


def open_plate(path: str, *, first_frame: int | None = None, wanted: Wanted = COLOUR) -> Plate:
    """Open a movie, an image sequence or a still, reading no more than headers.

    Args:
        path: A movie; an image, which stands for the sequence it belongs to; a folder that holds one
            sequence; or a pattern such as `plate.####.exr` or `plate.%04d.exr`. What exists under the very
            name wins over its reading as a pattern.
        first_frame: The number of a movie's first picture; None counts from 1.
        wanted: Which channels of images are read.

    Raises:
        ReadError: Nothing there, nothing that can be read, or not clear what is meant.
        JobError: The path is no path, or `first_frame` is given for images, which carry their own numbers.
    """
    if not path.strip() or "\0" in path:
        raise JobError("The plate is not named.", field="plate", hint="Name a movie, an image or a folder.")
    if os.path.isdir(path):
        return _images(path, _only_sequence(path), first_frame, wanted)
    if not os.path.exists(path):
        return _images(path, _matching(path), first_frame, wanted)
    if is_image(path):
        return _images(path, _around(path), first_frame, wanted)
    return _movie(path, first_frame)


def _images(path: str, files: SequenceFiles, first_frame: int | None, wanted: Wanted) -> ImageSequence:
    if first_frame is not None:
        raise JobError(
            f"{files.pattern} cannot be renumbered: its frames are numbered by their file names.",
            field="first_frame",
            hint="Leave the first frame out; it is for movies.",
        )
    return ImageSequence(path, files, "sequence" if len(files.names) > 1 else "still", wanted)


def _movie(path: str, first_frame: int | None) -> Movie:
    try:
        return Movie(path, 1 if first_frame is None else first_frame)
    except ReadError:
        extension = os.path.splitext(path)[1].lower()
        if extension in MOVIE_EXTENSIONS or os.path.getsize(path) == 0:
            raise
        raise ReadError(
            f"{os.path.basename(path)} is neither an image nor a movie that can be read.",
            path=path,
            hint=f"Images: {_listed(IMAGE_EXTENSIONS)}. Movies: {_listed(MOVIE_EXTENSIONS)} and others.",
        ) from None


def _around(path: str) -> SequenceFiles:
    """The sequence that an existing image belongs to; the image alone where there is none."""
    folder, name = os.path.split(path)
    file = Numbered.parse(name)
    if file is None:
        return _alone(folder, name)
    found = sequence_of(folder, filter(is_image, _names(folder)), Pattern.around(file))
    if found is None or found.names.get(file.number) is None:
        return SequenceFiles(folder, Pattern(file.prefix, file.suffix, file.width), {file.number: name})
    return found


def _alone(folder: str, name: str) -> SequenceFiles:
    stem, suffix = os.path.splitext(name)
    return SequenceFiles(folder, Pattern(stem, suffix, 4), {1: name})


def _matching(path: str) -> SequenceFiles:
    """The files that fit a pattern."""
    folder, name = os.path.split(path)
    pattern = Pattern.parse(name)
    if pattern is None:
        raise ReadError(f"{path} does not exist.", path=path, hint="Check the path of the plate.")
    names = _names(folder)
    found = sequence_of(folder, filter(is_image, names), pattern)
    if found is None:
        other = sequence_of(folder, filter(is_image, names), Pattern(pattern.prefix, pattern.suffix, 1))
        hint = f"The folder holds {other.pattern}." if other else "Check the name and the number of # signs."
        raise ReadError(f"No image fits {path}.", path=path, hint=hint)
    return found


def _only_sequence(folder: str) -> SequenceFiles:
    """The one sequence of a folder; its one image where there is no sequence."""
    names = [name for name in _names(folder) if is_image(name)]
    found = sequences_in(folder, names)
    numbered = [each for each in found if len(each.names) > 1]
    if len(numbered) == 1:
        return numbered[0]
    if len(numbered) > 1:
        raise _several(folder, [str(each.pattern) for each in numbered])
    if len(names) > 1:
        raise _several(folder, sorted(names))
    if not names:
        hint = "Name a movie by its own name, or another folder."
        raise ReadError(f"The folder {folder} holds no images.", path=folder, hint=hint)
    return _around(os.path.join(folder, names[0]))


def _several(folder: str, names: list[str]) -> ReadError:
    shown = " and ".join(names) if len(names) == 2 else f"{', '.join(names[:3])} and more"
    return ReadError(
        f"The folder {folder} holds several plates: {shown}.", path=folder, hint="Name the one that is meant."
    )


def _names(folder: str) -> list[str]:
    try:
        with os.scandir(folder or os.curdir) as entries:
            return [entry.name for entry in entries]
    except OSError as error:
        reason = error.strerror or "the system gives no reason"
        raise ReadError(f"The folder {folder} cannot be read: {reason}.", path=folder) from None


def _listed(extensions: tuple[str, ...]) -> str:
    return " ".join(extension.lstrip(".") for extension in extensions)
