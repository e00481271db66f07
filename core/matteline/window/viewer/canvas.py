"""The picture on the screen: zoom, pan, wipe and side by side. Holds no frames and converts no colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from matteline.window.theme import ACCENT
from matteline.window.viewer.display_worker import DisplayPicture
from matteline.window.viewer.overlay import paint_highlight, paint_message, paint_tag

# Dark and neutral, so that it does not change how colours look.
SURROUND = QColor(38, 38, 38)
# Over the picture, below a message.
DIMMED = QColor(0, 0, 0, 170)
PEOPLE = QColor(120, 210, 255)
MOST_ZOOM = 64.0
# How near to the line of the wipe the pointer takes hold of it.
WIPE_GRIP_PIXELS = 8
# Tags at the foot of the picture, from left to right: where it comes from, and what it waits for.
_LEFT_TAGS = ("source", "channel", "view", "preview", "loading", "opening")


@dataclass(frozen=True)
class PersonMark:
    """A box round a person.

    Attributes:
        box: In pixels of the plate.
        colour: Of the person.
        name: Stands at the box; empty for none.
        chosen: Drawn stronger.
    """

    box: QRectF
    colour: QColor
    name: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class PointMark:
    """A pixel that an artist has pointed at: its place in pixels of the plate, and the person's colour."""

    place: QPointF
    colour: QColor


class Layout(Enum):
    """The ways to show two sides."""

    SINGLE = "A alone"
    WIPE = "Wipe"
    SIDE_BY_SIDE = "Side by side"
    DIFFERENCE = "Difference"


