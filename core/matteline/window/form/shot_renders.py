"""Renders of the shot tab: requested, followed, and listed with their progress."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

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
    """

    job: Job
    number: int
    files: tuple[str, ...]

    @classmethod
    def of(cls, job: Job, message: dict[str, Any]) -> WrittenFrame:
        """Return the frame that a `frame` message of the worker tells of."""
        return cls(job, int(message["number"]), tuple(message["files"]))


@dataclass
class _ShotRun:
    """A render under way."""

    job: Job
    progress: RenderProgress = field(default_factory=RenderProgress)


class ShotRenders(QObject):
    """Renders of the shots of one form.

    Args:
        connection: Connection to the worker.
    """

    # A `WrittenFrame`.
    frame_written = Signal(object)

    # A render was requested.
    started = Signal()

    # The `Job` of a render that has ended, in whichever way.
    ended = Signal(object)

    # A render has ended, and not by failing.
    completed = Signal()

    # A render has begun or ended.
    changed = Signal()

    # A sentence for the status line.
    noticed = Signal(str)

    # The worker's message of a render that failed, and its `Job`.
    failed = Signal(object, object)

    def __init__(self, connection: WorkerConnection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._connection = connection
        self._runs: dict[int, _ShotRun] = {}
        self.rows = ProgressList()
        self.rows.cancel_requested.connect(connection.cancel)
        connection.message_received.connect(self._receive)

    @property
    def rendering(self) -> bool:
        """True while a render is under way."""
        return bool(self._runs)

    def renders_into(self, output: str) -> bool:
        """Tell whether a render into this folder is under way."""
        folder = os.path.abspath(output)
        return any(run.job.output == folder for run in self._runs.values())

    def cancel_all(self) -> None:
        """Cancel everything that is under way. Complete frames stay."""
        for number in self._runs:
            self.rows.cancel_requested.emit(number)

    def render(self, job: Job) -> None:
        """Render a shot."""
        # Rows of former renders have been read by now.
        self.rows.clear_ended()
        number = self._connection.render(job)
        self._runs[number] = _ShotRun(job)
        self.rows.add(number, os.path.basename(job.plate.rstrip("/\\")))
        self.started.emit()
        self.changed.emit()

    def _receive(self, number: int, message: dict[str, Any]) -> None:
        run = self._runs.get(number)
        if run is None:
            return
        run.progress = run.progress.after(message)
        if message.get("event") == "frame":
            self.frame_written.emit(WrittenFrame.of(run.job, message))
        if message.get("event") == "notice":
            self.noticed.emit(str(message.get("message")))
        if message.get("last"):
            self._end(number, run, message)
        else:
            # Before the first frame the bar moves to and fro: it is not known how long preroll takes.
            self.rows.update_progress(number, run.progress.words, run.progress.fraction or None)

    def _end(self, number: int, run: _ShotRun, message: dict[str, Any]) -> None:
        failed = message.get("event") == "failed"
        self.rows.finish(number, run.progress.words, failed=failed)
        del self._runs[number]
        if failed:
            self.failed.emit(message, run.job)
        else:
            self.completed.emit()
        self.ended.emit(run.job)
        self.changed.emit()
