"""Icons of the viewer's buttons, drawn in the palette's own ink so that they suit light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap, QPolygonF

SIDE: Final = 16
# Pixels drawn for each one of the icon, for screens of up to three pixels a point.
_SCALE: Final = 3

_Drawing = Callable[[QPainter], None]


def _triangle(left: float, *, back: bool) -> _Drawing:
    base, tip = (left + 8, left) if back else (left, left + 8)
    points = QPolygonF([QPointF(base, 3), QPointF(base, 13), QPointF(tip, 8)])
    return lambda painter: painter.drawPolygon(points)


def _bar(left: float) -> _Drawing:
    return lambda painter: painter.drawRect(QRectF(left, 3, 2, 10))


_ICONS: Final[dict[str, tuple[_Drawing, ...]]] = {
    "play": (_triangle(4.5, back=False),),
    "play_back": (_triangle(3.5, back=True),),
    "stop": (lambda painter: painter.drawRect(QRectF(4, 4, 8, 8)),),
    "on": (_bar(3), _triangle(6, back=False)),
    "back": (_triangle(2, back=True), _bar(11)),
    "first": (_bar(3), _triangle(5, back=True)),
    "last": (_triangle(3, back=False), _bar(11)),
}


def icon(name: str, palette: QPalette) -> QIcon:
    """Return the icon of a button: `play`, `play_back`, `stop`, `on`, `back`, `first` or `last`."""
    made = QIcon()
    groups = (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    )
    for mode, group in groups:
        made.addPixmap(_pixmap(name, palette.color(group, QPalette.ColorRole.ButtonText)), mode)
    return made


def icon_size() -> QSize:
    """Return the size of an icon in points."""
    return QSize(SIDE, SIDE)


def _pixmap(name: str, ink: QColor) -> QPixmap:
    pixmap = QPixmap(SIDE * _SCALE, SIDE * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SCALE, _SCALE)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    for draw in _ICONS[name]:
        draw(painter)
    painter.end()
    pixmap.setDevicePixelRatio(_SCALE)
    return pixmap
