"""The queue's file: shots and their progress, safe for several windows at once and across restarts.

SQLite keeps every change whole. A shot belongs to the window that claimed it, in one transaction, so no two
render the same one. A window that dies reports nothing any more, and its shot is free again.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from matteline.contract.errors import JobError, WriteError
from matteline.contract.job import Job

# A window reports every second; this is long enough for one that is busy, and short for an artist who waits.
ABANDONED_AFTER_SECONDS = 20.0
# How long a call waits for another window's transaction.
BUSY_SECONDS = 5.0
LONGEST_LOG_CHARACTERS = 20_000

WAITING, PAUSED, RUNNING = "waiting", "paused", "running"
DONE, FAILED, SENT = "done", "failed", "sent"

# `place` orders the shots; `seen` is the time of the owner's last report.
# AUTOINCREMENT, or SQLite would give the number of a shot that was removed to a new one.
_TABLE = """
CREATE TABLE IF NOT EXISTS shots (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    place REAL NOT NULL,
    job TEXT NOT NULL,
    state TEXT NOT NULL,
    words TEXT NOT NULL DEFAULT '',
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    speed REAL NOT NULL DEFAULT 0,
    runs INTEGER NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT '',
    seen REAL NOT NULL DEFAULT 0,
    log TEXT NOT NULL DEFAULT ''
)
"""

_COLUMNS = "number, job, state, words, done, total, speed, runs, owner"


@dataclass(frozen=True)
class QueuedShot:
    """A shot in the queue.

    Attributes:
        number: Its number, which no other shot of this queue ever gets.
        job: The job as it was added.
        state: `waiting`, `paused`, `running`, `done`, `failed`, or `sent` to a render farm.
        words: Progress, or how its last run ended, for people.
        done: Frames written by its last run.
        total: Frames that this run will write; 0 while that is not known.
        speed: Frames per second of this run.
        runs: Number of runs that were begun.
        owner: Id of the window that renders it; empty for none.
    """

    number: int
    job: Job
    state: str
    words: str
    done: int
    total: int
    speed: float
    runs: int
    owner: str

    @property
    def next_job(self) -> Job:
        """The job for the run that was just begun: it resumes what an earlier run left."""
        return replace(self.job, existing="resume") if self.runs > 1 else self.job

    @property
    def remaining_job(self) -> Job:
        """The job for a farm: it resumes what this queue has begun."""
        return replace(self.job, existing="resume") if self.runs else self.job


def time_left(shots: Sequence[QueuedShot]) -> float:
    """Estimate the seconds until a queue is done, by the speed of what runs; 0 while nothing tells.

    Shots that have not begun are taken to be as long as the mean of those whose length is known.
    """
    running = [shot for shot in shots if shot.state == RUNNING and shot.speed > 0]
    known = [shot.total for shot in shots if shot.total]
    if not running or not known:
        return 0.0
    mean = sum(known) / len(known)
    waiting = sum(
        float(len(shot.job.frames)) if shot.job.frames else mean for shot in shots if shot.state == WAITING
    )
    left = sum(shot.total - shot.done for shot in running) + waiting
    return left / sum(shot.speed for shot in running)


class QueueStore:
    """The shots of a queue file, in their order. For one thread; several processes may share the file.

    Every method raises `WriteError` when the file cannot be used.

    Args:
        path: The file; made when it is first used, but its folder must exist.
        clock: Returns the time in seconds, by a clock that all windows share.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock

    def shots(self) -> list[QueuedShot]:
        """Return all shots, in the order in which they are rendered."""
        with self._transaction() as base:
            rows = base.execute(f"SELECT {_COLUMNS} FROM shots ORDER BY place").fetchall()
        # Unreadable shots of a later release stay in the file.
        return [shot for row in rows if (shot := _shot(row)) is not None]

    def add(self, job: Job) -> int:
        """Add a shot at the end; return its number."""
        with self._transaction() as base:
            place = base.execute("SELECT COALESCE(MAX(place), 0) + 1 FROM shots").fetchone()[0]
            made = base.execute(
                "INSERT INTO shots (place, job, state) VALUES (?, ?, ?)", (place, job.to_json(), WAITING)
            )
            return int(made.lastrowid or 0)

    def remove(self, number: int) -> None:
        """Remove a shot, but none that is being rendered. Results stay."""
        with self._transaction() as base:
            base.execute("DELETE FROM shots WHERE number = ? AND state <> ?", (number, RUNNING))

    def move(self, number: int, by: int) -> None:
        """Move a shot by a number of places, down where positive."""
        with self._transaction() as base:
            order = [row[0] for row in base.execute("SELECT number FROM shots ORDER BY place")]
            if number not in order:
                return
            at = order.index(number)
            order.insert(min(max(at + by, 0), len(order) - 1), order.pop(at))
            base.executemany("UPDATE shots SET place = ? WHERE number = ?", list(enumerate(order)))

    def arrange(self, numbers: Sequence[int]) -> None:
        """Put shots into this order; others, such as another window's newest, come after."""
        with self._transaction() as base:
            order = [row[0] for row in base.execute("SELECT number FROM shots ORDER BY place")]
            wanted = [number for number in numbers if number in order]
            wanted += [number for number in order if number not in wanted]
            base.executemany("UPDATE shots SET place = ? WHERE number = ?", list(enumerate(wanted)))

    def send(self, number: int, words: str) -> None:
        """Note that a render farm has the shot: it is not rendered here unless it is released."""
        self._change("state = ?, words = ? WHERE number = ? AND state <> ?", (SENT, words, number, RUNNING))
        self.add_log_line(number, words)

    def hold(self, number: int) -> None:
        """Pause a waiting shot until it is released."""
        self._change("state = ? WHERE number = ? AND state = ?", (PAUSED, number, WAITING))

    def release(self, number: int) -> None:
        """Let a shot that is not being rendered wait for its turn again."""
        change = "state = ?, words = '' WHERE number = ? AND state <> ?"
        self._change(change, (WAITING, number, RUNNING))

    def claim(self, owner: str) -> QueuedShot | None:
        """Take the first shot that waits or was left by a dead window; None where there is none."""
        with self._transaction() as base:
            row = base.execute(
                # A running shot whose window has not reported for long is free again.
                "SELECT number FROM shots WHERE state = ? OR (state = ? AND seen < ?) ORDER BY place LIMIT 1",
                (WAITING, RUNNING, self._clock() - ABANDONED_AFTER_SECONDS),
            ).fetchone()
            if row is None:
                return None
            base.execute(
                "UPDATE shots SET state = ?, owner = ?, seen = ?, runs = runs + 1, done = 0, total = 0, "
                "speed = 0, words = '' WHERE number = ?",
                (RUNNING, owner, self._clock(), row[0]),
            )
            return _shot(base.execute(f"SELECT {_COLUMNS} FROM shots WHERE number = ?", row).fetchone())

    def report(self, number: int, owner: str, words: str, done: int, total: int, speed: float) -> bool:
        """Note the progress of a shot, which also shows that its window lives.

        Returns:
            False if the shot is not the owner's any more, because another window has claimed it.
        """
        with self._transaction() as base:
            changed = base.execute(
                "UPDATE shots SET words = ?, done = ?, total = ?, speed = ?, seen = ? "
                "WHERE number = ? AND owner = ? AND state = ?",
                (words, done, total, speed, self._clock(), number, owner, RUNNING),
            )
            return changed.rowcount == 1

    def end(self, number: int, owner: str, state: str, words: str) -> None:
        """Note how a run ended: `done`, `failed` or `paused`."""
        with self._transaction() as base:
            base.execute(
                # Only while the shot is the owner's: another window may have claimed it.
                "UPDATE shots SET state = ?, words = ?, owner = '' WHERE number = ? AND owner = ?",
                (state, words, number, owner),
            )

    def leave(self, owner: str) -> None:
        """Let whatever an owner renders wait for another window to claim it."""
        self._change(
            "state = ?, words = '', owner = '' WHERE owner = ? AND state = ?", (WAITING, owner, RUNNING)
        )

    def add_log_line(self, number: int, line: str) -> None:
        """Add a line to a shot's log, whose oldest lines go when it grows too long."""
        with self._transaction() as base:
            base.execute(
                # A start below 0 counts from the end.
                "UPDATE shots SET log = substr(log || ?, ?) WHERE number = ?",
                (f"{line}\n", -LONGEST_LOG_CHARACTERS, number),
            )

    def log_of(self, number: int) -> str:
        """Return a shot's log; empty for an unknown shot."""
        with self._transaction() as base:
            row = base.execute("SELECT log FROM shots WHERE number = ?", (number,)).fetchone()
        return str(row[0]) if row else ""

    def _change(self, change: str, values: tuple[object, ...]) -> None:
        with self._transaction() as base:
            base.execute(f"UPDATE shots SET {change}", values)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection of its own, so that nothing is locked between two calls."""
        try:
            # `isolation_level=None`: transactions are ours, not the module's.
            with closing(sqlite3.connect(self._path, BUSY_SECONDS, isolation_level=None)) as base:
                # Immediate, so that two windows cannot both read before either writes.
                base.execute("BEGIN IMMEDIATE")
                base.execute(_TABLE)
                # An exception of the block closes the connection without a commit, which takes the change back.
                yield base
                base.execute("COMMIT")
        except sqlite3.Error as error:
            raise WriteError(
                f"The queue {self._path} cannot be used: {error}.",
                path=self._path,
                hint="Check that its disk is not full and that this user may write it.",
            ) from None


def _shot(row: tuple[object, ...]) -> QueuedShot | None:
    """Return the shot of a row; None where another release wrote a job that this one cannot read."""
    number, job, state, words, done, total, speed, runs, owner = row
    try:
        made = Job.from_json(str(job))
    except JobError:
        return None
    return QueuedShot(
        int(str(number)),
        made,
        str(state),
        str(words),
        int(str(done)),
        int(str(total)),
        float(str(speed)),
        int(str(runs)),
        str(owner),
    )
