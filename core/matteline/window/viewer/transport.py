"""The row below the scrubber: marks, buttons, frame number, timecode and speed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QToolButton, QWidget

from matteline.contract.frames import FrameRange
from matteline.window.controls import match_combo_height
from matteline.window.viewer.icons import icon, icon_size

# Commands of `keys.KEYS`, which are the names of their icons too, and their tooltips.
_BUTTONS = (
    ("first", "To the in mark (Home)"),
    ("play_back", "Play backwards (J)"),
    ("back", "One frame back (Left)"),
    ("stop", "Stop (K)"),
    ("on", "One frame on (Right)"),
    ("play", "Play (L, Space)"),
    ("last", "To the out mark (End)"),
)


class Transport(QWidget):
    """Buttons and numbers for playing."""

    # A command of `keys.KEYS`, by its name.
    command = Signal(str)

    # The number of a frame to go to.
    sought = Signal(int)

    # The in and the out mark as they were typed.
    marked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame = _spin("Frame")
        self._first, self._last = _spin("In mark ([)"), _spin("Out mark (])")
        self._timecode, self._rate = _label(12), _label(16)
        self._rate.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._timecode.setToolTip("The source's timecode")
        self._buttons = {command: self._button(command, tip) for command, tip in _BUTTONS}
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 8)
        row.setSpacing(6)
        row.addWidget(self._first)
        row.addWidget(self._timecode)
        row.addStretch(1)
        for each in self._buttons.values():
            row.addWidget(each)
        row.addSpacing(6)
        row.addWidget(self._frame)
        row.addStretch(1)
        row.addWidget(self._rate)
        row.addWidget(self._last)
        self._frame.valueChanged.connect(self.sought)
        for spin in (self._first, self._last):
            spin.valueChanged.connect(lambda: self.marked.emit(self._first.value(), self._last.value()))
        self._draw_icons()

    def set_frames(self, whole: FrameRange, played: FrameRange) -> None:
        """Set all frames, and those between the marks."""
        for spin, value in ((self._first, played.first), (self._last, played.last), (self._frame, None)):
            with QSignalBlocker(spin):
                # The dash stands in for the lowest value, which is a frame of the shot from now on.
                spin.setSpecialValueText("")
                spin.setRange(whole.first, whole.last)
                if value is not None:
                    spin.setValue(value)

    def set_frame(self, frame: int) -> None:
        """Show the number of the frame that is shown, except while the artist types there."""
        if not self._frame.hasFocus():
            with QSignalBlocker(self._frame):
                self._frame.setValue(frame)

    def set_timecode(self, timecode: str | None) -> None:
        """Show the timecode of that frame."""
        self._timecode.setText(timecode or "")

    def set_rate(self, words: str) -> None:
        """Show the speed of playing."""
        self._rate.setText(words)

    def changeEvent(self, event: QEvent) -> None:
        """Draw the buttons anew when the desktop changes between light and dark."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icons()
        super().changeEvent(event)

    def _draw_icons(self) -> None:
        for command, button in self._buttons.items():
            button.setIcon(icon(command, self.palette()))

    def _button(self, command: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIconSize(icon_size())
        button.setToolTip(tip)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self.command.emit(command))
        return button


def _spin(tip: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setToolTip(tip)
    # A dash until there are frames.
    spin.setRange(0, 0)
    spin.setSpecialValueText("–")
    spin.setKeyboardTracking(False)
    match_combo_height(spin)
    spin.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    spin.setAlignment(Qt.AlignmentFlag.AlignCenter)
    spin.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    # Eight digits, as timecodes counted in frames may have.
    spin.setMinimumWidth(spin.fontMetrics().horizontalAdvance("00000000") + 12)
    # So that the next letter is a key of the viewer again.
    spin.editingFinished.connect(spin.clearFocus)
    return spin


def _label(characters: int) -> QLabel:
    label = QLabel()
    label.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    label.setProperty("role", "faint")
    label.setMinimumWidth(characters * label.fontMetrics().averageCharWidth())
    return label
