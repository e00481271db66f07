"""The viewer's keys, as compositing programs and review players have them, and the sheet that lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from matteline.window.theme import ACCENT


@dataclass(frozen=True)
class Key:
    """A command of the viewer.

    Attributes:
        command: Its name in `commands.Commands`.
        keys: Its keys, as Qt names them.
        words: What it does, for the sheet.
        group: Heading on the sheet.
    """

    command: str
    keys: tuple[str, ...]
    words: str
    group: str


KEYS: Final = (
    Key("toggle", ("Space",), "Play, stop", "Playing"),
    Key("play_back", ("J",), "Play backwards", "Playing"),
    Key("stop", ("K",), "Stop", "Playing"),
    Key("play", ("L",), "Play; again: faster", "Playing"),
    Key("back", ("Left",), "One frame back", "Playing"),
    Key("on", ("Right",), "One frame on", "Playing"),
    Key("back_ten", ("Shift+Left",), "Ten frames back", "Playing"),
    Key("on_ten", ("Shift+Right",), "Ten frames on", "Playing"),
    Key("first", ("Home",), "To the in mark", "Playing"),
    Key("last", ("End",), "To the out mark", "Playing"),
    Key("mark_in", ("[", "I"), "Set the in mark", "Marks"),
    Key("mark_out", ("]", "O"), "Set the out mark", "Marks"),
    Key("clear_marks", ("\\",), "Remove both marks", "Marks"),
    Key("flag_before", ("Ctrl+Left",), "Previous flagged frame", "Marks"),
    Key("flag_after", ("Ctrl+Right",), "Next flagged frame", "Marks"),
    Key("show_plate", ("1",), "Plate", "Picture"),
    Key("show_alpha", ("2", "A"), "Alpha", "Picture"),
    Key("show_fgr", ("3",), "Foreground", "Picture"),
    Key("show_premult", ("4",), "Premultiplied", "Picture"),
    Key("show_over", ("5",), "Over the backdrop", "Picture"),
    Key("red", ("R",), "Red alone", "Picture"),
    Key("green", ("G",), "Green alone", "Picture"),
    Key("blue", ("B",), "Blue alone", "Picture"),
    Key("wipe", ("W",), "Wipe A and B", "Comparing"),
    Key("side_by_side", ("S",), "A and B side by side", "Comparing"),
    Key("difference", ("D",), "Difference of A and B", "Comparing"),
    Key("swap", ("Tab", "X"), "Swap A and B", "Comparing"),
    Key("fit", ("F",), "Fit the picture", "View"),
    Key("pixels", ("Ctrl+1",), "Pixel for pixel", "View"),
    Key("closer", ("+", "="), "Zoom in", "View"),
    Key("farther", ("-",), "Zoom out", "View"),
    Key("darker", (",",), "Half a stop darker", "View"),
    Key("brighter", (".",), "Half a stop brighter", "View"),
    Key("neutral", ("0",), "Exposure and gamma back", "View"),
    Key("people", ("P",), "Boxes round people", "View"),
    Key("help", ("?", "F1"), "This list", "View"),
)

_COLUMNS: Final = (("Playing",), ("Marks", "Comparing"), ("Picture",), ("View",))
_FOOT: Final = "Most keys undo themselves when pressed again. Any key closes this list."
_INK, _FAINT = QColor(230, 230, 230), QColor(165, 165, 165)


class KeySheet(QWidget):
    """The list of all keys, over the viewer. Any key or click hides it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()

    def open(self) -> None:
        """Cover the viewer."""
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.raise_()
        self.show()
        # So that the next key comes here, and hides it.
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hide the list."""
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hide the list."""
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the groups of keys in columns."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(18, 18, 18, 235))
        line = self.fontMetrics().height() + 6
        # No wider than the longest line needs, in a large window.
        column = min((self.width() - 48) / len(_COLUMNS), 22.0 * self.fontMetrics().averageCharWidth() * 2)
        left = (self.width() - column * len(_COLUMNS)) / 2
        # Each group has a heading, and an empty line below it.
        tallest = max(sum(each.group in groups for each in KEYS) + 2 * len(groups) for groups in _COLUMNS)
        top = max((self.height() - tallest * line) / 2, 16)
        painter.setPen(_FAINT)
        foot = QRectF(0, self.height() - 2 * line, self.width(), line)
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, _FOOT)
        for index, groups in enumerate(_COLUMNS):
            y = top
            # Wide enough for the longest keys, or the words would not stand below each other.
            keys = [_names(each) for each in KEYS if each.group in groups]
            wide = max(painter.fontMetrics().horizontalAdvance(name) for name in keys) + 14
            for group in groups:
                box = QRectF(left + index * column, y, column - 24, line)
                y = self._paint_group(painter, group, box, wide)

    def _paint_group(self, painter: QPainter, group: str, box: QRectF, wide: int) -> float:
        """Paint a heading and its keys below each other; return where the next group begins."""
        line = box.height()
        flags = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(ACCENT)
        painter.drawText(box, flags, group)
        keys = [(_names(each), each.words) for each in KEYS if each.group == group]
        for name, words in keys:
            box = box.translated(0, line)
            painter.setPen(_INK)
            painter.drawText(box, flags, name)
            painter.setPen(_FAINT)
            painter.drawText(box.adjusted(wide, 0, 0, 0), flags, words)
        return box.top() + 2 * line


def _names(key: Key) -> str:
    return "  ".join(QKeySequence(each).toString(QKeySequence.SequenceFormat.NativeText) for each in key.keys)