class Canvas(QWidget):
    """Shows up to two pictures of one part of the plate, at one zoom.

    A picture covers a part of the plate, in the plate's pixels. While a new one is made the old one is shown
    in its place, stretched if the zoom has changed.
    """

    # Zoom, place or size have changed: other pixels are seen now.
    changed = Signal()

    # A click without a drag: the place (`QPointF`) in pixels of the plate.
    clicked = Signal(object)

    # The pixel of the plate under the pointer, as (x, y), or None.
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setAcceptDrops(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 160)
        # All of it is painted, so Qt need not clear it before.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._plate = (0, 0)
        self._aspect = 1.0
        self._zoom = 1.0
        # The place in the plate that is in the middle of the widget, in the plate's pixels.
        self._centre = QPointF()
        self._fitted = True
        self._pictures: tuple[DisplayPicture, ...] = ()
        self._names: tuple[str, ...] = ()
        self._layout = Layout.SINGLE
        self._wipe = 0.5
        self._drag: QPointF | None = None
        self._wiping = False
        self._message = ("", "")
        self._tags: dict[str, str] = {}
        self._highlighted = False
        self._people: list[PersonMark] = []
        self._points: list[PointMark] = []
        # Where the button went down, while it may still become a click.
        self._pressed: QPointF | None = None
        self._box: QRectF | None = None

    def sizeHint(self) -> QSize:
        """Return the size of a small window."""
        return QSize(960, 540)

    @property
    def zoom(self) -> float:
        """Points of the screen along one pixel of the plate's height."""
        return self._zoom

    @property
    def layout_of_sides(self) -> Layout:
        """The way in which two sides are shown."""
        return self._layout

    def set_plate(self, width: int, height: int, pixel_aspect: float = 1.0) -> None:
        """Show pictures of a plate of this size from now on; another size than before is fitted."""
        if (width, height, pixel_aspect) != (*self._plate, self._aspect):
            self._plate, self._aspect = (width, height), pixel_aspect
            self._pictures = ()
            self.fit()

    def set_pictures(self, pictures: tuple[DisplayPicture, ...], names: tuple[str, ...] = ()) -> None:
        """Show these pictures, with their names where there are two."""
        self._pictures, self._names = pictures, names
        self.update()

    def clear(self) -> None:
        """Show nothing: no plate is open."""
        self._plate, self._pictures = (0, 0), ()
        self._tags.clear()
        self.fit()

    def set_layout(self, layout: Layout) -> None:
        """Show the two sides in another way."""
        self._layout = layout
        self._pictures = self._pictures[:1] if layout is Layout.SINGLE else self._pictures
        self._refit()

    def set_message(self, message: str, hint: str = "") -> None:
        """Show a sentence over the picture; an empty one removes it."""
        self._message = (message, hint)
        self.update()

    def set_tag(self, name: str, words: str) -> None:
        """Show words at the foot of the picture until others of the same name come; empty ones remove them."""
        if words != self._tags.get(name, ""):
            self._tags[name] = words
            self.update()

    @property
    def tags(self) -> list[str]:
        """The words at the foot of the picture, from left to right; the zoom is the last."""
        return [words for name in (*_LEFT_TAGS, "zoom") if (words := self._tags.get(name))]

    def set_highlighted(self, on: bool) -> None:
        """Frame the widget, while something that it would open is held over the window."""
        self._highlighted = on
        self.update()

    def set_people(self, boxes: Sequence[PersonMark], points: Sequence[PointMark] = ()) -> None:
        """Outline people, and mark what was pointed at."""
        if (list(boxes), list(points)) != (self._people, self._points):
            self._people, self._points = list(boxes), list(points)
            self.update()

    def set_box(self, box: QRectF | None) -> None:
        """Frame a rectangle, in pixels of the plate; None removes the frame."""
        self._box = box
        self.update()

    @property
    def message(self) -> tuple[str, str]:
        """The sentence over the picture and its hint."""
        return self._message

    def fit(self) -> None:
        """Show the whole plate as large as fits."""
        self._fitted = True
        self._refit()

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom about a point of the widget, or about its middle.

        Args:
            zoom: Points of the screen along one pixel of the plate's height.
            at: The point that stays where it is, in points of the widget.
        """
        room = self._rooms()[0]
        at = QPointF(room.center()) if at is None else at
        pixel = self._pixel(at)
        self._fitted = False
        # From an eighth of the fitted size to 64 points a pixel: farther out nothing is seen.
        self._zoom = min(max(zoom, self._fitting_zoom() / 8), MOST_ZOOM)
        # The zoom is set, and the plate is moved back by what it has slipped below the point.
        moved = self._pixel(at) - pixel
        self._centre -= moved
        self._announce()

    def visible(self) -> QRect:
        """Return the pixels of the plate that can be seen."""
        room = self._rooms()[0]
        if self._plate == (0, 0):
            return QRect()
        corner, opposite = self._pixel(room.topLeft()), self._pixel(room.bottomRight())
        seen = QRectF(corner, opposite).toAlignedRect()
        return seen.intersected(QRect(0, 0, *self._plate))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint pictures, box, names and message, in this order."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), SURROUND)
        rooms = self._rooms()
        if len(self._pictures) == 2 and self._layout is Layout.WIPE:
            self._paint_wipe(painter, rooms[0])
        else:
            # While the layout changes there may be more rooms than pictures, or fewer.
            for room, picture in zip(rooms, self._pictures, strict=False):
                self._paint(painter, room, picture, room)
        if self._pictures:
            self._paint_people(painter, rooms[0])
        if self._box is not None and self._pictures:
            painter.setPen(QPen(ACCENT, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            # Around it, so that it hides nothing of what is to be looked at.
            painter.drawRect(self._target(rooms[0], self._box).adjusted(-6, -6, 6, 6))
        self._paint_names(painter, rooms)
        if self._message[0]:
            if self._pictures:
                painter.fillRect(self.rect(), DIMMED)
            paint_message(painter, QRectF(self.rect()), *self._message)
        self._paint_tags(painter)
        if self._highlighted:
            paint_highlight(painter, QRectF(self.rect()), ACCENT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the plate anew, if it is fitted."""
        self._refit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        # A notch of a wheel is 120 units, and a quarter closer or farther.
        self.set_zoom(self._zoom * 1.25 ** (event.angleDelta().y() / 120), event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the wipe if the pointer is on it, else of the picture."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._wiping = self._on_wipe(event.position())
        self._drag = event.position()
        self._pressed = None if self._wiping else event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the wipe or the picture; tell which pixel is under the pointer."""
        if self._pressed is not None:
            # A hand that clicks moves a little; the picture stays until it is a drag.
            if (event.position() - self._pressed).manhattanLength() < QApplication.startDragDistance():
                return
            self._pressed = None
        if self._drag is not None and self._wiping:
            self._wipe = min(max(event.position().x() / max(self.width(), 1), 0.0), 1.0)
            self.update()
        elif self._drag is not None:
            by = event.position() - self._drag
            self._drag = event.position()
            self._fitted = False
            self._centre -= QPointF(by.x() / (self._zoom * self._aspect), by.y() / self._zoom)
            self._announce()
        over = Qt.CursorShape.SplitHCursor if self._on_wipe(event.position()) else Qt.CursorShape.ArrowCursor
        self.setCursor(over)
        pixel = self._pixel(event.position())
        x, y = int(pixel.x() // 1), int(pixel.y() // 1)
        inside = 0 <= x < self._plate[0] and 0 <= y < self._plate[1]
        self.hovered.emit((x, y) if inside else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go, and tell of a click."""
        if self._pressed is not None and self._plate != (0, 0):
            place = self._pixel(self._pressed)
            if QRectF(0, 0, *self._plate).contains(place):
                self.clicked.emit(place)
        self._drag, self._wiping, self._pressed = None, False, None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Change between the whole plate and its pixels one to one."""
        self._pressed = None
        if self._fitted:
            self.set_zoom(1 / self.devicePixelRatioF(), event.position())
        else:
            self.fit()

    def leaveEvent(self, event: object) -> None:
        """Tell that no pixel is under the pointer."""
        self.hovered.emit(None)

    def _rooms(self) -> list[QRectF]:
        """Return the rectangles of the widget that a picture is shown in: one, or two side by side."""
        whole = QRectF(self.rect())
        if self._layout is not Layout.SIDE_BY_SIDE:
            return [whole]
        # A gap of two points between them.
        half = (whole.width() - 2) / 2
        return [
            QRectF(whole.left(), whole.top(), half, whole.height()),
            QRectF(whole.right() - half, whole.top(), half, whole.height()),
        ]

    def _fitting_zoom(self) -> float:
        room, (width, height) = self._rooms()[0], self._plate
        if not width or not height:
            return 1.0
        # Never 0, since places on the screen are divided by it.
        return max(min(room.width() / (width * self._aspect), room.height() / height), 1e-3)

    def _refit(self) -> None:
        if self._fitted:
            self._zoom = self._fitting_zoom()
            self._centre = QPointF(self._plate[0] / 2, self._plate[1] / 2)
        self._announce()

    def _announce(self) -> None:
        self.update()
        self.changed.emit()

    def _pixel(self, point: QPointF) -> QPointF:
        """Return the place in the plate under a point of the widget."""
        room = next((each for each in self._rooms() if each.contains(point)), self._rooms()[0])
        away = point - room.center()
        return self._centre + QPointF(away.x() / (self._zoom * self._aspect), away.y() / self._zoom)

    def _target(self, room: QRectF, place: QRectF) -> QRectF:
        """Return the rectangle of the widget for a place in the plate."""
        across, down = self._zoom * self._aspect, self._zoom
        left = room.center().x() + (place.x() - self._centre.x()) * across
        top = room.center().y() + (place.y() - self._centre.y()) * down
        return QRectF(left, top, place.width() * across, place.height() * down)

    def _paint(self, painter: QPainter, room: QRectF, picture: DisplayPicture, clip: QRectF) -> None:
        painter.save()
        # Of a wipe each side shows its part of the same place.
        painter.setClipRect(clip)
        target = self._target(room, picture.place)
        # From two screen pixels for each one of the picture on, its pixels are shown as squares.
        sharp = target.width() * self.devicePixelRatioF() >= 2 * picture.image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not sharp)
        painter.drawImage(target, picture.image)
        painter.restore()

    def _paint_people(self, painter: QPainter, room: QRectF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for person in self._people:
            style = Qt.PenStyle.SolidLine if person.name else Qt.PenStyle.DashLine
            painter.setPen(QPen(person.colour, 3 if person.chosen else 1.5, style))
            target = self._target(room, person.box)
            painter.drawRect(target)
            if person.name:
                paint_tag(painter, target.left(), person.name, foot=max(target.top(), 30), ink=person.colour)
                # `paint_tag` leaves a brush of its own, which would fill the next box.
                painter.setBrush(Qt.BrushStyle.NoBrush)
        for point in self._points:
            at = self._target(room, QRectF(point.place, QSizeF(0, 0))).topLeft()
            painter.setPen(QPen(Qt.GlobalColor.black, 1))
            painter.setBrush(point.colour)
            painter.drawEllipse(at, 5, 5)

    def _paint_wipe(self, painter: QPainter, room: QRectF) -> None:
        at = room.left() + self._wipe * room.width()
        left = QRectF(room.left(), room.top(), at - room.left(), room.height())
        right = QRectF(at, room.top(), room.right() - at, room.height())
        self._paint(painter, room, self._pictures[0], left)
        self._paint(painter, room, self._pictures[1], right)
        painter.setPen(QPen(ACCENT, 1))
        painter.drawLine(QPointF(at, room.top()), QPointF(at, room.bottom()))
        painter.setBrush(ACCENT)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawEllipse(QPointF(at, room.center().y()), 4, 4)

    def _on_wipe(self, point: QPointF) -> bool:
        shown = self._layout is Layout.WIPE and len(self._pictures) == 2
        return shown and abs(point.x() - self._wipe * self.width()) <= WIPE_GRIP_PIXELS

    def _paint_tags(self, painter: QPainter) -> None:
        left, foot = 10.0, self.height() - 10.0
        for name in _LEFT_TAGS:
            if words := self._tags.get(name):
                left += paint_tag(painter, left, words, foot=foot) + 6
        if words := self._tags.get("zoom"):
            paint_tag(painter, self.width() - 10, words, foot=foot, from_right=True)

    def _paint_names(self, painter: QPainter, rooms: list[QRectF]) -> None:
        if len(self._names) < 2 or self._layout in (Layout.SINGLE, Layout.DIFFERENCE):
            return
        paint_tag(painter, rooms[0].left() + 10, f"A  {self._names[0]}")
        name = f"B  {self._names[1]}"
        if self._layout is Layout.WIPE:
            paint_tag(painter, rooms[0].right() - 10, name, from_right=True)
        else:
            paint_tag(painter, rooms[-1].left() + 10, name)
