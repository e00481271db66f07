"""The plan of a render: every decision that the worker would take, in words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from matteline.window.controls import plain_label


class PlanView(QWidget):
    """Rows of a label and its words."""

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
        """The rows that are shown."""
        return list(self._rows)

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Show these rows in place of the former ones."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._rows = [(str(label), str(words)) for label, words in rows]
        for row, (name, words) in enumerate(self._rows):
            label = plain_label("faint", name)
            label.setWordWrap(False)
            # Paths have no spaces to break lines at; a space of no width lets them break after their slashes.
            value = plain_label("", words.replace("/", "/\u200b").replace("\\", "\\\u200b"))
            value.setMinimumWidth(1)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, row, 1)
