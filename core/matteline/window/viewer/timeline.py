"""The scrubber: the frames, those in memory, rendered or flagged, and the in and out marks."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from matteline.contract.frames import FrameRange, FrameSet
from matteline.window.theme import ACCENT

CACHED = QColor(110, 165, 110)
RENDERED = QColor(90, 150, 215)
STALE = QColor(190, 120, 60)
PREVIEWED = QColor(235, 200, 80)
CUT = QColor(120, 210, 255)
FLAGGED = QColor(225, 85, 75)
_SIDE = 14
# Distances between the numbers below the scrubber; the first that leaves room for them is taken.
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000)


class Timeline(QWidget):
    """Shows the current frame among all, and lets the artist go elsewhere. It knows frame numbers only."""

    # The number of the frame that the artist wants.
    scrubbed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._whole = FrameRange(1, 1)
        self._range = self._whole
        self._frame = 1
        self._cached: FrameSet = FrameSet()
        self._rendered: FrameSet = FrameSet()
        self._stale: FrameSet = FrameSet()
        self._previewed: FrameSet = FrameSet()
        self._gaps: FrameSet = FrameSet()
        self._flags: Mapping[int, str] = {}
        self._cuts: tuple[int, ...] = ()

    def sizeHint(self) -> QSize:
        """Return the height of the track and the numbers below it."""
        return QSize(400, 2 * self.fontMetrics().height() + 20)

    @property
    def flags(self) -> Mapping[int, str]:
        """The reason for each flagged frame, by its number."""
        return self._flags

    def set_frames(self, whole: FrameRange, played: FrameRange, gaps: FrameSet) -> None:
        """Set all frames, those between the marks, and those that are missing."""
        self._whole, self._range, self._gaps = whole, played, gaps
        self.update()

    def set_frame(self, frame: int) -> None:
        """Set the frame that is shown."""
        if frame != self._frame:
            self._frame = frame
            self.update()

    def set_cached(self, frames: FrameSet) -> None:
        """Set the frames in memory."""
        if frames != self._cached:
            self._cached = frames
            self.update()

    def set_rendered(self, frames: FrameSet) -> None:
        """Set the frames that have a result."""
        if frames != self._rendered:
            self._rendered = frames
            self.update()

    def set_stale(self, frames: FrameSet) -> None:
        """Set the frames whose result was made with other settings."""
        if frames != self._stale:
            self._stale = frames
            self.update()

    def set_previewed(self, frames: FrameSet) -> None:
        """Set the frames that were previewed."""
        if frames != self._previewed:
            self._previewed = frames
            self.update()

    @property
    def cuts(self) -> tuple[int, ...]:
        """The frames that begin a shot."""
        return self._cuts

    def set_cuts(self, frames: tuple[int, ...]) -> None:
        """Set the frames that begin a shot."""
        if frames != self._cuts:
            self._cuts = frames
            self.update()

    def set_flags(self, flags: Mapping[int, str]) -> None:
        """Set the frames that are worth a look, each with the reason."""
        self._flags = dict(sorted(flags.items()))
        self.update()

    def flag_beside(self, frame: int, direction: int) -> int | None:
        """Return the next flagged frame before (-1) or after (1) a frame; None without any."""
        beyond = [each for each in self._flags if (each - frame) * direction > 0]
        return min(beyond, key=lambda each: abs(each - frame), default=None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame under the pointer."""
        self.scrubbed.emit(self._at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along with the pointer while the button is held."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.scrubbed.emit(self._at(event.position().x()))

    def event(self, event: QEvent) -> bool:
        """Show the reason of a flag as its tooltip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            # The nearest flag within a few points of the pointer.
            near = min(self._flags, key=lambda each: abs(self._x(each) - event.pos().x()), default=None)
            if near is not None and abs(self._x(near) - event.pos().x()) <= 6:
                QToolTip.showText(event.globalPos(), f"Frame {near}: {self._flags[near]}", self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the track and all that is on it, the current frame last."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = self._track()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(track.adjusted(-4, 0, 4, 0), 3, 3)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Mid))
        played = self._span(self._range)
        painter.drawRect(played)
        self._paint_lanes(painter, track)
        if self.isEnabled():
            self._paint_ticks(painter, track)
        painter.setPen(Qt.PenStyle.NoPen)
        if self._range != self._whole:
            painter.setBrush(ACCENT)
            painter.drawRect(QRectF(played.left(), played.top(), 2, played.height()))
            painter.drawRect(QRectF(played.right() - 2, played.top(), 2, played.height()))
        painter.setPen(QPen(CUT, 1.5))
        for frame in self._cuts:
            x = self._span(FrameRange(frame, frame)).left()
            painter.drawLine(QPointF(x, track.top() - 5), QPointF(x, track.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(FLAGGED)
        for frame in self._flags:
            x, y = self._x(frame), track.top()
            painter.drawPolygon(QPolygonF([QPointF(x - 4, y - 6), QPointF(x + 4, y - 6), QPointF(x, y + 1)]))
        if self.isEnabled():
            self._paint_head(painter, track)

    def _paint_lanes(self, painter: QPainter, track: QRectF) -> None:
        # Thin lanes at the bottom of the track, one above the other; what is out of date covers what is there.
        lanes = (
            (self._cached, CACHED, 3),
            (self._rendered, RENDERED, 7),
            (self._stale, STALE, 7),
            (self._previewed, PREVIEWED, 11),
        )
        for frames, colour, from_bottom in lanes:
            painter.setBrush(colour)
            for each in frames.ranges:
                span = self._span(each)
                painter.drawRect(QRectF(span.left(), track.bottom() - from_bottom, span.width(), 3))
        painter.setBrush(QColor(FLAGGED.red(), FLAGGED.green(), FLAGGED.blue(), 70))
        for each in self._gaps.ranges:
            painter.drawRect(self._span(each))

    def _paint_ticks(self, painter: QPainter, track: QRectF) -> None:
        width = self.fontMetrics().horizontalAdvance(str(self._whole.last)) + 24
        per_frame = track.width() / len(self._whole)
        step = next((each for each in _STEPS if each * per_frame >= width), _STEPS[-1])
        ink = self.palette().color(QPalette.ColorRole.PlaceholderText)
        painter.setPen(ink)
        # Round numbers, whatever number the shot begins with.
        first = -(-self._whole.first // step) * step
        for frame in range(first, self._whole.last + 1, step):
            x = self._x(frame)
            painter.drawLine(QPointF(x, track.top()), QPointF(x, track.top() + 4))
            box = QRectF(x - width / 2, track.bottom() + 2, width, self.height() - track.bottom() - 2)
            if abs(x - self._x(self._frame)) > width / 2:
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(frame))

    def _paint_head(self, painter: QPainter, track: QRectF) -> None:
        x = self._x(self._frame)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawRect(QRectF(x - 1, track.top() - 3, 2, track.height() + 6))
        painter.setPen(ink)
        box = QRectF(x - 60, track.bottom() + 2, 120, self.height() - track.bottom() - 2)
        # The number is moved inside where it would reach beyond the widget.
        half = self.fontMetrics().horizontalAdvance(str(self._frame)) / 2 + 2
        inside = box.translated(max(0.0, half - x) - max(0.0, x + half - self.width()), 0)
        painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, str(self._frame))

    def _track(self) -> QRectF:
        height = self.fontMetrics().height() + 6
        return QRectF(_SIDE, 8, max(self.width() - 2 * _SIDE, 1), height)

    def _x(self, frame: int) -> float:
        """Return the middle of a frame, in points of the widget."""
        track = self._track()
        return track.left() + (frame - self._whole.first + 0.5) * track.width() / len(self._whole)

    def _span(self, frames: FrameRange) -> QRectF:
        track = self._track()
        per_frame = track.width() / len(self._whole)
        left = track.left() + (frames.first - self._whole.first) * per_frame
        return QRectF(left, track.top(), len(frames) * per_frame, track.height())

    def _at(self, x: float) -> int:
        track = self._track()
        place = int((x - track.left()) * len(self._whole) / track.width())
        return min(max(self._whole.first + place, self._whole.first), self._whole.last)
