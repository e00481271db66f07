"""Small pictures of plates, for the strip of shots and the rows of the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QImage, QPainter

from matteline.colour.config import Config
from matteline.colour.display_transform import DisplayTransform
from matteline.colour.space import PlateSpace
from matteline.contract.errors import MattelineError
from matteline.media.plate import open_plate
from matteline.window.background import report_exception
from matteline.window.viewer.clip import PlateClip, ViewerClip
from matteline.window.viewer.footage import space_of
from matteline.window.viewer.reduction import reduced

# Pixels of the longer side: enough for screens of two pixels a point.
THUMBNAIL_SIDE: Final = 256


class PlateThumbnails(QObject):
    """Makes thumbnails of plates that are not open, one after another on a thread of its own.

    Args:
        config: Returns the OCIO config; any thread may ask.
    """

    # The path of a plate, and its small `QImage`. A plate that cannot be read has none.
    made = Signal(str, object)

    def __init__(self, config: Callable[[], Config], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._config = config
        # Plates that were asked for; each is read once.
        self._asked: set[str] = set()
        self._closed = threading.Event()
        self._pool = ThreadPoolExecutor(1, "thumbnails")

    def want(self, plate: str) -> None:
        """Make the thumbnail of a plate, unless it was asked for before."""
        if plate not in self._asked and not self._closed.is_set():
            self._asked.add(plate)
            self._pool.submit(self._make, plate).add_done_callback(report_exception)

    def close(self) -> None:
        """End the thread. Returns when the frame under way is read."""
        self._closed.set()
        self._pool.shutdown(cancel_futures=True)

    def _make(self, path: str) -> None:
        with suppress(MattelineError), closing(PlateClip(open_plate(path))) as clip:
            image = thumbnail(clip, space_of(clip, self._config()))
            if not self._closed.is_set():
                self.made.emit(path, image)


def thumbnail(clip: ViewerClip, space: PlateSpace) -> QImage:
    """Return a small picture of a clip's middle frame, in plain sRGB. Raises `MattelineError`."""
    # A movie is decoded from its beginning, and read on from there.
    numbers = list(clip.frames)
    number = numbers[0] if clip.in_order else numbers[len(numbers) // 2]
    frame = clip.frame(number)
    pixels = reduced(frame.pixels, max(1, max(frame.pixels.shape[:2]) // THUMBNAIL_SIDE))
    shown = np.ascontiguousarray(DisplayTransform(space).to_display(pixels))
    height, width = shown.shape[:2]
    # A copy, because an image does not hold the array whose memory it shows.
    return QImage(shown.data, width, height, 4 * width, QImage.Format.Format_RGBX8888).copy()


def draw_filling(painter: QPainter, room: QRect, image: QImage) -> None:
    """Draw the middle of an image, scaled until it covers a rectangle."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    scale = max(room.width() / image.width(), room.height() / image.height())
    source = QRect(0, 0, round(room.width() / scale), round(room.height() / scale))
    source.moveCenter(image.rect().center())
    painter.drawImage(room, image, source)
