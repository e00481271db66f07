"""A heading that unfolds what stands below it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from matteline.window.form.fields import Field


class Section(QWidget):
    """Fields below a heading, their labels in one column, folded at first where that is wanted.

    Args:
        title: The heading; empty for none, and then it is always unfolded.
        fields: What stands below.
        label_width: Of the column of labels, in pixels.
        folded: Whether it begins folded.
    """

    def __init__(self, title: str, fields: list[Field], *, label_width: int, folded: bool = False) -> None:
        super().__init__()
        self._body = QWidget()
        self._heading = _heading(title)
        self._heading.toggled.connect(self._fold)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        if title:
            column.addWidget(self._heading)
        column.addWidget(self._body)
        _lay_out(self._body, fields, label_width)
        self._heading.setChecked(not folded)
        self._fold(not folded)

    @property
    def folded(self) -> bool:
        """Whether its fields are hidden."""
        return not self._heading.isChecked()

    def unfold(self) -> None:
        """Show its fields."""
        self._heading.setChecked(True)

    def _fold(self, opened: bool) -> None:
        self._heading.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self._body.setVisible(opened)


def _heading(title: str) -> QToolButton:
    button = QToolButton()
    button.setText(title)
    button.setCheckable(True)
    button.setAutoRaise(True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    button.setStyleSheet(
        "QToolButton { border: none; background: transparent; padding: 3px 0; font-weight: 600; }"
    )
    return button


def _lay_out(body: QWidget, fields: list[Field], label_width: int) -> None:
    grid = QGridLayout(body)
    grid.setContentsMargins(0, 2, 0, 6)
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    grid.setColumnMinimumWidth(0, label_width)
    for row, each in enumerate(fields):
        label = each.label
        label.setMinimumHeight(each.fontMetrics().height() + 10)
        grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(each, row, 1)
