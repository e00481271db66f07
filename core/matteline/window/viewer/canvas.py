"""The picture on the screen: zoom, pan, wipe and side by side. Holds no frame and converts nothing."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from matteline.window.theme import ACCENT
from matteline.window.viewer.darkroom import Picture
from matteline.window.viewer.overlay import paint_message, paint_tag

SURROUND = QColor(38, 38, 38)
DIMMED = QColor(0, 0, 0, 170)
MOST_ZOOM = 64.0
WIPE_GRIP_PIXELS = 8


class Layout(Enum):
    """How two sides are shown."""

    SINGLE = "A alone"
    WIPE = "Wipe"
    SIDE_BY_SIDE = "Side by side"
    DIFFERENCE = "Difference"


class Canvas(QWidget):
    """Shows up to two pictures in one place of the plate, at one zoom.

    A picture covers a part of the plate, in the plate's pixels. While a new one is made the old one is shown
    where it belongs, stretched if need be.
    """

    changed = Signal()
    """Zoom, place or size: other pixels are seen now."""

    hovered = Signal(object)
    """The pixel of the plate under the pointer, as (x, y), or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setAcceptDrops(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 160)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._plate = (0, 0)
        self._aspect = 1.0
        self._zoom = 1.0
        self._centre = QPointF()
        self._fitted = True
        self._pictures: tuple[Picture, ...] = ()
        self._names: tuple[str, ...] = ()
        self._layout = Layout.SINGLE
        self._wipe = 0.5
        self._drag: QPointF | None = None
        self._wiping = False
        self._message = ("", "")
        self._box: QRectF | None = None

    def sizeHint(self) -> QSize:
        """See Qt."""
        return QSize(960, 540)

    @property
    def zoom(self) -> float:
        """Points of the screen to a pixel of the plate."""
        return self._zoom

    @property
    def layout_of_sides(self) -> Layout:
        """How two sides are shown."""
        return self._layout

    def set_plate(self, width: int, height: int, pixel_aspect: float = 1.0) -> None:
        """Show pictures of a plate of this size from now on; fits it where the size is another one."""
        if (width, height, pixel_aspect) != (*self._plate, self._aspect):
            self._plate, self._aspect = (width, height), pixel_aspect
            self._pictures = ()
            self.fit()

    def set_pictures(self, pictures: tuple[Picture, ...], names: tuple[str, ...] = ()) -> None:
        """Show these, with their names where there are two."""
        self._pictures, self._names = pictures, names
        self.update()

    def set_layout(self, layout: Layout) -> None:
        """Show the two sides in another way."""
        self._layout = layout
        self._pictures = self._pictures[:1] if layout is Layout.SINGLE else self._pictures
        self._refit()

    def set_message(self, message: str, hint: str = "") -> None:
        """A sentence over the picture; empty for none."""
        self._message = (message, hint)
        self.update()

    def set_box(self, box: QRectF | None) -> None:
        """Draw attention to a rectangle, in pixels of the plate."""
        self._box = box
        self.update()

    @property
    def message(self) -> tuple[str, str]:
        """The sentence over the picture and its hint."""
        return self._message

    def fit(self) -> None:
        """Show the whole plate as large as there is room."""
        self._fitted = True
        self._refit()

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom, so that the plate stays where it is under a point of the widget; the middle without one."""
        room = self._rooms()[0]
        at = QPointF(room.center()) if at is None else at
        pixel = self._pixel(at)
        self._fitted = False
        self._zoom = min(max(zoom, self._fitting_zoom() / 8), MOST_ZOOM)
        moved = self._pixel(at) - pixel
        self._centre -= moved
        self._announce()

    def visible(self) -> QRect:
        """The pixels of the plate that can be seen."""
        room = self._rooms()[0]
        if self._plate == (0, 0):
            return QRect()
        corner, opposite = self._pixel(room.topLeft()), self._pixel(room.bottomRight())
        seen = QRectF(corner, opposite).toAlignedRect()
        return seen.intersected(QRect(0, 0, *self._plate))

    def paintEvent(self, event: QPaintEvent) -> None:
        """See Qt."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), SURROUND)
        rooms = self._rooms()
        if len(self._pictures) == 2 and self._layout is Layout.WIPE:
            self._paint_wipe(painter, rooms[0])
        else:
            for room, picture in zip(rooms, self._pictures, strict=False):
                self._paint(painter, room, picture, room)
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See Qt."""
        self._refit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        self.set_zoom(self._zoom * 1.25 ** (event.angleDelta().y() / 120), event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the wipe where it is, else of the picture."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._wiping = self._on_wipe(event.position())
        self._drag = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag what is held; say what is under the pointer."""
        if self._drag is not None and self._wiping:
            self._wipe = min(max(event.position().x() / max(self.width(), 1), 0.0), 1.0)
            self.update()
        elif self._drag is not None:
            self._pan(event.position() - self._drag)
            self._drag = event.position()
        over = Qt.CursorShape.SplitHCursor if self._on_wipe(event.position()) else Qt.CursorShape.ArrowCursor
        self.setCursor(over)
        self.hovered.emit(self._hit(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._drag, self._wiping = None, False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Between the whole plate and its own pixels."""
        if self._fitted:
            self.set_zoom(1 / self.devicePixelRatioF(), event.position())
        else:
            self.fit()

    def leaveEvent(self, event: object) -> None:
        """Nothing is under the pointer."""
        self.hovered.emit(None)

    def _rooms(self) -> list[QRectF]:
        whole = QRectF(self.rect())
        if self._layout is not Layout.SIDE_BY_SIDE:
            return [whole]
        half = (whole.width() - 2) / 2
        return [
            QRectF(whole.left(), whole.top(), half, whole.height()),
            QRectF(whole.right() - half, whole.top(), half, whole.height()),
        ]

    def _fitting_zoom(self) -> float:
        room, (width, height) = self._rooms()[0], self._plate
        if not width or not height:
            return 1.0
        return max(min(room.width() / (width * self._aspect), room.height() / height), 1e-3)

    def _refit(self) -> None:
        if self._fitted:
            self._zoom = self._fitting_zoom()
            self._centre = QPointF(self._plate[0] / 2, self._plate[1] / 2)
        self._announce()

    def _announce(self) -> None:
        self.update()
        self.changed.emit()

    def _pan(self, by: QPointF) -> None:
        self._fitted = False
        self._centre -= QPointF(by.x() / (self._zoom * self._aspect), by.y() / self._zoom)
        self._announce()

    def _pixel(self, point: QPointF) -> QPointF:
        """The place in the plate under a point of the widget."""
        room = next((each for each in self._rooms() if each.contains(point)), self._rooms()[0])
        away = point - room.center()
        return self._centre + QPointF(away.x() / (self._zoom * self._aspect), away.y() / self._zoom)

    def _hit(self, point: QPointF) -> tuple[int, int] | None:
        pixel = self._pixel(point)
        x, y = int(pixel.x() // 1), int(pixel.y() // 1)
        return (x, y) if 0 <= x < self._plate[0] and 0 <= y < self._plate[1] else None

    def _target(self, room: QRectF, place: QRectF) -> QRectF:
        across, down = self._zoom * self._aspect, self._zoom
        left = room.center().x() + (place.x() - self._centre.x()) * across
        top = room.center().y() + (place.y() - self._centre.y()) * down
        return QRectF(left, top, place.width() * across, place.height() * down)

    def _paint(self, painter: QPainter, room: QRectF, picture: Picture, clip: QRectF) -> None:
        painter.save()
        painter.setClipRect(clip)
        target = self._target(room, picture.place)
        sharp = target.width() * self.devicePixelRatioF() >= 2 * picture.image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not sharp)
        painter.drawImage(target, picture.image)
        painter.restore()

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

    def _paint_names(self, painter: QPainter, rooms: list[QRectF]) -> None:
        if len(self._names) < 2 or self._layout in (Layout.SINGLE, Layout.DIFFERENCE):
            return
        paint_tag(painter, rooms[0].left() + 10, f"A  {self._names[0]}")
        name = f"B  {self._names[1]}"
        if self._layout is Layout.WIPE:
            paint_tag(painter, rooms[0].right() - 10, name, from_right=True)
        else:
            paint_tag(painter, rooms[-1].left() + 10, name)
