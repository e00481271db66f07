"""The tab of people: a list with colours, names and who is kept, and clicks on the picture that say who is where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from matteline.contract.errors import JobError
from matteline.contract.events import error_of
from matteline.contract.job import Job
from matteline.contract.messages import counted
from matteline.contract.people import PERSON_COLOURS, PointHint
from matteline.window.controls import plain_label, small_button, tall_button, thin_progress_bar
from matteline.window.form.panel import ShotPanel
from matteline.window.people_choices import (
    CHOSEN,
    FoundPerson,
    as_named,
    free_name,
    is_kept,
    keeping,
    merged,
    named_in,
    people_of,
    points_in,
    renamed,
    with_hints,
    without_hints,
)
from matteline.window.shots.controller import ShotController
from matteline.window.shots.open_shots import OpenShot
from matteline.window.viewer.canvas import PersonMark, PointMark
from matteline.window.viewer.panel import ViewerPanel
from matteline.window.worker_connection import WorkerConnection

_NO_SHOT: Final = "Open a plate to see who is in it."
_NOT_FOUND: Final = "Nobody is told apart yet. Every frame is read once."
_NO_PEOPLE: Final = "The network sees nobody who could be told apart. Point at people to help."
_CHANGED: Final = "Hints have changed: find people again."
_HINTED: Final = "named, not found yet"
_NAME: Final = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class _Search:
    """A request for the people of a shot."""

    number: int
    shot: OpenShot
    job: Job


class PeoplePanel(QWidget):
    """Shows who is in the current shot. What it changes are fields of the form: keep, leave out and hints.

    Args:
        connection: Connection to the worker.
        shot: Has the form.
        shots: Knows the open shots, and their undo.
        viewer: Shows the people over the picture, and is clicked on.
    """

    # A `MattelineError`.
    failed = Signal(object)

    # The `OpenShot` whose people were found, and the `Job` that found them.
    found = Signal(object, object)

    def __init__(
        self, connection: WorkerConnection, shot: ShotPanel, shots: ShotController, viewer: ViewerPanel
    ) -> None:
        super().__init__()
        self._connection, self._panel, self._shots, self._viewer = connection, shot, shots, viewer
        self._search: _Search | None = None
        self._filling = False
        # What the form's fields held when they were shown last.
        self._followed: tuple[str, ...] = ()
        self.words = plain_label("faint", _NO_SHOT)
        self.list = QListWidget()
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setIconSize(QSize(14, 14))
        self.point_button = small_button(
            "Point", "A click on the picture says that the chosen person is there"
        )
        self.point_button.setCheckable(True)
        self.new_button = small_button(
            "New person", "The next click on the picture is somebody who is not listed"
        )
        self.merge_button = small_button("Merge", "The chosen people are one person")
        self.forget_button = small_button("Forget hints", "Remove the hints of the chosen people")
        self.find_button = tall_button("Find people", "Read the whole plate and tell its people apart")
        self._bar = thin_progress_bar()
        tools = QHBoxLayout()
        tools.setSpacing(6)
        for button in (self.point_button, self.new_button, self.merge_button, self.forget_button):
            tools.addWidget(button)
        tools.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.words)
        column.addLayout(tools)
        column.addWidget(self.list, 1)
        column.addWidget(self._bar)
        column.addWidget(self.find_button)
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        self.list.itemChanged.connect(self._follow_item)
        self.list.itemSelectionChanged.connect(self._follow_selection)
        self.new_button.clicked.connect(self._begin_new)
        self.merge_button.clicked.connect(self._merge)
        self.forget_button.clicked.connect(self._forget)
        self.find_button.clicked.connect(self._find_or_stop)
        self._connection.message_received.connect(self._receive)
        self._panel.form.changed.connect(self._follow_form)
        self._shots.shots.switched.connect(lambda _shot: self.refresh())
        self._viewer.canvas.clicked.connect(self._click)

    @property
    def busy(self) -> bool:
        """True while people are being found."""
        return self._search is not None

    def find_people(self) -> None:
        """Ask the worker who is in the current shot."""
        shot, job = self._shots.shots.current, self._panel.checked_job()
        if shot is not None and job is not None and self._search is None:
            self._search = _Search(self._connection.people(job), shot, job)
            self._bar.setRange(0, 0)  # moves to and fro until the first frame is read
            self._bar.show()
            self.refresh()

    def cancel(self) -> None:
        """Give up finding people."""
        if self._search is not None:
            self._connection.cancel(self._search.number)

    def _follow_form(self) -> None:
        # Edges that move change the form many times a second, and nothing of it here.
        now = tuple(field.text() for name in CHOSEN if (field := self._panel.form.field(name)) is not None)
        if now != self._followed:
            self._followed = now
            self.refresh()

    def refresh(self) -> None:
        """List the people of the current shot, as they were found and as its form names them."""
        shot = self._shots.shots.current
        chosen = set(self._chosen())
        self._filling = True
        names = self._names()
        while self.list.count() > len(names):
            self.list.takeItem(self.list.count() - 1)
        state, found = self._panel.form.state, self._found()
        for row, name in enumerate(names):
            item = self.list.item(row) or QListWidgetItem(self.list)
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled
                | Qt.ItemFlag.ItemIsSelectable
                | Qt.ItemFlag.ItemIsEditable
                | Qt.ItemFlag.ItemIsUserCheckable
            )
            item.setText(name)
            item.setData(_NAME, name)
            item.setIcon(_swatch(self._colour(name)))
            item.setCheckState(Qt.CheckState.Checked if is_kept(state, name) else Qt.CheckState.Unchecked)
            seen = "" if name not in found else f"seen in {counted(len(found[name].boxes), 'frame')}"
            item.setToolTip(f"{seen or _HINTED}. Checked: kept in alpha, fgr and rgba. F2 changes the name.")
            item.setSelected(name in chosen)
        self._filling = False
        self._show_words(shot)
        self._show_marks()
        self._enable()

    def _show_words(self, shot: OpenShot | None) -> None:
        if shot is None:
            words = _NO_SHOT
        elif self._search is not None and self._search.shot is shot:
            words = "Telling people apart…"
        elif shot.people is None:
            words = _NOT_FOUND
        elif shot.people_hints != self._panel.form.state["hints"]:
            words = _CHANGED
        else:
            many = "One person is" if len(shot.people) == 1 else f"{len(shot.people)} people are"
            words = f"{many} told apart." if shot.people else _NO_PEOPLE
        self.words.setText(words)

    def _show_marks(self) -> None:
        shot = self._shots.shots.current
        if shot is None or shot.people is None:
            self._viewer.show_people_by(None)
        else:
            self._viewer.show_people_by(self._marks)

    def _marks(self, frame: int) -> tuple[list[PersonMark], list[PointMark]]:
        """Return the boxes and points of a frame, in pixels of the display window."""
        left, top = self._corner()
        chosen = self._chosen()
        boxes = []
        for name, person in self._found().items():
            if (box := person.boxes.get(frame)) is not None:
                place = QRectF(box.x - left, box.y - top, box.width, box.height)
                boxes.append(PersonMark(place, self._colour(name), name, chosen=name in chosen))
        points = [
            PointMark(QPointF(hint.x - left, hint.y - top), self._colour(hint.name))
            for hint in points_in(self._panel.form.state, frame)
        ]
        return boxes, points

    def _click(self, place: QPointF) -> None:
        """Take a click on the picture: choose who is there, or say who is there."""
        if not self.isVisible() or self._shots.shots.current is None:
            return
        if self.point_button.isChecked():
            self._point(place)
            return
        boxes, _ = self._marks(self._viewer.player.frame)
        under = [each for each in boxes if each.box.contains(place)]
        # Of several, the one whose box is smallest is in front of the others, or easier to miss.
        nearest = min(under, key=lambda each: each.box.width() * each.box.height(), default=None)
        self._choose("" if nearest is None else nearest.name)

    def _point(self, place: QPointF) -> None:
        state, chosen = self._panel.form.state, self._chosen()
        name = chosen[0] if len(chosen) == 1 else free_name(self._names())
        left, top = self._corner()
        hint = PointHint(
            self._viewer.player.frame, round(place.x() + left, 1), round(place.y() + top, 1), name
        )
        self._change(with_hints(state, [hint]), f"Point at {name}")
        self._choose(name)

    def _begin_new(self) -> None:
        self.list.clearSelection()
        self.point_button.setChecked(True)

    def _merge(self) -> None:
        chosen = self._chosen()
        if len(chosen) > 1:
            state = merged(self._panel.form.state, chosen, self._found().values())
            self._change(state, f"Merge {', '.join(chosen)}")

    def _forget(self) -> None:
        state = self._panel.form.state
        for name in self._chosen():
            state = without_hints(state, name)
        self._change(state, "Forget hints")

    def _follow_item(self, item: QListWidgetItem) -> None:
        """Take a check mark or a name that was changed in the list."""
        if self._filling:
            return
        before, state = item.data(_NAME), self._panel.form.state
        if item.text().strip() != before:
            try:
                changed = renamed(state, before, item.text(), self._found().values())
            except JobError as error:
                self.failed.emit(error)
                self.refresh()
                return
            self._change(changed, f"Rename {before}")
            return
        rows = [self.list.item(row) for row in range(self.list.count())]
        kept = [row.data(_NAME) for row in rows if row.checkState() == Qt.CheckState.Checked]
        self._change(keeping(state, kept, self._names()), "Keep people")

    def _change(self, state: Mapping[str, str], words: str) -> None:
        self._shots.history.replace_state(dict(state), words)

    def _choose(self, name: str) -> None:
        for row in range(self.list.count()):
            self.list.item(row).setSelected(self.list.item(row).data(_NAME) == name)

    def _follow_selection(self) -> None:
        if not self._filling:
            self._show_marks()
            self._enable()

    def _find_or_stop(self) -> None:
        self.find_people() if self._search is None else self.cancel()

    def _receive(self, number: int, message: dict[str, Any]) -> None:
        search = self._search
        if search is None or search.number != number:
            return
        if message.get("event") == "look":
            self._bar.setRange(0, int(message["total"]))
            self._bar.setValue(int(message["done"]))
        if not message.get("last"):
            return
        self._search = None
        self._bar.hide()
        if message.get("event") == "people":
            search.shot.people = people_of(message)
            search.shot.people_hints = search.job.settings.hints
            self.found.emit(search.shot, search.job)
        elif message.get("event") == "failed":
            self.failed.emit(error_of(message))
        self.refresh()

    def _enable(self) -> None:
        chosen, ready = self._chosen(), self._shots.shots.current is not None
        self.point_button.setEnabled(ready)
        self.new_button.setEnabled(ready)
        self.merge_button.setEnabled(len(chosen) > 1)
        self.forget_button.setEnabled(bool(set(chosen) & set(named_in(self._panel.form.state))))
        self.find_button.setEnabled(ready)
        self.find_button.setText("Find people" if self._search is None else "Stop")

    def _found(self) -> dict[str, FoundPerson]:
        shot = self._shots.shots.current
        return {} if shot is None else as_named(self._panel.form.state, shot.people or ())

    def _names(self) -> list[str]:
        """Return everyone's name: those who were found, then those whom hints name."""
        return list(dict.fromkeys([*self._found(), *named_in(self._panel.form.state)]))

    def _chosen(self) -> list[str]:
        rows = (self.list.item(row) for row in range(self.list.count()))
        return [row.data(_NAME) for row in rows if row.isSelected()]

    def _colour(self, name: str) -> QColor:
        found, names = self._found(), self._names()
        colours = list(PERSON_COLOURS)
        word = found[name].colour if name in found else colours[names.index(name) % len(colours)]
        return QColor.fromRgbF(*PERSON_COLOURS.get(word, PERSON_COLOURS["white"]))

    def _corner(self) -> tuple[int, int]:
        """Return left and top of the display window in the plate's canvas, from which hints count."""
        shot = self._shots.shots.current
        plate = None if shot is None else shot.footage.clips.get("plate")
        if plate is None:
            return 0, 0
        canvas, shown = plate.info.canvas, plate.info.display_window
        return shown.x - canvas.x, shown.y - canvas.y


def _swatch(colour: QColor) -> QIcon:
    pixels = QPixmap(14, 14)
    pixels.fill(colour)
    return QIcon(pixels)
