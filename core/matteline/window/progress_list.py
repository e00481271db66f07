"""A list of renders, each with a progress bar and a button to cancel it.

The widget needs nothing but PySide6, so that panels inside other programs can use a copy of this file.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

# Steps of the bar; finer than its pixels.
_STEPS = 1000


class ProgressRow(QWidget):
    """One render: its name, its progress in words and as a bar, and a button.

    Args:
        name: Name of the render.
    """

    button_pressed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._words = QLabel(name), QLabel()
        self._name.setToolTip(name)
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setProperty("role", "faint")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._button = QToolButton()
        self._button.setText("Cancel")
        self._button.clicked.connect(self.button_pressed)
        # Or it would grow with the words beside it.
        self._button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._ended = False
        column = QVBoxLayout()
        column.setSpacing(3)
        column.addWidget(self._name)
        column.addWidget(self._bar)
        column.addWidget(self._words)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(8)
        row.addLayout(column, 1)
        row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignTop)
        self.update_progress("Waiting", None)

    @property
    def ended(self) -> bool:
        """True once the render has ended."""
        return self._ended

    @property
    def words(self) -> str:
        """The progress in words, as it is shown."""
        return self._words.text()

    def update_progress(self, words: str, fraction: float | None) -> None:
        """Show the progress.

        Args:
            words: For people.
            fraction: Part that is done, 0..1; None while that is not known, which moves the bar to and fro.
        """
        self._words.setText(words)
        self._bar.setRange(0, 0 if fraction is None else _STEPS)
        if fraction is not None:
            self._bar.setValue(round(_STEPS * min(max(fraction, 0.0), 1.0)))

    def finish(self, words: str, *, failed: bool = False) -> None:
        """Show how the render ended. The button then removes the row."""
        self._ended = True
        self._words.setText(words)
        self._words.setProperty("role", "wrong" if failed else "faint")
        # A style sheet looks at properties only when it polishes.
        self._words.style().unpolish(self._words)
        self._words.style().polish(self._words)
        self._bar.hide()
        self._button.setText("Clear")


class ProgressList(QWidget):
    """Renders, the latest first. Rows are found by keys of the caller's choice."""

    # The key of a render that the user cancels. The row stays until `finish` is called for it.
    cancel_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[object, ProgressRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)

    @property
    def rows(self) -> dict[object, ProgressRow]:
        """All rows by their keys."""
        return dict(self._rows)

    def add(self, key: object, name: str) -> ProgressRow:
        """Add a row; one that has ended under the same key is removed."""
        self.remove(key)
        row = self._rows[key] = ProgressRow(name)
        row.button_pressed.connect(lambda: self._cancel_or_remove(key))
        # The latest is on top.
        self._column.insertWidget(0, row)
        return row

    def update_progress(self, key: object, words: str, fraction: float | None) -> None:
        """Show the progress of a render, as `ProgressRow.update_progress`; unknown keys are ignored."""
        if key in self._rows:
            self._rows[key].update_progress(words, fraction)

    def finish(self, key: object, words: str, *, failed: bool = False) -> None:
        """Show how a render ended."""
        if key in self._rows:
            self._rows[key].finish(words, failed=failed)

    def remove(self, key: object) -> None:
        """Remove a row."""
        row = self._rows.pop(key, None)
        if row is not None:
            self._column.removeWidget(row)
            # It is deleted only when the event loop runs again, and would be seen until then.
            row.hide()
            row.deleteLater()

    def clear_ended(self) -> None:
        """Remove all rows of renders that have ended."""
        for key in [key for key, row in self._rows.items() if row.ended]:
            self.remove(key)

    def _cancel_or_remove(self, key: object) -> None:
        if self._rows[key].ended:
            self.remove(key)
        else:
            self._rows[key].update_progress("Cancelling, as soon as the frame under way is written", None)
            self.cancel_requested.emit(key)
