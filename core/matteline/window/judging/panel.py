"""The judging tab: frames that are worth a look, each with the reason, and a click to go there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from matteline.contract.errors import MattelineError
from matteline.contract.frames import FrameSet
from matteline.contract.messages import counted
from matteline.window.controls import plain_label, tall_button, thin_progress_bar
from matteline.window.error_text import error_text
from matteline.window.judging.background_judge import BackgroundJudge, FoundReport
from matteline.window.theme import error_colour

if TYPE_CHECKING:
    from matteline.judging.findings import Finding
    from matteline.judging.report import Report

_NO_RESULTS = "Open a folder of results, or render a shot, to have it judged."
_NOT_JUDGED = "Not judged yet. Every frame is read once."
# Role of a line's frame number and rectangle.
_PLACE = Qt.ItemDataRole.UserRole
# Role that is True for lines of missing and damaged files.
_BROKEN = Qt.ItemDataRole.UserRole + 1
_KIND = Qt.ItemDataRole.UserRole + 2


class JudgingPanel(QWidget):
    """Shows the report of the results in the viewer, and makes it."""

    # A frame to go to, and the rectangle (`QRectF`) in it to look at, or None.
    frame_wanted = Signal(int, object)

    # Sentences by the number of their frame, for the scrubber.
    flagged = Signal(object)

    # A `FrameSet` to render again.
    render_wanted = Signal(object)

    # A `MattelineError`.
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._folder: Path | None = None
        self._shot = ""
        self.judge = BackgroundJudge(self)
        self.words = plain_label("faint", _NO_RESULTS)
        self.notes = plain_label("")
        self.notes.hide()
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setSpacing(3)
        # Wrapped lines are measured anew when the tab changes its width.
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.render_button = tall_button("Render again…", "Set the form up for the frames of these lines")
        self.accept_button = tall_button("Accept", "These frames are right: flag them no more")
        self.button = tall_button("Judge")
        self._report: Report | None = None
        self._accepted: frozenset[tuple[int, str]] = frozenset()
        self._bar = thin_progress_bar()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        for widget in (self.words, self.notes, self.list, self._bar):
            column.addWidget(widget, 1 if widget is self.list else 0)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.button, 1)
        row.addWidget(self.render_button)
        row.addWidget(self.accept_button)
        column.addLayout(row)
        self.render_button.clicked.connect(self._render_selected)
        self.accept_button.clicked.connect(self._accept_selected)
        self.button.clicked.connect(self._start_or_stop)
        self.list.itemSelectionChanged.connect(self._go_to_selected)
        # Methods of this widget, never closures: Qt then calls them in the window's thread.
        self.judge.progressed.connect(self.show_progress)
        self.judge.found.connect(self.show_found)
        self.judge.failed.connect(self.show_error)
        self.judge.stopped.connect(self._show_saved)
        self.judge.ended.connect(self.show_end)
        self._reset_button()

    def set_results(self, folder: Path | None, shot: str) -> None:
        """Judge these results from now on; a report that lies beside them is shown once it is read.

        Args:
            folder: Folder of the results; None where there are none.
            shot: Name of the shot in that folder; empty for the first.
        """
        if (folder, shot) == (self._folder, self._shot):
            return
        self.judge.stop()
        self._folder, self._shot = folder, shot
        self._show_saved()
        self._reset_button()

    def show_progress(self, done: int, total: int) -> None:
        """Show how many of all frames are judged."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self.words.setText(f"Frame {done} of {total}")

    def show_error(self, error: MattelineError) -> None:
        """Show why there is no report, or why findings could not be accepted."""
        if self._report is None:
            self._clear(error_text(error))
        self.failed.emit(error)

    def show_end(self) -> None:
        """Take the progress bar away."""
        self._bar.hide()
        self._reset_button()

    def show_found(self, found: FoundReport) -> None:
        """Show a report, unless other results were opened while it was made or read."""
        if (found.folder, found.shot) != (self._folder, self._shot):
            return
        if found.report is None:
            self._clear(_NOT_JUDGED)
        else:
            self._show_report(found.report, found.accepted)

    def _show_report(self, report: Report, accepted_before: frozenset[tuple[int, str]]) -> None:
        """List the findings of a report, the broken frames first; those that were accepted are left out."""
        self._clear("")
        self._report, self._accepted = report, accepted_before
        open_findings = {
            frame.number: [each for each in frame.findings if (frame.number, each.kind) not in self._accepted]
            for frame in report.flagged
        }
        flagged = {number: findings for number, findings in open_findings.items() if findings}
        # Sorting is stable, so that frames stay in their order within both groups.
        broken = {number for number, each in flagged.items() if any(one.severity == "broken" for one in each)}
        for number, findings in sorted(flagged.items(), key=lambda each: each[0] not in broken):
            for finding in findings:
                self._add_line(number, finding)
        count = f"{len(flagged)} of {len(report.frames)} frames are" if len(flagged) != 1 else "One frame is"
        words = f"{count} worth a look." if flagged else "No frame stands out."
        accepted = f" {counted(len(self._accepted), 'finding')} accepted." if self._accepted else ""
        self.words.setText(words + accepted)
        self.notes.setText("\n".join(report.notes))
        self.notes.setVisible(bool(report.notes))
        sentences = {
            number: " ".join(finding.sentence for finding in findings) for number, findings in flagged.items()
        }
        self.flagged.emit(sentences)

    def _add_line(self, number: int, finding: Finding) -> None:
        item = QListWidgetItem(finding.sentence)
        box = finding.box
        rectangle = None if box is None else QRectF(box.x, box.y, box.width, box.height)
        item.setData(_PLACE, (number, rectangle))
        item.setData(_KIND, finding.kind)
        if finding.severity == "broken":
            item.setData(_BROKEN, True)
            item.setForeground(error_colour(self.palette()))
        self.list.addItem(item)

    def _render_selected(self) -> None:
        numbers = [item.data(_PLACE)[0] for item in self.list.selectedItems()]
        if numbers:
            self.render_wanted.emit(FrameSet.of(numbers))

    def _accept_selected(self) -> None:
        lines = {(item.data(_PLACE)[0], item.data(_KIND)) for item in self.list.selectedItems()}
        if not lines or self._folder is None or self._report is None:
            return
        accepted = self._accepted | lines
        self.judge.accept(self._folder, self._report.name, accepted)
        self._show_report(self._report, accepted)

    def changeEvent(self, event: QEvent) -> None:
        """Colour the broken lines anew when the desktop changes between light and dark."""
        if event.type() == QEvent.Type.PaletteChange:
            for row in range(self.list.count()):
                if self.list.item(row).data(_BROKEN):
                    self.list.item(row).setForeground(error_colour(self.palette()))
        super().changeEvent(event)

    def close_all(self) -> None:
        """End the thread."""
        self.judge.close()

    def _clear(self, words: str) -> None:
        self._report = None
        self.list.clear()
        self._enable_line_buttons()
        self.words.setText(words)
        self.notes.hide()
        self.flagged.emit({})

    def _go_to_selected(self) -> None:
        self._enable_line_buttons()
        for item in self.list.selectedItems()[:1]:
            self.frame_wanted.emit(*item.data(_PLACE))

    def _enable_line_buttons(self) -> None:
        chosen = bool(self.list.selectedItems())
        self.render_button.setEnabled(chosen)
        self.accept_button.setEnabled(chosen)

    def _start_or_stop(self) -> None:
        if self.judge.busy:
            self.judge.stop()
            self.button.setEnabled(False)
        elif self._folder is not None:
            self.judge.judge(self._folder, self._shot)
            self._bar.setRange(0, 0)  # moves to and fro until the first frame is done
            self._bar.show()
            self.button.setText("Stop")

    def _show_saved(self) -> None:
        self._clear(_NO_RESULTS if self._folder is None else "")
        if self._folder is not None:
            self.judge.load(self._folder, self._shot)

    def _reset_button(self) -> None:
        self.button.setText("Judge")
        self.button.setEnabled(self._folder is not None)
