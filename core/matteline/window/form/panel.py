"""The tab of one shot: the form, the plan of what it says, preview, render, and how far they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.errors import JobError, MattelineError
from matteline.contract.events import error_of
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.job_file import read_job_file, write_job_file
from matteline.contract.messages import sentence
from matteline.window.controls import high_button
from matteline.window.form.form import ShotForm
from matteline.window.form.plan_view import PlanView
from matteline.window.form.runs import ShotRuns
from matteline.window.render import Renders

PLAN_AFTER_MILLISECONDS = 500


class ShotPanel(QWidget):
    """One shot: what to do, what would be done, and doing it.

    Args:
        renders: The line to the worker.
        frame: The frame that the viewer shows.
        marks: The frames between the viewer's marks.
    """

    plate_wanted = Signal(str)
    """Open this plate in the viewer."""

    queue_wanted = Signal(object)
    """Put this `Job` into the queue."""

    farm_wanted = Signal(object)
    """Send this `Job` to a render farm."""

    noticed = Signal(str)
    """A sentence for the status line."""

    def __init__(
        self, renders: Renders, frame: Callable[[], int], marks: Callable[[], FrameRange | None]
    ) -> None:
        super().__init__()
        self._renders, self._frame, self._marks = renders, frame, marks
        self._planning: int | None = None
        self.runs = ShotRuns(renders, self)
        self.form = ShotForm()
        self.plan = PlanView()
        self.plan_words = _label("faint")
        self.error = _label("wrong")
        self.preview_button = high_button("Preview frame", "Render the frame in the viewer, with its preroll")
        self.render_button = high_button("Render", "Render the shot as planned")
        self.more_button = high_button("More", "Queue, render farm and job files")
        self._plan_soon = QTimer(self, singleShot=True, interval=PLAN_AFTER_MILLISECONDS)
        self._build()
        self._connect()
        self._say_plan("Drop a plate on the window, or choose one above.")
        self._enable()

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.form)
        column.addWidget(self._plan_box())
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addWidget(_line())
        whole.addWidget(self._foot())

    def _plan_box(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(12, 0, 12, 12)
        column.setSpacing(6)
        heading = _label("heading")
        heading.setText("Plan")
        for each in (heading, self.plan_words, self.plan):
            column.addWidget(each)
        return box

    def _foot(self) -> QWidget:
        foot = QWidget()
        column = QVBoxLayout(foot)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.preview_button)
        row.addWidget(self.render_button, 1)
        row.addWidget(self.more_button)
        column.addWidget(self.error)
        column.addWidget(self.runs.rows)
        column.addLayout(row)
        return foot

    def _connect(self) -> None:
        self.form.changed.connect(self._changed)
        self.form.plate_changed.connect(self.open_plate)
        self.form.frames.marks_wanted.connect(self._take_marks)
        self._plan_soon.timeout.connect(self.ask_plan)
        self._renders.heard.connect(self._heard)
        self.runs.changed.connect(self._enable)
        self.runs.failed.connect(self._show_failure)
        self.preview_button.clicked.connect(self.start_preview)
        self.render_button.clicked.connect(self.start_render)
        self.render_button.setDefault(True)
        menu = QMenu(self.more_button)
        menu.addAction("Add to queue", self.add_to_queue)
        menu.addAction("Send to farm…", self.send_to_farm)
        menu.addAction("Write job file…", self.write_job)
        menu.addAction("Open job file…", self.open_job)
        self.more_button.setMenu(menu)

    def close_all(self) -> None:
        """Remove what previews have written."""
        self._plan_soon.stop()
        self.runs.close()

    def ask_plan(self) -> None:
        """Ask the worker what a render would do now."""
        if self._planning is not None:
            self._renders.cancel(self._planning)
            self._planning = None
        job = self._job()
        if job is not None:
            self._say_plan("Planning…")
            self._planning = self._renders.plan(job)

    def start_preview(self) -> None:
        """Render the frame that the viewer shows, into a folder of its own."""
        job = self._job()
        if job is not None:
            self.runs.preview(job, self._frame())

    def start_render(self) -> None:
        """Render the shot."""
        job = self._job()
        if job is not None:
            self.runs.render(job)

    def add_to_queue(self) -> None:
        """Put the shot into the queue."""
        job = self._job()
        if job is not None:
            self.queue_wanted.emit(job)

    def send_to_farm(self) -> None:
        """Have the shot sent to a render farm."""
        job = self._job()
        if job is not None:
            self.farm_wanted.emit(job)

    def write_job(self, path: str = "") -> None:
        """Write the shot as a job file, for `matteline farm submit --job`."""
        job = self._job()
        if job is None:
            return
        name = os.path.join(os.path.dirname(job.output) or ".", "job.json")
        path = path or QFileDialog.getSaveFileName(self, "Write job file", name, "Job (*.json)")[0]
        if path:
            try:
                write_job_file(path, job)
            except MattelineError as error:
                self._say_error(sentence(error))
                return
            self.noticed.emit(f"Written: {path}. Send it with 'matteline farm submit --job'.")

    def open_job(self, path: str = "") -> None:
        """Fill the form from a job file."""
        path = path or QFileDialog.getOpenFileName(self, "Open job file", "", "Job (*.json)")[0]
        if path:
            try:
                self.form.set_job(read_job_file(path))
            except MattelineError as error:
                self._say_error(sentence(error))

    def _heard(self, number: int, message: dict[str, Any]) -> None:
        if number == self._planning:
            self._heard_plan(message)

    def _heard_plan(self, message: dict[str, Any]) -> None:
        if message.get("event") == "plan":
            self.form.clear_errors()
            self._say_error("")
            self._say_plan("", message.get("summary", ()))
        elif message.get("event") == "failed":
            self._say_plan("There is no plan until this is put right.")
            self._show_failure(message)
        if message.get("last"):
            self._planning = None

    def _show_failure(self, message: dict[str, Any]) -> None:
        words, where = sentence(error_of(message)), message["where"].get("field", "")
        if not self.form.show_error(message["kind"], where, words):
            self._say_error(words)

    def _job(self) -> Job | None:
        """The job as the form has it; None, and the reason at its field, where it is wrong."""
        try:
            job = self.form.job()
        except JobError as error:
            self._say_plan(sentence(error))
            if self.form.plate.value():
                self.form.show_error("JobError", error.field, sentence(error))
            return None
        return job

    def _changed(self) -> None:
        self.form.clear_errors()
        self._say_error("")
        self._plan_soon.start()
        self._enable()

    def open_plate(self, path: str) -> None:
        """Have the viewer show a plate, if it is there."""
        if path and os.path.exists(path):
            self.plate_wanted.emit(path)

    def _take_marks(self) -> None:
        marks = self._marks()
        self.form.frames.set_value(None if marks is None else FrameSet((marks,)))

    def _enable(self) -> None:
        ready = bool(self.form.plate.value())
        self.render_button.setEnabled(ready and not self.runs.rendering)
        self.preview_button.setEnabled(ready and not self.runs.previewing)

    def _say_plan(self, words: str, rows: Any = ()) -> None:
        self.plan_words.setText(words)
        self.plan_words.setVisible(bool(words))
        self.plan.show_rows(rows)

    def _say_error(self, words: str) -> None:
        self.error.setText(words)
        self.error.setVisible(bool(words))


def _label(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setVisible(role == "heading")
    return label


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Plain)
    line.setFixedHeight(1)
    line.setStyleSheet("color: palette(mid);")
    return line
