"""Judging of results on a thread of its own, so that the window stays usable."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from matteline.contract.errors import MattelineError
from matteline.window.background import report_exception
from matteline.window.judging.accepted import read_accepted, write_accepted

if TYPE_CHECKING:
    from matteline.judging.report import Report


class _Stopped(Exception):
    """Raised between two frames when the user has stopped the judging."""


@dataclass(frozen=True)
class FoundReport:
    """The report of results, and which of its findings were accepted.

    Attributes:
        folder: Folder of the results.
        shot: Name of the shot, as it was asked for.
        report: The report; None where there is none that can be read.
        accepted: Frame and kind of each finding that was accepted.
    """

    folder: Path
    shot: str
    report: Report | None
    accepted: frozenset[tuple[int, str]] = frozenset()


class BackgroundJudge(QObject):
    """Judges the results of one shot at a time, and reads and writes what lies beside them."""

    # Number of frames judged, and number of all.
    progressed = Signal(int, int)

    # The `FoundReport` that was asked for: it was read, or is made now and saved beside the results.
    found = Signal(object)

    # A `MattelineError`.
    failed = Signal(object)

    # The user has stopped judging.
    stopped = Signal()

    # Judging is over, in whichever way. Comes after one of the three above.
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(1, "judging")
        self._work: Future[None] | None = None

    @property
    def busy(self) -> bool:
        """True while it judges."""
        return self._work is not None and not self._work.done()

    def judge(self, folder: Path, shot: str) -> None:
        """Judge a shot's results, with the plate that their record names where that can be read.

        Args:
            folder: Folder that `matteline render -o` was given.
            shot: Name of the shot; empty for the first of the folder.
        """
        # From a judging that was stopped before.
        self._stop.clear()
        self._work = self._pool.submit(self._run, folder, shot)
        self._work.add_done_callback(report_exception)

    def load(self, folder: Path, shot: str) -> None:
        """Read the report that lies beside results; arguments as in `judge`."""
        self._pool.submit(self._load, folder, shot).add_done_callback(report_exception)

    def accept(self, folder: Path, shot: str, accepted: frozenset[tuple[int, str]]) -> None:
        """Keep the accepted findings of a shot beside its report."""
        self._pool.submit(self._accept, folder, shot, accepted).add_done_callback(report_exception)

    def stop(self) -> None:
        """Stop after the frame under way."""
        self._stop.set()

    def close(self) -> None:
        """End the thread. Returns when the frame under way is judged, and what was accepted is written."""
        self.stop()
        # Nothing that waits is dropped, because findings to accept may be among it.
        self._pool.shutdown()

    def _run(self, folder: Path, shot: str) -> None:
        try:
            report = self._report(folder, shot)
            self.found.emit(FoundReport(folder, shot, report, read_accepted(folder, report.name)))
        except MattelineError as error:
            self.failed.emit(error)
        except _Stopped:
            self.stopped.emit()
        finally:
            self.ended.emit()

    def _load(self, folder: Path, shot: str) -> None:
        report = saved_report(folder, shot)
        accepted = frozenset() if report is None else read_accepted(folder, report.name)
        self.found.emit(FoundReport(folder, shot, report, accepted))

    def _accept(self, folder: Path, shot: str, accepted: frozenset[tuple[int, str]]) -> None:
        try:
            write_accepted(folder, shot, accepted)
        except MattelineError as error:
            self.failed.emit(error)

    def _report(self, folder: Path, name: str) -> Report:
        # Judging loads the readers of images and movies; the window opens without them.
        from matteline.judging.report import judge, report_file
        from matteline.judging.results import find_results, open_plate_of

        shots = find_results(folder)
        shot = next((each for each in shots if each.name == name), shots[0])
        plate, note = open_plate_of(shot, None, None)

        def on_frame(done: int) -> None:
            if self._stop.is_set():
                # An exception, because it has to leave the loop over the frames, deep in another room.
                raise _Stopped
            self.progressed.emit(done, len(shot.expected))

        with plate or contextlib.nullcontext():
            report = judge(shot, plate, on_frame=on_frame, notes=(note,) if note else ())
        # A folder that cannot be written can still be judged.
        with contextlib.suppress(MattelineError):
            report.save(report_file(shot.folder, shot.name))
        return report


def saved_report(folder: Path, shot: str) -> Report | None:
    """Return the report beside a shot's results; None without one, or with one that cannot be read.

    Args:
        folder: Folder of the results.
        shot: Name of the shot; empty for the first report of the folder.
    """
    from matteline.judging.report import REPORT_FOLDER, Report, report_file

    paths = [report_file(folder, shot)] if shot else sorted((folder / REPORT_FOLDER).glob("*_report.json"))
    for path in paths:
        with contextlib.suppress(MattelineError):
            return Report.load(path)
    return None
