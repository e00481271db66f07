"""Files of one clip: a folder of images, a movie, or a single image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from matteline.contract.errors import JobError
from matteline.media.image import read_header
from matteline.media.movie import MOVIE_EXTENSIONS, Movie
from matteline.media.naming import is_image
from matteline.media.samples import to_codes
from matteline.media.source_file import SourceFile
from matteline.training.footage import UInt8Array
from matteline.training.pictures import read_picture, shrink

T = TypeVar("T")

FIELD = "data"
"""Field of errors about data folders."""


class ClipFiles(Protocol):
    """The frames of one clip on disk.

    Attributes:
        path: Path of the folder, the movie or the image.
    """

    @property
    def path(self) -> Path: ...

    @property
    def count(self) -> int:
        """Number of frames."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its first frame in pixels, from the file's header."""

    def read(self, first: int, frames: int, longest: int | None = None) -> UInt8Array:
        """Read frames (T, H, W, 3), sRGB-encoded.

        Args:
            first: Number of the first frame, from 0.
            frames: Number of frames; fewer come where the clip ends.
            longest: Scale down so that the longer side is at most this many pixels; None as stored.

        Raises:
            ReadError: A frame cannot be read.
            JobError: The frames are not of one size.
        """


@dataclass(frozen=True)
class ImageSequence:
    """Image files in the order of their names.

    Attributes:
        path: Path of the folder, or of the file where there is one alone.
        files: The images.
    """

    path: Path
    files: tuple[Path, ...]

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self.files)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the first frame, from its header."""
        return image_size(self.files[0])

    def read(self, first: int, frames: int, longest: int | None = None) -> UInt8Array:
        """Read frames; see `ClipFiles.read`."""
        files = self.files[first : first + frames]
        pictures = [read_picture(file, longest) for file in files]
        for file, picture in zip(files, pictures, strict=True):
            # Sizes of a folder's files are known only when they are read; headers of samples were compared.
            if picture.shape != pictures[0].shape:
                raise data_error(
                    f"{file} and {files[0]} differ in size, and belong to one clip",
                    "Put pictures of different sizes into folders of their own.",
                )
        return np.stack(pictures)


@dataclass(frozen=True)
class MovieFrames:
    """The frames of a movie, which is opened when it is first read.

    Attributes:
        path: Path of the movie.
    """

    path: Path

    # Opening a movie lists its frames, which takes long for long ones.
    @cached_property
    def _movie(self) -> Movie:
        return Movie(str(self.path), 0)

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self._movie.info.frames)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, from its header."""
        canvas = self._movie.info.canvas
        return canvas.width, canvas.height

    def read(self, first: int, frames: int, longest: int | None = None) -> UInt8Array:
        """Read frames; see `ClipFiles.read`."""
        # One after another, so that only the shrunk frames are in memory together.
        pictures = []
        for frame in self._movie.read(range(first, min(first + frames, self.count))):
            codes = np.ascontiguousarray(to_codes(frame.pixels[..., :3], np.uint8))
            pictures.append(codes if longest is None else shrink(codes, longest))
        return np.stack(pictures)


def image_size(path: Path) -> tuple[int, int]:
    """Return width and height of an image in pixels, from its header.

    Raises:
        ReadError: It is no image.
    """
    window = read_header(SourceFile(str(path), str(path))).header.data_window
    return window.width, window.height


def data_error(problem: str, hint: str) -> JobError:
    """Return the error for a data folder that is not as it should be."""
    return JobError(f"{problem}.", field=FIELD, hint=hint)


def list_folder(folder: Path) -> list[Path]:
    """Return the contents of a folder, by name, without hidden files.

    Raises:
        JobError: It is no folder, or may not be read.
    """
    try:
        # Hidden files are notes of the system, such as .DS_Store.
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        reason = (error.strerror or "the system gives no reason").lower()
        raise data_error(f"The data folder {folder} cannot be read: {reason}", "Check its path.") from None
    return [folder / name for name in names]


def images_of(folder: Path) -> tuple[Path, ...]:
    """Return the images that lie in a folder itself."""
    return tuple(path for path in list_folder(folder) if is_image(path.name) and path.is_file())


def clips_in(folder: Path) -> dict[str, ClipFiles]:
    """Return the clips of a folder by their names: movies, and folders of images."""
    found: dict[str, ClipFiles] = {}
    for path in list_folder(folder):
        if path.is_file():
            if path.suffix.lower() in MOVIE_EXTENSIONS:
                found[path.stem] = MovieFrames(path)
        elif files := images_of(path):
            found[path.name] = ImageSequence(path, files)
    return found


def evenly(items: Sequence[T], most: int) -> list[T]:
    """Return at most `most` of the items, evenly from the first to the last."""
    if len(items) <= most:
        return list(items)
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]
