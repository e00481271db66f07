"""Rendering of the queue: one shot after another, in this window or in whichever claims it first."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from matteline.contract.errors import MattelineError
from matteline.contract.events import error_of
from matteline.contract.messages import counted
from matteline.contract.progress import RenderProgress
from matteline.window.error_text import error_text
from matteline.window.form.shot_renders import WrittenFrame
from matteline.window.queue.store import DONE, FAILED, PAUSED, WAITING, QueuedShot, QueueStore
from matteline.window.worker_connection import WorkerConnection

TICK_MILLISECONDS = 1000

# States by the last message of a run. A run is only cancelled to go on later.
_STATES = {"finished": DONE, "failed": FAILED, "cancelled": PAUSED}


@dataclass
class _QueueRun:
    """The shot that this window renders."""

    shot: QueuedShot
    request: int
    progress: RenderProgress = field(default_factory=RenderProgress)


class QueueRunner(QObject):
    """Claims shots and renders them while it is switched on.

    Args:
        store: The queue.
        connection: Connection to the worker.
    """

    # The queue may have changed.
    changed = Signal()

    # A `WrittenFrame`.
    frame_written = Signal(object)

    # The `Job` of a render that has ended, in whichever way.
    ended = Signal(object)

    # A `MattelineError` about the queue itself.
    failed = Signal(object)

    def __init__(
        self, store: QueueStore, connection: WorkerConnection, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._connection = store, connection
        # Of this window, for as long as it lives.
        self._owner = uuid.uuid4().hex
        self._run: _QueueRun | None = None
        self._on = False
        self._timer = QTimer(self, interval=TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        connection.message_received.connect(self._receive)
        self._timer.start()

    @property
    def on(self) -> bool:
        """True while shots are begun."""
        return self._on

    @property
    def current(self) -> int | None:
        """The number of the shot that this window renders; None where it renders none."""
        return None if self._run is None else self._run.shot.number

    def start(self) -> None:
        """Render the waiting shots, one after another."""
        self._on = True
        self._tick()

    def pause(self) -> None:
        """Begin no other shot, and stop the one under way; it is resumed later."""
        self._on = False
        self._cancel_run()
        self.changed.emit()

    def pause_shot(self, number: int) -> None:
        """Pause a shot; if it is under way, stop it and go on with the next."""
        if self.current == number:
            self._cancel_run()
        else:
            self._guarded(lambda: self._store.hold(number))

    def close(self) -> None:
        """Leave the queue to other windows: the shot under way waits again."""
        self._timer.stop()
        self._on = False
        if self._run is not None:
            number, self._run = self._run.shot.number, None
            self._guarded(lambda: self._store.end(number, self._owner, WAITING, ""))

    def _cancel_run(self) -> None:
        if self._run is not None:
            # It ends when the frame under way is written; its last message says so.
            self._connection.cancel(self._run.request)

    def _tick(self) -> None:
        """Report the shot under way, which shows that this window lives, or begin the next one."""

        def work() -> None:
            if self._run is not None:
                self._report(self._run)
            elif self._on and (shot := self._store.claim(self._owner)) is not None:
                line = f"Run {shot.runs}: {shot.job.plate} to {shot.job.output}"
                self._store.add_log_line(shot.number, line)
                self._run = _QueueRun(shot, self._connection.render(shot.next_job))

        self._guarded(work)
        self.changed.emit()

    def _report(self, run: _QueueRun) -> None:
        progress = run.progress
        is_ours = self._store.report(
            run.shot.number,
            self._owner,
            progress.words,
            progress.done,
            progress.total,
            progress.frames_per_second,
        )
        if not is_ours:
            # Another window has taken this one for dead, as after this machine slept.
            self._connection.cancel(run.request)

    def _receive(self, request: int, message: dict[str, Any]) -> None:
        run = self._run
        if run is None or run.request != request:
            return
        run.progress = run.progress.after(message)
        if message.get("event") == "frame":
            self.frame_written.emit(WrittenFrame.of(run.shot.job, message))
        self._guarded(lambda: self._log(run, message))
        if message.get("last"):
            self._run = None
            self._guarded(lambda: self._end(run, message))
            self.ended.emit(run.shot.job)
            self._tick()

    def _log(self, run: _QueueRun, message: dict[str, Any]) -> None:
        event = message.get("event")
        if event == "failed":
            self._store.add_log_line(run.shot.number, error_text(error_of(message)))
        elif event == "notice":
            self._store.add_log_line(run.shot.number, str(message["message"]))
        elif event in ("loading", "started"):
            self._store.add_log_line(run.shot.number, run.progress.words)

    def _end(self, run: _QueueRun, message: dict[str, Any]) -> None:
        self._report(run)
        state = _STATES.get(str(message.get("event")), FAILED)
        progress = run.progress
        words = f"Paused after {counted(progress.done, 'frame')}" if state == PAUSED else progress.words
        if state != FAILED:
            # A failure is in the log already, with its hint.
            self._store.add_log_line(run.shot.number, words)
        self._store.end(run.shot.number, self._owner, state, words)

    def _guarded(self, do: Callable[[], object]) -> None:
        try:
            do()
        except MattelineError as error:
            self.failed.emit(error)
