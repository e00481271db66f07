"""Counts of flagged frames for the rows of the queue, read or made on a thread of its own."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from matteline.contract.errors import MattelineError
from matteline.contract.job import Job
from matteline.window.background import report_exception
from matteline.window.shot_paths import bare_name


class ReportCounts(QObject):
    """Reads the reports beside results, and makes those that are asked for."""

    # A `Job`, and the number of its frames that are worth a look.
    counted = Signal(object, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Jobs that were asked about; a report is read once.
        self._asked: set[str] = set()
        self._closed = False
        self._pool = ThreadPoolExecutor(1, "reports")

    def count(self, job: Job) -> None:
        """Read the report of a job's results, if there is one and it was not read before."""
        key = job.to_json()
        if key not in self._asked:
            self._asked.add(key)
            self._pool.submit(self._read, job).add_done_callback(report_exception)

    def judge(self, job: Job) -> None:
        """Judge a job's results."""
        self._pool.submit(self._judge, job).add_done_callback(report_exception)

    def close(self) -> None:
        """End the thread. Returns when the frame under way is judged."""
        self._closed = True
        self._pool.shutdown(cancel_futures=True)

    def _read(self, job: Job) -> None:
        # Judging loads the readers of images and movies; the window opens without them.
        from matteline.judging.report import Report, report_file

        path = report_file(Path(job.output), bare_name(job.plate))
        if os.path.isfile(path):
            with suppress(MattelineError):
                self._tell(job, len(Report.load(path).flagged))

    def _judge(self, job: Job) -> None:
        from matteline.judging.report import judge, report_file
        from matteline.judging.results import find_results, open_plate_of

        with suppress(MattelineError):
            shots = find_results(Path(job.output))
            shot = next((each for each in shots if each.name == bare_name(job.plate)), shots[0])
            plate, note = open_plate_of(shot, None, None)
            try:
                report = judge(shot, plate, on_frame=self._check, notes=(note,) if note else ())
            finally:
                if plate is not None:
                    plate.close()
            report.save(report_file(shot.folder, shot.name))
            self._tell(job, len(report.flagged))

    def _check(self, _done: int) -> None:
        if self._closed:
            # It leaves the loop over the frames, and `_judge` keeps it to itself.
            raise MattelineError("The window is closed.")

    def _tell(self, job: Job, count: int) -> None:
        if not self._closed:
            self.counted.emit(job, count)
