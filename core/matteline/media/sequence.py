"""Image sequences and stills as plates."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from matteline.contract.errors import ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.plate import PlateInfo, Window
from matteline.media.channels import SEARCH_COLOUR, ChannelSearch
from matteline.media.frame import Frame, Pixels
from matteline.media.image import ImageHeader, read_header, read_image
from matteline.media.naming import SequenceFiles, result_name
from matteline.media.samples import crop_or_pad
from matteline.media.sampling import spread
from matteline.media.source_file import HOLD_HINT, SourceFile
from matteline.media.timecode import timecode_note

_ONE_SIZE = "Render all frames at one size."

# Headers that are read of any EXR sequence, spread over it.
_TRIED = 8

# Headers that are read where data windows differ: about a second on a disk, a few over a network.
_MOST_HEADERS = 4000

# Threads: over a network most of the time for a header is spent waiting.
_HEADER_READERS = 8

_NAMED_LAYERS = 5


class PlateSequence:
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
        source, image, canvas, moves = self._survey()
        # Each window is small enough by now, but two that lie far apart have a large union.
        source.check_size(canvas.width, canvas.height)
        count = len(image.channels.indices)
        # Grey comes as three equal channels.
        self._channels = {1: 3, 2: 4}.get(count, count)
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
            layer=search.layer,
            notes=(*filter(None, [files.note]), *_notes(image, search, moves=moves)),
            counts_sign=files.counts_sign,
        )

    def __enter__(self) -> PlateSequence:
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

    def attempts(self, frames: Iterable[int]) -> Iterator[Frame | ReadError]:
        """Read frames in the order given, with the error of one that cannot be read in its place."""
        for number in frames:
            try:
                yield self.frame(number)
            except ReadError as error:
                yield error

    def frame(self, number: int) -> Frame:
        """Read one frame.

        Raises:
            ReadError: The frame is missing, damaged or truncated, or not of the plate's size.
        """
        image, pixels = self._read_checked(number)
        return Frame(number, _on_window(self.info.canvas, image, pixels), image.header)

    def on(self, window: Window, number: int) -> Pixels:
        """Return the pixels of one frame on another window than the canvas; what it does not have there is 0.

        Raises:
            ReadError: As `frame`.
        """
        image, pixels = self._read_checked(number)
        return _on_window(window, image, pixels)

    def _survey(self) -> tuple[SourceFile, ImageHeader, Window, bool]:
        """Read some headers, or all where their data windows differ.

        Returns:
            The first frame whose header can be read, that header, the canvas of all that were read, and whether
            their data windows differ.

        Raises:
            ReadError: Of those that were tried, none can be read; the first one's.
        """
        numbers = list(self._files.names)
        # Only EXRs have a data window. A few tell whether it moves, and opening a long plate stays quick.
        is_exr = self._files.names[numbers[0]].lower().endswith(".exr")
        found = self._headers(spread(numbers, _TRIED) if is_exr else numbers[:1])
        number, first = next(iter(found.items()))
        windows = {each.header.data_window for each in found.values()}
        display = first.header.display_window
        moves = len(windows) > 1
        if moves and len(numbers) <= _MOST_HEADERS:
            windows = {each.header.data_window for each in self._headers(numbers).values()}
        canvas = display.union(first.header.data_window)
        # A single header that claims pixels far away, damaged or not, must not make every frame huge.
        reach = Window(
            display.x - display.width, display.y - display.height, 3 * display.width, 3 * display.height
        )
        for window in windows:
            if inside := window.intersection(reach):
                canvas = canvas.union(inside)
        return self._source(number), first, canvas, moves

    def _headers(self, numbers: Sequence[int]) -> dict[int, ImageHeader]:
        """Read the headers of frames; those that cannot be read are passed over unless all are."""

        def read(number: int) -> ImageHeader | ReadError:
            try:
                return read_header(self._source(number), self._search)
            except ReadError as error:
                return error

        with ThreadPoolExecutor(_HEADER_READERS) as pool:
            read_in_order = list(pool.map(read, numbers))
        found = {
            number: header
            for number, header in zip(numbers, read_in_order, strict=True)
            if isinstance(header, ImageHeader)
        }
        if not found:
            raise next(each for each in read_in_order if isinstance(each, ReadError))
        return found

    def _read_checked(self, number: int) -> tuple[ImageHeader, Pixels]:
        source = self._source(number)
        image, pixels = read_image(source, self._search)
        display = image.header.display_window
        if display != self.info.display_window:
            reason = f"its size is {display}, the first frame's {self.info.display_window}"
            raise source.unreadable(reason, hint=_ONE_SIZE)
        return image, _with_channels(pixels, self._channels)

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


def _with_channels(pixels: Pixels, count: int) -> Pixels:
    """Return pixels with as many channels as the plate's first frame: alpha, which nobody reads, comes and goes."""
    if pixels.shape[2] < count:
        opaque = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
        return np.pad(pixels, ((0, 0), (0, 0), (0, count - pixels.shape[2])), constant_values=opaque)
    return pixels[..., :count]


def _notes(image: ImageHeader, search: ChannelSearch, *, moves: bool) -> tuple[str, ...]:
    notes = []
    own = image.channels.layer
    others = [layer for layer in image.layers if layer != own]
    if len(image.layers) > 1 and not search.layer and others:
        named = ", ".join(others[:_NAMED_LAYERS]) + (", …" if len(others) > _NAMED_LAYERS else "")
        notes.append(
            f"{f'The layer {own}' if own else 'The plain picture'} is read. There are also {named}: "
            f"name one after the plate, as in plate.####.exr:{others[0]}."
        )
    notes += timecode_note(image.header.timecode, image.rate)
    if image.pictures > 1:
        notes.append(f"Its files hold {image.pictures} pictures each, of which the first is read.")
    if moves:
        notes.append("Its data windows differ from frame to frame; all frames are rendered on one canvas.")
    return tuple(notes)


def _on_window(window: Window, image: ImageHeader, pixels: Pixels) -> Pixels:
    own = image.header.data_window
    return pixels if own == window else crop_or_pad(pixels, own, window)
