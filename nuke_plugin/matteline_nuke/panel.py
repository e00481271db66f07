"""The list of running renders, for Nuke 16 and later. Nothing else needs it, and it loads Qt only when opened."""

from __future__ import annotations

from typing import Any

from .contract.errors import MattelineError
from .say import shown
from .session import session

REFRESH_MILLISECONDS = 300

_open: list[Any] = []


@shown
def open_panel() -> Any:
    """Open the list of running renders, or bring it to the front; returns its window.

    Raises:
        MattelineError: This Nuke has no PySide6.
    """
    if not _open:
        _open.append(_make())
    _open[0].show()
    _open[0].raise_()
    return _open[0]


def rows() -> list[tuple[str, str, int]]:
    """Node, words and percentage of every render that goes on."""
    return [(each.who.name, each.words, int(each.fraction * 100)) for each in session.renderings]


def cancel_row(index: int) -> None:
    """Give up one of the renders that `rows` listed; one that has ended meanwhile is left alone."""
    if 0 <= index < len(session.renderings):
        session.renderings[index].cancel()


def _make() -> Any:
    try:
        from PySide6 import QtCore, QtWidgets
    except ImportError:
        raise MattelineError(
            "The list of renders needs PySide6, which Nuke has from version 16 on.",
            hint="Every node shows its own progress and has a Cancel button.",
        ) from None
    window = QtWidgets.QWidget()
    window.setWindowTitle("Matteline Renders")
    table = QtWidgets.QTreeWidget()
    table.setHeaderLabels(["Node", "Progress", "%"])
    button = QtWidgets.QPushButton("Cancel Render")
    button.clicked.connect(lambda: cancel_row(table.indexOfTopLevelItem(table.currentItem())))
    layout = QtWidgets.QVBoxLayout(window)
    layout.addWidget(table)
    layout.addWidget(button)
    timer = QtCore.QTimer(window)
    timer.timeout.connect(lambda: _fill(table, QtWidgets.QTreeWidgetItem))
    timer.start(REFRESH_MILLISECONDS)
    _fill(table, QtWidgets.QTreeWidgetItem)
    return window


def _fill(table: Any, item: Any) -> None:
    """Show the rows; lines that stay are changed in place, so that the chosen one stays chosen."""
    found = rows()
    while table.topLevelItemCount() > len(found):
        table.takeTopLevelItem(table.topLevelItemCount() - 1)
    while table.topLevelItemCount() < len(found):
        table.addTopLevelItem(item())
    for index, row in enumerate(found):
        for column, word in enumerate(row):
            table.topLevelItem(index).setText(column, str(word))
