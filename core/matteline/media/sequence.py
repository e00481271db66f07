"""Image sequences and stills as plates."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from matteline.contract.frames import FrameSet
from matteline.contract.plate import PlateInfo, Window
from matteline.media.channels import SEARCH_COLOUR, ChannelSearch
from matteline.media.frame import Frame, Pixels
from matteline.media.image import ImageHeader, read_header, read_image
from matteline.media.naming import SequenceFiles, result_name
from matteline.media.samples import crop_or_pad
from matteline.media.sampling import spread
from matteline.media.source_file import HOLD_HINT, SourceFile

_ONE_SIZE = "Render all frames at one size with the same channels."


class ImageSequence:
    """A plate of one image file per frame. Holds no file open; any thread may read any frame at any time.

    Args:
        path: As the user named the plate.
        files: Its files.
        kind: `sequence` or `still`.
        search: The channels to read.

    Raises:
        ReadError: The first frame's header cannot be read, or tells of nothing that can be matted.
    """

    random_access = True

    def __init__(
        self, path: str, files: SequenceFiles, kind: str, search: ChannelSearch = SEARCH_COLOUR
    ) -> None:
        self._files = files
        self._kind = kind
        self._search = search
        source = self._source(next(iter(files.names)))
        image = read_header(source, search)
        canvas = image.header.display_window.union(image.header.data_window)
        # Each window is small enough by now, but two that lie far apart have a large union.
        source.check_size(canvas.width, canvas.height)
        self._channels = len(image.channels.indices)
        self.info = PlateInfo(
            path=path,
            kind=kind,
            name=result_name(files.folder, files.pattern.prefix),
            frames=FrameSet.of(files.names),
            # Results are padded as the plate is, but never to less than four digits, so that lists sort.
            padding=max(files.pattern.width, 4),
            canvas=canvas,
            display_window=image.header.display_window,
            pixel_aspect=image.header.pixel_aspect,
            pixel_type=image.pixel_type,
            rate=image.rate,
            colour=image.colour,
            description=image.description,
        )

    def __enter__(self) -> ImageSequence:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open between frames."""

    def file(self, number: int) -> str:
        """Return the path of a frame that exists."""
        return self._files.path(number)

    def sample(self, count: int) -> list[int]:
        """List frames evenly spread over the sequence."""
        return spread(list(self.info.frames), count)

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
        source, image, pixels = self._read_checked(number)
        data, canvas = image.header.data_window, self.info.canvas
        if not canvas.contains(data):
            reason = f"its data window {data} reaches outside the first frame's {canvas}"
            raise source.unreadable(reason, hint=_ONE_SIZE)
        return Frame(number, _on_window(canvas, image, pixels), image.header)

    def on(self, window: Window, number: int) -> Pixels:
        """Return the pixels of one frame on another window than the canvas; what it does not have there is 0.

        Raises:
            ReadError: As `frame`, but for a data window that reaches outside the canvas.
        """
        _, image, pixels = self._read_checked(number)
        return _on_window(window, image, pixels)

    def _read_checked(self, number: int) -> tuple[SourceFile, ImageHeader, Pixels]:
        source = self._source(number)
        image, pixels = read_image(source, self._search)
        display, count = image.header.display_window, len(image.channels.indices)
        if display != self.info.display_window:
            reason = f"its size is {display}, the first frame's {self.info.display_window}"
            raise source.unreadable(reason, hint=_ONE_SIZE)
        if count != self._channels:
            reason = f"it has {count} channels, the first frame {self._channels}"
            raise source.unreadable(reason, hint=_ONE_SIZE)
        return source, image, pixels

    def _source(self, number: int) -> SourceFile:
        label = f"Frame {number} of {self._files.pattern}"
        if number not in self._files.names:
            path = os.path.join(self._files.folder, self._files.pattern.name(number))
            raise SourceFile(label, path, number, HOLD_HINT).unreadable("the file is missing")
        path = self._files.path(number)
        if self._kind == "still":
            # There is no frame before it that could be held.
            return SourceFile(os.path.basename(path), path, number, "Write the image again.")
        return SourceFile(label, path, number, HOLD_HINT)


def _on_window(window: Window, image: ImageHeader, pixels: Pixels) -> Pixels:
    own = image.header.data_window
    return pixels if own == window else crop_or_pad(pixels, own, window)
