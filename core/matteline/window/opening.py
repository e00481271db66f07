"""Opening of footage on a thread of its own: counting a movie's pictures can take seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from matteline.colour.config import Config, open_config
from matteline.contract.errors import MattelineError
from matteline.contract.job import Job
from matteline.contract.record import read_record, record_file
from matteline.window.background import report_exception
from matteline.window.shot_paths import OutputClaim, bare_name, suggested_output
from matteline.window.thumbnails import thumbnail
from matteline.window.viewer.first_look import read_first_look
from matteline.window.viewer.footage import Footage, open_footages


@dataclass(frozen=True)
class Opened:
    """Footage that was opened.

    Attributes:
        footage: The footage.
        purpose: `shot` for a shot of its own, or `backdrop`.
        job: The job that its results were made by, to go on with; for a plate the job of a new shot.
        is_new: True where that job says no more than the plate and a folder for its results.
        remembered: The shot as the last session left it; None for one that is opened anew.
    """

    footage: Footage
    purpose: str
    job: Job | None
    is_new: bool = False
    remembered: Mapping[str, Any] | None = None


class FootageOpener(QObject):
    """Opens footage and the OCIO config, one after another.

    Args:
        ocio: Path of the OCIO config; None for the built-in one.
    """

    # The path that is being opened now; empty once nothing is.
    opening = Signal(str)

    # An `Opened`.
    opened = Signal(object)

    # The path of footage, and a small `QImage` of it.
    thumbnail_made = Signal(str, object)

    # A `MattelineError`, and the path that could not be opened.
    failed = Signal(object, str)

    # The path of footage, and its `FirstLook` or None.
    look_read = Signal(str, object)

    # Names of the config's views, as `display/view`.
    views_known = Signal(list)

    # Names of the config's colour spaces.
    spaces_known = Signal(list)

    def __init__(self, ocio: str | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ocio = ocio
        self._lock = threading.Lock()
        self._config: Config | None = None
        # One thread, so that what is opened last is on top.
        self._pool = ThreadPoolExecutor(1, "opening")

    def config(self) -> Config:
        """Return the OCIO config, read when it is first needed. Any thread may ask. Raises `ColourError`."""
        # Read once, whichever thread asks first.
        with self._lock:
            if self._config is None:
                self._config = open_config(self._ocio)
            return self._config

    def open(
        self,
        path: str,
        purpose: str = "shot",
        *,
        results: str = "",
        job: Job | None = None,
        remembered: Mapping[str, Any] | None = None,
        taken: Collection[OutputClaim] = (),
    ) -> None:
        """Open a plate or a folder of results; `opened` or `failed` tells how that ended.

        Args:
            path: The plate or folder.
            purpose: As `Opened` has it.
            results: A folder that may hold results of the plate, which are opened with it then.
            job: What the form is to show, in place of what the record says.
            remembered: As `Opened` has it.
            taken: Folders that are not to be suggested for results of the plate.
        """

        def work() -> None:
            footages = _open(path, results, self.config())
            # The first shot of a folder last, so that it is on top.
            for footage in reversed(footages):
                made = job or (_job_of(footage, taken) if purpose == "shot" else None)
                if job is not None and footage.folder is not None:
                    made = replace(job, existing="update")
                is_new = job is None and footage.folder is None
                self.opened.emit(Opened(footage, purpose, made, is_new, remembered))
            for footage in footages if purpose == "shot" else ():
                self.look_read.emit(footage.path, read_first_look(footage))
                with suppress(MattelineError):
                    clip = footage.clips.get("plate") or footage.main
                    self.thumbnail_made.emit(footage.path, thumbnail(clip, footage.space))

        self._submit(work, path)

    def read_look(self, footage: Footage, folder: Path | None = None, shot: str = "") -> None:
        """Read again what the first look has learnt, since it may have been made; as `read_first_look`."""
        self._pool.submit(
            lambda: self.look_read.emit(footage.path, read_first_look(footage, folder, shot))
        ).add_done_callback(report_exception)

    def list_views(self) -> None:
        """Read the views and colour spaces of the config."""

        def work() -> None:
            config = self.config()
            self.views_known.emit(config.views())
            self.spaces_known.emit(config.names())

        self._submit(work, "")

    def close(self) -> None:
        """End the thread. Returns when what is being opened is open."""
        self._pool.shutdown(cancel_futures=True)

    def _submit(self, work: Callable[[], None], path: str) -> None:
        def guarded() -> None:
            self.opening.emit(path)
            try:
                work()
            except MattelineError as error:
                self.failed.emit(error, path)
            finally:
                self.opening.emit("")

        self._pool.submit(guarded).add_done_callback(report_exception)


def _open(path: str, results: str, config: Config) -> list[Footage]:
    # Results that cannot be read are no reason to keep the plate shut.
    if results:
        with suppress(MattelineError):
            found = open_footages(results, config)
            if of_plate := [each for each in found if each.shot == bare_name(path)]:
                for other in found:
                    if other not in of_plate:
                        other.close()
                return of_plate
    return open_footages(path, config)


def _job_of(footage: Footage, taken: Collection[OutputClaim]) -> Job | None:
    """Return the job to go on with: that of the record, or for a plate one with a folder of its own."""
    plate = footage.clips.get("plate")
    if footage.folder is None:
        return None if plate is None else Job(plate.info.path, suggested_output(plate.info.path, taken))
    record = read_record(record_file(footage.folder, footage.shot))
    made = record.latest.read_job() if record.latest is not None else None
    if plate is None and made is None:
        return None
    path = made.plate if plate is None and made is not None else plate.info.path if plate is not None else ""
    if made is None:
        # Without its settings nothing can be told to differ, so only what is missing is to be rendered.
        return Job(path, str(footage.folder), existing="resume")
    whole = plate is not None and not plate.frames.minus(record.frames)
    frames = None if whole or not record.frames else record.frames
    return replace(made, plate=path, output=str(footage.folder), frames=frames, existing="update")
