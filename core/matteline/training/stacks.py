"""Frames of one clip on disk: a folder of images, a movie, or a single image."""

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
from matteline.training.stills import read_picture, shrunk

T = TypeVar("T")

FIELD = "data"
"""The setting at fault when a folder is not what it should be."""


class Stack(Protocol):
    """The frames of one clip.

    Attributes:
        path: Of the folder, the movie or the image.
    """

    @property
    def path(self) -> Path: ...

    @property
    def count(self) -> int:
        """How many frames it has."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its first frame, from the file's header."""

    def read(self, first: int, frames: int, longest: int | None = None) -> UInt8Array:
        """Frames (frames, H, W, 3) from the one numbered `first`, counted from 0; sRGB-encoded.

        Args:
            first: The first one wanted.
            frames: How many.
            longest: Scaled down so that the longer side is at most this many pixels; None as stored.

        Raises:
            ReadError: A frame cannot be read.
            JobError: The frames are not of one size.
        """


@dataclass(frozen=True)
class Images:
    """Image files in the order of their names.

    Attributes:
        path: Of the folder; of the file where there is one alone.
        files: The images.
    """

    path: Path
    files: tuple[Path, ...]

    @property
    def count(self) -> int:
        """How many frames it has."""
        return len(self.files)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the first frame, from its header."""
        return image_size(self.files[0])

    def read(self, first: int, frames: int, longest: int | None = None) -> UInt8Array:
        """As `Stack.read`."""
        files = self.files[first : first + frames]
        pictures = [read_picture(file, longest) for file in files]
        for file, picture in zip(files, pictures, strict=True):
            if picture.shape != pictures[0].shape:
                raise wrong(
                    f"{file} and {files[0]} differ in size, and belong to one clip",
                    "Put pictures of different sizes into folders of their own.",
                )
        return np.stack(pictures)


@dataclass(frozen=True)
class MovieFrames:
    """The frames of a movie, which is opened when it is first asked for.

    Attributes:
        path: Of the movie.
    """

    path: Path

    @cached_property
    def _movie(self) -> Movie:
        return Movie(str(self.path), 0)

    @property
    def count(self) -> int:
        """How many frames it has."""
        return len(self._movie.info.frames)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, from its header."""
        canvas = self._movie.info.canvas
        return canvas.width, canvas.height

    def read(self, first: int, frames: int, longest: int | None = None) -> UInt8Array:
        """As `Stack.read`."""
        numbers = range(first, min(first + frames, self.count))
        return np.stack([_picture(frame.pixels, longest) for frame in self._movie.read(numbers)])


def _picture(pixels: UInt8Array, longest: int | None) -> UInt8Array:
    codes = np.ascontiguousarray(to_codes(pixels[..., :3], np.uint8))
    return codes if longest is None else shrunk(codes, longest)


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of an image, from its header.

    Raises:
        ReadError: It is no image.
    """
    window = read_header(SourceFile(str(path), str(path))).header.data_window
    return window.width, window.height


def wrong(problem: str, hint: str) -> JobError:
    """The error for a folder that is not what it should be."""
    return JobError(f"{problem}.", field=FIELD, hint=hint)


def listed(folder: Path) -> list[Path]:
    """What a folder holds, by name, without hidden things.

    Raises:
        JobError: It is no folder, or may not be read.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        reason = (error.strerror or "the system gives no reason").lower()
        raise wrong(f"The data folder {folder} cannot be read: {reason}", "Check its path.") from None
    return [folder / name for name in names]


def images_of(folder: Path) -> tuple[Path, ...]:
    """The images that lie in a folder itself."""
    return tuple(path for path in listed(folder) if is_image(path.name) and path.is_file())


def stacks_in(folder: Path) -> dict[str, Stack]:
    """The clips of a folder by their names: movies, and folders of images."""
    found: dict[str, Stack] = {}
    for path in listed(folder):
        stack = _stack(path)
        if stack is not None:
            found[path.stem if path.is_file() else path.name] = stack
    return found


def _stack(path: Path) -> Stack | None:
    if path.is_file():
        return MovieFrames(path) if path.suffix.lower() in MOVIE_EXTENSIONS else None
    files = images_of(path)
    return Images(path, files) if files else None


def sampled(items: Sequence[T], most: int) -> list[T]:
    """At most so many of them, from the first to the last, evenly."""
    if len(items) <= most:
        return list(items)
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]
