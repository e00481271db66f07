"""Previews of the frame in the viewer: on demand, or live while settings change and the scrubber rests.

The worker makes them, and keeps the network's result of the last frames. So an edge that moves needs no network, and
the next preview is asked for as soon as the one before has come: as many a second as the machine makes. While a
control moves these are drafts: alpha alone, of the part that is seen, at about the size of the screen. Once it rests
the preview is made whole, and equals a render.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from matteline.contract.errors import JobError
from matteline.contract.job import Job
from matteline.contract.settings import choices
from matteline.media.samples import crop_or_pad
from matteline.window.background import report_exception
from matteline.window.form.panel import ShotPanel
from matteline.window.shots.open_shots import OpenShot, OpenShots
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.frame_cache import CachedFrame
from matteline.window.viewer.panel import ViewerPanel
from matteline.window.worker_connection import WorkerConnection

# Pixels of alpha that are made anew while a slider moves: half an HD picture, or a screenful at one to one.
DRAFT_PIXELS: Final = 700_000
DRAFT_REDUCTIONS: Final = (1, 2, 4, 8)
# How long the scrubber rests before its frame is previewed.
REST_MILLISECONDS: Final = 300
# After the last change of an edge the foreground is asked for too; until then alpha alone follows.
WHOLE_AFTER_MILLISECONDS: Final = 250

_MATTE_SETTINGS: Final = tuple(name for name, choice in choices().items() if choice.affects == "matte")
_PIXEL_SETTINGS: Final = tuple(
    name for name, choice in choices().items() if choice.affects in ("network", "matte")
)


@dataclass(frozen=True)
class _Wanted:
    """A preview: of which frame, by which job, at which size, of which pictures, and how roughly.

    `draft` is as `WorkerClient.preview` takes it; None for a preview that equals a render.
    """

    shot: OpenShot
    job: Job
    number: int
    scale: int
    products: tuple[str, ...]
    draft: Mapping[str, Any] | None = None

    @property
    def network_key(self) -> tuple[object, ...]:
        """All that decides the network's result."""
        pixels = (getattr(self.job.settings, name) for name in _PIXEL_SETTINGS if name not in _MATTE_SETTINGS)
        return (self.job.plate, self.job.first_frame, self.number, self.scale, *pixels)


