"""A heading that folds and unfolds the fields below it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from matteline.window.form.fields import Field


class Section(QWidget):
    """Fields below a heading, their labels in one column.

    Args:
        title: The heading; empty for none, and then the fields are always shown.
        fields: The fields.
        label_width: Width of the column of labels, in pixels.
        folded: Hide the fields at first.
    """

    def __init__(self, title: str, fields: list[Field], *, label_width: int, folded: bool = False) -> None:
        super().__init__()
        self._heading = QToolButton()
        self._heading.setText(title)
        self._heading.setCheckable(True)
        self._heading.setAutoRaise(True)
        self._heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._heading.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._heading.setStyleSheet(
            "QToolButton { border: none; background: transparent; padding: 3px 0; font-weight: 600; }"
        )
        self._heading.toggled.connect(self._show_fields)
        self._body = QWidget()
        grid = QGridLayout(self._body)
        grid.setContentsMargins(0, 2, 0, 6)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, label_width)
        for row, each in enumerate(fields):
            # As high as a control, so that the label stands beside its middle while an error is below it.
            each.label.setMinimumHeight(each.fontMetrics().height() + 10)
            grid.addWidget(each.label, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(each, row, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        if title:
            column.addWidget(self._heading)
        column.addWidget(self._body)
        self._heading.setChecked(not folded)
        self._show_fields(not folded)

    @property
    def folded(self) -> bool:
        """True while its fields are hidden."""
        return not self._heading.isChecked()

    def unfold(self) -> None:
        """Show its fields."""
        self._heading.setChecked(True)

    def _show_fields(self, on: bool) -> None:
        self._heading.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self._body.setVisible(on)
