"""Frames of a render under way, shown in the viewer as they are written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from matteline.contract.errors import MattelineError
from matteline.contract.job import Job
from matteline.window.form.shot_renders import WrittenFrame
from matteline.window.viewer.footage import Footage, with_results
from matteline.window.viewer.panel import ViewerPanel


class ResultFollower(QObject):
    """Brings results into the viewer as they are written, wherever their plate is open.

    Args:
        viewer: Viewer that shows them.
        footage_of: Returns the footage of a job's shot; None where it is not open.
    """

    # A `MattelineError`: a result cannot be shown.
    failed = Signal(object)

    def __init__(self, viewer: ViewerPanel, footage_of: Callable[[Job], Footage | None]) -> None:
        super().__init__(viewer)
        self._viewer, self._footage_of = viewer, footage_of
        self._followed: int | None = None

    def follow_next(self) -> None:
        """Go to each frame of the next render as it is written, whichever frame is shown now."""
        self._followed = None

    def show_frame(self, written: WrittenFrame) -> None:
        """Show a result where its plate is shown; the first of a render adds the results to the footage."""
        plate = self._footage_of(written.job)
        if plate is None:
            return
        # Above the folder of the product.
        folder = Path(written.files[0]).parent.parent
        if plate.folder == folder:
            self._viewer.show_written(plate, written.number)
        else:
            try:
                extended = with_results(plate, written.files, folder)
            except MattelineError as error:
                self.failed.emit(error)
                return
            self._viewer.update_footage(plate, extended)
            # Once, so that the artist can go back to the plate while the render goes on.
            self._viewer.show_result(plate)
        player, shown = self._viewer.player, self._viewer.toolbar.a.choice
        if shown is None or shown.footage.path != plate.path:
            # The artist looks at another shot meanwhile.
            return
        # Once the artist has gone to another frame, or plays, the viewer stays there.
        if not player.speed and self._followed in (None, player.frame):
            player.seek(written.number)
            self._followed = written.number

    def rescan(self, job: Job) -> None:
        """List the results of a render again: the worker does not tell of frames written during a cancel."""
        plate = self._footage_of(job)
        if plate is not None and plate.folder == Path(job.output):
            self._viewer.rescan(plate)
