"""The toolbar above the picture: what either side shows, over what, and how it comes to the screen."""

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

from matteline.colour.display_transform import PLAIN, ViewerGrade
from matteline.window.controls import match_combo_height, viewer_combo
from matteline.window.viewer.canvas import Layout
from matteline.window.viewer.compositor import ViewerBackdrop
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.side_picker import SidePicker
from matteline.window.viewer.view_controller import ViewState

_PLAIN_NAME = "Plain sRGB"
_BACKDROPS = (
    ("Checker", None),
    ("Black", "#000000"),
    ("White", "#ffffff"),
    ("Grey", "#808080"),
    ("Green", "#00b140"),
)
# Entries behind all backdrops that open a dialog: for a colour, and for a clip.
_DIALOG_ENTRIES = 2


class ViewToolbar(QWidget):
    """Controls from which the state of the view is made."""

    # The state is another one now.
    changed = Signal()

    # The path of a clip to open as the backdrop.
    backdrop_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._channel: int | None = None
        self._backdrop = ViewerBackdrop()
        self.a, self.b = SidePicker("A"), SidePicker("B")
        self._layout = viewer_combo(
            "Comparison of A and B: W wipe, S side by side, D difference", characters=10
        )
        for each in Layout:
            self._layout.addItem(each.value, each)
        self._over_label = QLabel("over")
        self._over = viewer_combo("The picture behind the person in the mode 'Over'", characters=9)
        for words, colour in _BACKDROPS:
            self._over.addItem(words, ViewerBackdrop(_rgb(QColor(colour)) if colour else None))
        self._over.addItem("Colour…", "colour")
        self._over.addItem("Clip…", "clip")
        self._display = viewer_combo("The screen that colours are made for", characters=14)
        self._view = viewer_combo("Transform to that screen; files are not changed", characters=20)
        self._views: dict[str, list[str]] = {}
        self._exposure = _number(-12, 12, 0, 0.5, "Exposure of the screen in stops (, and .)", " stops")
        self._gamma = _number(0.2, 5, 1, 0.1, "Gamma of the screen", "")
        exposure, gamma = QLabel("Exposure"), QLabel("Gamma")
        first = _row(self.a, self._layout, self.b, self._over_label, self._over, None)
        second = _row(
            QLabel("Display"), self._display, self._view, exposure, self._exposure, gamma, self._gamma, None
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addLayout(first)
        column.addLayout(second)
        self.offer_views([])
        self._connect()
        self._follow_layout()

    def _connect(self) -> None:
        self.a.changed.connect(self._follow_layout)
        self.b.changed.connect(self._follow_layout)
        self._layout.currentIndexChanged.connect(self._follow_layout)
        # Sent by the artist's choice alone, and also when an entry that opens a dialog is chosen again.
        self._over.activated.connect(self._choose_backdrop)
        self._display.currentIndexChanged.connect(self._follow_display)
        self._view.currentIndexChanged.connect(self.changed)
        self._exposure.valueChanged.connect(self.changed)
        self._gamma.valueChanged.connect(self.changed)

    @property
    def state(self) -> ViewState:
        """The state of the view by the controls."""
        sides = tuple(side for side in (self.a.choice, self.b.choice) if side is not None)
        layout = self._layout.currentData() if len(sides) == 2 else Layout.SINGLE
        grade = ViewerGrade(self._exposure.value(), self._gamma.value())
        view = self._view.currentData() or PLAIN
        return ViewState(sides, layout, view, grade, self._channel, self._backdrop)

    def offer(self, footages: Sequence[Footage]) -> None:
        """Set the footage to choose from on either side."""
        first = self.b.choice is None
        self.a.offer(footages)
        self.b.offer(footages)
        if first:
            # The most useful thing to compare with, until the artist chooses.
            self.b.choose_mode("alpha")
        self._follow_layout()

    def offer_views(self, views: Sequence[str], chosen: str = PLAIN) -> None:
        """Set the views of the config to choose from, named `display/view`, beside the plain one."""
        self._views = {}
        for view in views:
            self._views.setdefault(view.partition("/")[0], []).append(view)
        display = chosen.partition("/")[0] if chosen in views else PLAIN
        with QSignalBlocker(self._display):
            self._display.clear()
            self._display.addItem(_PLAIN_NAME, PLAIN)
            for name in self._views:
                self._display.addItem(name, name)
            self._display.setCurrentIndex(max(self._display.findData(display), 0))
        self._offer_views_of(str(self._display.currentData()), chosen)

    def choose_view(self, view: str) -> None:
        """Show through a view, `display/view` or the plain one, if it is there."""
        with QSignalBlocker(self._display):
            self._display.setCurrentIndex(max(self._display.findData(view.partition("/")[0]), 0))
        self._offer_views_of(str(self._display.currentData()), view)
        self.changed.emit()

    def _follow_display(self) -> None:
        # Views of one name are much the same on several displays.
        name = self._view.currentText()
        display = str(self._display.currentData())
        self._offer_views_of(display, f"{display}/{name}")
        self.changed.emit()

    def _offer_views_of(self, display: str, chosen: str) -> None:
        with QSignalBlocker(self._view):
            self._view.clear()
            for view in self._views.get(display, []):
                self._view.addItem(view.partition("/")[2], view)
            self._view.setCurrentIndex(max(self._view.findData(chosen), 0))
        # Plain has nothing to choose from; the control keeps its place, so that nothing moves.
        self._view.setEnabled(self._view.count() > 0)

    def set_layout(self, layout: Layout) -> None:
        """Compare in this way; if it is so already, show A alone."""
        wanted = Layout.SINGLE if self._layout.currentData() is layout else layout
        self._layout.setCurrentIndex(self._layout.findData(wanted))

    def set_backdrop(self, backdrop: ViewerBackdrop) -> None:
        """Lay the person over this."""
        self._backdrop = backdrop
        if backdrop.footage is not None:
            # A clip can be chosen again, above the entries that open a dialog; the latest of a name.
            name, end = backdrop.footage.name, self._over.count() - _DIALOG_ENTRIES
            clips = {self._over.itemText(index): index for index in range(len(_BACKDROPS), end)}
            index = clips.get(name, end)
            if index == end:
                self._over.insertItem(index, name)
            self._over.setItemData(index, backdrop)
            self._over.setCurrentIndex(index)
        self.changed.emit()

    def set_channel(self, channel: int) -> None:
        """Show one channel alone; the same again shows colour."""
        self._channel = None if self._channel == channel else channel
        self.changed.emit()

    def expose(self, stops: float) -> None:
        """Make the screen brighter, or darker where negative."""
        self._exposure.setValue(self._exposure.value() + stops)

    def reset_grade(self) -> None:
        """Set exposure and gamma to their defaults."""
        self._exposure.setValue(0)
        self._gamma.setValue(1)

    def swap(self) -> None:
        """Exchange the sides A and B."""
        one, other = self.a.choice, self.b.choice
        if one is not None and other is not None:
            self.a.choose(other)
            self.b.choose(one)

    def _choose_backdrop(self) -> None:
        chosen = self._over.currentData()
        if isinstance(chosen, ViewerBackdrop):
            self.set_backdrop(chosen)
        elif chosen == "colour":
            colour = QColorDialog.getColor(QColor("#00b140"), self, "Backdrop")
            if colour.isValid():
                self.set_backdrop(ViewerBackdrop(_rgb(colour)))
        else:
            path, _ = QFileDialog.getOpenFileName(self, "Lay the person over")
            if path:
                self.backdrop_wanted.emit(path)

    def _follow_layout(self) -> None:
        two = self._layout.currentData() is not Layout.SINGLE
        self.b.setVisible(two)
        choices = [side.choice for side in ((self.a, self.b) if two else (self.a,))]
        over = any(choice is not None and choice.mode == "over" for choice in choices)
        self._over.setVisible(over)
        self._over_label.setVisible(over)
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
    match_combo_height(spin)
    spin.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return spin


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Return a row of widgets; None takes the room that is left."""
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
