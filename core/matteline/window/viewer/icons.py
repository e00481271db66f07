"""The few pictures on buttons, drawn in the palette's own ink so that they suit light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap, QPolygonF

SIDE: Final = 16
_SCALE: Final = 3


def _triangle(painter: QPainter, left: float, *, back: bool) -> None:
    tip, base = (left, left + 8) if back else (left + 8, left)
    painter.drawPolygon(QPolygonF([QPointF(base, 3), QPointF(base, 13), QPointF(tip, 8)]))


def _bar(painter: QPainter, left: float) -> None:
    painter.drawRect(QRectF(left, 3, 2, 10))


def _play(painter: QPainter) -> None:
    _triangle(painter, 4.5, back=False)


def _play_back(painter: QPainter) -> None:
    _triangle(painter, 3.5, back=True)


def _stop(painter: QPainter) -> None:
    painter.drawRect(QRectF(4, 4, 8, 8))


def _on(painter: QPainter) -> None:
    _bar(painter, 3)
    _triangle(painter, 6, back=False)


def _back(painter: QPainter) -> None:
    _triangle(painter, 2, back=True)
    _bar(painter, 11)


def _last(painter: QPainter) -> None:
    _triangle(painter, 3, back=False)
    _bar(painter, 11)


def _first(painter: QPainter) -> None:
    _bar(painter, 3)
    _triangle(painter, 5, back=True)


_DRAWN: Final[dict[str, Callable[[QPainter], None]]] = {
    "play": _play,
    "play_back": _play_back,
    "stop": _stop,
    "on": _on,
    "back": _back,
    "first": _first,
    "last": _last,
}


def icon(name: str, palette: QPalette) -> QIcon:
    """A picture for a button: `play`, `play_back`, `stop`, `on`, `back`, `first` or `last`."""
    made = QIcon()
    groups = (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    )
    for mode, group in groups:
        made.addPixmap(_pixmap(name, palette.color(group, QPalette.ColorRole.ButtonText)), mode)
    return made


def icon_size() -> QSize:
    """How large these are meant to be."""
    return QSize(SIDE, SIDE)


def _pixmap(name: str, ink: QColor) -> QPixmap:
    pixmap = QPixmap(SIDE * _SCALE, SIDE * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SCALE, _SCALE)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    _DRAWN[name](painter)
    painter.end()
    pixmap.setDevicePixelRatio(_SCALE)
    return pixmap
