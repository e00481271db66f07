"""The main window: the viewer, and beside it the tabs for the shot, the queue and judging."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.errors import MattelineError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.window.controls import WideTabBar
from matteline.window.error_text import error_text
from matteline.window.farm_dialog import FarmDialog
from matteline.window.form.panel import ShotPanel
from matteline.window.form.shot_renders import WrittenFrame
from matteline.window.judging.panel import JudgingPanel
from matteline.window.live_preview import LivePreview
from matteline.window.menus import (
    SettingsCommands,
    add_edit_menu,
    add_file_menu,
    add_help_menu,
    add_view_menu,
)
from matteline.window.opening import FootageOpener, Opened
from matteline.window.people.panel import PeoplePanel
from matteline.window.preferences import Preferences
from matteline.window.queue.background_queue import BackgroundQueue
from matteline.window.queue.panel import QueuePanel
from matteline.window.queue.runner import QueueRunner
from matteline.window.queue.store import QueuedShot, QueueStore
from matteline.window.result_follower import ResultFollower
from matteline.window.shot_paths import PLATE_FILTER
from matteline.window.shots.controller import ShotController
from matteline.window.shots.open_shots import OpenShot
from matteline.window.status_line import StatusLine
from matteline.window.theme import apply_theme
from matteline.window.thumbnails import PlateThumbnails
from matteline.window.viewer.panel import ViewerPanel
from matteline.window.worker_connection import WorkerConnection

_WINDOW_SIZE = (1440, 860)
_TABS_WIDTH = 400


@dataclass(frozen=True)
class WindowConfig:
    """Commands and paths of this machine that the window needs.

    Attributes:
        worker: Command that starts the worker.
        environ: Environment for it.
        ocio: Path of the OCIO config; None for the built-in one.
        log_file: Receives the worker's log; empty for none.
        queue_file: File of the queue.
    """

    worker: Sequence[str]
    environ: dict[str, str]
    ocio: str | None = None
    log_file: str = ""
    queue_file: Path = Path("queue.sqlite")


class MainWindow(QMainWindow):
    """The whole window. Closing it ends its threads and the worker.

    Args:
        preferences: The user's preferences.
        config: Commands and paths of this machine.
    """

    def __init__(self, preferences: Preferences, config: WindowConfig) -> None:
        super().__init__()
        self.setWindowTitle("Matteline")
        self.setAcceptDrops(True)
        self._preferences = preferences
        # Closing comes twice: from the window, and from whoever drives it.
        self._closed = False
        self.opener = FootageOpener(config.ocio, self)
        self.connection = WorkerConnection(
            config.worker, config.environ, log_file=config.log_file, parent=self
        )
        self.viewer = ViewerPanel(preferences.cache_bytes)
        self.shot = ShotPanel(
            self.connection,
            self._marked_range,
            lambda job: self.shots.check_job(job),
        )
        self.shots = ShotController(self.opener, self.viewer, self.shot, preferences, self)
        self.live = LivePreview(self.connection, self.viewer, self.shot, self.shots.shots)
        self.follower = ResultFollower(self.viewer, self.shots.footage_of)
        self.errors = StatusLine()
        self._queue_file = BackgroundQueue(QueueStore(config.queue_file), self)
        runner = QueueRunner(self._queue_file, self.connection, self)
        self._thumbnails = PlateThumbnails(self.opener.config, self)
        self.queue = QueuePanel(self._queue_file, runner, self._thumbnails)
        self.judging = JudgingPanel()
        self.people = PeoplePanel(self.connection, self.shot, self.shots, self.viewer)
        self.tabs = QTabWidget()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._build()
        self._connect_viewer()
        self._connect_tabs()
        # As the user left it, where the user did.
        for restore, name in ((self.restoreGeometry, "geometry"), (self._splitter.restoreState, "splitter")):
            if not (state := preferences.kept_bytes(name)).isEmpty():
                restore(state)
        self.opener.list_views()

    def _build(self) -> None:
        self.tabs.setTabBar(WideTabBar())
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.shot, "Shot")
        self.tabs.addTab(self.people, "People")
        self.tabs.addTab(self.queue, "Queue")
        self.tabs.addTab(self.judging, "Judging")
        self.tabs.setMinimumWidth(320)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.viewer, 1)
        column.addWidget(self.shots.strip)
        self._splitter.addWidget(left)
        self._splitter.addWidget(self.tabs)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setCollapsible(0, False)
        self._splitter.setHandleWidth(5)
        self.setCentralWidget(self._splitter)
        self.statusBar().addWidget(self.errors, 1)
        self.statusBar().setSizeGripEnabled(False)
        self.resize(*_WINDOW_SIZE)
        self._splitter.setSizes([_WINDOW_SIZE[0] - _TABS_WIDTH, _TABS_WIDTH])
        add_file_menu(
            self,
            self._preferences,
            self._ask_file,
            self._ask_folder,
            lambda path: self.open([path]),
            self.shots.close_current,
        )
        add_edit_menu(
            self,
            self._preferences,
            self.shots.history.group,
            SettingsCommands(
                copy=self.shots.copy_settings,
                paste=self.shots.paste_settings,
                reset=self.shots.reset_settings,
                use_preset=self.shots.use_preset,
                save_preset=self.shots.save_preset,
                delete_preset=self.shots.delete_preset,
            ),
        )
        add_view_menu(self, self._preferences, self._set_theme, self._set_cache)
        add_help_menu(self, lambda: self.viewer.run("help"))
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self._give_up)

    def _connect_viewer(self) -> None:
        self.opener.opened.connect(self._show_opened)
        self.opener.opening.connect(self._show_opening)
        self.opener.failed.connect(self._show_open_error)
        self.opener.views_known.connect(lambda views: self.viewer.offer_views(views, self._preferences.view))
        self.opener.spaces_known.connect(self.shot.form.offer_colour_spaces)
        self.follower.failed.connect(self.errors.show_error)
        self.viewer.toolbar.backdrop_wanted.connect(lambda path: self.opener.open(path, "backdrop"))
        self.viewer.toolbar.changed.connect(self._offer_judging)
        self.tabs.currentChanged.connect(self._offer_judging)

    def _connect_tabs(self) -> None:
        self.shot.plate_wanted.connect(self._open_plate)
        self.shots.noticed.connect(self.errors.notice)
        self.shots.shots.switched.connect(self._show_name)
        self.shot.planned.connect(self._show_stale)
        self.shot.queue_wanted.connect(self._enqueue)
        self.shot.farm_wanted.connect(lambda job: self._send([job]))
        self.shot.noticed.connect(self.errors.notice)
        self.shot.renders.noticed.connect(self.errors.notice)
        self.shot.renders.started.connect(self.follower.follow_next)
        self.shot.renders.frame_written.connect(self.follower.show_frame)
        self.shot.renders.frame_written.connect(self.shots.note_written)
        self.shot.renders.frame_written.connect(self._note_up_to_date)
        self.shot.renders.ended.connect(self.follower.rescan)
        self.queue.farm_wanted.connect(self._send_queued)
        self.queue.shot_wanted.connect(self._show_job)
        self._queue_file.failed.connect(self.errors.show_error)
        self.queue.runner.frame_written.connect(self.follower.show_frame)
        self.queue.runner.frame_written.connect(self.shots.note_written)
        self.queue.runner.frame_written.connect(self._note_up_to_date)
        self.queue.runner.ended.connect(self.follower.rescan)
        self.people.failed.connect(self.errors.show_error)
        self.people.found.connect(self.shots.note_look)
        self.judging.failed.connect(self.errors.show_error)
        self.judging.flagged.connect(self.viewer.set_flags)
        self.judging.frame_wanted.connect(self._look_at)
        self.judging.render_wanted.connect(self._render_again)

    def open(self, paths: Sequence[str]) -> None:
        """Open plates and folders of results, each as a shot of its own, the last one on top."""
        for path in paths:
            self.shots.open(os.path.abspath(path))

    def restore_session(self) -> None:
        """Open the shots that were open when the window was closed last."""
        self.shots.restore(self._preferences.session)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files, to be copied: a file manager deletes what it is told was moved."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.viewer.canvas.set_highlighted(True)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Go on accepting them."""
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the highlight away."""
        self.viewer.canvas.set_highlighted(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the files that are dropped."""
        self.viewer.canvas.set_highlighted(False)
        self.open([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the window's geometry, and end everything."""
        self.close_all()
        super().closeEvent(event)

    def close_all(self, *, at_once: bool = False) -> None:
        """End threads and worker. A render under way is cancelled; complete frames stay.

        Args:
            at_once: As `WorkerConnection.close` has it.
        """
        if self._closed:
            return
        self._closed = True
        self._preferences.keep_bytes("geometry", self.saveGeometry())
        self._preferences.keep_bytes("splitter", self._splitter.saveState())
        self._preferences.view = self.viewer.toolbar.state.view
        self.shots.keep_session()
        # The queue first: its file is told that the shot under way waits again.
        self.queue.runner.close()
        self._queue_file.close()
        self.connection.close(at_once=at_once)
        self.judging.close_all()
        self.queue.close_all()
        self._thumbnails.close()
        self.shot.close_all()
        self.live.close()
        self.follower.close()
        self.opener.close()
        self.viewer.close_all()

    def _show_opened(self, opened: Opened) -> None:
        self.errors.clear()
        if opened.purpose == "backdrop":
            self.viewer.set_backdrop(opened.footage)
        else:
            self._preferences.last_folder = os.path.dirname(os.path.abspath(opened.footage.path))

    def _show_opening(self, path: str) -> None:
        name = os.path.basename(path.rstrip("/\\"))
        self.viewer.canvas.set_tag("opening", f"Opening {name}…" if name else "")

    def _open_plate(self, path: str) -> None:
        """Open a plate that was named in the form, as a shot of its own; the shown one keeps its plate."""
        shown = self.shots.shots.current
        if shown is not None:
            plate = shown.footage.clips.get("plate")
            if plate is not None and os.path.abspath(path) == os.path.abspath(plate.info.path):
                return
            self.shots.history.adjust("plate", "" if plate is None else plate.info.path)
        self.open([path])

    def _show_name(self, shot: OpenShot | None) -> None:
        self.setWindowTitle("Matteline" if shot is None else f"{shot.name} – Matteline")

    def _show_stale(self, plan: dict[str, Any]) -> None:
        """Mark the frames that the plan would render again: their results were made with other settings."""
        shot = self.shots.shots.current
        if shot is None or not shot.footage.results:
            return
        again = FrameSet()
        if self.shot.form.existing.value() == "update" and plan.get("render"):
            rendered = FrameSet.parse(str(plan["render"]))
            again = rendered.minus(rendered.minus(shot.footage.results[0].frames))
        self.viewer.set_stale(shot.footage, again)

    def _note_up_to_date(self, written: WrittenFrame) -> None:
        footage = self.shots.footage_of(written.job)
        if footage is not None:
            self.viewer.set_up_to_date(footage, written.number)

    def _give_up(self) -> None:
        """Cancel what this tab has under way: judging, or the renders of shots."""
        if self.judging.judge.busy and self.tabs.currentWidget() is self.judging:
            self.judging.judge.stop()
        elif self.people.busy and self.tabs.currentWidget() is self.people:
            self.people.cancel()
        else:
            self.live.cancel()
            self.shot.renders.cancel_all()

    def _show_open_error(self, error: MattelineError, path: str) -> None:
        if path and path == self.shot.form.plate.value():
            self.shot.form.show_error(type(error).__name__, "plate", error_text(error))
        self.errors.show_error(error)

    def _enqueue(self, job: Job) -> None:
        self.queue.add(job)
        self.errors.notice("Added to the queue.")

    def _send(self, jobs: Sequence[Job]) -> FarmDialog:
        """Open the dialog that submits jobs to a farm."""
        dialog = FarmDialog(jobs, self.connection, self._preferences, self)
        # Or each dialog would stay in memory, and hear every message of the worker.
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.submitted.connect(self.errors.notice)
        dialog.open()
        return dialog

    def _send_queued(self, shots: Sequence[QueuedShot]) -> None:
        dialog = self._send([shot.remaining_job for shot in shots])
        # Held meanwhile, so that no window begins what the farm is about to take.
        dialog.begun.connect(lambda: self.queue.hold(shots))
        dialog.refused.connect(lambda: self.queue.take_back(shots))
        dialog.submitted.connect(lambda words: self.queue.mark_sent(shots, words))

    def _show_job(self, job: Job) -> None:
        """Show a queued shot: its results, where it has any, and its settings."""
        self.shots.open(job.plate, results=job.output, job=job)
        self.tabs.setCurrentWidget(self.shot)

    def _look_at(self, frame: int, box: QRectF | None) -> None:
        self.viewer.player.stop()
        self.viewer.player.seek(frame)
        self.viewer.canvas.set_box(box)

    def _render_again(self, frames: FrameSet) -> None:
        """Set the form up to render some frames again, with whatever the artist changes."""
        state = self.shot.form.state
        again = {**state, "frames": str(frames), "existing": "overwrite"}
        self.shots.history.replace_state(again, "Render frames again")
        self.tabs.setCurrentWidget(self.shot)
        self.errors.notice(f"Change what should be different, then render frames {frames.brief}.")

    def _offer_judging(self) -> None:
        """Hand the results on side A to the judging tab while that is open; else take its box away."""
        if self.tabs.currentWidget() is not self.judging:
            self.viewer.canvas.set_box(None)
            return
        choice = self.viewer.toolbar.a.choice
        footage = None if choice is None else choice.footage
        folder = None if footage is None else footage.folder
        self.judging.set_results(folder, "" if footage is None else footage.shot)

    def _marked_range(self) -> FrameRange | None:
        player = self.viewer.player
        return None if player.range == player.whole else player.range

    def _ask_file(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self, "Open plates", self._preferences.last_folder, PLATE_FILTER
        )
        self.open(paths)

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
        """Set the memory for frames, in bytes."""
        self._preferences.cache_bytes = self.viewer.cache.budget_bytes = size
