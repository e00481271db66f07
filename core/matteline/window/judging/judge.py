"""Judging away from the window's thread: which frames of a folder of results are worth a look."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from matteline.contract.errors import MattelineError
from matteline.window.background import surface

if TYPE_CHECKING:
    from matteline.judging.report import Report


class _Stopped(Exception):
    """The user has given the judging up."""


class Judge(QObject):
    """Judges the results of one shot at a time."""

    progressed = Signal(int, int)
    """Frames judged, and in all."""

    judged = Signal(object)
    """The `Report`. It is saved beside the results too."""

    failed = Signal(object)
    """A `MattelineError`."""

    ended = Signal()
    """It is over, however."""

    stopped = Signal()
    """It was given up."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(1, "judging")
        self._work: Future[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether it judges now."""
        return self._work is not None and not self._work.done()

    def judge(self, folder: Path, shot: str) -> None:
        """Judge a shot's results, with the plate that their record names where that is there.

        Args:
            folder: What `matteline render -o` wrote.
            shot: What its results are named after; empty for the first of the folder.
        """
        self._stop.clear()
        self._work = self._pool.submit(self._guarded, folder, shot)
        self._work.add_done_callback(surface)

    def stop(self) -> None:
        """Give it up after the frame under way."""
        self._stop.set()

    def close(self) -> None:
        """End the thread. Returns when the frame under way is judged."""
        self.stop()
        self._pool.shutdown(cancel_futures=True)

    def _guarded(self, folder: Path, shot: str) -> None:
        try:
            self.judged.emit(self._report(folder, shot))
        except MattelineError as error:
            self.failed.emit(error)
        except _Stopped:
            self.stopped.emit()
        finally:
            self.ended.emit()

    def _report(self, folder: Path, name: str) -> Report:
        from matteline.judging.report import judge, report_file
        from matteline.judging.results import find_results, open_plate_of

        shots = find_results(folder)
        shot = next((each for each in shots if each.name == name), shots[0])
        plate, note = open_plate_of(shot, None, None)
        with plate or contextlib.nullcontext():
            report = judge(
                shot,
                plate,
                tell=lambda done: self._tell(done, len(shot.expected)),
                notes=(note,) if note else (),
            )
        with contextlib.suppress(MattelineError):
            # A folder that cannot be written can still be judged.
            report.save(report_file(shot.folder, shot.name))
        return report

    def _tell(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise _Stopped
        self.progressed.emit(done, total)


def saved_report(folder: Path, shot: str) -> Report | None:
    """The report that lies beside a shot's results; None without one, or with one that cannot be read.

    Args:
        folder: Of the results.
        shot: What they are named after; empty for the first of the folder.
    """
    from matteline.judging.report import REPORT_FOLDER, Report, report_file

    paths = [report_file(folder, shot)] if shot else sorted((folder / REPORT_FOLDER).glob("*_report.json"))
    for path in paths:
        with contextlib.suppress(MattelineError):
            return Report.load(path)
    return None
