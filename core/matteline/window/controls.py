"""Small things that all parts of the window are made of."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QWidget,
)

Control = TypeVar("Control", bound=QWidget)


class _Steady(QObject):
    def eventFilter(self, control: QObject, event: QEvent) -> bool:
        """See Qt."""
        if event.type() != QEvent.Type.Wheel or not isinstance(control, QWidget) or control.hasFocus():
            return False
        # It scrolls the form then.
        event.ignore()
        return True


def steady(control: Control) -> Control:
    """Keep a wheel over the form from changing a control that nobody has chosen; returns the control."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    control.installEventFilter(_Steady(control))
    return control


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
