"""The tab of one shot: the form, the plan of its render, and the buttons that preview and render it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from matteline.contract.errors import JobError, MattelineError
from matteline.contract.events import error_of
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.job_file import read_job_file, write_job_file
from matteline.window.controls import breakable, plain_label, scrolled, tall_button
from matteline.window.error_text import error_text
from matteline.window.form.plan_view import PlanView
from matteline.window.form.shot_form import ShotForm
from matteline.window.form.shot_renders import ShotRenders
from matteline.window.networks_dialog import NetworksDialog
from matteline.window.worker_connection import WorkerConnection

# Longer than the pause between two letters that are typed.
PLAN_AFTER_MILLISECONDS = 500


class ShotPanel(QWidget):
    """One shot: its form, its plan, and its renders.

    Args:
        connection: Connection to the worker.
        marked_range: Returns the frames between the viewer's marks; None where there are none.
        check_job: Raises `JobError` for a job that would write where another open shot does.
    """

    # The path of a plate to open in the viewer.
    plate_wanted = Signal(str)

    # A `Job` to add to the queue.
    queue_wanted = Signal(object)

    # A `Job` to submit to a render farm.
    farm_wanted = Signal(object)

    # The worker's message with the plan of the form as it is.
    planned = Signal(object)

    # A sentence for the status line.
    noticed = Signal(str)

    def __init__(
        self,
        connection: WorkerConnection,
        marked_range: Callable[[], FrameRange | None],
        check_job: Callable[[Job], None],
    ) -> None:
        super().__init__()
        self._check_job = check_job
        self._connection, self._marked_range = connection, marked_range
        self._plan_request: int | None = None
        self._networks_request: int | None = None
        self._networks_known = False
        self.renders = ShotRenders(connection, self)
        self.form = ShotForm()
        self.plan = PlanView()
        self.plan_words = plain_label("faint")
        self.error = plain_label("wrong")
        self.error.hide()
        self.preview_button = tall_button(
            "Preview", "Show the frame in the viewer with these settings; nothing is written"
        )
        self.live_button = tall_button(
            "Live", "Preview by itself: whenever a setting changes, and where the scrubber rests"
        )
        self.live_button.setCheckable(True)
        self.render_button = tall_button("Render", "Render the shot as planned")
        self.more_button = tall_button("More", "Queue, render farm and job files")
        self._plan_delay = QTimer(self, singleShot=True, interval=PLAN_AFTER_MILLISECONDS)
        self._build()
        self._connect()
        self._show_plan("Drop a plate on the window, or choose one above.")
        self._enable_buttons()

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.form)
        plan = QVBoxLayout()
        plan.setContentsMargins(12, 0, 12, 12)
        plan.setSpacing(6)
        # Beside the heading, where words come and go without moving what is below them.
        heading = QHBoxLayout()
        heading.setSpacing(10)
        heading.addWidget(plain_label("heading", "Plan"))
        heading.addWidget(self.plan_words, 1)
        plan.addLayout(heading)
        plan.addWidget(self.plan)
        column.addLayout(plan)
        column.addStretch(1)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Plain)
        line.setFixedHeight(1)
        line.setStyleSheet("color: palette(mid);")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.preview_button)
        buttons.addWidget(self.live_button)
        buttons.addWidget(self.render_button, 1)
        buttons.addWidget(self.more_button)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 8, 12, 12)
        foot.setSpacing(8)
        foot.addWidget(self.error)
        foot.addWidget(self.renders.rows)
        foot.addLayout(buttons)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scrolled(inside), 1)
        whole.addWidget(line)
        whole.addLayout(foot)

    def _connect(self) -> None:
        self.form.changed.connect(self._forget_plan)
        self.form.plate_chosen.connect(self.open_plate)
        self.form.frames.marks_wanted.connect(self._take_marks)
        self.form.network.list_wanted.connect(self.show_networks)
        self._plan_delay.timeout.connect(self.ask_plan)
        self._connection.message_received.connect(self._receive)
        self.renders.changed.connect(self._enable_buttons)
        # What is left to do is another thing now.
        self.renders.completed.connect(self._plan_delay.start)
        self.renders.failed.connect(self.show_render_failure)
        self.render_button.clicked.connect(self.start_render)
        self.render_button.setDefault(True)
        menu = QMenu(self.more_button)
        menu.addAction("Add to queue", self.add_to_queue)
        menu.addAction("Send to farm…", self.send_to_farm)
        menu.addAction("Write job file…", self.write_job)
        menu.addAction("Open job file…", self.open_job)
        self.more_button.setMenu(menu)

    def close_all(self) -> None:
        """Ask for no further plan."""
        self._plan_delay.stop()

    def ask_plan(self) -> None:
        """Ask the worker for the plan of the form as it is now."""
        self._give_plan_up()
        if (job := self.checked_job()) is not None:
            # The former plan stays below, faint, or all would jump with each change.
            self.plan_words.setText("Planning…")
            self._plan_request = self._connection.plan(job)

    def _give_plan_up(self) -> None:
        if self._plan_request is not None:
            # Plans are answered in turn; an old one would hold the new one up.
            self._connection.cancel(self._plan_request)
            self._plan_request = None

    def start_render(self) -> None:
        """Render the shot."""
        if (job := self.checked_job()) is not None:
            # The render plans for itself; a plan before it would hold it up.
            self._plan_delay.stop()
            self._give_plan_up()
            self.renders.render(job)

    def add_to_queue(self) -> None:
        """Add the shot to the queue."""
        if (job := self.checked_job()) is not None:
            self.queue_wanted.emit(job)

    def send_to_farm(self) -> None:
        """Submit the shot to a render farm."""
        if (job := self.checked_job()) is not None:
            self.farm_wanted.emit(job)

    def write_job(self, path: str = "") -> None:
        """Write the shot as a job file, for `matteline farm submit --job`; without a path asks for one."""
        job = self.checked_job()
        if job is None:
            return
        # Beside the results' folder, not in it: that is the render's own.
        name = os.path.join(os.path.dirname(job.output) or ".", "job.json")
        path = path or QFileDialog.getSaveFileName(self, "Write job file", name, "Job (*.json)")[0]
        if path:
            try:
                write_job_file(path, job)
            except MattelineError as error:
                self._show_error(error_text(error))
                return
            self.noticed.emit(f"Written: {path}. Send it with 'matteline farm submit --job'.")

    def open_job(self, path: str = "") -> None:
        """Fill the form from a job file; without a path asks for one."""
        path = path or QFileDialog.getOpenFileName(self, "Open job file", "", "Job (*.json)")[0]
        if path:
            try:
                job = read_job_file(path)
            except MattelineError as error:
                self._show_error(error_text(error))
                return
            self.form.set_job(job)
            self.open_plate(job.plate)

    def open_plate(self, path: str) -> None:
        """Ask for a plate in the viewer."""
        if path:
            self.plate_wanted.emit(path)

    def show_networks(self) -> NetworksDialog:
        """Open the list of networks."""
        dialog = NetworksDialog(self._connection, self)
        # Or each dialog would stay in memory, and hear every message of the worker.
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.listed.connect(self.form.network.offer_networks)
        dialog.chosen.connect(self.form.network.set_value)
        dialog.open()
        return dialog

    def _receive(self, number: int, message: dict[str, Any]) -> None:
        if number == self._networks_request and message.get("event") == "networks":
            self.form.network.offer_networks(message["networks"])
        if number != self._plan_request:
            return
        if not self._networks_known:
            # Only once the worker runs anyway.
            self._networks_known = True
            self._networks_request = self._connection.networks()
        # A plan that comes means that the whole form is right.
        if message.get("event") == "plan":
            self.form.clear_errors()
            self._show_error("")
            self._show_plan("", message.get("summary", ()))
            self.planned.emit(message)
        elif message.get("event") == "failed":
            self._show_plan("There is none until this is put right.")
            self._show_failure(message)
        if message.get("last"):
            self._plan_request = None

    def show_render_failure(self, message: dict[str, Any], job: Job) -> None:
        """Show why a render or preview failed: at the form's field, if it shows that shot."""
        if self.form.plate.value() and os.path.abspath(self.form.plate.value()) == job.plate:
            self._show_failure(message)
        else:
            # Its own form is not on the screen; the row of the render says why as well.
            self.noticed.emit(error_text(error_of(message)))

    def _show_failure(self, message: dict[str, Any]) -> None:
        words, field = error_text(error_of(message)), message["where"].get("field", "")
        if not self.form.show_error(message["kind"], field, words):
            self._show_error(words)

    def checked_job(self) -> Job | None:
        """Return the job of the form; None where it is wrong, with the reason at its field."""
        try:
            job = self.form.job()
            self._check_job(job)
            return job
        except JobError as error:
            self._show_plan("There is none yet.")
            # An empty form is no mistake yet.
            if self.form.plate.value():
                self.form.show_error("JobError", error.field, error_text(error))
            return None

    def _forget_plan(self) -> None:
        self.form.clear_errors()
        self._show_error("")
        self._give_plan_up()
        self.plan.setEnabled(False)
        # Begun anew by every change, so that a plan is asked for only at rest.
        self._plan_delay.start()
        self._enable_buttons()

    def _take_marks(self) -> None:
        marked = self._marked_range()
        self.form.frames.set_value(None if marked is None else FrameSet((marked,)))

    def _enable_buttons(self) -> None:
        ready = bool(self.form.plate.value())
        rendering = ready and self.renders.renders_into(self.form.output.value())
        self.render_button.setEnabled(ready and not rendering)
        self.preview_button.setEnabled(ready)
        self.live_button.setEnabled(ready)

    def forget_shot(self) -> None:
        """Show no plan and no progress of the shot before."""
        self._show_plan("", ())
        self.renders.rows.clear_ended()

    def _show_plan(self, words: str, rows: Any = ()) -> None:
        self.plan_words.setText(words)
        self.plan.setEnabled(True)
        self.plan.show_rows(rows)

    def _show_error(self, words: str) -> None:
        self.error.setText(breakable(words))
        self.error.setVisible(bool(words))
