"""Drawing of one shot in the list of the queue."""

from __future__ import annotations

import os

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from matteline.contract.messages import counted
from matteline.window.queue.store import FAILED, RUNNING, QueuedShot
from matteline.window.theme import error_colour
from matteline.window.thumbnails import draw_filling

SHOT_ROLE = Qt.ItemDataRole.UserRole
# The number of frames that judging has flagged; None where the shot was not judged.
FLAGGED_ROLE = Qt.ItemDataRole.UserRole + 1
# A small `QImage` of the plate; None until it is made.
THUMBNAIL_ROLE = Qt.ItemDataRole.UserRole + 2
_PICTURE_WIDTH = 78
_Index = QModelIndex | QPersistentModelIndex


class ShotDelegate(QStyledItemDelegate):
    """Draws a small picture of a shot, and beside it its name and state, a progress bar, and words."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the height of two lines of text, the bar and the margins."""
        return QSize(200, 2 * option.fontMetrics.height() + 30)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw the shot."""
        shot: QueuedShot = index.data(SHOT_ROLE)
        palette: QPalette = option.palette
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        rect: QRect = option.rect
        painter.save()
        if chosen:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Midlight))
            bar = QRect(rect.left(), rect.top(), 3, rect.height())
            painter.fillRect(bar, palette.color(QPalette.ColorRole.Accent))
        # Room for the bar of the selected row at the left, and between rows.
        box = rect.adjusted(10, 7, -10, -7)
        picture = QRect(box.left(), box.top(), _PICTURE_WIDTH, box.height())
        painter.fillRect(picture, palette.color(QPalette.ColorRole.Mid))
        if (image := index.data(THUMBNAIL_ROLE)) is not None:
            draw_filling(painter, picture, image)
        box.setLeft(picture.right() + 10)
        ink = palette.color(QPalette.ColorRole.Text)
        faint = palette.color(QPalette.ColorRole.PlaceholderText)
        self._paint_name(painter, box, shot, ink, faint if shot.state != FAILED else error_colour(palette))
        bar = QRect(box.left(), box.top() + painter.fontMetrics().height() + 5, box.width(), 4)
        painter.fillRect(bar, palette.color(QPalette.ColorRole.Mid))
        if shot.total:
            bar.setWidth(bar.width() * shot.done // shot.total)
            painter.fillRect(bar, palette.color(QPalette.ColorRole.Accent))
        # Of a path its end says most.
        cut = Qt.TextElideMode.ElideRight if shot.words else Qt.TextElideMode.ElideLeft
        speed = f", {shot.speed:.1f} fps" if shot.speed and shot.state == RUNNING else ""
        flagged = index.data(FLAGGED_ROLE)
        found = "" if flagged is None else f"  ·  {counted(flagged, 'frame')} to look at"
        words = f"{shot.words or shot.job.output}{speed}{found}"
        words = painter.fontMetrics().elidedText(words, cut, box.width())
        painter.setPen(faint)
        painter.drawText(box, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, words)
        painter.restore()

    def _paint_name(
        self, painter: QPainter, box: QRect, shot: QueuedShot, ink: QColor, state: QColor
    ) -> None:
        metrics = painter.fontMetrics()
        room = box.width() - metrics.horizontalAdvance(shot.state) - 12
        painter.setPen(ink)
        frames = f"  {shot.job.frames}" if shot.job.frames else ""
        name = os.path.basename(shot.job.plate.rstrip("/\\")) + frames
        name = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(box, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, name)
        painter.setPen(state)
        painter.drawText(box, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight, shot.state)
