"""The open shots, and which of them the form and side A of the viewer show."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QUndoStack

from matteline.contract.frames import FrameRange
from matteline.contract.job import Job
from matteline.contract.settings import choices
from matteline.window.form.shot_form import ShotForm
from matteline.window.people_choices import FoundPerson
from matteline.window.shot_paths import OutputClaim, output_claim
from matteline.window.shots.history import FormHistory
from matteline.window.viewer.first_look import FirstLook
from matteline.window.viewer.footage import Footage

# Settings that a new shot takes from the one before: of the machine, and the network that runs on it.
KEPT_FIELDS: Final = (
    "weights",
    "ocio",
    *(name for name, choice in choices().items() if choice.group == "machine"),
)


# Compared by identity: a shot stays the same one whatever changes in it.
@dataclass(eq=False)
class OpenShot:
    """A shot that is open.

    Attributes:
        footage: Its plate, results and previews, in their latest form.
        form: All that its form holds, as `ShotForm.state` returns it.
        history: Its undo stack.
        mode: Mode of the viewer.
        frame: The frame that was looked at last.
        marks: In and out mark.
        thumbnail: A small picture of it; None until it is made.
        look: What the first look has learnt of it; None without.
        people: The people who were found in it; None before that.
        people_hints: The field of hints by which they were found.
    """

    footage: Footage
    form: dict[str, str]
    history: QUndoStack
    mode: str = ""
    frame: int | None = None
    marks: FrameRange | None = None
    thumbnail: QImage | None = field(default=None, repr=False)
    look: FirstLook | None = field(default=None, repr=False)
    people: tuple[FoundPerson, ...] | None = field(default=None, repr=False)
    people_hints: str = "none"

    @property
    def name(self) -> str:
        """Name for the artist."""
        return self.footage.shot or self.footage.name

    @property
    def claim(self) -> OutputClaim | None:
        """What no other shot may share; None while the form names no plate or no folder."""
        plate, output = self.form.get("plate", ""), self.form.get("output", "")
        return output_claim(output, plate) if plate and output else None

    def to_data(self) -> dict[str, Any]:
        """Return what the next session needs to open it as it is, as plain JSON values."""
        marks = None if self.marks is None else str(self.marks)
        plate, folder = self.footage.clips.get("plate"), self.footage.folder
        return {
            "path": self.footage.path if plate is None else plate.info.path,
            "results": "" if folder is None else str(folder),
            "form": self.form,
            "mode": self.mode,
            "frame": self.frame,
            "marks": marks,
        }


class OpenShots(QObject):
    """All open shots. One form serves them: switching puts away what it holds and brings the other's.

    Args:
        form: The form.
        history: Its undo history.
    """

    # Shots were opened or closed, or one has changed.
    changed = Signal()

    # The `OpenShot` that is current now; None after the last was closed.
    switched = Signal(object)

    def __init__(self, form: ShotForm, history: FormHistory) -> None:
        super().__init__(form)
        self._form, self._history = form, history
        self._shots: list[OpenShot] = []
        self._current: OpenShot | None = None
        form.changed.connect(self._keep_form)
        history.begin(history.new_stack())

    @property
    def shots(self) -> list[OpenShot]:
        """All open shots, in the order in which they were opened."""
        return list(self._shots)

    @property
    def current(self) -> OpenShot | None:
        """The shot that the form shows; None before the first."""
        return self._current

    def of(self, path: str) -> OpenShot | None:
        """Return the shot whose footage was opened by this path."""
        return next((shot for shot in self._shots if shot.footage.path == path), None)

    def same_as(self, footage: Footage) -> OpenShot | None:
        """Return the shot that has this plate, and these results where the footage has any."""
        for shot in self._shots:
            if shot.footage.path == footage.path:
                return shot
            if not footage.source or shot.footage.source != footage.source:
                continue
            if footage.folder is None or shot.footage.folder == footage.folder:
                return shot
            if shot.footage.folder is None and _same_folder(shot.form.get("output", ""), str(footage.folder)):
                return shot
        return None

    def add(self, footage: Footage, form: Mapping[str, str]) -> OpenShot:
        """Open another shot.

        Args:
            footage: Its footage.
            form: What its form shows; fields left out get their defaults, or stay for the first shot. How the
                machine is used, and with which network, stays from shot to shot.
        """
        # What was chosen before anything was open is meant for what is opened first.
        before = self._form.state
        if self._shots:
            before = {name: before[name] for name in KEPT_FIELDS}
        shot = OpenShot(footage, {**before, **form}, self._history.new_stack())
        self._shots.append(shot)
        self.changed.emit()
        return shot

    def switch(self, shot: OpenShot) -> None:
        """Show another shot in the form."""
        if shot is self._current:
            return
        # Before the form changes, or `_keep_form` would give the other shot this one's values.
        self._current = shot
        self._form.set_state(shot.form)
        # A history begins with what the form shows, so that comes first.
        self._history.begin(shot.history)
        self.switched.emit(shot)
        self.changed.emit()

    def close(self, shot: OpenShot) -> OpenShot | None:
        """Close a shot; return the one beside it, which is to be shown next, if it was the current one."""
        at = self._shots.index(shot)
        self._shots.remove(shot)
        beside = self._shots[min(at, len(self._shots) - 1)] if self._shots else None
        if shot is self._current:
            self._current = None
            if beside is None:
                self._form.set_state({})
                self._history.begin(self._history.new_stack())
                self.switched.emit(None)
        self.changed.emit()
        return beside

    def claims(self, but: OpenShot | None = None) -> set[OutputClaim]:
        """Return the folders and names of all shots but one."""
        return {shot.claim for shot in self._shots if shot is not but and shot.claim is not None}

    def claimed(self, job: Job) -> bool:
        """Tell whether any open shot has a job's folder and name."""
        return output_claim(job.output, job.plate) in self.claims()

    def writer_of(self, job: Job) -> OpenShot | None:
        """Return another shot than the current one that has a job's folder and name."""
        claim = output_claim(job.output, job.plate)
        return next((shot for shot in self._shots if shot is not self._current and shot.claim == claim), None)

    def replace_footage(self, old: Footage, new: Footage) -> None:
        """Note that footage has another form now, such as one with results."""
        for shot in self._shots:
            if shot.footage is old:
                shot.footage = new
                self.changed.emit()

    def to_data(self) -> list[dict[str, Any]]:
        """Return all shots for the next session, in their order."""
        return [{**shot.to_data(), "current": shot is self._current} for shot in self._shots]

    def _keep_form(self) -> None:
        if self._current is not None:
            self._current.form = self._form.state


def _same_folder(one: str, other: str) -> bool:
    return bool(one) and os.path.normcase(os.path.abspath(one)) == os.path.normcase(os.path.abspath(other))
