"""How a shot of the queue is drawn."""

from __future__ import annotations

import os

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from matteline.window.queue.store import FAILED, RUNNING, QueuedShot
from matteline.window.theme import wrong

SHOT_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class ShotDelegate(QStyledItemDelegate):
    """A shot on three lines: its name and state, a bar, and how far it is."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """See Qt."""
        return QSize(200, 2 * option.fontMetrics.height() + 30)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """See Qt."""
        shot: QueuedShot = index.data(SHOT_ROLE)
        palette: QPalette = option.palette
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        rect: QRect = option.rect
        painter.save()
        if chosen:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Midlight))
            bar = QRect(rect.left(), rect.top(), 3, rect.height())
            painter.fillRect(bar, palette.color(QPalette.ColorRole.Accent))
        box = rect.adjusted(10, 7, -10, -7)
        ink = palette.color(QPalette.ColorRole.Text)
        faint = palette.color(QPalette.ColorRole.PlaceholderText)
        self._paint_name(painter, box, shot, ink, faint if shot.state != FAILED else wrong(palette))
        self._paint_bar(painter, box, shot, palette)
        # Of a path its end says most.
        cut = Qt.TextElideMode.ElideRight if shot.words else Qt.TextElideMode.ElideLeft
        words = painter.fontMetrics().elidedText(_words(shot), cut, box.width())
        painter.setPen(faint)
        painter.drawText(box, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, words)
        painter.restore()

    def _paint_name(
        self, painter: QPainter, box: QRect, shot: QueuedShot, ink: QColor, state: QColor
    ) -> None:
        metrics = painter.fontMetrics()
        room = box.width() - metrics.horizontalAdvance(shot.state) - 12
        painter.setPen(ink)
        name = metrics.elidedText(_name(shot), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(box, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, name)
        painter.setPen(state)
        painter.drawText(box, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight, shot.state)

    def _paint_bar(self, painter: QPainter, box: QRect, shot: QueuedShot, palette: QPalette) -> None:
        bar = QRect(box.left(), box.top() + painter.fontMetrics().height() + 5, box.width(), 4)
        painter.fillRect(bar, palette.color(QPalette.ColorRole.Mid))
        if shot.total:
            bar.setWidth(bar.width() * shot.done // shot.total)
            painter.fillRect(bar, palette.color(QPalette.ColorRole.Accent))


def _words(shot: QueuedShot) -> str:
    speed = f", {shot.speed:.1f} fps" if shot.speed and shot.state == RUNNING else ""
    return f"{shot.words or shot.job.output}{speed}"


def _name(shot: QueuedShot) -> str:
    frames = f"  {shot.job.frames}" if shot.job.frames else ""
    return os.path.basename(shot.job.plate.rstrip("/\\")) + frames
