"""Frames that a render has written, shown where their plate is shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from matteline.contract.errors import MattelineError
from matteline.contract.job import Job
from matteline.window.form.runs import Landed
from matteline.window.viewer.footage import Footage, with_results
from matteline.window.viewer.panel import ViewerPanel


class Following(QObject):
    """Brings results into the viewer as they come.

    Args:
        viewer: Shows them.
    """

    failed = Signal(object)
    """A `MattelineError`: a result cannot be shown."""

    def __init__(self, viewer: ViewerPanel) -> None:
        super().__init__(viewer)
        self._viewer = viewer
        self._followed: int | None = None

    def begin(self) -> None:
        """Go along with the next render, wherever the artist is."""
        self._followed = None

    def land(self, landed: Landed) -> None:
        """Show a result where its plate is shown; the first of a render brings the clips with it."""
        plate = self._footage_of(landed.job)
        if plate is None:
            return
        folder = Path(landed.files[0]).parent.parent
        if plate.folder == folder:
            self._viewer.frame_landed(plate, landed.number)
        elif not self._grow(plate, landed, folder):
            return
        if not landed.preview:
            self._follow(landed.number)

    def settle(self, job: Job) -> None:
        """A render is over: some frames that it wrote, as while it was being cancelled, were not told of."""
        plate = self._footage_of(job)
        if plate is not None and plate.folder == Path(job.output):
            self._viewer.look_again(plate)

    def _grow(self, plate: Footage, landed: Landed, folder: Path) -> bool:
        try:
            grown = with_results(plate, landed.files, folder)
        except MattelineError as error:
            self.failed.emit(error)
            return False
        self._viewer.update_footage(plate, grown)
        self._viewer.show_result()
        return True

    def _follow(self, number: int) -> None:
        """Go along with a render, until the artist goes elsewhere."""
        player = self._viewer.player
        if not player.speed and self._followed in (None, player.frame):
            player.seek(number)
            self._followed = number

    def _footage_of(self, job: Job) -> Footage | None:
        for footage in self._viewer.footages:
            plate = footage.clips.get("plate")
            if plate is not None and plate.info.path == job.plate:
                return footage
        return None
