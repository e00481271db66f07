"""The plan of a render: every decision that the worker would take, in words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from matteline.window.controls import breakable, plain_label


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
        self._labels: list[tuple[QLabel, QLabel]] = []

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The rows that are shown."""
        return list(self._rows)

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Show these rows in place of the former ones."""
        self._rows = [(str(label), str(words)) for label, words in rows]
        # Labels are kept and filled anew, or everything would flicker with each plan.
        while len(self._labels) < len(self._rows):
            self._add_row()
        for at, (name, value) in enumerate(self._labels):
            name.setVisible(at < len(self._rows))
            value.setVisible(at < len(self._rows))
            if at < len(self._rows):
                name.setText(self._rows[at][0])
                value.setText(breakable(self._rows[at][1]))

    def _add_row(self) -> None:
        name, value = plain_label("faint"), plain_label("")
        name.setWordWrap(False)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = len(self._labels)
        self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, row, 1)
        self._labels.append((name, value))
