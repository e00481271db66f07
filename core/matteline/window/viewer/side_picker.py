"""The control that chooses what one of the two sides shows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from matteline.window.controls import viewer_combo
from matteline.window.viewer.compositor import MODES, modes_of
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.view_controller import SideChoice


class SidePicker(QWidget):
    """Two combo boxes: the footage of one side, and its mode.

    Args:
        letter: Name of the side, `A` or `B`.
    """

    # The choice may be another one now.
    changed = Signal()

    def __init__(self, letter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._footages: Sequence[Footage] = ()
        self._footage = viewer_combo(f"Footage on side {letter}", characters=14)
        self._mode = viewer_combo(f"Picture on side {letter}", characters=11)
        label = QLabel(letter)
        label.setProperty("role", "heading")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(label)
        row.addWidget(self._footage)
        row.addWidget(self._mode)
        self._footage.currentIndexChanged.connect(self._follow_footage)
        self._mode.currentIndexChanged.connect(self.changed)

    @property
    def choice(self) -> SideChoice | None:
        """The footage and mode that are chosen; None where there is nothing to choose."""
        index, mode = self._footage.currentIndex(), self._mode.currentData()
        return SideChoice(self._footages[index], mode) if 0 <= index < len(self._footages) and mode else None

    @property
    def modes(self) -> list[str]:
        """The modes that are offered."""
        return [self._mode.itemData(at) for at in range(self._mode.count())]

    def offer(self, footages: Sequence[Footage]) -> None:
        """Set the footage to choose from; the choice stays where it is still there."""
        before = self.choice
        self._footages = tuple(footages)
        with QSignalBlocker(self._footage):
            self._footage.clear()
            self._footage.addItems([each.name for each in footages])
            if before is not None:
                # By path: footage with new results is another object.
                same = [index for index, each in enumerate(footages) if each.path == before.footage.path]
                self._footage.setCurrentIndex(same[0] if same else 0)
        self._offer_modes(before.mode if before else None)

    def choose(self, choice: SideChoice) -> None:
        """Choose footage and mode, if the footage is there."""
        if choice.footage not in self._footages:
            return
        with QSignalBlocker(self._footage):
            self._footage.setCurrentIndex(self._footages.index(choice.footage))
        self._offer_modes(choice.mode)
        self.changed.emit()

    def choose_mode(self, mode: str) -> None:
        """Choose a mode, if the footage has it."""
        index = self._mode.findData(mode)
        if index >= 0:
            self._mode.setCurrentIndex(index)

    def _follow_footage(self) -> None:
        self._offer_modes(self._mode.currentData())
        self.changed.emit()

    def _offer_modes(self, wanted: str | None) -> None:
        index = self._footage.currentIndex()
        modes = modes_of(self._footages[index]) if 0 <= index < len(self._footages) else []
        with QSignalBlocker(self._mode):
            self._mode.clear()
            for mode in modes:
                self._mode.addItem(MODES[mode], mode)
            self._mode.setCurrentIndex(max(self._mode.findData(wanted), 0) if modes else -1)
