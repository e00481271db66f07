"""What one of the two sides shows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from matteline.window.controls import quiet_combo
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.projector import Choice
from matteline.window.viewer.recipe import MODES, modes_of


class SidePicker(QWidget):
    """Which footage one side shows, and what of it."""

    changed = Signal()

    def __init__(self, letter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._footages: Sequence[Footage] = ()
        self._which = quiet_combo(f"Footage on side {letter}", least=14)
        self._mode = quiet_combo(f"What side {letter} shows", least=11)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(_heading(letter))
        row.addWidget(self._which)
        row.addWidget(self._mode)
        self._which.currentIndexChanged.connect(self._chosen)
        self._mode.currentIndexChanged.connect(self.changed)

    @property
    def choice(self) -> Choice | None:
        """What is chosen; None where there is nothing to choose."""
        at, mode = self._which.currentIndex(), self._mode.currentData()
        return Choice(self._footages[at], mode) if 0 <= at < len(self._footages) and mode else None

    def offer(self, footages: Sequence[Footage]) -> None:
        """Let these be chosen; what was chosen stays where it is still there."""
        before = self.choice
        self._footages = tuple(footages)
        with QSignalBlocker(self._which):
            self._which.clear()
            self._which.addItems([each.name for each in footages])
            if before is not None:
                same = [at for at, each in enumerate(footages) if each.path == before.footage.path]
                self._which.setCurrentIndex(same[0] if same else 0)
        self._offer_modes(before.mode if before else None)

    def choose(self, choice: Choice) -> None:
        """Show this."""
        if choice.footage not in self._footages:
            return
        with QSignalBlocker(self._which):
            self._which.setCurrentIndex(self._footages.index(choice.footage))
        self._offer_modes(choice.mode)
        self.changed.emit()

    def choose_mode(self, mode: str) -> None:
        """Show this of the footage, where it is there."""
        at = self._mode.findData(mode)
        if at >= 0:
            self._mode.setCurrentIndex(at)

    def _chosen(self) -> None:
        self._offer_modes(self._mode.currentData())
        self.changed.emit()

    def _offer_modes(self, wanted: str | None) -> None:
        at = self._which.currentIndex()
        modes = modes_of(self._footages[at]) if 0 <= at < len(self._footages) else []
        with QSignalBlocker(self._mode):
            self._mode.clear()
            for mode in modes:
                self._mode.addItem(MODES[mode], mode)
            self._mode.setCurrentIndex(max(self._mode.findData(wanted), 0) if modes else -1)


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "heading")
    return label
