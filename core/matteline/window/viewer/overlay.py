"""Words over the picture. Their colours are the same in both themes, since a picture is behind them."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

INK = QColor(222, 222, 222)
FAINT = QColor(150, 150, 150)
GROUND = QColor(0, 0, 0, 150)


def paint_tag(
    painter: QPainter,
    x: float,
    words: str,
    *,
    foot: float | None = None,
    from_right: bool = False,
    ink: QColor = INK,
) -> float:
    """Paint a name at the top of the picture, or at its foot.

    Args:
        painter: Painter of the widget.
        x: Left end of the name, in points of the widget.
        words: The name.
        foot: Lower end of the name; None for the top of the picture.
        from_right: Take `x` for the right end instead.
        ink: Colour of the name.

    Returns:
        Width of the name, in points.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(words) + 16, metrics.height() + 6
    top = 10 if foot is None else foot - height
    box = QRectF(x - width if from_right else x, top, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(GROUND)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
    return float(width)


def paint_highlight(painter: QPainter, room: QRectF, colour: QColor) -> None:
    """Paint a frame within the edge of a rectangle."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 4))
    painter.drawRect(room.adjusted(2, 2, -2, -2))


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
