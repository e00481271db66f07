"""Frames of a render under way, shown in the viewer as they are written."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from matteline.contract.errors import MattelineError
from matteline.contract.job import Job
from matteline.window.background import report_exception
from matteline.window.form.shot_renders import WrittenFrame
from matteline.window.viewer.clip import ResultClip
from matteline.window.viewer.footage import Footage, Results, open_results, with_results
from matteline.window.viewer.panel import ViewerPanel


class ResultFollower(QObject):
    """Brings results into the viewer as they are written, wherever their plate is open.

    Files are opened and folders listed on a thread of its own, since a disk that is being written to answers late.

    Args:
        viewer: Viewer that shows them.
        footage_of: Returns the footage of a job's shot; None where it is not open.
    """

    # A `MattelineError`: a result cannot be shown.
    failed = Signal(object)

    # From the thread: the `WrittenFrame` that was opened, and its `Results` or the `MattelineError`.
    _opened = Signal(object, object)

    # From the thread: a `ResultClip`, and the numbers of the frames that its folder holds.
    _listed = Signal(object, object)

    def __init__(self, viewer: ViewerPanel, footage_of: Callable[[Job], Footage | None]) -> None:
        super().__init__(viewer)
        self._viewer, self._footage_of = viewer, footage_of
        self._followed: int | None = None
        # Frames that were written while the first results of their folder are being opened.
        self._waiting: dict[Path, list[WrittenFrame]] = {}
        self._pool = ThreadPoolExecutor(1, "results")
        self._opened.connect(self._add_results)
        self._listed.connect(viewer.add_written)

    def follow_next(self) -> None:
        """Go to each frame of the next render as it is written, whichever frame is shown now."""
        self._followed = None

    def show_frame(self, written: WrittenFrame) -> None:
        """Show a result where its plate is shown; the first of a render adds the results to the footage."""
        footage = self._footage_of(written.job)
        if footage is None:
            return
        # Above the folder of the product.
        folder = Path(written.files[0]).parent.parent
        if footage.folder == folder:
            self._show(footage, written)
        elif folder in self._waiting:
            self._waiting[folder].append(written)
        else:
            self._waiting[folder] = [written]
            self._pool.submit(self._open, written).add_done_callback(report_exception)

    def rescan(self, job: Job) -> None:
        """List the results of a render again: the worker does not tell of frames written during a cancel."""
        footage = self._footage_of(job)
        if footage is not None and footage.folder == Path(job.output):
            for clip in footage.results:
                self._pool.submit(self._list, clip).add_done_callback(report_exception)

    def close(self) -> None:
        """End the thread. Returns when the files under way are read."""
        self._pool.shutdown(cancel_futures=True)

    def _open(self, written: WrittenFrame) -> None:
        try:
            self._opened.emit(written, open_results(written.files))
        except MattelineError as error:
            self._opened.emit(written, error)

    def _list(self, clip: ResultClip) -> None:
        self._listed.emit(clip, clip.listed())

    def _add_results(self, first: WrittenFrame, results: Results | MattelineError) -> None:
        folder = Path(first.files[0]).parent.parent
        waiting = self._waiting.pop(folder, [])
        # It may have been closed, or opened in another form, meanwhile.
        footage = self._footage_of(first.job)
        if footage is None:
            return
        if isinstance(results, MattelineError):
            self.failed.emit(results)
            return
        if footage.folder != folder:
            extended = with_results(footage, results, folder)
            self._viewer.update_footage(footage, extended)
            # Once, so that the artist can go back to the plate while the render goes on.
            self._viewer.show_result(extended)
            footage = extended
        for written in waiting:
            self._show(footage, written)
        # Frames that were written since its folder was listed, should the render have been cancelled meanwhile.
        self.rescan(first.job)

    def _show(self, footage: Footage, written: WrittenFrame) -> None:
        self._viewer.show_written(footage, written.number)
        player, shown = self._viewer.player, self._viewer.toolbar.a.choice
        if shown is None or shown.footage.path != footage.path:
            # The artist looks at another shot meanwhile.
            return
        # Once the artist has gone to another frame, or plays, the viewer stays there.
        if not player.speed and self._followed in (None, player.frame):
            player.seek(written.number)
            self._followed = written.number
