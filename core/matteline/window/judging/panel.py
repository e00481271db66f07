"""The judging tab: frames that are worth a look, each with the reason, and a click to go there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.errors import MattelineError
from matteline.contract.messages import sentence
from matteline.window.controls import high_button, thin_bar
from matteline.window.judging.judge import Judge, saved_report
from matteline.window.theme import wrong

if TYPE_CHECKING:
    from matteline.judging.marks import Mark
    from matteline.judging.report import Report

_NO_RESULTS = "Open a folder of results, or render a shot, to have it judged."
_NOT_JUDGED = "Not judged yet. Every frame is read once."
_MARK = Qt.ItemDataRole.UserRole
_BROKEN = Qt.ItemDataRole.UserRole + 1


class JudgingPanel(QWidget):
    """Shows one report, and makes it."""

    frame_wanted = Signal(int, object)
    """Go to this frame; a rectangle (`QRectF`) there, or None, is to be looked at."""

    marked = Signal(object)
    """Frames worth a look, and why: for the scrubber."""

    failed = Signal(object)
    """A `MattelineError`."""

    def __init__(self) -> None:
        super().__init__()
        self._folder: Path | None = None
        self._shot = ""
        self.judge = Judge(self)
        self.words = QLabel(_NO_RESULTS)
        self.notes = QLabel()
        self.list = QListWidget()
        self.button = high_button("Judge")
        self._bar = thin_bar()
        self._build()
        self._connect()
        self._enable()

    def _build(self) -> None:
        for label in (self.words, self.notes):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setProperty("role", "faint")
        self.list.setWordWrap(True)
        self.list.setSpacing(3)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.notes.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        for widget in (self.words, self.notes, self.list, self._bar, self.button):
            column.addWidget(widget, 1 if widget is self.list else 0)

    def _connect(self) -> None:
        self.button.clicked.connect(self._toggle)
        self.list.itemSelectionChanged.connect(self._go)
        self.judge.progressed.connect(self._progress)
        self.judge.judged.connect(self._judged)
        self.judge.failed.connect(self._failed)
        self.judge.stopped.connect(self._show_saved)
        self.judge.ended.connect(self._rest)

    def set_results(self, folder: Path | None, shot: str) -> None:
        """Judge these results; a report that lies beside them is shown at once.

        Args:
            folder: Of the results; None where there are none.
            shot: Which of the shots in that folder; empty for the first.
        """
        if (folder, shot) == (self._folder, self._shot):
            return
        self.judge.stop()
        self._folder, self._shot = folder, shot
        self._show_saved()
        self._enable()

    def show_report(self, report: Report) -> None:
        """List what a report has marked."""
        self._clear("")
        marked = report.marked
        for frame in marked:
            for mark in frame.marks:
                self.list.addItem(self._item(frame.number, mark))
        count = f"{len(marked)} of {len(report.frames)} frames are" if len(marked) != 1 else "One frame is"
        self.words.setText(f"{count} worth a look." if marked else "No frame stands out.")
        self.notes.setText("\n".join(report.notes))
        self.notes.setVisible(bool(report.notes))
        self.marked.emit({frame.number: " ".join(mark.sentence for mark in frame.marks) for frame in marked})

    def changeEvent(self, event: QEvent) -> None:
        """Give what is broken its colour anew where light became dark."""
        if event.type() == QEvent.Type.PaletteChange:
            for at in range(self.list.count()):
                if self.list.item(at).data(_BROKEN):
                    self.list.item(at).setForeground(wrong(self.palette()))
        super().changeEvent(event)

    def close_all(self) -> None:
        """End the thread."""
        self.judge.close()

    def _item(self, number: int, mark: Mark) -> QListWidgetItem:
        item = QListWidgetItem(mark.sentence)
        box = mark.box
        place = None if box is None else QRectF(box.x, box.y, box.width, box.height)
        item.setData(_MARK, (number, place))
        if mark.severity == "broken":
            item.setData(_BROKEN, True)
            item.setForeground(wrong(self.palette()))
        return item

    def _clear(self, words: str) -> None:
        self.list.clear()
        self.words.setText(words)
        self.notes.hide()
        self.marked.emit({})

    def _go(self) -> None:
        items = self.list.selectedItems()
        if items:
            self.frame_wanted.emit(*items[0].data(_MARK))

    def _toggle(self) -> None:
        if self.judge.busy:
            self.judge.stop()
            self.button.setEnabled(False)
        elif self._folder is not None:
            self.judge.judge(self._folder, self._shot)
            self._bar.setRange(0, 0)
            self._bar.show()
            self.button.setText("Stop")

    def _progress(self, done: int, total: int) -> None:
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self.words.setText(f"Frame {done} of {total}")

    def _judged(self, report: Report) -> None:
        if not self._shot or report.name == self._shot:
            self.show_report(report)

    def _failed(self, error: MattelineError) -> None:
        self._clear(sentence(error))
        self.failed.emit(error)

    def _show_saved(self) -> None:
        report = None if self._folder is None else saved_report(self._folder, self._shot)
        self._clear(_NO_RESULTS if self._folder is None else _NOT_JUDGED)
        if report is not None:
            self.show_report(report)

    def _rest(self) -> None:
        self._bar.hide()
        self._enable()

    def _enable(self) -> None:
        self.button.setText("Judge")
        self.button.setEnabled(self._folder is not None)
