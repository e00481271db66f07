"""Rendering the queue: one shot after another, in this window or in whichever claims it first."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from matteline.contract.errors import MattelineError
from matteline.contract.events import error_of
from matteline.contract.messages import counted, sentence
from matteline.window.form.runs import Landed
from matteline.window.progress import Progress, advanced
from matteline.window.queue.store import DONE, FAILED, PAUSED, WAITING, QueuedShot, QueueStore
from matteline.window.render import Renders

TICK_MILLISECONDS = 1000

_STATES = {"finished": DONE, "failed": FAILED, "cancelled": PAUSED}
"""By the last message of a run. What the queue gives up goes on later."""


@dataclass
class _Current:
    """The shot that this window renders."""

    shot: QueuedShot
    request: int
    progress: Progress = field(default_factory=Progress)


class QueueRunner(QObject):
    """Claims shots and renders them while it is switched on.

    Args:
        store: The queue.
        renders: The line to the worker.
    """

    changed = Signal()
    """The queue is another one than before."""

    landed = Signal(object)
    """A `Landed`."""

    ended = Signal(object)
    """The `Job` of a render that has come to its end, whichever."""

    failed = Signal(object)
    """A `MattelineError` about the queue itself."""

    def __init__(self, store: QueueStore, renders: Renders, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._renders = store, renders
        self._owner = uuid.uuid4().hex
        self._current: _Current | None = None
        self._on = False
        self._timer = QTimer(self, interval=TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        renders.heard.connect(self._heard)
        self._timer.start()

    @property
    def on(self) -> bool:
        """Whether shots are begun."""
        return self._on

    @property
    def current(self) -> int | None:
        """The number of the shot that this window renders."""
        return None if self._current is None else self._current.shot.number

    def start(self) -> None:
        """Render what waits, one after another."""
        self._on = True
        self._tick()

    def pause(self) -> None:
        """Begin no other shot, and stop the one under way; it goes on from there later."""
        self._on = False
        self._give_up()
        self.changed.emit()

    def pause_shot(self, number: int) -> None:
        """Stop a shot and go on with the next."""
        if self.current == number:
            self._give_up()
        else:
            self._guarded(lambda: self._store.hold(number))

    def close(self) -> None:
        """Leave the queue so that it can be taken up later: the shot under way waits again."""
        self._timer.stop()
        self._on = False
        if self._current is not None:
            number, self._current = self._current.shot.number, None
            self._guarded(lambda: self._store.end(number, self._owner, WAITING, ""))

    def _give_up(self) -> None:
        if self._current is not None:
            self._renders.cancel(self._current.request)

    def _tick(self) -> None:
        self._guarded(self._go_on)
        self.changed.emit()

    def _go_on(self) -> None:
        if self._current is not None:
            self._report(self._current)
        elif self._on and (shot := self._store.claim(self._owner)) is not None:
            self._store.tell(shot.number, f"Run {shot.runs}: {shot.job.plate} to {shot.job.output}")
            self._current = _Current(shot, self._renders.render(shot.job_now))

    def _report(self, current: _Current) -> None:
        progress = current.progress
        kept = self._store.report(
            current.shot.number,
            self._owner,
            progress.words,
            progress.done,
            progress.total,
            progress.frames_per_second,
        )
        if not kept:
            # Another window has taken it for dead, as after this machine slept.
            self._renders.cancel(current.request)

    def _heard(self, request: int, message: dict[str, Any]) -> None:
        current = self._current
        if current is None or current.request != request:
            return
        current.progress = advanced(current.progress, message)
        if message.get("event") == "frame":
            files = tuple(message["files"])
            self.landed.emit(Landed(current.shot.job, int(message["number"]), files, preview=False))
        self._guarded(lambda: self._note(current, message))
        if message.get("last"):
            self._current = None
            self._guarded(lambda: self._end(current, message))
            self.ended.emit(current.shot.job)
            self._tick()

    def _note(self, current: _Current, message: dict[str, Any]) -> None:
        event = message.get("event")
        if event == "failed":
            self._store.tell(current.shot.number, sentence(error_of(message)))
        elif event == "notice":
            self._store.tell(current.shot.number, str(message["message"]))
        elif event in ("loading", "started"):
            self._store.tell(current.shot.number, current.progress.words)

    def _end(self, current: _Current, message: dict[str, Any]) -> None:
        self._report(current)
        state = _STATES.get(str(message.get("event")), FAILED)
        progress = current.progress
        words = f"Paused after {counted(progress.done, 'frame')}" if state == PAUSED else progress.words
        if state != FAILED:
            # Why it failed is told already, with what to do.
            self._store.tell(current.shot.number, words)
        self._store.end(current.shot.number, self._owner, state, words)

    def _guarded(self, do: Callable[[], object]) -> None:
        try:
            do()
        except MattelineError as error:
            self.failed.emit(error)
