"""The thread that makes screen pictures of frames in memory, the latest request first and only that."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QRect, QRectF, Signal
from PySide6.QtGui import QImage

from matteline.colour.display_transform import (
    PLAIN,
    Bytes,
    DisplayTransform,
    Floats,
    ViewerGrade,
    values_to_display,
)
from matteline.contract.errors import MattelineError
from matteline.media.frame import Pixels
from matteline.pictures.srgb import srgb_decode
from matteline.window.background import report_exception
from matteline.window.viewer.compositor import Compositor, ViewerBackdrop, channel_only, difference
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.frame_cache import CachedFrame

# Transforms to the screen that are kept ready: those of two sides, a backdrop, and what was shown before.
KEPT_TRANSFORMS = 5

_TransformKey = tuple[str, str, str]


@dataclass(frozen=True)
class SideFrames:
    """One of the two pictures that are compared.

    Attributes:
        footage: Footage that it shows.
        mode: One of `compositor.MODES`.
        frames: The frames it is made of, by role.
        source: As `FrameParts` has it.
    """

    footage: Footage
    mode: str
    frames: dict[str, CachedFrame]
    source: str = "result"


@dataclass(frozen=True)
class DisplayRequest:
    """Everything that decides the picture on the screen.

    Attributes:
        number: The frame's number.
        sides: One side, or two.
        difference: Show the difference of the two, in place of both.
        region: The part of the picture that can be seen, in pixels of the plate.
        view: As `DisplayTransform` takes it.
        grade: Exposure and gamma.
        channel: 0, 1 or 2 for one channel alone; None for colour.
        backdrop: The picture behind in the mode `over`.
        behind: The backdrop clip's frame.
    """

    number: int
    sides: tuple[SideFrames, ...]
    difference: bool
    region: QRect
    view: str
    grade: ViewerGrade
    channel: int | None
    backdrop: ViewerBackdrop
    behind: CachedFrame | None = None


@dataclass(frozen=True)
class DisplayPicture:
    """A picture and its place, in pixels of the plate."""

    image: QImage
    place: QRectF


@dataclass(frozen=True)
class DisplayResult:
    """An answered request: a picture for each side, one for their difference, or the error."""

    request: DisplayRequest
    pictures: tuple[DisplayPicture, ...] = ()
    error: MattelineError | None = None


class DisplayWorker(QObject):
    """Makes pictures on a thread of its own, and prepares views on another one."""

    # A `DisplayResult`.
    done = Signal(object)

    # True when a view is being prepared, which takes some seconds; afterwards False.
    preparing = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._request: DisplayRequest | None = None
        # The request that was last answered in the plain view, because its own is being prepared.
        self._waiting: DisplayRequest | None = None
        self._closed = False
        # Guards the requests and the transforms; notified when there is something to do.
        self._changed = threading.Condition()
        self._transforms: dict[_TransformKey, DisplayTransform | MattelineError] = {}
        self._in_preparation: set[_TransformKey] = set()
        self._preparer = ThreadPoolExecutor(1, "viewer views")
        self._thread = threading.Thread(target=self._work, name="viewer pictures")
        self._thread.start()

    def request(self, request: DisplayRequest) -> None:
        """Make this picture next; an earlier request that is not begun is dropped."""
        with self._changed:
            self._request = request
            self._changed.notify()

    def close(self) -> None:
        """End the threads. Returns when the picture and the view that they make are made."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self._preparer.shutdown(cancel_futures=True)

    def _work(self) -> None:
        while (request := self._next()) is not None:
            # Something to see until the view is ready; then the latest request is done again.
            ready = request if self._is_ready(request) else replace(request, view=PLAIN)
            try:
                result = DisplayResult(ready, self._pictures(ready))
            except MattelineError as error:
                result = DisplayResult(ready, error=error)
            if not self._closed:
                self.done.emit(result)

    def _next(self) -> DisplayRequest | None:
        """Wait for a request; None once the worker is closed."""
        with self._changed:
            while self._request is None and not self._closed:
                self._changed.wait()
            request, self._request = self._request, None
            return None if self._closed else request

    def _is_ready(self, request: DisplayRequest) -> bool:
        """Tell whether the request's view can be shown; begin to prepare what it lacks."""
        with self._changed:
            self._waiting = None
            if request.view == PLAIN:
                return True
            missing = {_transform_key(each.footage, request.view): each.footage for each in request.sides}
            missing = {key: footage for key, footage in missing.items() if key not in self._transforms}
            begun = {key: footage for key, footage in missing.items() if key not in self._in_preparation}
            self._in_preparation.update(begun)
            self._waiting = request if missing else None
        for key, footage in begun.items():
            future = self._preparer.submit(self._prepare, key, footage, request.view)
            future.add_done_callback(report_exception)
        return not missing

    def _prepare(self, key: _TransformKey, footage: Footage, view: str) -> None:
        """Make a transform, on the second thread, so that pictures are made meanwhile."""
        self.preparing.emit(True)
        try:
            made: DisplayTransform | MattelineError = DisplayTransform(footage.space, view)
        except MattelineError as error:
            made = error
        with self._changed:
            self._keep(key, made)
            self._in_preparation.discard(key)
            # A newer request goes before the one that has waited.
            if self._request is None:
                self._request = self._waiting
            self._changed.notify()
        if not self._closed:
            self.preparing.emit(False)

    def _keep(self, key: _TransformKey, made: DisplayTransform | MattelineError) -> None:
        # The oldest goes first.
        while len(self._transforms) >= KEPT_TRANSFORMS:
            self._transforms.pop(next(iter(self._transforms)))
        self._transforms[key] = made

    def _transform(self, footage: Footage, view: str) -> DisplayTransform:
        key = _transform_key(footage, view)
        with self._changed:
            made = self._transforms.get(key)
        if made is None:
            made = DisplayTransform(footage.space, view)
            with self._changed:
                self._keep(key, made)
        if isinstance(made, MattelineError):
            # The error is kept and raised again; each time its traceback would grow.
            raise made.with_traceback(None)
        return made

    def _pictures(self, request: DisplayRequest) -> tuple[DisplayPicture, ...]:
        pictures, values, place = [], [], QRectF()
        compare = request.difference and len(request.sides) == 2
        # Sides that are compared are brought to one size, also while one of them is there only reduced.
        least = max(each.reduction for side in request.sides for each in side.frames.values())
        for side in request.sides:
            compositor = Compositor(side.footage, self._transform(side.footage, request.view))
            frames, place, reduction = _cut(side, request.region, least if compare else 1)
            if compare:
                values.append(compositor.values(side.mode, frames))
                continue
            size = next(iter(frames.values())).shape[:2]
            behind = self._behind(request, size, place) if side.mode == "over" else None
            corner = (round(place.x() / reduction), round(place.y() / reduction))
            shown = compositor.picture(side.mode, frames, request.grade, behind, corner)
            pictures.append(DisplayPicture(_image(shown, request.channel), place))
        if compare:
            shown = values_to_display(difference(*values), request.grade)
            pictures.append(DisplayPicture(_image(shown, request.channel), place))
        return tuple(pictures)

    def _behind(self, request: DisplayRequest, size: tuple[int, ...], place: QRectF) -> Floats | None:
        """Return the backdrop as linear Rec.709, (H, W, 3) or one colour; None for the checkerboard."""
        backdrop = request.backdrop
        if backdrop.footage is not None and request.behind is not None:
            transform = self._transform(backdrop.footage, PLAIN)
            plate, clip = request.sides[0].footage.main.info, backdrop.footage.main.info
            squeeze = clip.pixel_aspect / plate.pixel_aspect
            plate_size = request.sides[0].footage.size
            return filling(transform.to_rec709(request.behind.pixels), plate_size, size, place, squeeze)
        if backdrop.colour is not None:
            return srgb_decode(np.asarray(backdrop.colour, np.float32))
        return None


