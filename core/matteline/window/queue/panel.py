"""The queue as a list: what waits, what is rendered, how it ended, and why."""

from __future__ import annotations

import os
from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.errors import MattelineError
from matteline.contract.job import Job
from matteline.window.queue.runner import QueueRunner
from matteline.window.queue.store import CANCELLED, FAILED, PAUSED, RUNNING, QueuedShot, QueueStore
from matteline.window.theme import wrong

_EMPTY = "The queue is empty.\n\nSet a shot up in the tab 'Shot', then choose More, Add to queue."
_Index = QModelIndex | QPersistentModelIndex
_SHOT = Qt.ItemDataRole.UserRole


class QueuePanel(QWidget):
    """The tab of the queue.

    Args:
        store: The queue.
        runner: Renders it.
    """

    shot_wanted = Signal(object)
    """Show this `Job` in the form and the viewer."""

    failed = Signal(object)
    """A `MattelineError`."""

    def __init__(self, store: QueueStore, runner: QueueRunner) -> None:
        super().__init__()
        self._store, self.runner = store, runner
        self.start_button = QPushButton("Start queue")
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
        self._build()
        self._connect()
        self.refresh()

    def _build(self) -> None:
        self.start_button.setMinimumHeight(self.start_button.fontMetrics().height() + 14)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "faint")
        self.list.setItemDelegate(_ShotDelegate(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.log.setReadOnly(True)
        self.log.setPlaceholderText("Choose a shot to read its log.")
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in self._buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(_stack(self.list, self._empty))
        split.addWidget(self.log)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setSizes([480, 160])
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(split, 1)
        column.addWidget(self.start_button)

    def _connect(self) -> None:
        self.runner.changed.connect(self.refresh)
        self.start_button.clicked.connect(self._toggle)
        self.list.currentItemChanged.connect(self._follow_choice)
        self.list.itemDoubleClicked.connect(lambda item: self.shot_wanted.emit(item.data(_SHOT).job))
        for name, do in (
            ("up", lambda number: self._store.move(number, -1)),
            ("down", lambda number: self._store.move(number, 1)),
            ("hold", self.runner.pause_shot),
            ("again", self._store.release),
            ("remove", self._store.remove),
        ):
            self._buttons[name].clicked.connect(lambda _=False, do=do: self._do(do))

    @property
    def shots(self) -> list[QueuedShot]:
        """What the list shows."""
        return [self.list.item(at).data(_SHOT) for at in range(self.list.count())]

    def add(self, job: Job) -> None:
        """Put a shot at the end."""
        self._guarded(lambda: self._store.add(job))
        self.refresh()

    def refresh(self) -> None:
        """Show the queue as the file has it now."""
        self._guarded(self._refill)
        self.start_button.setText("Pause queue" if self.runner.on else "Start queue")
        none = self.list.count() == 0
        self._empty.setVisible(none)
        self.list.setVisible(not none)
        self.start_button.setEnabled(not none or self.runner.on)
        self._enable()

    def _refill(self) -> None:
        shots, chosen = self._store.shots(), self._chosen()
        if shots == self.shots:
            return
        while self.list.count() > len(shots):
            self.list.takeItem(self.list.count() - 1)
        for at, shot in enumerate(shots):
            item = self.list.item(at) or QListWidgetItem(self.list)
            item.setData(_SHOT, shot)
            item.setToolTip(f"{shot.job.plate}\n{shot.words}")
        if chosen is not None:
            for at, shot in enumerate(shots):
                if shot.number == chosen.number:
                    self.list.setCurrentRow(at)
        self._follow_choice()

    def _chosen(self) -> QueuedShot | None:
        item = self.list.currentItem()
        shot: QueuedShot | None = None if item is None else item.data(_SHOT)
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
        shot = self._chosen()
        running = shot is not None and shot.state == RUNNING
        mine = shot is not None and shot.number == self.runner.current
        self._buttons["up"].setEnabled(shot is not None)
        self._buttons["down"].setEnabled(shot is not None)
        self._buttons["hold"].setEnabled(shot is not None and (mine or shot.state == "waiting"))
        self._buttons["again"].setEnabled(shot is not None and shot.state in (PAUSED, FAILED, CANCELLED))
        self._buttons["remove"].setEnabled(shot is not None and not running)

    def _toggle(self) -> None:
        self.runner.pause() if self.runner.on else self.runner.start()
        self.refresh()

    def _do(self, do: Callable[[int], None]) -> None:
        shot = self._chosen()
        if shot is not None:
            self._guarded(lambda: do(shot.number))
            self.refresh()

    def _guarded(self, do: Callable[[], object]) -> None:
        try:
            do()
        except MattelineError as error:
            self.failed.emit(error)


class _ShotDelegate(QStyledItemDelegate):
    """A shot on three lines: its name and state, a bar, and how far it is."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, 2 * option.fontMetrics.height() + 30)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        shot: QueuedShot = index.data(_SHOT)
        palette: QPalette = option.palette
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        rect: QRect = option.rect
        painter.save()
        if chosen:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Midlight))
            bar = QRect(rect.left(), rect.top(), 3, rect.height())
            painter.fillRect(bar, palette.color(QPalette.ColorRole.Accent))
        box = rect.adjusted(10, 7, -10, -7)
        ink = palette.color(QPalette.ColorRole.Text)
        faint = palette.color(QPalette.ColorRole.PlaceholderText)
        self._paint_name(painter, box, shot, ink, faint if shot.state != FAILED else wrong(palette))
        self._paint_bar(painter, box, shot, palette)
        words = painter.fontMetrics().elidedText(_words(shot), Qt.TextElideMode.ElideRight, box.width())
        painter.setPen(faint)
        painter.drawText(box, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, words)
        painter.restore()

    def _paint_name(
        self, painter: QPainter, box: QRect, shot: QueuedShot, ink: QColor, state: QColor
    ) -> None:
        metrics = painter.fontMetrics()
        room = box.width() - metrics.horizontalAdvance(shot.state) - 12
        painter.setPen(ink)
        name = metrics.elidedText(_name(shot), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(box, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, name)
        painter.setPen(state)
        painter.drawText(box, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight, shot.state)

    def _paint_bar(self, painter: QPainter, box: QRect, shot: QueuedShot, palette: QPalette) -> None:
        bar = QRect(box.left(), box.top() + painter.fontMetrics().height() + 5, box.width(), 4)
        painter.fillRect(bar, palette.color(QPalette.ColorRole.Mid))
        if shot.total:
            bar.setWidth(bar.width() * shot.done // shot.total)
            painter.fillRect(bar, palette.color(QPalette.ColorRole.Accent))


def _words(shot: QueuedShot) -> str:
    speed = f", {shot.speed:.1f} fps" if shot.speed and shot.state == RUNNING else ""
    return f"{shot.words or shot.job.output}{speed}"


def _name(shot: QueuedShot) -> str:
    frames = f"  {shot.job.frames}" if shot.job.frames else ""
    return os.path.basename(shot.job.plate.rstrip("/\\")) + frames


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
