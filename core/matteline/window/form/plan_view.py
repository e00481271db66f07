"""The plan before it runs: every choice the worker would make, in words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget


class PlanView(QWidget):
    """Rows of label and words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[str, str]] = []

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What is shown."""
        return list(self._rows)

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Show this plan; none for an empty one."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._rows = [(str(label), str(words)) for label, words in rows]
        for at, (label, words) in enumerate(self._rows):
            self._grid.addWidget(_label(label, "faint"), at, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(_label(words, ""), at, 1)


def _label(words: str, role: str) -> QLabel:
    # Paths have no spaces to break lines at; this lets them break after their slashes.
    label = QLabel(words.replace("/", "/\u200b").replace("\\", "\\\u200b"))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setWordWrap(not role)
    if not role:
        label.setMinimumWidth(1)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