def _transform_key(footage: Footage, view: str) -> _TransformKey:
    return footage.space.name, footage.space.config.source, view


def _cut(side: SideFrames, region: QRect, least: int) -> tuple[dict[str, Pixels], QRectF, int]:
    """Return the part of each frame that lies in the region, all of one size, its place and reduction.

    Args:
        side: Its frames.
        region: In pixels of the plate.
        least: Reduction of the result, if no frame is reduced further.
    """
    # Of mixed sizes the coarsest, and of that only what all of them cover.
    by = max(least, *(frame.reduction for frame in side.frames.values()))
    height = min(frame.pixels.shape[0] * frame.reduction for frame in side.frames.values()) // by
    width = min(frame.pixels.shape[1] * frame.reduction for frame in side.frames.values()) // by
    left, top = max(region.left() // by, 0), max(region.top() // by, 0)
    # Rounded up, so that the part covers the region.
    right = min(-(-(region.right() + 1) // by), width)
    bottom = min(-(-(region.bottom() + 1) // by), height)
    # At least one pixel, also where nothing of the picture can be seen.
    left, top = min(left, max(width - 1, 0)), min(top, max(height - 1, 0))
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    parts = {}
    for role, frame in side.frames.items():
        # While finer and coarser frames are mixed, for a moment, the finer one is thinned out.
        step = max(by // frame.reduction, 1)
        parts[role] = frame.pixels[::step, ::step][top:bottom, left:right]
    return parts, QRectF(left * by, top * by, (right - left) * by, (bottom - top) * by), by


def filling(
    behind: Floats, plate_size: tuple[int, int], size: tuple[int, ...], place: QRectF, squeeze: float = 1.0
) -> Floats:
    """Scale a backdrop until it covers the plate, as renders do, and return the part that is seen.

    What is too much on two sides is cut off. Pixels between those of the backdrop are interpolated linearly.

    Args:
        behind: The whole backdrop, (h, w, 3).
        plate_size: Width and height of the plate.
        size: Height and width of the result.
        place: The part of the plate that is seen.
        squeeze: Pixel aspect of the backdrop over that of the plate.
    """
    scale = max(plate_size[0] / (behind.shape[1] * squeeze), plate_size[1] / behind.shape[0])
    rows = _steps(behind.shape[0], scale, plate_size[1], (place.top(), place.bottom()), size[0])
    across = scale * squeeze
    columns = _steps(behind.shape[1], across, plate_size[0], (place.left(), place.right()), size[1])
    (above, below, low), (left, right, far) = rows, columns
    low, far = low[:, None, None], far[None, :, None]
    upper = behind[above[:, None], left[None]] * (1 - far) + behind[above[:, None], right[None]] * far
    lower = behind[below[:, None], left[None]] * (1 - far) + behind[below[:, None], right[None]] * far
    return np.asarray(upper * (1 - low) + lower * low, np.float32)


def _steps(
    length: int, scale: float, wanted: int, seen: tuple[float, float], count: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """Return the pixel before and after each sample along one axis, and how far the sample is between them.

    Args:
        length: Pixels of the backdrop along the axis.
        scale: Pixels of the plate to one of them.
        wanted: Pixels of the plate; the backdrop lies in its middle.
        seen: First and last edge of what is seen, in pixels of the plate.
        count: Samples.
    """
    # Samples and pixels are taken at their middles.
    middles = np.linspace(*seen, count, endpoint=False) + (seen[1] - seen[0]) / (2 * count)
    at = ((middles - wanted / 2) / scale + length / 2 - 0.5).clip(0, length - 1)
    before = at.astype(np.intp)
    return before, np.minimum(before + 1, length - 1), np.asarray(at - before, np.float32)


def _image(shown: Bytes, channel: int | None) -> QImage:
    picture = shown if channel is None else channel_only(shown, channel)
    picture = np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    # The copy owns its bytes; the array may go.
    return QImage(picture.data, width, height, 4 * width, QImage.Format.Format_RGBX8888).copy()
