"""Image sequences and stills as plates."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from matteline.contract.frames import FrameSet
from matteline.contract.plate import PlateInfo, Window
from matteline.media.channels import COLOUR, Wanted
from matteline.media.frame import Frame, Pixels
from matteline.media.image import Image, read_header, read_image
from matteline.media.naming import SequenceFiles, result_name
from matteline.media.samples import placed
from matteline.media.source import HOLD_HINT, Source


class ImageSequence:
    """A plate of one image file per frame. Holds no file open; any thread may read any frame at any time.

    Args:
        path: As the user named the plate.
        files: Its files.
        kind: `sequence` or `still`.
        wanted: Which of its channels are read.

    Raises:
        ReadError: The first frame's header cannot be read, or tells of nothing that can be matted.
    """

    random_access = True

    def __init__(self, path: str, files: SequenceFiles, kind: str, wanted: Wanted = COLOUR) -> None:
        self._files = files
        self._kind = kind
        self._wanted = wanted
        first = next(iter(files.names))
        source = self._source(first)
        image = read_header(source, wanted)
        canvas = image.header.display_window.union(image.header.data_window)
        source.check_size(canvas.width, canvas.height)
        self._channels = len(image.channels.indices)
        self.info = _info(path, files, kind, image, canvas)

    def __enter__(self) -> ImageSequence:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open between frames."""

    def file(self, number: int) -> str:
        """The path of a frame that exists."""
        return self._files.path(number)

    def read(self, frames: Iterable[int]) -> Iterator[Frame]:
        """Read frames in the order given.

        Raises:
            ReadError: As `frame`.
        """
        for number in frames:
            yield self.frame(number)

    def frame(self, number: int) -> Frame:
        """Read one frame.

        Raises:
            ReadError: The frame is missing, damaged or truncated, or not of the plate's size or channels.
        """
        source = self._source(number)
        image, pixels = read_image(source, self._wanted)
        self._check(image, source)
        self._check_window(image, source)
        return Frame(number, _on(self.info.canvas, image, pixels), image.header)

    def on(self, window: Window, number: int) -> Pixels:
        """The pixels of one frame on another window than the canvas; what it does not have there is 0.

        Raises:
            ReadError: As `frame`, but for a data window that reaches outside the canvas.
        """
        source = self._source(number)
        image, pixels = read_image(source, self._wanted)
        self._check(image, source)
        return _on(window, image, pixels)

    def _check(self, image: Image, source: Source) -> None:
        display = image.header.display_window
        if display != self.info.display_window:
            raise _different(source, f"its size is {display}, the first frame's {self.info.display_window}")
        if len(image.channels.indices) != self._channels:
            raise _different(
                source, f"it has {len(image.channels.indices)} channels, the first frame {self._channels}"
            )

    def _check_window(self, image: Image, source: Source) -> None:
        data, canvas = image.header.data_window, self.info.canvas
        if not canvas.contains(data):
            raise _different(source, f"its data window {data} reaches outside the first frame's {canvas}")

    def _source(self, number: int) -> Source:
        if number not in self._files.names:
            path = os.path.join(self._files.folder, self._files.pattern.name(number))
            raise Source(f"Frame {number} of {self._files.pattern}", path, number, HOLD_HINT).unreadable(
                "the file is missing"
            )
        path = self._files.path(number)
        if self._kind == "still":
            return Source(os.path.basename(path), path, number, "Write the image again.")
        return Source(f"Frame {number} of {self._files.pattern}", path, number, HOLD_HINT)


def _on(window: Window, image: Image, pixels: Pixels) -> Pixels:
    own = image.header.data_window
    return pixels if own == window else placed(pixels, own, window)


def _info(path: str, files: SequenceFiles, kind: str, image: Image, canvas: Window) -> PlateInfo:
    return PlateInfo(
        path=path,
        kind=kind,
        name=result_name(files.folder, files.pattern.prefix),
        frames=FrameSet.of(files.names),
        padding=max(files.pattern.width, 4),
        canvas=canvas,
        display_window=image.header.display_window,
        pixel_aspect=image.header.pixel_aspect,
        pixel_type=image.pixel_type,
        rate=image.rate,
        colour=image.colour,
        description=image.description,
    )


def _different(source: Source, reason: str) -> Exception:
    return source.unreadable(reason, hint="Render all frames at one size with the same channels.")