class LivePreview(QObject):
    """Previews of the current shot.

    Args:
        connection: Connection to the worker.
        viewer: Shows them.
        panel: Has the form and the buttons.
        shots: Says which shot is current.
    """

    # Previews are under way, or none is.
    changed = Signal()

    # From the loading thread: a `_Wanted`, its pictures by role, and the corner of a draft's part, or None.
    _loaded = Signal(object, object, object)

    def __init__(
        self, connection: WorkerConnection, viewer: ViewerPanel, panel: ShotPanel, shots: OpenShots
    ) -> None:
        super().__init__(panel)
        self._connection, self._viewer, self._panel, self._shots = connection, viewer, panel, shots
        self._running: tuple[int, _Wanted] | None = None
        self._next: _Wanted | None = None
        # The pixel settings of each shot's previews, by the path of its footage.
        self._settings: dict[str, tuple[object, ...]] = {}
        # Arrays are loaded beside the window: those of a 4K frame take longer than a repaint may.
        self._pool = ThreadPoolExecutor(1, "previews")
        self._rest = QTimer(self, singleShot=True, interval=REST_MILLISECONDS)
        self._rest.timeout.connect(self._follow_rest)
        self._whole = QTimer(self, singleShot=True, interval=WHOLE_AFTER_MILLISECONDS)
        self._whole.timeout.connect(self.preview)
        self._loaded.connect(self._show)
        connection.message_received.connect(self._receive)
        panel.preview_button.clicked.connect(self.preview)
        panel.live_button.toggled.connect(self._toggle)
        panel.form.changed.connect(self._follow_form)
        viewer.player.moved.connect(lambda _frame: self._rest.start())
        shots.switched.connect(lambda _shot: self._rest.start())

    @property
    def busy(self) -> bool:
        """True while a preview is under way."""
        return self._running is not None

    def preview(self) -> None:
        """Preview the frame in the viewer with the settings of the form."""
        self._whole.stop()
        if (job := self._panel.checked_job()) is not None:
            self._want(job, ("alpha", "fgr"))

    def cancel(self) -> None:
        """Give the preview under way up."""
        self._next = None
        self._whole.stop()
        if self._running is not None:
            self._connection.cancel(self._running[0])

    def close(self) -> None:
        """End the thread."""
        self._rest.stop()
        self._whole.stop()
        # Files that wait to be loaded have no viewer any more.
        self._pool.shutdown(cancel_futures=True)

    def _toggle(self, on: bool) -> None:
        if on:
            self.preview()
        else:
            self.cancel()

    def _follow_rest(self) -> None:
        """Preview the frame that the scrubber has come to rest on, while previews are live."""
        shot, number = self._shots.current, self._viewer.player.frame
        if not self._panel.live_button.isChecked() or self._viewer.player.speed or shot is None:
            return
        if not shot.footage.previews.of(number):
            self.preview()

    def _follow_form(self) -> None:
        """Follow a change of the settings: drop what shows those of before, and preview the frame again."""
        shot = self._shots.current
        try:
            job = self._panel.form.job()
        except JobError:
            return
        if shot is None:
            return
        settings = tuple(getattr(job.settings, name) for name in _PIXEL_SETTINGS)
        before = self._settings.get(shot.footage.path)
        self._settings[shot.footage.path] = settings
        if before is None or before == settings:
            return
        number, live = self._viewer.player.frame, self._panel.live_button.isChecked()
        previewed = bool(shot.footage.previews.of(number))
        only_matte = all(
            one == other
            for name, one, other in zip(_PIXEL_SETTINGS, before, settings, strict=True)
            if name not in _MATTE_SETTINGS
        )
        follows = live or (previewed and only_matte)
        # The one that follows stays on the screen until its successor comes.
        if shot.footage.previews.drop_all_but(number if follows else None):
            self._viewer.follow_previews(shot.footage)
        if follows and previewed and only_matte:
            self._want(job, ("alpha",), moving=True)
            # Begun anew by every change, so that it runs out only at rest.
            self._whole.start()
        elif follows:
            self._want(job, ("alpha", "fgr"))

    def _want(self, job: Job, products: tuple[str, ...], *, moving: bool = False) -> None:
        shot = self._shots.current
        if shot is None or "plate" not in shot.footage.clips:
            return
        scale = _scale_for(shot.footage, self._viewer.controller.reduction())
        number = self._viewer.player.frame
        draft = self._draft_for(shot.footage, number, scale) if moving else None
        wanted = _Wanted(shot, job, number, scale, products, draft)
        self._settings.setdefault(
            shot.footage.path, tuple(getattr(job.settings, name) for name in _PIXEL_SETTINGS)
        )
        if self._running is not None and self._running[1].network_key == wanted.network_key:
            # It takes no network and ends soon. Cancelled, a slider that moves would never see its end.
            self._next = wanted
        else:
            self._request(wanted)

    def _draft_for(self, footage: Footage, number: int, scale: int) -> dict[str, Any] | None:
        """Return the draft of as much as is seen, in no more pixels than can follow a slider."""
        info = footage.clips["plate"].info
        if info.canvas != info.display_window:
            return None
        seen = self._viewer.canvas.visible()
        left, top = seen.left() // scale, seen.top() // scale
        # One more each way, because the first and the last pixel may be seen in part.
        width, height = -(-seen.width() // scale) + 1, -(-seen.height() // scale) + 1
        fits = (each for each in DRAFT_REDUCTIONS if width * height <= DRAFT_PIXELS * each * each)
        reduction = next(fits, DRAFT_REDUCTIONS[-1])
        before = footage.previews.of(number).get("alpha")
        # A part is laid into the alpha of before, if that has the same size.
        whole = before is None or before.reduction != scale * reduction
        return {"reduction": reduction, "region": None if whole else [left, top, width, height]}

    def _request(self, wanted: _Wanted) -> None:
        # The worker cancels the one before by itself.
        self._next = None
        number = self._connection.preview(
            wanted.job, wanted.number, wanted.scale, wanted.products, wanted.draft
        )
        self._running = (number, wanted)
        if "fgr" in wanted.products:
            self._viewer.canvas.set_tag("preview", f"Previewing frame {wanted.number}…")
        self.changed.emit()

    def _receive(self, number: int, message: dict[str, Any]) -> None:
        if self._running is None or self._running[0] != number or not message.get("last"):
            return
        wanted = self._running[1]
        if message.get("event") == "preview":
            files = {str(role): str(path) for role, path in message["files"].items()}
            region = message.get("region")
            self._pool.submit(self._load, wanted, files, region).add_done_callback(report_exception)
        elif message.get("event") == "failed":
            self._panel.show_render_failure(message, wanted.job)
        self._running = None
        if self._next is not None:
            self._request(self._next)
            return
        self._viewer.canvas.set_tag("preview", "")
        self.changed.emit()

    def _load(self, wanted: _Wanted, files: dict[str, str], region: list[int] | None) -> None:
        """Load the arrays of a preview, on the loading thread."""
        try:
            # Never a pickle, which could run anything.
            arrays = {role: np.load(path, allow_pickle=False) for role, path in files.items()}
        except (OSError, ValueError):
            # The worker keeps the last eight only; a later one has come then.
            return
        footage, reduction = wanted.shot.footage, wanted.scale
        if region is not None and wanted.draft is not None:
            reduction *= wanted.draft["reduction"]
        pictures = {
            role: CachedFrame(_in_display_window(array, footage, reduction), reduction, None)
            for role, array in arrays.items()
        }
        self._loaded.emit(wanted, pictures, region)

    def _show(self, wanted: _Wanted, pictures: dict[str, CachedFrame], region: list[int] | None) -> None:
        footage = wanted.shot.footage
        settings = tuple(getattr(wanted.job.settings, name) for name in _PIXEL_SETTINGS)
        now = self._settings.get(footage.path)
        network = [name in _MATTE_SETTINGS for name in _PIXEL_SETTINGS]
        if now is not None and any(
            one != other and not matte for one, other, matte in zip(now, settings, network, strict=True)
        ):
            # The network's settings have changed since.
            return
        if region is not None and wanted.draft is not None and wanted.draft["region"] is not None:
            before, part = footage.previews.of(wanted.number).get("alpha"), pictures["alpha"]
            if before is None or before.reduction != part.reduction:
                # A whole preview has come meanwhile.
                return
            pictures = {"alpha": _with_part(before, part, region)}
        footage.previews.keep(wanted.number, pictures)
        self._viewer.follow_previews(footage)


def _with_part(whole: CachedFrame, part: CachedFrame, region: list[int]) -> CachedFrame:
    """Return a frame with a part of it replaced; `region` says which, in its own pixels."""
    left, top, width, height = region
    pixels = whole.pixels.copy()
    pixels[top : top + height, left : left + width] = part.pixels
    return replace(whole, pixels=pixels)


def _scale_for(footage: Footage, reduction: int) -> int:
    """Return 1, 2 or 4: the smallest preview that the screen shows without loss."""
    info = footage.clips["plate"].info
    if info.canvas != info.display_window:
        # Only whole pixels can be cut to the display window.
        return 1
    return max(scale for scale in (1, 2, 4) if scale <= reduction)


def _in_display_window(array: np.ndarray[Any, Any], footage: Footage, scale: int) -> np.ndarray[Any, Any]:
    """Return a preview, (H, W) or (H, W, 3), as (H, W, C) of the display window."""
    pixels = array[..., None] if array.ndim == 2 else array
    info = footage.clips["plate"].info
    # At any other scale both windows are the same; see `_scale_for`.
    return crop_or_pad(pixels, info.canvas, info.display_window) if scale == 1 else pixels
