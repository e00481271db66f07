"""The rows above the picture: what is shown on either side, over what, and how it comes to the screen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from matteline.colour.viewer import PLAIN, Grade
from matteline.window.controls import even_height, quiet_combo
from matteline.window.viewer.canvas import Layout
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.projector import Look
from matteline.window.viewer.recipe import Backdrop
from matteline.window.viewer.side_picker import SidePicker

_PLAIN_WORDS = "Plain sRGB"
_BACKDROPS = (
    ("Checker", None),
    ("Black", "#000000"),
    ("White", "#ffffff"),
    ("Grey", "#808080"),
    ("Green", "#00b140"),
)
_ASKING = 2
"""Entries behind all backdrops that ask for one: a colour, a clip."""


class Picking(QWidget):
    """Makes a `Look` of what the artist chooses."""

    changed = Signal()

    backdrop_wanted = Signal(str)
    """A clip is to be opened as the backdrop: its path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._channel: int | None = None
        self._backdrop = Backdrop()
        self.a, self.b = SidePicker("A"), SidePicker("B")
        self._layout = quiet_combo("How A and B are compared: W wipe, S side by side, D difference", least=10)
        for each in Layout:
            self._layout.addItem(each.value, each)
        self._over_words = QLabel("over")
        self._over = quiet_combo("What is behind the person in the mode 'Over'", least=9)
        self._view = quiet_combo(
            "How the plate's colours come to the screen; files are not changed", least=18
        )
        self._exposure = _number(-12, 12, 0, 0.5, "Exposure of the screen in stops (, and .)", " stops")
        self._gamma = _number(0.2, 5, 1, 0.1, "Gamma of the screen", "")
        self._state = QLabel()
        self._state.setProperty("role", "faint")
        self._build()
        self._fill_backdrops()
        self.offer_views([])
        self._connect()
        self._follow_layout()

    def _build(self) -> None:
        first = _row(self.a, self._layout, self.b, self._over_words, self._over, None)
        exposure, gamma = QLabel("Exposure"), QLabel("Gamma")
        second = _row(
            QLabel("View"), self._view, exposure, self._exposure, gamma, self._gamma, None, self._state
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addLayout(first)
        column.addLayout(second)

    def _connect(self) -> None:
        self.a.changed.connect(self._follow_layout)
        self.b.changed.connect(self._follow_layout)
        self._layout.currentIndexChanged.connect(self._follow_layout)
        self._over.activated.connect(self._over_chosen)
        self._view.currentIndexChanged.connect(self.changed)
        self._exposure.valueChanged.connect(self.changed)
        self._gamma.valueChanged.connect(self.changed)

    @property
    def look(self) -> Look:
        """What is chosen."""
        sides = tuple(side for side in (self.a.choice, self.b.choice) if side is not None)
        layout = self._layout.currentData() if len(sides) == 2 else Layout.SINGLE
        grade = Grade(self._exposure.value(), self._gamma.value())
        view = self._view.currentData() or PLAIN
        return Look(sides, layout, view, grade, self._channel, self._backdrop)

    def offer(self, footages: Sequence[Footage]) -> None:
        """Let these be chosen on either side."""
        new = self.b.choice is None
        self.a.offer(footages)
        self.b.offer(footages)
        if new:
            self.b.choose_mode("alpha")
        self._follow_layout()

    def offer_views(self, views: Sequence[str], chosen: str = PLAIN) -> None:
        """Let these views of the config be chosen, beside the plain one."""
        with QSignalBlocker(self._view):
            self._view.clear()
            self._view.addItem(_PLAIN_WORDS, PLAIN)
            for view in views:
                display, _, name = view.partition("/")
                self._view.addItem(f"{name}  ({display})", view)
            self._view.setCurrentIndex(max(self._view.findData(chosen), 0))

    def set_layout(self, layout: Layout) -> None:
        """Compare in this way; where it is so already, show A alone."""
        wanted = Layout.SINGLE if self._layout.currentData() is layout else layout
        self._layout.setCurrentIndex(self._layout.findData(wanted))

    def set_backdrop(self, backdrop: Backdrop) -> None:
        """Lay the person over this."""
        self._backdrop = backdrop
        if backdrop.footage is not None:
            self._offer_backdrop(backdrop.footage.name, backdrop)
        self.changed.emit()

    def _offer_backdrop(self, name: str, backdrop: Backdrop) -> None:
        """Let a clip be chosen again, above the entries that ask; the latest of a name."""
        end = self._over.count() - _ASKING
        clips = {self._over.itemText(at): at for at in range(len(_BACKDROPS), end)}
        at = clips.get(name, end)
        if at == end:
            self._over.insertItem(at, name)
        self._over.setItemData(at, backdrop)
        self._over.setCurrentIndex(at)

    def set_channel(self, channel: int) -> None:
        """Show one channel alone; the same again shows colour."""
        self._channel = None if self._channel == channel else channel
        self.set_state("" if self._channel is None else ("Red", "Green", "Blue")[channel])
        self.changed.emit()

    def expose(self, stops: float) -> None:
        """Make the screen brighter or darker."""
        self._exposure.setValue(self._exposure.value() + stops)

    def neutral(self) -> None:
        """Exposure and gamma as they were at first."""
        self._exposure.setValue(0)
        self._gamma.setValue(1)

    def swap(self) -> None:
        """A for B."""
        one, other = self.a.choice, self.b.choice
        if one is not None and other is not None:
            self.a.choose(other)
            self.b.choose(one)

    def set_state(self, words: str) -> None:
        """What goes on, at the right end: the channel that is shown, the zoom, a view being made ready."""
        self._state.setText(words)

    def _fill_backdrops(self) -> None:
        for words, colour in _BACKDROPS:
            self._over.addItem(words, Backdrop(_rgb(QColor(colour)) if colour else None))
        self._over.addItem("Colour…", "colour")
        self._over.addItem("Clip…", "clip")

    def _over_chosen(self) -> None:
        chosen = self._over.currentData()
        if isinstance(chosen, Backdrop):
            self.set_backdrop(chosen)
        elif chosen == "colour":
            colour = QColorDialog.getColor(QColor("#00b140"), self, "Backdrop")
            if colour.isValid():
                self.set_backdrop(Backdrop(_rgb(colour)))
        else:
            path, _ = QFileDialog.getOpenFileName(self, "Lay the person over")
            if path:
                self.backdrop_wanted.emit(path)

    def _follow_layout(self) -> None:
        two = self._layout.currentData() is not Layout.SINGLE
        self.b.setVisible(two)
        seen = [side.choice for side in ((self.a, self.b) if two else (self.a,))]
        over = any(choice is not None and choice.mode == "over" for choice in seen)
        self._over.setVisible(over)
        self._over_words.setVisible(over)
        self.changed.emit()


def _number(low: float, high: float, value: float, step: float, tip: str, suffix: str) -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setSingleStep(step)
    spin.setDecimals(2)
    spin.setSuffix(suffix)
    spin.setToolTip(tip)
    spin.setKeyboardTracking(False)
    even_height(spin)
    spin.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return spin


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row


def _rgb(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()
