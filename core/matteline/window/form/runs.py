"""Previews and renders of the shot tab: asked for, followed, and listed with their bars."""

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
from matteline.window.progress import Progress, advanced
from matteline.window.progress_list import ProgressList
from matteline.window.render import Renders


@dataclass(frozen=True)
class Landed:
    """A frame that a render has written.

    Attributes:
        job: Of which render.
        number: The frame.
        files: Its products.
        preview: Whether it was rendered only to be looked at.
    """

    job: Job
    number: int
    files: tuple[str, ...]
    preview: bool


@dataclass
class _Run:
    """A render under way."""

    job: Job
    preview: bool
    progress: Progress = field(default_factory=Progress)


class ShotRuns(QObject):
    """Renders of one form, and the temporary folder of its previews.

    Args:
        renders: The line to the worker.
    """

    landed = Signal(object)
    """A `Landed`."""

    started = Signal()
    """A render was asked for."""

    ended = Signal(object)
    """The `Job` of a render that has come to its end, whichever."""

    changed = Signal()
    """Something has begun or ended."""

    noticed = Signal(str)
    """A sentence for the status line."""

    failed = Signal(object)
    """The worker's message of a render that failed."""

    def __init__(self, renders: Renders, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._renders = renders
        self._runs: dict[int, _Run] = {}
        self._scratch = tempfile.TemporaryDirectory(prefix="matteline-preview-", ignore_cleanup_errors=True)
        self._previews = itertools.count(1)
        self.rows = ProgressList()
        self.rows.cancel_requested.connect(renders.cancel)
        renders.heard.connect(self._heard)

    @property
    def rendering(self) -> bool:
        """Whether a render of the shot is under way."""
        return any(not run.preview for run in self._runs.values())

    @property
    def previewing(self) -> bool:
        """Whether a preview is under way."""
        return any(run.preview for run in self._runs.values())

    def render(self, job: Job) -> None:
        """Render a shot."""
        self._begin(_Run(job, preview=False), os.path.basename(job.plate.rstrip("/\\")))
        self.started.emit()

    def preview(self, job: Job, frame: int) -> None:
        """Render one frame of a shot into a folder that no other preview has.

        In one for all, frames that were looked at before would stay, made with other settings.
        """
        settings = replace(
            job.settings, write=("alpha", "fgr"), movies=(), layout="separate", format="exr", depth="auto"
        )
        folder = os.path.join(self._scratch.name, str(next(self._previews)))
        frames = FrameSet.of([frame])
        wanted = replace(job, frames=frames, output=folder, existing="overwrite", settings=settings)
        self._begin(_Run(wanted, preview=True), f"Preview of frame {frame}")

    def close(self) -> None:
        """Remove what previews have written."""
        self._scratch.cleanup()

    def _begin(self, run: _Run, name: str) -> None:
        self.rows.clear_ended()
        number = self._renders.render(run.job)
        self._runs[number] = run
        self.rows.add(number, name)
        self.changed.emit()

    def _heard(self, number: int, message: dict[str, Any]) -> None:
        run = self._runs.get(number)
        if run is None:
            return
        run.progress = advanced(run.progress, message)
        if message.get("event") == "frame":
            files = tuple(message["files"])
            self.landed.emit(Landed(run.job, int(message["number"]), files, run.preview))
        if message.get("event") == "notice":
            self.noticed.emit(str(message.get("message")))
        if message.get("last"):
            self._end(number, run, message)
        else:
            self.rows.update_progress(number, run.progress.words, run.progress.fraction)

    def _end(self, number: int, run: _Run, message: dict[str, Any]) -> None:
        failed = message.get("event") == "failed"
        self.rows.finish(number, run.progress.words, failed=failed)
        del self._runs[number]
        if failed:
            self.failed.emit(message)
        elif run.preview and message.get("event") == "finished":
            self._forget_previews_before(run.job.output)
        self.ended.emit(run.job)
        self.changed.emit()

    def _forget_previews_before(self, kept: str) -> None:
        for name in os.listdir(self._scratch.name):
            folder = os.path.join(self._scratch.name, name)
            if folder != kept:
                shutil.rmtree(folder, ignore_errors=True)
