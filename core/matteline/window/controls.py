"""Small controls that all parts of the window share."""

from __future__ import annotations

import re
from typing import Final, TypeVar

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTabBar,
    QToolButton,
    QWidget,
)

Control = TypeVar("Control", bound=QWidget)
_LONG_WORD: Final = re.compile(r"([^\s\u200b]{24})(?=[^\s\u200b])")


class WideTabBar(QTabBar):
    """Tabs with room for their words: the style moves those that are not chosen down, and cuts a `g` off."""

    def tabSizeHint(self, index: int) -> QSize:
        """Return Qt's size with a little more height."""
        return super().tabSizeHint(index) + QSize(0, 4)


class _WheelFilter(QObject):
    def eventFilter(self, control: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Wheel or not isinstance(control, QWidget) or control.hasFocus():
            return False
        # An event that its receiver ignores goes to the parent, which scrolls the form.
        event.ignore()
        return True


def ignore_wheel(control: Control) -> Control:
    """Keep a wheel that scrolls the form from changing a control without the focus; return the control."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    # The control is the filter's parent, and keeps it alive.
    control.installEventFilter(_WheelFilter(control))
    return control


def viewer_combo(tip: str, *, characters: int) -> QComboBox:
    """Return a combo box of the viewer, at least so many characters wide, that takes no focus by Tab."""
    combo = QComboBox()
    combo.setToolTip(tip)
    # Tab swaps the sides of the viewer.
    combo.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(characters)
    combo.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    # Names of versions differ at their ends.
    combo.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
    return combo


def tall_button(words: str, tip: str = "") -> QPushButton:
    """Return a button for the foot of a tab."""
    button = QPushButton(words)
    button.setToolTip(tip)
    button.setMinimumHeight(button.fontMetrics().height() + 14)
    return button


def small_button(words: str, tip: str = "") -> QToolButton:
    """Return a button to stand beside a control or in a row of buttons."""
    button = QToolButton()
    button.setText(words)
    button.setToolTip(tip)
    return button


def thin_progress_bar() -> QProgressBar:
    """Return a progress bar without words, hidden until there is something to wait for."""
    bar = QProgressBar()
    bar.setTextVisible(False)
    bar.setFixedHeight(6)
    bar.hide()
    return bar


def beside(control: QWidget, other: QWidget) -> QWidget:
    """Return a row of a control, which takes all the room, and a button or unit at its right."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    layout.addWidget(control, 1)
    layout.addWidget(other)
    return row


def scrolled(widget: QWidget) -> QScrollArea:
    """Return a frameless area that scrolls a widget up and down only."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    # Always there: controls would change their width whenever a line more or less is shown.
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
    area.setWidget(widget)
    return area


def match_combo_height(control: QWidget) -> None:
    """Make a control as high as a combo box, since styles make spin boxes lower."""
    control.setMinimumHeight(control.fontMetrics().height() + 11)


def plain_label(role: str, words: str = "") -> QLabel:
    """Return a label with wrapped lines and without markup, because names of files may stand in its words.

    Args:
        role: `heading`, `faint` or `wrong`, as the theme has them; empty for none.
        words: Its text.
    """
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    # Or the longest word would widen what it stands in.
    label.setMinimumWidth(1)
    label.setProperty("role", role)
    return label


def set_role(label: QLabel, role: str) -> None:
    """Change the role of a label that may be on the screen already."""
    label.setProperty("role", role)
    # A style sheet looks at properties only when it polishes.
    label.style().unpolish(label)
    label.style().polish(label)


def breakable(words: str) -> str:
    """Return words whose lines can be broken after slashes and within long words, as paths and digests are."""
    # A space of no width shows nothing and lets a line break.
    return _LONG_WORD.sub("\\1\u200b", words.replace("/", "/\u200b").replace("\\", "\\\u200b"))


def wrapped_tip(tip: str) -> str:
    """Return a tooltip as rich text, since Qt breaks the lines of no other."""
    return f"<qt>{tip.replace('&', '&amp;').replace('<', '&lt;')}</qt>"
