"""The queue tab: the list of shots, how far each is or how it ended, and buttons for the selected ones."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.job import Job
from matteline.contract.messages import counted, duration
from matteline.window.controls import plain_label, small_button, tall_button
from matteline.window.queue.background_queue import BackgroundQueue
from matteline.window.queue.report_counts import ReportCounts
from matteline.window.queue.runner import QueueRunner
from matteline.window.queue.shot_delegate import FLAGGED_ROLE, SHOT_ROLE, THUMBNAIL_ROLE, ShotDelegate
from matteline.window.queue.store import (
    DONE,
    FAILED,
    PAUSED,
    RUNNING,
    SENT,
    WAITING,
    QueuedShot,
    QueueStore,
    time_left,
)
from matteline.window.thumbnails import PlateThumbnails

_EMPTY = "The queue is empty.\n\nSet a shot up in the tab 'Shot',\nthen choose More, Add to queue."
_FARM_TIP = "Submit the selected shots to a render farm; this queue then leaves them out"
_RELEASABLE = (PAUSED, FAILED, SENT)
# In the order of the line of totals.
_STATES = (RUNNING, WAITING, PAUSED, FAILED, SENT, DONE)


class QueuePanel(QWidget):
    """The tab of the queue.

    Args:
        queue: The queue.
        runner: Renders it.
        thumbnails: Makes small pictures of the plates.
    """

    # A `Job` whose results, or plate, are to be shown, with its settings.
    shot_wanted = Signal(object)

    # A list of `QueuedShot` to submit to a render farm.
    farm_wanted = Signal(object)

    def __init__(self, queue: BackgroundQueue, runner: QueueRunner, thumbnails: PlateThumbnails) -> None:
        super().__init__()
        self._queue, self.runner, self._thumbnails = queue, runner, thumbnails
        # By the path of the plate, and by the number of the shot: rows are given other shots.
        self._pictures: dict[str, QImage] = {}
        self._flagged: dict[int, int] = {}
        self.start_button = tall_button("Start queue")
        self.farm_button = tall_button("Send to farm…", _FARM_TIP)
        self.list = QListWidget()
        self.totals = plain_label("faint")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter by name or state, such as failed")
        self.filter.setClearButtonEnabled(True)
        self.log = QPlainTextEdit()
        self._empty = plain_label("faint", _EMPTY)
        self._buttons = {
            "up": small_button("Up", "Render the shot earlier"),
            "down": small_button("Down", "Render the shot later"),
            "hold": small_button("Pause", "Stop the shots, or leave them out until they are released"),
            "again": small_button("Release", "Let the shots wait for their turn again; complete frames stay"),
            "remove": small_button("Remove", "Take the shots out of the queue; results stay"),
        }
        self.clear_button = small_button(
            "Clear done", "Take all finished shots out of the queue; results stay"
        )
        self.reports = ReportCounts(self)
        self._actions: dict[str, Callable[[QueueStore, int], object]] = {
            "up": lambda store, number: store.move(number, -1),
            "down": lambda store, number: store.move(number, 1),
            "again": QueueStore.release,
            "remove": QueueStore.remove,
        }
        self._build()
        self._connect()
        self.refresh()

    def _build(self) -> None:
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.list.setItemDelegate(ShotDelegate(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        # Rows are moved within the list, never copied.
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.log.setReadOnly(True)
        self.log.setPlaceholderText("Choose a shot to read its log.")
        tools = QHBoxLayout()
        tools.setSpacing(6)
        for button in self._buttons.values():
            tools.addWidget(button)
        tools.addStretch(1)
        tools.addWidget(self.clear_button)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        # The list, or the words in its place while the queue is empty.
        shots = QWidget()
        stack = QVBoxLayout(shots)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.addWidget(self.list)
        stack.addWidget(self._empty)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(shots)
        split.addWidget(self.log)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setSizes([480, 160])
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.start_button, 1)
        foot.addWidget(self.farm_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addLayout(tools)
        column.addWidget(self.filter)
        column.addWidget(self.totals)
        column.addWidget(split, 1)
        column.addLayout(foot)

    def _connect(self) -> None:
        self.runner.changed.connect(self.refresh)
        self.start_button.clicked.connect(self._start_or_pause)
        self.farm_button.clicked.connect(lambda: self.farm_wanted.emit(self._selected()))
        self.list.currentItemChanged.connect(self._show_current)
        self.list.itemSelectionChanged.connect(self._enable_buttons)
        # Dragging has moved rows of the list; the file gets their order.
        self.list.model().rowsMoved.connect(self._keep_order)
        self.list.itemDoubleClicked.connect(lambda item: self.shot_wanted.emit(item.data(SHOT_ROLE).job))
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.filter.textChanged.connect(self._apply_filter)
        self.clear_button.clicked.connect(self._clear_done)
        self.reports.counted.connect(self._show_count)
        self._thumbnails.made.connect(self._show_thumbnail)
        for name, button in self._buttons.items():
            # Qt hands over whether the button is checked; the name is bound now, not when it is clicked.
            button.clicked.connect(lambda _=False, name=name: self._act(name))

    @property
    def shots(self) -> list[QueuedShot]:
        """The shots as the list shows them."""
        return [self.list.item(row).data(SHOT_ROLE) for row in range(self.list.count())]

    def add(self, job: Job) -> None:
        """Add a shot at the end."""
        self._queue.ask(lambda store: store.add(job))
        self.refresh()

    def hold(self, shots: Sequence[QueuedShot]) -> None:
        """Pause these shots while they are being submitted to a farm."""
        self._for_each(shots, QueueStore.hold)

    def take_back(self, shots: Sequence[QueuedShot]) -> None:
        """Let those wait again that waited before a farm refused them."""
        self._for_each([shot for shot in shots if shot.state == WAITING], QueueStore.release)

    def mark_sent(self, shots: Sequence[QueuedShot], words: str) -> None:
        """Note that a farm has these shots."""
        self._for_each(shots, lambda store, number: store.send(number, words))

    def refresh(self) -> None:
        """Show the queue as the file has it, once it is read."""
        self._queue.ask(QueueStore.shots, self._show)

    def _show(self, shots: list[QueuedShot]) -> None:
        self._refill(shots)
        self._ask_log()
        self.start_button.setText("Pause queue" if self.runner.on else "Start queue")
        self._show_totals()
        empty = self.list.count() == 0
        for each in (self.filter, self.totals, self.clear_button):
            each.setVisible(not empty)
        self._empty.setVisible(empty)
        self.list.setVisible(not empty)
        self.log.setVisible(not empty)
        self.start_button.setEnabled(not empty or self.runner.on)
        self._enable_buttons()

    def _refill(self, shots: list[QueuedShot]) -> None:
        before, current = self.shots, self._current()
        if shots == before:
            return
        selected = {shot.number for shot in self._selected()}
        # Rows are kept and filled anew: new ones would lose the selection and the scroll position.
        while self.list.count() > len(shots):
            self.list.takeItem(self.list.count() - 1)
        for row, shot in enumerate(shots):
            item = self.list.item(row)
            if item is None:
                item = QListWidgetItem(self.list)
                # A shot is dropped between two others, never on one.
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled)
            item.setData(SHOT_ROLE, shot)
            item.setData(FLAGGED_ROLE, self._flagged.get(shot.number))
            item.setData(THUMBNAIL_ROLE, self._pictures.get(shot.job.plate))
            self._thumbnails.want(shot.job.plate)
            item.setToolTip(f"{shot.job.plate}\n{shot.words}")
        rows = {shot.number: row for row, shot in enumerate(shots)}
        if list(rows) != [shot.number for shot in before]:
            # Rows were given other shots: select the same shots as before, wherever they are now.
            if current is not None and current.number in rows:
                self.list.setCurrentRow(rows[current.number])
            for number, row in rows.items():
                self.list.item(row).setSelected(number in selected)
        self._apply_filter()

    def _keep_order(self) -> None:
        numbers = [shot.number for shot in self.shots]
        self._queue.ask(lambda store: store.arrange(numbers))
        self.refresh()

    def _apply_filter(self) -> None:
        word = self.filter.text().strip().lower()
        for row in range(self.list.count()):
            shot: QueuedShot = self.list.item(row).data(SHOT_ROLE)
            found = word in shot.state or word in os.path.basename(shot.job.plate).lower()
            self.list.setRowHidden(row, not found)

    def _show_totals(self) -> None:
        """Show what the queue holds, and ask for the reports of what is done."""
        shots = self.shots
        counts = Counter(shot.state for shot in shots)
        words = ", ".join(f"{counts[state]} {state}" for state in _STATES if counts[state])
        for shot in shots:
            if shot.state == DONE:
                self.reports.count(shot.job)
        left = time_left(shots)
        when = f"; about {duration(left)} left" if left else ""
        self.totals.setText(f"{counted(len(shots), 'shot')}: {words}{when}")
        self.clear_button.setEnabled(counts[DONE] > 0)

    def _clear_done(self) -> None:
        self._for_each([shot for shot in self.shots if shot.state == DONE], QueueStore.remove)

    def _show_count(self, job: Job, count: int) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            shot: QueuedShot = item.data(SHOT_ROLE)
            if shot.state == DONE and shot.job == job:
                self._flagged[shot.number] = count
                item.setData(FLAGGED_ROLE, count)

    def _show_thumbnail(self, plate: str, image: QImage) -> None:
        self._pictures[plate] = image
        for row in range(self.list.count()):
            if self.list.item(row).data(SHOT_ROLE).job.plate == plate:
                self.list.item(row).setData(THUMBNAIL_ROLE, image)

    def _show_menu(self, at: QPoint) -> None:
        item = self.list.itemAt(at)
        if item is None:
            return
        job: Job = item.data(SHOT_ROLE).job
        menu = QMenu(self)
        menu.addAction("Show results", lambda: self.shot_wanted.emit(job))
        reveal = menu.addAction("Reveal in folder", lambda: self._reveal(job))
        reveal.setEnabled(os.path.isdir(job.output))
        judge = menu.addAction("Judge", lambda: self.reports.judge(job))
        judge.setEnabled(os.path.isdir(job.output))
        menu.exec(self.list.mapToGlobal(at))

    def _reveal(self, job: Job) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(job.output))

    def close_all(self) -> None:
        """End the thread that reads reports."""
        self.reports.close()

    def _selected(self) -> list[QueuedShot]:
        """Return the selected shots, in their order."""
        rows = {self.list.row(item) for item in self.list.selectedItems()}
        return [shot for row, shot in enumerate(self.shots) if row in rows]

    def _current(self) -> QueuedShot | None:
        item = self.list.currentItem()
        shot: QueuedShot | None = None if item is None else item.data(SHOT_ROLE)
        return shot

    def _show_current(self) -> None:
        self._ask_log()
        self._enable_buttons()

    def _ask_log(self) -> None:
        """Show the log of the current shot, at its end, once it is read."""
        shot = self._current()
        if shot is None:
            self._show_log("")
        else:
            number = shot.number
            self._queue.ask(lambda store: (number, store.log_of(number)), self._show_log_of)

    def _show_log_of(self, found: tuple[int, str]) -> None:
        number, text = found
        current = self._current()
        if current is not None and current.number == number:
            self._show_log(text)

    def _show_log(self, text: str) -> None:
        if text != self.log.toPlainText():
            self.log.setPlainText(text)
            self.log.verticalScrollBar().setValue(self.log.verticalScrollBar().maximum())

    def _enable_buttons(self) -> None:
        shots, ours = self._selected(), self.runner.current
        # Another window may render it.
        running = any(shot.state == RUNNING for shot in shots)
        pausable = any(shot.state == WAITING or shot.number == ours for shot in shots)
        self._buttons["up"].setEnabled(len(shots) == 1)
        self._buttons["down"].setEnabled(len(shots) == 1)
        self._buttons["hold"].setEnabled(pausable)
        self._buttons["again"].setEnabled(any(shot.state in _RELEASABLE for shot in shots))
        self._buttons["remove"].setEnabled(bool(shots) and not running)
        self.farm_button.setEnabled(bool(shots) and not running)

    def _start_or_pause(self) -> None:
        self.runner.pause() if self.runner.on else self.runner.start()
        self.refresh()

    def _act(self, name: str) -> None:
        """Carry out a button's action on the selected shots."""
        shots = self._selected()
        if name == "again":
            shots = [shot for shot in shots if shot.state in _RELEASABLE]
        if name == "hold":
            for shot in shots:
                self.runner.pause_shot(shot.number)
            self.refresh()
        else:
            self._for_each(shots, self._actions[name])

    def _for_each(self, shots: Sequence[QueuedShot], do: Callable[[QueueStore, int], object]) -> None:
        numbers = [shot.number for shot in shots]
        self._queue.ask(lambda store: [do(store, number) for number in numbers])
        self.refresh()
