"""Mattes drawn by hand, read beside a plate: one channel of a still, a sequence or a movie."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from matteline.contract.errors import ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.plate import PlateInfo, Window
from matteline.media.channels import search_matte
from matteline.media.frame import Pixels
from matteline.media.plate import Plate, open_plate, split_channel
from matteline.media.samples import crop_or_pad, to_float
from matteline.media.sequence import PlateSequence

Coverage = npt.NDArray[np.float32]

_MOVIE_CHANNELS: Final = {"r": 0, "red": 0, "g": 1, "green": 1, "b": 2, "blue": 2, "a": 3, "alpha": 3}


class Mask:
    """One channel of an image, a sequence or a movie, as coverage. Holds no file open.

    Args:
        path: As the user named it: what `open_plate` takes, and a channel after a colon where one is meant.
        first_frame: The number of a movie's first picture; images carry their own.

    Raises:
        ReadError: It is not there, cannot be read, or has no such channel.
        JobError: The path is no path.
    """

    def __init__(self, path: str, *, first_frame: int) -> None:
        file, channel = split_channel(path)
        plate = open_plate(file, search=search_matte(channel))
        if plate.info.kind == "movie" and plate.info.frames.first != first_frame:
            # Only now it is known to be a movie: images refuse another first number.
            plate = open_plate(file, first_frame=first_frame)
        self._plate = plate
        self._index = _movie_channel(plate, channel) if self.info.kind == "movie" else 0

    @property
    def info(self) -> PlateInfo:
        """The description of the file as a plate."""
        return self._plate.info

    @property
    def still(self) -> bool:
        """True where one image serves all frames. A pattern is a sequence, even of one image."""
        return self.info.kind == "still" and os.path.exists(self.info.path)

    @property
    def random_access(self) -> bool:
        """See `Plate.random_access`."""
        return self._plate.random_access

    def missing(self, frames: FrameSet) -> FrameSet:
        """Return the frames, of these, that it does not have."""
        # A still is every frame's matte, so it lacks none.
        return FrameSet() if self.still else frames.minus(self.info.frames)

    def identity(self, frames: FrameSet) -> str:
        """Return a word that changes when the files for these frames do: their names, sizes and times.

        Raises:
            ReadError: A file is gone.
        """
        digest = hashlib.sha256()
        for path in dict.fromkeys(self._plate.file(self._number(frame)) for frame in frames):
            name = os.path.basename(path)
            try:
                found = os.stat(path)
            except OSError as error:
                reason = error.strerror or "the system gives no reason"
                raise ReadError(f"{name} cannot be read: {reason}.", path=path) from None
            # Not finer than microseconds: more does not survive a copy to other storage and back.
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns // 1000}\n".encode())
        return digest.hexdigest()[:16]

    def coverage(self, frame: int, window: Window) -> Coverage:
        """Return how much of each pixel is inside, for one frame. Any thread may call it at any time.

        Args:
            frame: Its number in the plate.
            window: Where coverage is wanted, in the mask's own coordinates.

        Returns:
            (window.height, window.width), float32, 0..1, finite; 0 outside the mask's own pixels. The values
            are the file's: a matte is never colour-converted.

        Raises:
            ReadError: The frame cannot be read.
        """
        if isinstance(self._plate, PlateSequence):
            return _coverage(self._plate.on(window, self._number(frame))[..., :1])
        return self._movie_coverage(self._plate.frame(frame).pixels, window)

    def read(self, frames: Iterable[int], window: Window) -> Iterator[Coverage]:
        """Yield the `coverage` of ascending frames; of a movie decode only what they need."""
        if self.random_access:
            return (self.coverage(frame, window) for frame in frames)
        return (self._movie_coverage(frame.pixels, window) for frame in self._plate.read(frames))

    def _number(self, frame: int) -> int:
        return self.info.frames.first if self.still else frame

    def _movie_coverage(self, pixels: Pixels, window: Window) -> Coverage:
        return _coverage(crop_or_pad(pixels[..., self._index, None], self.info.canvas, window))


def _movie_channel(plate: Plate, channel: str | None) -> int:
    # A frame is decoded, because containers do not say whether a stream has alpha.
    count = plate.frame(plate.info.frames.first).pixels.shape[2]
    name = ("a" if count == 4 else "r") if channel is None else channel.lower()
    index = _MOVIE_CHANNELS.get(name)
    if index is not None and index < count:
        return index
    raise ReadError(
        f"{os.path.basename(plate.info.path)} has no channel {channel}, only {', '.join('RGBA'[:count])}.",
        path=plate.info.path,
        hint="Name one of those.",
    )


def _coverage(channel: Pixels) -> Coverage:
    coverage: Coverage = np.clip(to_float(channel, np.float32)[..., 0], 0, 1)
    return coverage
