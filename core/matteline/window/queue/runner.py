"""Rendering of the queue: one shot after another, in this window or in whichever claims it first."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from matteline.contract.events import error_of
from matteline.contract.messages import counted
from matteline.contract.progress import RenderProgress
from matteline.window.error_text import error_text
from matteline.window.form.shot_renders import WrittenFrame
from matteline.window.queue.background_queue import BackgroundQueue
from matteline.window.queue.store import DONE, FAILED, PAUSED, QueuedShot, QueueStore
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
        queue: The queue.
        connection: Connection to the worker.
    """

    # The queue may have changed.
    changed = Signal()

    # A `WrittenFrame`.
    frame_written = Signal(object)

    # The `Job` of a render that has ended, in whichever way.
    ended = Signal(object)

    def __init__(
        self, queue: BackgroundQueue, connection: WorkerConnection, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._queue, self._connection = queue, connection
        # Of this window, for as long as it lives.
        self._owner = uuid.uuid4().hex
        self._run: _QueueRun | None = None
        # A shot was asked for and has not come yet.
        self._claiming = False
        self._on = False
        self._timer = QTimer(self, interval=TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        connection.message_received.connect(self._receive)
        # Also while it is off: the list follows what other windows do with the queue.
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
            self._queue.ask(lambda store: store.hold(number))

    def close(self) -> None:
        """Leave the queue to other windows: the shot under way waits again."""
        self._timer.stop()
        self._on, self._run = False, None
        self._queue.ask(lambda store: store.leave(self._owner))

    def _cancel_run(self) -> None:
        if self._run is not None:
            # It ends when the frame under way is written; its last message says so.
            self._connection.cancel(self._run.request)

    def _tick(self) -> None:
        """Report the shot under way, which shows that this window lives, or begin the next one."""
        if self._run is not None:
            self._report(self._run)
        elif self._on and not self._claiming:
            self._claiming = True
            self._queue.ask(self._claim, self._begin)
        self.changed.emit()

    def _claim(self, store: QueueStore) -> QueuedShot | None:
        shot = store.claim(self._owner)
        if shot is not None:
            store.add_log_line(shot.number, f"Run {shot.runs}: {shot.job.plate} to {shot.job.output}")
        return shot

    def _begin(self, shot: QueuedShot | None) -> None:
        self._claiming = False
        if shot is None:
            return
        if self._on:
            self._run = _QueueRun(shot, self._connection.render(shot.next_job))
        else:
            # It was paused meanwhile.
            self._queue.ask(lambda store: store.leave(self._owner))
        self.changed.emit()

    def _report(self, run: _QueueRun) -> None:
        progress, number = run.progress, run.shot.number
        now = progress.words, progress.done, progress.total, progress.frames_per_second

        def cancel_others(is_ours: bool) -> None:
            if not is_ours:
                # Another window has taken this one for dead, as after this machine slept.
                self._connection.cancel(run.request)

        self._queue.ask(lambda store: store.report(number, self._owner, *now), cancel_others)

    def _receive(self, request: int, message: dict[str, Any]) -> None:
        run = self._run
        if run is None or run.request != request:
            return
        run.progress = run.progress.after(message)
        if message.get("event") == "frame":
            self.frame_written.emit(WrittenFrame.of(run.shot.job, message))
        self._log(run, message)
        if message.get("last"):
            self._run = None
            self._end(run, message)
            self.ended.emit(run.shot.job)
            # The next shot need not wait for the timer.
            self._tick()

    def _log(self, run: _QueueRun, message: dict[str, Any]) -> None:
        event, number = message.get("event"), run.shot.number
        if event == "failed":
            line = error_text(error_of(message))
        elif event == "notice":
            line = str(message["message"])
        elif event in ("loading", "started"):
            line = run.progress.words
        else:
            return
        self._queue.ask(lambda store: store.add_log_line(number, line))

    def _end(self, run: _QueueRun, message: dict[str, Any]) -> None:
        # First, because the end takes the shot from its owner, and a report of no owner cancels the render.
        self._report(run)
        state = _STATES.get(str(message.get("event")), FAILED)
        progress, number = run.progress, run.shot.number
        words = f"Paused after {counted(progress.done, 'frame')}" if state == PAUSED else progress.words
        if state != FAILED:
            # A failure is in the log already, with its hint.
            self._queue.ask(lambda store: store.add_log_line(number, words))
        self._queue.ask(lambda store: store.end(number, self._owner, state, words))
