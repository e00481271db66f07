"""Clips as the viewer reads them: a plate or a growing result, one frame at a time from any thread."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Generator, Iterator
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


class Clip(Protocol):
    """Frames that the viewer can show, all of the size of the display window.

    Attributes:
        name: What an artist calls it.
        info: What its files say of themselves.
        frames: The numbers that exist.
        in_order: Whether reading backwards is dear, so that frames are best read by ascending numbers.
    """

    name: str
    info: PlateInfo
    in_order: bool

    @property
    def frames(self) -> FrameSet: ...

    def frame(self, number: int) -> Frame:
        """Read one frame. Any thread may call it at any time.

        Raises:
            ReadError: It does not exist or cannot be read.
        """

    def close(self) -> None:
        """Let go of open files."""


def size_of(clip: Clip) -> tuple[int, int]:
    """Width and height of a clip's frames in pixels."""
    window = clip.info.display_window
    return window.width, window.height


class PlateClip:
    """A plate of any kind. Of a movie one reading is kept open, which goes on where the last frame was."""

    def __init__(self, plate: Plate) -> None:
        self._plate = plate
        self.info = plate.info
        named = os.path.basename(plate.info.path.rstrip("/\\"))
        self.name = plate.info.name if plate.info.kind == "sequence" else named
        self.in_order = not plate.random_access
        self._reading = None if plate.random_access else _Reading(plate)

    @property
    def frames(self) -> FrameSet:
        """See `Clip`."""
        return self.info.frames

    def frame(self, number: int) -> Frame:
        """See `Clip`."""
        read = self._plate.frame if self._reading is None else self._reading.frame
        frame = read(number)
        return replace(frame, pixels=crop_or_pad(frame.pixels, self.info.canvas, self.info.display_window))

    def close(self) -> None:
        """See `Clip`."""
        if self._reading is not None:
            self._reading.close()
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
        self._pattern = _pattern_of(path)
        self._folder = path.parent
        self._numbers = set(plate.info.frames)
        self.name = str(self._pattern)

    @property
    def frames(self) -> FrameSet:
        """See `Clip`."""
        return FrameSet.of(self._numbers)

    def add(self, number: int) -> None:
        """A frame has landed."""
        self._numbers.add(number)

    def look_again(self) -> None:
        """See which frames there are by now; what cannot be listed is left as it was."""
        with contextlib.suppress(OSError):
            found = (self._pattern.match(name) for name in os.listdir(self._folder))
            self._numbers.update(int(digits) for digits in found if digits is not None)

    def frame(self, number: int) -> Frame:
        """See `Clip`."""
        path = self._folder / self._pattern.name(number)
        if number not in self._numbers and not path.exists():
            raise ReadError(f"Frame {number} of {self.name} is not rendered yet.", path=path, frame=number)
        return read_result(path, number)

    def close(self) -> None:
        """Nothing is held open between frames."""


class _Reading:
    """One open reading of a movie. Frames that follow each other are decoded once."""

    def __init__(self, plate: Plate) -> None:
        self._plate = plate
        self._lock = threading.Lock()
        self._frames: Generator[Frame, None, None] | None = None
        self._wanted = 0

    def frame(self, number: int) -> Frame:
        with self._lock:
            if self._frames is None or number <= self._wanted:
                self._begin()
            assert self._frames is not None
            self._wanted = number
            try:
                return next(self._frames)
            except ReadError:
                self._end()
                raise

    def close(self) -> None:
        with self._lock:
            self._end()

    def _begin(self) -> None:
        self._end()
        frames = self._plate.read(self._numbers())
        assert isinstance(frames, Generator)
        self._frames = frames

    def _end(self) -> None:
        if self._frames is not None:
            self._frames.close()
            self._frames = None

    def _numbers(self) -> Iterator[int]:
        while True:
            yield self._wanted


def rate_of(clip: Clip) -> float:
    """Frames per second; of clips that do not say, as in film."""
    return float(clip.info.rate or 24)


def _pattern_of(path: Path) -> NamePattern:
    file = NumberedName.parse(path.name)
    return (
        NamePattern(path.stem, path.suffix, 4)
        if file is None
        else NamePattern(file.prefix, file.suffix, file.width)
    )
