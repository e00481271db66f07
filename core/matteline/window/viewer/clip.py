"""Clips as the viewer reads them: a plate or a growing result, one frame at a time from any thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from matteline.contract.errors import ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.plate import PlateInfo
from matteline.media.frame import Frame
from matteline.media.naming import NamePattern, NumberedName
from matteline.media.plate import Plate, open_plate
from matteline.media.result import read_result
from matteline.media.samples import crop_or_pad


class ViewerClip(Protocol):
    """Frames that the viewer can show, all of the size of the display window.

    Attributes:
        name: Name for the artist.
        info: What its files say of themselves.
        in_order: True if reading backwards is slow, so that frames are best read by ascending numbers.
    """

    name: str
    info: PlateInfo
    in_order: bool

    @property
    def frames(self) -> FrameSet:
        """The numbers of the frames that exist."""

    def has(self, number: int) -> bool:
        """Tell whether a frame is known to exist, without asking the disk."""

    def frame(self, number: int) -> Frame:
        """Read one frame. Any thread may call it at any time.

        Raises:
            ReadError: It does not exist or cannot be read.
        """

    def close(self) -> None:
        """Close open files."""


def size_of(clip: ViewerClip) -> tuple[int, int]:
    """Return width and height of a clip's frames in pixels."""
    window = clip.info.display_window
    return window.width, window.height


def rate_of(clip: ViewerClip) -> float:
    """Return a clip's frames per second; 24, as in film, where it does not say."""
    return float(clip.info.rate or 24)


class PlateClip:
    """A plate of any kind. A movie is kept open, and its reader goes on where the last frame was."""

    def __init__(self, plate: Plate) -> None:
        self._plate = plate
        self.info = plate.info
        named = os.path.basename(plate.info.path.rstrip("/\\"))
        # A sequence has a name of its own; of others it is that of the file.
        self.name = plate.info.name if plate.info.kind == "sequence" else named
        self.in_order = not plate.random_access
        self._reader = None if plate.random_access else _MovieReader(plate)

    @property
    def frames(self) -> FrameSet:
        """The numbers of the frames that exist."""
        return self.info.frames

    def has(self, number: int) -> bool:
        """Tell whether a frame is known to exist."""
        return number in self.info.frames

    def frame(self, number: int) -> Frame:
        """Read one frame. Raises `ReadError`."""
        read = self._plate.frame if self._reader is None else self._reader.frame
        frame = read(number)
        return replace(frame, pixels=crop_or_pad(frame.pixels, self.info.canvas, self.info.display_window))

    def close(self) -> None:
        """Close open files."""
        if self._reader is not None:
            self._reader.close()
        self._plate.close()


class ResultClip:
    """One product of a render, which may still be growing.

    Args:
        path: The file of any of its frames.

    Raises:
        ReadError: It cannot be read.
    """

    in_order = False

    def __init__(self, path: Path) -> None:
        plate = open_plate(str(path))
        self.info = plate.info
        file = NumberedName.parse(path.name)
        self._pattern = (
            NamePattern(path.stem, path.suffix, 4)
            if file is None
            else NamePattern(file.prefix, file.suffix, file.width)
        )
        self._folder = path.parent
        self._numbers = set(plate.info.frames)
        self.name = str(self._pattern)

    @property
    def frames(self) -> FrameSet:
        """The numbers of the frames that are known to exist."""
        return FrameSet.of(self._numbers)

    def has(self, number: int) -> bool:
        """Tell whether a frame is known to exist."""
        return number in self._numbers

    def add(self, numbers: Iterable[int]) -> None:
        """Note frames that were written. Only for the window's thread, which iterates over them."""
        self._numbers.update(numbers)

    def listed(self) -> set[int]:
        """Return the numbers of the frames in the folder now; none where it cannot be listed.

        Any thread may call it.
        """
        try:
            found = [self._pattern.match(name) for name in os.listdir(self._folder)]
        except OSError:
            return set()
        return {int(digits) for digits in found if digits is not None}

    def frame(self, number: int) -> Frame:
        """Read one frame. Raises `ReadError`."""
        path = self._folder / self._pattern.name(number)
        # A file may have been written since the folder was listed.
        if number not in self._numbers and not path.exists():
            raise ReadError(f"Frame {number} of {self.name} is not rendered yet.", path=path, frame=number)
        return read_result(path, number)

    def close(self) -> None:
        """Do nothing: no file is open between frames."""


class _MovieReader:
    """A movie that is kept open. Frames that follow each other are decoded once."""

    def __init__(self, plate: Plate) -> None:
        self._plate = plate
        self._lock = threading.Lock()
        self._frames: Generator[Frame, None, None] | None = None
        self._wanted = 0

    def frame(self, number: int) -> Frame:
        with self._lock:
            if self._frames is None or number <= self._wanted:
                # Decoding only goes forwards, so an earlier frame needs a new start.
                self._end()
                frames = self._plate.read(self._numbers())
                assert isinstance(frames, Generator)
                self._frames = frames
            self._wanted = number
            try:
                return next(self._frames)
            except ReadError:
                self._end()
                raise

    def close(self) -> None:
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._frames is not None:
            self._frames.close()
            self._frames = None

    def _numbers(self) -> Iterator[int]:
        """Yield, whenever the decoder asks for the next number, the one that is wanted by then."""
        while True:
            yield self._wanted
