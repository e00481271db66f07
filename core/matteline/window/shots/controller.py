"""What happens when shots are opened, switched and closed: footage, form and viewer change together."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QInputDialog, QWidget

from matteline.contract.errors import JobError
from matteline.contract.frames import FrameRange
from matteline.contract.job import Job
from matteline.contract.settings import choices
from matteline.window.form.panel import ShotPanel
from matteline.window.form.shot_form import state_of
from matteline.window.form.shot_renders import WrittenFrame
from matteline.window.opening import FootageOpener, Opened
from matteline.window.preferences import Preferences
from matteline.window.shot_paths import bare_name, output_claim
from matteline.window.shots.history import FormHistory
from matteline.window.shots.open_shots import OpenShot, OpenShots
from matteline.window.shots.strip import ShotStrip
from matteline.window.viewer.first_look import FirstLook
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.panel import ViewerPanel

# Fields that belong to a shot; all others are settings, which may be copied from one shot to another.
OWN_FIELDS: Final = ("plate", "output", "frames", "first_frame", "existing")


class ShotController(QObject):
    """Keeps the form and side A of the viewer on the same shot, whichever of them the artist changes.

    Args:
        opener: Opens footage.
        viewer: Shows it.
        panel: The form.
        preferences: Keep the session, recent shots and presets.
        parent: Window of dialogs.
    """

    # A sentence for the status line.
    noticed = Signal(str)

    def __init__(
        self,
        opener: FootageOpener,
        viewer: ViewerPanel,
        panel: ShotPanel,
        preferences: Preferences,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._opener, self._viewer, self._panel = opener, viewer, panel
        self._preferences, self._window = preferences, parent
        self.history = FormHistory(panel.form)
        self.shots = OpenShots(panel.form, self.history)
        self.strip = ShotStrip()
        # While the viewer is brought to a shot's own place, that place is not taken from it.
        self._placing = False
        opener.opened.connect(self._show_opened)
        opener.thumbnail_made.connect(self._show_thumbnail)
        opener.look_read.connect(self._show_look)
        viewer.footage_switched.connect(self._follow_viewer)
        viewer.replaced.connect(self.shots.replace_footage)
        viewer.toolbar.changed.connect(self._keep_place)
        viewer.player.moved.connect(self._keep_place)
        viewer.player.state_changed.connect(self._keep_place)
        self.strip.wanted.connect(self.show)
        self.strip.close_wanted.connect(self.close)
        self.strip.settings_wanted.connect(self._copy_from)
        self.shots.changed.connect(self._show_strip)
        self.shots.switched.connect(lambda _shot: panel.forget_shot())

    def open(self, path: str, *, results: str = "", job: Job | None = None) -> None:
        """Open a plate or a folder of results, or go to the shot where it is open.

        Args:
            path: The plate or folder.
            results: A folder that may hold results of the plate.
            job: What the form is to show.
        """
        self._opener.open(path, results=results, job=job, taken=self.shots.claims())

    def restore(self, session: Sequence[Mapping[str, Any]]) -> None:
        """Open the shots of a former session as they were."""
        for each in session:
            if isinstance(path := each.get("path"), str) and isinstance(each.get("form"), dict):
                results = each.get("results")
                self._opener.open(path, results=results if isinstance(results, str) else "", remembered=each)

    def show(self, shot: OpenShot) -> None:
        """Show a shot in the viewer and the form."""
        if shot.footage in self._viewer.footages:
            self._viewer.show_footage(shot.footage, mode=shot.mode or None)
        else:
            self._viewer.add(shot.footage, mode=shot.mode or None)
        self.shots.switch(shot)
        plate = shot.footage.clips.get("plate")
        if plate is not None and shot.form.get("plate") != plate.info.path:
            # Another path was typed and not opened.
            self.history.adjust("plate", plate.info.path)
        self._place(shot)

    def close(self, shot: OpenShot) -> None:
        """Close a shot. Its results stay, and so does a render of it that is under way."""
        beside = self.shots.close(shot)
        if self.shots.current is None and beside is not None:
            self.show(beside)
        if shot.footage in self._viewer.footages:
            self._viewer.close_footage(shot.footage)

    def close_current(self) -> None:
        """Close the shot that is shown."""
        if self.shots.current is not None:
            self.close(self.shots.current)

    def shot_of(self, job: Job) -> OpenShot | None:
        """Return the open shot that a job renders; None where it is not open."""
        claim = output_claim(job.output, job.plate)
        return next((shot for shot in self.shots.shots if shot.claim == claim), None)

    def footage_of(self, job: Job) -> Footage | None:
        """Return the footage of the shot that a job renders; None where it is not open."""
        shot = self.shot_of(job)
        return None if shot is None else shot.footage

    def check_job(self, job: Job) -> None:
        """Refuse a job of the form that would write what is another shot's.

        Raises:
            JobError: Another open shot has this folder and name, or the form names another plate than its shot's.
        """
        if (other := self.shots.writer_of(job)) is not None:
            raise JobError(
                f"The shot {other.name} is open too and writes into this folder, under the same names.",
                field="output",
                hint="Choose another folder.",
            )
        shot = self.shots.current
        plate = None if shot is None else shot.footage.clips.get("plate")
        if plate is not None and os.path.abspath(plate.info.path) != job.plate:
            raise JobError(
                f"The plate {job.plate} is not open yet.", field="plate", hint="Wait until it is shown."
            )

    def note_written(self, written: WrittenFrame) -> None:
        """Let the next render of a shot that has results now update them, unless the artist chose otherwise."""
        shot = self.shot_of(written.job)
        if shot is not None and shot.look is None:
            # Made just before the first frame.
            self._opener.read_look(shot.footage)
        if shot is None or shot.form.get("existing") != "refuse":
            return
        if shot is self.shots.current:
            self.history.adjust("existing", "update")
        else:
            shot.form = {**shot.form, "existing": "update"}

    def note_look(self, shot: OpenShot, job: Job) -> None:
        """Read what the first look has learnt for a job of a shot."""
        self._opener.read_look(shot.footage, Path(job.output), bare_name(job.plate))

    def copy_settings(self) -> None:
        """Put the settings of the form on the clipboard, as JSON."""
        QGuiApplication.clipboard().setText(json.dumps({"matteline settings": self._settings()}))
        self.noticed.emit("The settings are copied. Go to another shot and paste them.")

    def paste_settings(self) -> None:
        """Take settings from the clipboard, where `copy_settings` has put some."""
        try:
            found = json.loads(QGuiApplication.clipboard().text())["matteline settings"]
            self._take_settings({str(name): str(text) for name, text in found.items()}, "Paste settings")
        except (ValueError, KeyError, TypeError, AttributeError):
            self.noticed.emit("There are no settings on the clipboard. Copy them from a shot first.")

    def reset_settings(self) -> None:
        """Give all settings their defaults."""
        self._take_settings({}, "Reset settings")

    def use_preset(self, name: str) -> None:
        """Take the settings of a preset."""
        self._take_settings(self._preferences.presets[name], f"Preset {name}")

    def save_preset(self, name: str = "") -> None:
        """Keep the settings of the form under a name; without one asks for it."""
        name = (name or QInputDialog.getText(self._window, "Save preset", "Name")[0]).strip()
        if name:
            self._preferences.presets = {**self._preferences.presets, name: self._settings()}
            self.noticed.emit(f"The settings are kept as the preset {name}.")

    def delete_preset(self, name: str) -> None:
        """Forget a preset."""
        self._preferences.presets = {
            each: state for each, state in self._preferences.presets.items() if each != name
        }

    def keep_session(self) -> None:
        """Keep the open shots for the next session."""
        self._preferences.session = self.shots.to_data()

    def _settings(self) -> dict[str, str]:
        return {name: text for name, text in self._panel.form.state.items() if name in choices()}

    def _take_settings(self, settings: Mapping[str, str], words: str) -> None:
        own = {name: text for name, text in self._panel.form.state.items() if name in OWN_FIELDS}
        self.history.replace_state(
            {**{name: text for name, text in settings.items() if name in choices()}, **own}, words
        )

    def _copy_from(self, shot: OpenShot) -> None:
        self._take_settings(shot.form, f"Settings of {shot.name}")

    def _show_opened(self, opened: Opened) -> None:
        if opened.purpose != "shot":
            return
        if opened.remembered is None:
            self._preferences.add_recent(str(opened.footage.folder or opened.footage.path))
        known = self.shots.same_as(opened.footage)
        if known is None:
            self._add(opened)
        else:
            self._refresh(known, opened)

    def _add(self, opened: Opened) -> None:
        job = opened.job
        if opened.is_new and opened.remembered is None and job is not None and self.shots.claimed(job):
            # Another plate that was opened at the same time has taken the folder. The opener looks for the next
            # one, since that asks the disk.
            opened.footage.close()
            self.open(opened.footage.path)
            return
        shot = self.shots.add(opened.footage, self._form_of(opened))
        if opened.remembered is not None:
            frame, marks = opened.remembered.get("frame"), opened.remembered.get("marks")
            shot.mode = str(opened.remembered.get("mode") or "")
            shot.frame = frame if isinstance(frame, int) else None
            shot.marks = _parsed(marks) if isinstance(marks, str) else None
        behind = opened.remembered is not None and not opened.remembered.get("current")
        if behind and self.shots.current is not None:
            self._viewer.offer(shot.footage)
        else:
            self.show(shot)

    def _form_of(self, opened: Opened) -> dict[str, str]:
        if opened.remembered is not None:
            return {str(name): str(text) for name, text in opened.remembered["form"].items()}
        job = opened.job
        if job is None:
            return {"plate": "", "output": ""}
        return {"plate": job.plate, "output": job.output} if opened.is_new else state_of(job)

    def _refresh(self, shot: OpenShot, opened: Opened) -> None:
        """Take up what was opened of a shot that is open already."""
        before = shot.footage
        self._viewer.update_footage(before, _joined(before, opened.footage))
        if opened.job is not None and not opened.is_new and before.folder is None:
            shot.form = state_of(opened.job)
            if shot is self.shots.current:
                self.history.replace_state(shot.form, "Open results")
        if opened.footage.folder is not None and opened.remembered is None:
            # Whoever opens results wants to see them, whatever was looked at before.
            shot.mode = ""
        self.show(shot)

    def _show_thumbnail(self, path: str, image: QImage) -> None:
        if (shot := self.shots.of(path)) is not None:
            shot.thumbnail = image
            self._show_strip()

    def _show_look(self, path: str, look: FirstLook | None) -> None:
        shot = self.shots.of(path)
        if shot is not None and look is not None:
            shot.look = look
            if shot is self.shots.current:
                self._viewer.set_look(look)

    def _show_strip(self) -> None:
        self.strip.show_shots(self.shots.shots, self.shots.current)

    def _follow_viewer(self, footage: Footage) -> None:
        shot = self.shots.of(footage.path)
        if shot is not None and shot is not self.shots.current:
            self.shots.switch(shot)
            self._place(shot)

    def _place(self, shot: OpenShot) -> None:
        """Bring the viewer to the frame and marks that the shot had."""
        player = self._viewer.player
        self._viewer.set_look(shot.look)
        self._placing = True
        if shot.marks is None:
            player.clear_marks()
        else:
            player.mark(first=shot.marks.first, last=shot.marks.last)
        if shot.frame is not None:
            player.seek(shot.frame)
        self._placing = False
        self._keep_place()

    def _keep_place(self) -> None:
        shot, sides, player = self.shots.current, self._viewer.toolbar.state.sides, self._viewer.player
        if shot is None or self._placing or not sides or sides[0].footage.path != shot.footage.path:
            return
        if player.whole != shot.footage.frames.hull:
            # The player still has the frames of the shot before.
            return
        shot.mode, shot.frame = sides[0].mode, player.frame
        shot.marks = None if player.range == player.whole else player.range


def _joined(old: Footage, new: Footage) -> Footage:
    """Return footage of one shot that was opened twice: the latest plate and results, and all previews."""
    plate = {"plate": old.clips["plate"]} if "plate" in old.clips else {}
    if new.folder is not None:
        return replace(new, clips={**plate, **new.clips}, path=old.path, previews=old.previews)
    return replace(old, clips={**old.clips, **new.clips})


def _parsed(marks: str) -> FrameRange | None:
    try:
        return FrameRange.parse(marks)
    except JobError:
        return None
