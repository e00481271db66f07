"""Image sequences and stills as plates."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from matteline.contract.frames import FrameSet
from matteline.contract.plate import PlateInfo, Window
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

    Raises:
        ReadError: The first frame's header cannot be read, or tells of nothing that can be matted.
    """

    random_access = True

    def __init__(self, path: str, files: SequenceFiles, kind: str) -> None:
        self._files = files
        self._kind = kind
        first = next(iter(files.names))
        source = self._source(first)
        image = read_header(source)
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
        image, pixels = read_image(source)
        self._check(image, source)
        return Frame(number, self._on_canvas(image, pixels), image.header)

    def _on_canvas(self, image: Image, pixels: Pixels) -> Pixels:
        window, canvas = image.header.data_window, self.info.canvas
        return pixels if window == canvas else placed(pixels, window, canvas)

    def _check(self, image: Image, source: Source) -> None:
        display, data = image.header.display_window, image.header.data_window
        if display != self.info.display_window:
            raise _different(source, f"its size is {display}, the first frame's {self.info.display_window}")
        if not self.info.canvas.contains(data):
            raise _different(
                source, f"its data window {data} reaches outside the first frame's {self.info.canvas}"
            )
        if len(image.channels.indices) != self._channels:
            raise _different(
                source, f"it has {len(image.channels.indices)} channels, the first frame {self._channels}"
            )

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
