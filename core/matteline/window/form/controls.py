"""Small things that fields are made of."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLabel


class Combo(QComboBox):
    """A combo box that a wheel over the form does not change by accident."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """See Qt."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Spin(QDoubleSpinBox):
    """A spin box that a wheel over the form does not change by accident."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """See Qt."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def faint(words: str) -> QLabel:
    """Words beside a control."""
    label = QLabel(words)
    label.setProperty("role", "faint")
    return label


def wrapped(tip: str) -> str:
    """As rich text, since Qt breaks the lines of no other tooltips."""
    return f"<qt>{tip.replace('&', '&amp;').replace('<', '&lt;')}</qt>"
