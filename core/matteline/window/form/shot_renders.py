"""Previews and renders of the shot tab: requested, followed, and listed with their progress."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.progress import RenderProgress
from matteline.window.progress_list import ProgressList
from matteline.window.worker_connection import WorkerConnection


@dataclass(frozen=True)
class WrittenFrame:
    """A frame that a render has written.

    Attributes:
        job: Job of the render.
        number: Number of the frame.
        files: Path of each product.
        preview: True if it was rendered only to be looked at.
    """

    job: Job
    number: int
    files: tuple[str, ...]
    preview: bool

    @classmethod
    def of(cls, job: Job, message: dict[str, Any], *, preview: bool = False) -> WrittenFrame:
        """Return the frame that a `frame` message of the worker tells of."""
        return cls(job, int(message["number"]), tuple(message["files"]), preview)


@dataclass
class _ShotRun:
    """A render under way."""

    job: Job
    preview: bool
    progress: RenderProgress = field(default_factory=RenderProgress)


class ShotRenders(QObject):
    """Renders of one form, and the temporary folder of its previews.

    Args:
        connection: Connection to the worker.
    """

    # A `WrittenFrame`.
    frame_written = Signal(object)

    # A render was requested; not sent for previews.
    started = Signal()

    # The `Job` of a render that has ended, in whichever way.
    ended = Signal(object)

    # A render has begun or ended.
    changed = Signal()

    # A sentence for the status line.
    noticed = Signal(str)

    # The worker's message of a render that failed.
    failed = Signal(object)

    def __init__(self, connection: WorkerConnection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._connection = connection
        self._runs: dict[int, _ShotRun] = {}
        # Removed when the window closes, and by the system if it cannot.
        self._scratch = tempfile.TemporaryDirectory(prefix="matteline-preview-", ignore_cleanup_errors=True)
        self._preview_numbers = itertools.count(1)
        self.rows = ProgressList()
        self.rows.cancel_requested.connect(connection.cancel)
        connection.message_received.connect(self._receive)

    @property
    def rendering(self) -> bool:
        """True while a render of the shot is under way."""
        return any(not run.preview for run in self._runs.values())

    @property
    def previewing(self) -> bool:
        """True while a preview is under way."""
        return any(run.preview for run in self._runs.values())

    def render(self, job: Job) -> None:
        """Render a shot."""
        self._begin(_ShotRun(job, preview=False), os.path.basename(job.plate.rstrip("/\\")))
        self.started.emit()

    def preview(self, job: Job, frame: int) -> None:
        """Render one frame of a shot into a folder that no other preview has.

        In one folder for all, frames that were looked at before would stay, made with other settings.
        """
        # Only what the viewer shows, in files that keep all of it.
        settings = replace(
            job.settings, write=("alpha", "fgr"), movies=(), layout="separate", format="exr", depth="auto"
        )
        folder = os.path.join(self._scratch.name, str(next(self._preview_numbers)))
        frames = FrameSet.of([frame])
        wanted = replace(job, frames=frames, output=folder, existing="overwrite", settings=settings)
        self._begin(_ShotRun(wanted, preview=True), f"Preview of frame {frame}")

    def close(self) -> None:
        """Remove the files of previews."""
        self._scratch.cleanup()

    def _begin(self, run: _ShotRun, name: str) -> None:
        # Rows of former renders have been read by now.
        self.rows.clear_ended()
        number = self._connection.render(run.job)
        self._runs[number] = run
        self.rows.add(number, name)
        self.changed.emit()

    def _receive(self, number: int, message: dict[str, Any]) -> None:
        run = self._runs.get(number)
        if run is None:
            return
        run.progress = run.progress.after(message)
        if message.get("event") == "frame":
            self.frame_written.emit(WrittenFrame.of(run.job, message, preview=run.preview))
        if message.get("event") == "notice":
            self.noticed.emit(str(message.get("message")))
        if message.get("last"):
            self._end(number, run, message)
        else:
            self.rows.update_progress(number, run.progress.words, run.progress.fraction)

    def _end(self, number: int, run: _ShotRun, message: dict[str, Any]) -> None:
        failed = message.get("event") == "failed"
        self.rows.finish(number, run.progress.words, failed=failed)
        del self._runs[number]
        if failed:
            self.failed.emit(message)
        elif run.preview and message.get("event") == "finished":
            # Only the latest preview is kept, so that no frame shows settings of before.
            for name in os.listdir(self._scratch.name):
                folder = os.path.join(self._scratch.name, name)
                if folder != run.job.output:
                    shutil.rmtree(folder, ignore_errors=True)
        self.ended.emit(run.job)
        self.changed.emit()
