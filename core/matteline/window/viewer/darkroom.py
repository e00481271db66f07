"""The thread that makes screen pictures of frames in memory, the latest order first and only that."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, QRect, QRectF, Signal
from PySide6.QtGui import QImage

from matteline.colour.viewer import PLAIN, Bytes, Floats, Grade, Shower, alpha_shown, linear_of
from matteline.contract.errors import MattelineError
from matteline.media.frame import Pixels
from matteline.window.background import surface
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.recipe import Backdrop, Painter, channel_only, difference
from matteline.window.viewer.store import Held

KEPT_SHOWERS = 5

_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Side:
    """One of the two pictures that are compared.

    Attributes:
        footage: Of which shot.
        mode: What of it.
        frames: The frames it is made of, by role.
    """

    footage: Footage
    mode: str
    frames: dict[str, Held]


@dataclass(frozen=True)
class Order:
    """What is to be on the screen.

    Attributes:
        number: The frame's number.
        sides: One side, or two.
        apart: Show how far the two are apart, in place of both.
        region: The part of the picture that can be seen, in its own pixels.
        view: As `Shower` has it.
        grade: Exposure and gamma.
        channel: 0, 1 or 2 for one channel alone; None for colour.
        backdrop: What is behind in the mode `over`.
        behind: The backdrop clip's frame.
    """

    number: int
    sides: tuple[Side, ...]
    apart: bool
    region: QRect
    view: str
    grade: Grade
    channel: int | None
    backdrop: Backdrop
    behind: Held | None = None


@dataclass(frozen=True)
class Picture:
    """A picture and where it lies, in pixels of the plate."""

    image: QImage
    place: QRectF


@dataclass(frozen=True)
class Made:
    """An order done: a picture for each side, one for their difference, or the reason why there is none."""

    order: Order
    pictures: tuple[Picture, ...] = ()
    error: MattelineError | None = None


class Darkroom(QObject):
    """Makes pictures away from the window's thread."""

    made = Signal(object)
    """A `Made`."""

    baking = Signal(bool)
    """A view is being made ready, which takes some seconds; afterwards False."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._order: Order | None = None
        self._waiting: Order | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._showers: dict[_Key, Shower | MattelineError] = {}
        self._baking: set[_Key] = set()
        self._baker = ThreadPoolExecutor(1, "viewer views")
        self._thread = threading.Thread(target=self._work, name="viewer pictures")
        self._thread.start()

    def make(self, order: Order) -> None:
        """Make this next; what was ordered before and is not begun is dropped."""
        with self._changed:
            self._order = order
            self._changed.notify()

    def close(self) -> None:
        """End the threads. Returns when the picture and the view that they make are made."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self._baker.shutdown(cancel_futures=True)

    def _work(self) -> None:
        while (order := self._next()) is not None:
            # Something to see until the view is ready; then the latest order is done again.
            self._do(order if self._is_ready(order) else replace(order, view=PLAIN))

    def _do(self, order: Order) -> None:
        try:
            made = Made(order, self._pictures(order))
        except MattelineError as error:
            made = Made(order, error=error)
        if not self._closed:
            self.made.emit(made)

    def _is_ready(self, order: Order) -> bool:
        """Whether the order's view can be shown; what is missing for that is begun."""
        with self._changed:
            self._waiting = None
            if order.view == PLAIN:
                return True
            missing = {_key(each.footage, order.view): each.footage for each in order.sides}
            missing = {key: footage for key, footage in missing.items() if key not in self._showers}
            begun = {key: footage for key, footage in missing.items() if key not in self._baking}
            self._baking.update(begun)
            self._waiting = order if missing else None
        for key, footage in begun.items():
            self._baker.submit(self._bake, key, footage, order.view).add_done_callback(surface)
        return not missing

    def _bake(self, key: _Key, footage: Footage, view: str) -> None:
        """Make a view ready, away from the thread of pictures, which goes on meanwhile."""
        self.baking.emit(True)
        try:
            made: Shower | MattelineError = Shower(footage.space, view)
        except MattelineError as error:
            made = error
        with self._changed:
            self._keep(key, made)
            self._baking.discard(key)
            if self._order is None:
                self._order = self._waiting
            self._changed.notify()
        if not self._closed:
            self.baking.emit(False)

    def _keep(self, key: _Key, made: Shower | MattelineError) -> None:
        while len(self._showers) >= KEPT_SHOWERS:
            self._showers.pop(next(iter(self._showers)))
        self._showers[key] = made

    def _next(self) -> Order | None:
        with self._changed:
            while self._order is None and not self._closed:
                self._changed.wait()
            order, self._order = self._order, None
            return None if self._closed else order

    def _pictures(self, order: Order) -> tuple[Picture, ...]:
        if order.apart and len(order.sides) == 2:
            return (self._difference(order),)
        return tuple(self._picture(order, side) for side in order.sides)

    def _picture(self, order: Order, side: Side) -> Picture:
        painter = self._painter(side.footage, order.view)
        cut, place, by = _cut(side, order.region)
        behind = self._behind(order, cut, place, by) if side.mode == "over" else None
        corner = (round(place.x() / by), round(place.y() / by))
        shown = painter.picture(side.mode, cut, order.grade, behind, corner)
        return Picture(_image(shown, order.channel), place)

    def _difference(self, order: Order) -> Picture:
        values, place = [], QRectF()
        for side in order.sides:
            painter = self._painter(side.footage, order.view)
            cut, place, _ = _cut(side, order.region)
            values.append(painter.values(side.mode, cut))
        return Picture(_image(alpha_shown(difference(*values), order.grade), order.channel), place)

    def _behind(self, order: Order, cut: dict[str, Pixels], place: QRectF, by: int) -> Floats | None:
        backdrop = order.backdrop
        size = next(iter(cut.values())).shape[:2]
        if backdrop.footage is not None and order.behind is not None:
            shower = self._shower(backdrop.footage, PLAIN)
            return _fitted(shower.rec709(order.behind.pixels), order, size, place)
        if backdrop.colour is not None:
            shown = np.asarray(backdrop.colour, np.float32)
            return linear_of(shown)
        return None

    def _painter(self, footage: Footage, view: str) -> Painter:
        return Painter(footage, self._shower(footage, view))

    def _shower(self, footage: Footage, view: str) -> Shower:
        key = _key(footage, view)
        with self._changed:
            made = self._showers.get(key)
        if made is None:
            made = Shower(footage.space, view)
            with self._changed:
                self._keep(key, made)
        if isinstance(made, MattelineError):
            raise made.with_traceback(None)
        return made


