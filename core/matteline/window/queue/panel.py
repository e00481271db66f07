"""The queue as a list: what waits, what is rendered, how it ended, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.errors import MattelineError
from matteline.contract.job import Job
from matteline.window.controls import high_button
from matteline.window.queue.runner import QueueRunner
from matteline.window.queue.shot_delegate import SHOT_ROLE, ShotDelegate
from matteline.window.queue.store import (
    FAILED,
    PAUSED,
    RUNNING,
    SENT,
    WAITING,
    QueuedShot,
    QueueStore,
)

_EMPTY = "The queue is empty.\n\nSet a shot up in the tab 'Shot',\nthen choose More, Add to queue."
_FARM_TIP = "Let a render farm do the chosen shots; this queue then leaves them out"
_RELEASABLE = (PAUSED, FAILED, SENT)


class QueuePanel(QWidget):
    """The tab of the queue.

    Args:
        store: The queue.
        runner: Renders it.
    """

    shot_wanted = Signal(object)
    """Show this `Job` in the form and the viewer."""

    farm_wanted = Signal(object)
    """Send these `QueuedShot`s to a render farm."""

    failed = Signal(object)
    """A `MattelineError`."""

    def __init__(self, store: QueueStore, runner: QueueRunner) -> None:
        super().__init__()
        self._store, self.runner = store, runner
        self.start_button = high_button("Start queue")
        self.farm_button = high_button("Send to farm…", _FARM_TIP)
        self.list = QListWidget()
        self.log = QPlainTextEdit()
        self._empty = QLabel(_EMPTY)
        self._buttons = {
            "up": _tool("Up", "Render it earlier"),
            "down": _tool("Down", "Render it later"),
            "hold": _tool("Pause", "Leave it out until it is released, or stop it"),
            "again": _tool("Release", "Let it wait for its turn again; complete frames are kept"),
            "remove": _tool("Remove", "Take it out of the queue; results stay"),
        }
        self._deeds: dict[str, Callable[[int], object]] = {
            "up": lambda number: store.move(number, -1),
            "down": lambda number: store.move(number, 1),
            "hold": runner.pause_shot,
            "again": store.release,
            "remove": store.remove,
        }
        self._build()
        self._connect()
        self.refresh()

    def _build(self) -> None:
        self._set_up()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addLayout(self._tools())
        column.addWidget(self._split(), 1)
        column.addLayout(self._foot())

    def _set_up(self) -> None:
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "faint")
        self.list.setItemDelegate(ShotDelegate(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.log.setReadOnly(True)
        self.log.setPlaceholderText("Choose a shot to read its log.")

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in self._buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.start_button, 1)
        row.addWidget(self.farm_button)
        return row

    def _split(self) -> QSplitter:
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(_stack(self.list, self._empty))
        split.addWidget(self.log)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setSizes([480, 160])
        return split

    def _connect(self) -> None:
        self.runner.changed.connect(self.refresh)
        self.start_button.clicked.connect(self._toggle)
        self.farm_button.clicked.connect(lambda: self.farm_wanted.emit(self._selected()))
        self.list.currentItemChanged.connect(self._follow_choice)
        self.list.itemSelectionChanged.connect(self._enable)
        self.list.model().rowsMoved.connect(self._store_order)
        self.list.itemDoubleClicked.connect(lambda item: self.shot_wanted.emit(item.data(SHOT_ROLE).job))
        for name, button in self._buttons.items():
            button.clicked.connect(lambda _=False, name=name: self._do(name))

    @property
    def shots(self) -> list[QueuedShot]:
        """What the list shows."""
        return [self.list.item(at).data(SHOT_ROLE) for at in range(self.list.count())]

    def add(self, job: Job) -> None:
        """Put a shot at the end."""
        self._guarded(lambda: self._store.add(job))
        self.refresh()

    def leave_out(self, shots: Sequence[QueuedShot]) -> None:
        """Do not begin these while a farm is asked to take them."""
        self._each(shots, self._store.hold)

    def take_back(self, shots: Sequence[QueuedShot]) -> None:
        """The farm has not taken these: those that waited wait again."""
        self._each([shot for shot in shots if shot.state == WAITING], self._store.release)

    def sent(self, shots: Sequence[QueuedShot], words: str) -> None:
        """A farm has these now."""
        self._each(shots, lambda number: self._store.send(number, words))

    def refresh(self) -> None:
        """Show the queue as the file has it now."""
        self._guarded(self._refill)
        self.start_button.setText("Pause queue" if self.runner.on else "Start queue")
        none = self.list.count() == 0
        self._empty.setVisible(none)
        self.list.setVisible(not none)
        self.log.setVisible(not none)
        self.start_button.setEnabled(not none or self.runner.on)
        self._enable()

    def _refill(self) -> None:
        shots, before, chosen = self._store.shots(), self.shots, self._chosen()
        if shots == before:
            return
        selected = {shot.number for shot in self._selected()}
        while self.list.count() > len(shots):
            self.list.takeItem(self.list.count() - 1)
        for at, shot in enumerate(shots):
            item = self.list.item(at) or self._new_item()
            item.setData(SHOT_ROLE, shot)
            item.setToolTip(f"{shot.job.plate}\n{shot.words}")
        if [shot.number for shot in shots] != [shot.number for shot in before]:
            self._choose(selected, chosen)
        self._follow_choice()

    def _choose(self, numbers: set[int], current: QueuedShot | None) -> None:
        """Let the same shots be chosen as before, wherever they are now."""
        for at, shot in enumerate(self.shots):
            if current is not None and shot.number == current.number:
                self.list.setCurrentRow(at)
        for at, shot in enumerate(self.shots):
            self.list.item(at).setSelected(shot.number in numbers)

    def _new_item(self) -> QListWidgetItem:
        item = QListWidgetItem(self.list)
        # A shot is dropped between two others, never on one.
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled)
        return item

    def _store_order(self) -> None:
        """The order that dragging has made."""
        self._guarded(lambda: self._store.arrange([shot.number for shot in self.shots]))

    def _selected(self) -> list[QueuedShot]:
        """The shots that are chosen, in their order."""
        chosen = {self.list.row(item) for item in self.list.selectedItems()}
        return [shot for at, shot in enumerate(self.shots) if at in chosen]

    def _chosen(self) -> QueuedShot | None:
        item = self.list.currentItem()
        shot: QueuedShot | None = None if item is None else item.data(SHOT_ROLE)
        return shot

    def _follow_choice(self) -> None:
        shot = self._chosen()
        self._guarded(lambda: self._show_log("" if shot is None else self._store.log_of(shot.number)))
        self._enable()

    def _show_log(self, text: str) -> None:
        if text != self.log.toPlainText():
            self.log.setPlainText(text)
            self.log.verticalScrollBar().setValue(self.log.verticalScrollBar().maximum())

    def _enable(self) -> None:
        shots, mine = self._selected(), self.runner.current
        running = any(shot.state == RUNNING for shot in shots)
        pausable = any(shot.state == WAITING or shot.number == mine for shot in shots)
        self._buttons["up"].setEnabled(len(shots) == 1)
        self._buttons["down"].setEnabled(len(shots) == 1)
        self._buttons["hold"].setEnabled(pausable)
        self._buttons["again"].setEnabled(any(shot.state in _RELEASABLE for shot in shots))
        self._buttons["remove"].setEnabled(bool(shots) and not running)
        self.farm_button.setEnabled(bool(shots) and not running)

    def _toggle(self) -> None:
        self.runner.pause() if self.runner.on else self.runner.start()
        self.refresh()

    def _do(self, name: str) -> None:
        """What a button does to the shots that are chosen."""
        shots = self._selected()
        if name == "again":
            shots = [shot for shot in shots if shot.state in _RELEASABLE]
        self._each(shots, self._deeds[name])

    def _each(self, shots: Sequence[QueuedShot], do: Callable[[int], object]) -> None:
        for shot in shots:
            self._guarded(partial(do, shot.number))
        self.refresh()

    def _guarded(self, do: Callable[[], object]) -> None:
        try:
            do()
        except MattelineError as error:
            self.failed.emit(error)


def _tool(words: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(words)
    button.setToolTip(tip)
    return button


def _stack(one: QWidget, other: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(one)
    column.addWidget(other)
    return box
