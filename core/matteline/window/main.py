"""The main window: the viewer, and beside it the shot, the queue and the judging tab."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow, QSplitter, QTabWidget

from matteline.contract.errors import MattelineError
from matteline.contract.frames import FrameRange
from matteline.contract.job import Job
from matteline.contract.messages import sentence
from matteline.window.error_line import ErrorLine
from matteline.window.farm import FarmDialog
from matteline.window.following import Following
from matteline.window.form.panel import ShotPanel
from matteline.window.judging.panel import JudgingPanel
from matteline.window.menus import add_file_menu, add_help_menu, add_view_menu
from matteline.window.opening import Opener
from matteline.window.preferences import Preferences
from matteline.window.queue.panel import QueuePanel
from matteline.window.queue.runner import QueueRunner
from matteline.window.queue.store import QueuedShot, QueueStore
from matteline.window.render import Renders
from matteline.window.tabs import Tabs
from matteline.window.theme import apply_theme
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.panel import ViewerPanel

SIDE_WIDTH = 400


@dataclass(frozen=True)
class Surroundings:
    """What the door knows of the machine and hands down.

    Attributes:
        worker: The command that starts the worker.
        environ: The environment for it.
        ocio: The OCIO config that the environment names; None for the built-in one.
        log_file: Receives the worker's log; empty for none.
        queue_file: Where the queue is kept.
    """

    worker: Sequence[str]
    environ: dict[str, str]
    ocio: str | None = None
    log_file: str = ""
    queue_file: Path = Path("queue.sqlite")


class MainWindow(QMainWindow):
    """Everything. Closing it ends its threads and the worker.

    Args:
        preferences: What is remembered.
        surroundings: What the machine has.
    """

    def __init__(self, preferences: Preferences, surroundings: Surroundings) -> None:
        super().__init__()
        self.setWindowTitle("Matteline")
        self.setAcceptDrops(True)
        self._preferences = preferences
        self._closed = False
        self.opener = Opener(surroundings.ocio, self)
        self.renders = Renders(
            surroundings.worker, surroundings.environ, log_file=surroundings.log_file, parent=self
        )
        self.viewer = ViewerPanel(preferences.cache_bytes)
        self.following = Following(self.viewer)
        self.shot = ShotPanel(self.renders, lambda: self.viewer.player.frame, self._marks)
        self.errors = ErrorLine()
        self._queue_store = QueueStore(surroundings.queue_file)
        self.queue = QueuePanel(self._queue_store, QueueRunner(self._queue_store, self.renders, self))
        self.judging = JudgingPanel()
        self.tabs = QTabWidget()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._build()
        self._make_menus()
        self._connect()
        self._restore()
        self.opener.list_views()

    def _build(self) -> None:
        self.tabs.setTabBar(Tabs())
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.shot, "Shot")
        self.tabs.addTab(self.queue, "Queue")
        self.tabs.addTab(self.judging, "Judging")
        self.tabs.setMinimumWidth(320)
        self._splitter.addWidget(self.viewer)
        self._splitter.addWidget(self.tabs)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setCollapsible(0, False)
        self._splitter.setHandleWidth(5)
        self.setCentralWidget(self._splitter)
        self.statusBar().addWidget(self.errors, 1)
        self.statusBar().setSizeGripEnabled(False)
        self.resize(1440, 860)
        self._splitter.setSizes([1440 - SIDE_WIDTH, SIDE_WIDTH])

    def _connect(self) -> None:
        self._connect_opener()
        self._connect_shot()
        self._connect_queue()
        self._connect_judging()
        self.following.failed.connect(self.errors.show_error)
        self.viewer.picking.backdrop_wanted.connect(lambda path: self.opener.open(path, "backdrop"))

    def _connect_opener(self) -> None:
        self.opener.opened.connect(self._opened)
        self.opener.failed.connect(self._not_opened)
        self.opener.views_known.connect(lambda views: self.viewer.offer_views(views, self._preferences.view))
        self.opener.spaces_known.connect(self.shot.form.offer_colour_spaces)

    def _connect_shot(self) -> None:
        self.shot.plate_wanted.connect(lambda path: self.opener.open(path, "plate"))
        self.shot.queue_wanted.connect(self._enqueue)
        self.shot.farm_wanted.connect(lambda job: self._send([job]))
        self.shot.noticed.connect(self.errors.notice)
        self.shot.runs.noticed.connect(self.errors.notice)
        self.shot.runs.started.connect(self.following.begin)
        self.shot.runs.landed.connect(self.following.land)
        self.shot.runs.ended.connect(self.following.settle)

    def _connect_queue(self) -> None:
        self.queue.farm_wanted.connect(self._send_queued)
        self.queue.shot_wanted.connect(self._show_job)
        self.queue.failed.connect(self.errors.show_error)
        self.queue.runner.failed.connect(self.errors.show_error)
        self.queue.runner.landed.connect(self.following.land)
        self.queue.runner.ended.connect(self.following.settle)

    def _connect_judging(self) -> None:
        self.judging.failed.connect(self.errors.show_error)
        self.judging.flagged.connect(self.viewer.set_marks)
        self.judging.frame_wanted.connect(self._look_at)
        self.tabs.currentChanged.connect(self._offer_judging)
        self.viewer.picking.changed.connect(self._offer_judging)

    def _make_menus(self) -> None:
        add_file_menu(self, self._ask_file, self._ask_folder)
        add_view_menu(self, self._preferences, self._set_theme, self._set_cache)
        add_help_menu(self, lambda: self.viewer.run("help"))

    def open(self, paths: Sequence[str]) -> None:
        """Open plates and folders of results, the last one on top; a plate also fills the form."""
        for path in paths:
            self.opener.open(path, "shot")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what is dropped."""
        self.open([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember how it looked; end everything."""
        self.close_all()
        super().closeEvent(event)

    def close_all(self) -> None:
        """End threads and worker. What is rendered is given up, complete frames stay."""
        if self._closed:
            return
        self._closed = True
        self._preferences.keep_bytes("geometry", self.saveGeometry())
        self._preferences.keep_bytes("splitter", self._splitter.saveState())
        self._preferences.view = self.viewer.picking.look.view
        self.queue.runner.close()
        self.renders.close()
        self.judging.close_all()
        self.shot.close_all()
        self.opener.close()
        self.viewer.close_all()

    def _restore(self) -> None:
        geometry = self._preferences.kept_bytes("geometry")
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
        splitter = self._preferences.kept_bytes("splitter")
        if not splitter.isEmpty():
            self._splitter.restoreState(splitter)

    def _opened(self, footage: Footage, purpose: str) -> None:
        self.errors.clear()
        if purpose == "backdrop":
            self.viewer.set_backdrop(footage)
            return
        self._preferences.last_folder = os.path.dirname(os.path.abspath(footage.path))
        self.viewer.add(footage, mode="plate" if "plate" in footage.clips and purpose == "plate" else None)
        if purpose == "shot":
            self._fill_form(footage)

    def _fill_form(self, footage: Footage) -> None:
        plate = footage.clips.get("plate")
        if plate is None:
            return
        # Not by its signal: the plate is open already.
        self.shot.form.plate_changed.disconnect(self.shot.open_plate)
        self.shot.form.set_plate(plate.info.path)
        if footage.folder is not None:
            self.shot.form.output.set_value(str(footage.folder))
            self.shot.form.existing.set_value("resume")
        self.shot.form.plate_changed.connect(self.shot.open_plate)

    def _not_opened(self, error: MattelineError, path: str) -> None:
        if path and path == self.shot.form.plate.value():
            self.shot.form.show_error(type(error).__name__, "plate", sentence(error))
        self.errors.show_error(error)

    def _enqueue(self, job: Job) -> None:
        self.queue.add(job)
        self.errors.notice("Added to the queue.")

    def _send(self, jobs: Sequence[Job]) -> FarmDialog:
        """Ask what a farm is to be told of these, and hand them over."""
        dialog = FarmDialog(jobs, self.renders, self._preferences, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.handed.connect(self.errors.notice)
        dialog.open()
        return dialog

    def _send_queued(self, shots: Sequence[QueuedShot]) -> None:
        dialog = self._send([shot.job_left for shot in shots])
        dialog.begun.connect(lambda: self.queue.leave_out(shots))
        dialog.refused.connect(lambda: self.queue.take_back(shots))
        dialog.handed.connect(lambda words: self.queue.sent(shots, words))

    def _show_job(self, job: Job) -> None:
        """A shot of the queue, in the form and in the viewer."""
        self.shot.form.set_job(job)
        self.tabs.setCurrentWidget(self.shot)

    def _look_at(self, frame: int, box: QRectF | None) -> None:
        self.viewer.player.stop()
        self.viewer.player.seek(frame)
        self.viewer.canvas.set_box(box)

    def _offer_judging(self) -> None:
        """Let the tab judge what side A shows; not while something else is looked at."""
        if self.tabs.currentWidget() is not self.judging:
            self.viewer.canvas.set_box(None)
            return
        choice = self.viewer.picking.a.choice
        footage = None if choice is None else choice.footage
        folder = None if footage is None else footage.folder
        self.judging.set_results(folder, "" if footage is None else footage.shot)

    def _marks(self) -> FrameRange | None:
        player = self.viewer.player
        return None if player.range == player.whole else player.range

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a plate", self._preferences.last_folder)
        if path:
            self.open([path])

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, "Open a sequence or results", self._preferences.last_folder
        )
        if path:
            self.open([path])

    def _set_theme(self, name: str) -> None:
        self._preferences.theme = name
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, name)

    def _set_cache(self, size: int) -> None:
        """Bound the frames in memory, in bytes."""
        self._preferences.cache_bytes = self.viewer.store.budget_bytes = size