def _key(footage: Footage, view: str) -> _Key:
    return footage.space.name, footage.space.config.source, view


def _cut(side: Side, region: QRect) -> tuple[dict[str, Pixels], QRectF, int]:
    """The part of each frame that lies in the region, all of one size, and where that is."""
    by = max(held.reduction for held in side.frames.values())
    height = min(held.pixels.shape[0] * held.reduction for held in side.frames.values()) // by
    width = min(held.pixels.shape[1] * held.reduction for held in side.frames.values()) // by
    left, top = max(region.left() // by, 0), max(region.top() // by, 0)
    right = min(-(-(region.right() + 1) // by), width)
    bottom = min(-(-(region.bottom() + 1) // by), height)
    left, top = min(left, max(width - 1, 0)), min(top, max(height - 1, 0))
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    cut = {role: _part(held, by, (left, top, right, bottom)) for role, held in side.frames.items()}
    return cut, QRectF(left * by, top * by, (right - left) * by, (bottom - top) * by), by


def _part(held: Held, by: int, box: tuple[int, int, int, int]) -> Pixels:
    left, top, right, bottom = box
    step = by // held.reduction
    # While finer and coarser frames are mixed, for a moment, the finer one is thinned out.
    return held.pixels[:: max(step, 1), :: max(step, 1)][top:bottom, left:right]


def _fitted(behind: Floats, order: Order, size: tuple[int, ...], place: QRectF) -> Floats:
    """The backdrop as large as the plate, and of that the part that is seen; by the nearest pixel."""
    width, height = order.sides[0].footage.size
    rows = np.linspace(place.top(), place.bottom(), size[0], endpoint=False) / height * behind.shape[0]
    columns = np.linspace(place.left(), place.right(), size[1], endpoint=False) / width * behind.shape[1]
    rows = rows.astype(int).clip(0, behind.shape[0] - 1)
    columns = columns.astype(int).clip(0, behind.shape[1] - 1)
    return np.asarray(behind[rows[:, None], columns[None]])


def _image(shown: Bytes, channel: int | None) -> QImage:
    picture = shown if channel is None else channel_only(shown, channel)
    picture = np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    # The copy owns its bytes; the array may go.
    return QImage(picture.data, width, height, 4 * width, QImage.Format.Format_RGBX8888).copy()
