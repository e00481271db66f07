"""Small things that all parts of the window are made of."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QWidget,
)


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


def quiet_combo(tip: str, *, least: int) -> QComboBox:
    """A combo box of the viewer, which leaves the keys to it: at least so many characters wide."""
    combo = QComboBox()
    combo.setToolTip(tip)
    combo.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(least)
    combo.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    combo.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
    return combo


def high_button(words: str, tip: str = "") -> QPushButton:
    """A button of a tab's foot."""
    button = QPushButton(words)
    button.setToolTip(tip)
    button.setMinimumHeight(button.fontMetrics().height() + 14)
    return button


def thin_bar() -> QProgressBar:
    """A bar without words, hidden until there is something to wait for."""
    bar = QProgressBar()
    bar.setTextVisible(False)
    bar.setFixedHeight(6)
    bar.hide()
    return bar


def even_height(control: QWidget) -> None:
    """Make a control as high as a combo box, since styles make spin boxes lower."""
    control.setMinimumHeight(control.fontMetrics().height() + 11)


def give_role(label: QLabel, role: str) -> None:
    """Let a label that may be on the screen already be `heading`, `faint` or `wrong`."""
    label.setProperty("role", role)
    # A style sheet looks at properties only when it polishes.
    label.style().unpolish(label)
    label.style().polish(label)


def faint(words: str) -> QLabel:
    """Words beside a control."""
    label = QLabel(words)
    label.setProperty("role", "faint")
    return label


def wrapped(tip: str) -> str:
    """As rich text, since Qt breaks the lines of no other tooltips."""
    return f"<qt>{tip.replace('&', '&amp;').replace('<', '&lt;')}</qt>"
