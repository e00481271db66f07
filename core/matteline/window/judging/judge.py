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
    """Judges one folder of results at a time."""

    progressed = Signal(int, int)
    """Frames judged, and in all."""

    judged = Signal(list)
    """The `Report`s, one for each shot in the folder. They are saved beside the results too."""

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

    def judge(self, folder: Path, plate: str) -> None:
        """Judge all shots of a folder.

        Args:
            folder: What `matteline render -o` wrote.
            plate: What they were made of; empty to judge the mattes alone.
        """
        self._stop.clear()
        self._work = self._pool.submit(self._guarded, folder, plate)
        self._work.add_done_callback(surface)

    def stop(self) -> None:
        """Give it up after the frame under way."""
        self._stop.set()

    def close(self) -> None:
        """End the thread. Returns when the frame under way is judged."""
        self.stop()
        self._pool.shutdown(cancel_futures=True)

    def _guarded(self, folder: Path, plate: str) -> None:
        try:
            self.judged.emit(self._reports(folder, plate))
        except MattelineError as error:
            self.failed.emit(error)
        except _Stopped:
            self.stopped.emit()
        finally:
            self.ended.emit()

    def _reports(self, folder: Path, plate: str) -> list[Report]:
        from matteline.judging.report import judge, report_file
        from matteline.judging.results import find_results
        from matteline.media.plate import open_plate

        reports = []
        for shot in find_results(folder):
            total = len(shot.expected)

            def tell(done: int, total: int = total) -> None:
                if self._stop.is_set():
                    raise _Stopped
                self.progressed.emit(done, total)

            with contextlib.ExitStack() as files:
                opened = files.enter_context(open_plate(plate)) if plate else None
                report = judge(shot, opened, tell=tell)
            with contextlib.suppress(MattelineError):
                # A folder that cannot be written can still be judged.
                report.save(report_file(shot.folder, shot.name))
            reports.append(report)
        return reports


def saved_report(folder: Path) -> Report | None:
    """The report that lies beside results; None without one, or with one that cannot be read."""
    from matteline.judging.report import REPORT_FOLDER, Report

    for path in sorted((folder / REPORT_FOLDER).glob("*_report.json")):
        with contextlib.suppress(MattelineError):
            return Report.load(path)
    return None
