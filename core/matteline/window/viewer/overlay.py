"""Words over the picture. Their colours are the same in both themes, since a picture is behind them."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

INK = QColor(222, 222, 222)
FAINT = QColor(150, 150, 150)
GROUND = QColor(0, 0, 0, 150)


def paint_tag(painter: QPainter, x: float, words: str, *, from_right: bool = False) -> None:
    """Paint a name at the top of the picture.

    Args:
        painter: Painter of the widget.
        x: Left end of the name, in points of the widget.
        words: The name.
        from_right: Take `x` for the right end instead.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(words) + 16, metrics.height() + 6
    box = QRectF(x - width if from_right else x, 10, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(GROUND)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(INK)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def paint_message(painter: QPainter, room: QRectF, message: str, hint: str) -> None:
    """Paint a sentence in the middle of a rectangle, and below it what to do."""
    plain, larger = painter.font(), QFont(painter.font())
    larger.setPointSizeF(larger.pointSizeF() * 1.15)
    box = room.adjusted(32, 0, -32, 0)
    middle = box.center().y()
    flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter
    painter.setPen(INK)
    painter.setFont(larger)
    above = QRectF(box.left(), box.top(), box.width(), middle - box.top() - 4)
    painter.drawText(above, flags | Qt.AlignmentFlag.AlignBottom, message)
    painter.setPen(FAINT)
    painter.setFont(plain)
    below = QRectF(box.left(), middle + 4, box.width(), box.bottom() - middle - 4)
    painter.drawText(below, flags | Qt.AlignmentFlag.AlignTop, hint)
