"""The form of one shot: a control for every choice of a job, in one column."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from matteline.contract.errors import JobError
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings, choices
from matteline.window.form.fields import EditableField, Field, field_for
from matteline.window.form.job_fields import ExistingField, FirstFrameField, FramesField, PathField
from matteline.window.form.network_field import NetworkField
from matteline.window.form.section import Section
from matteline.window.shot_paths import PLATE_FILTER, suggested_output

# Settings that are not folded away.
BASIC = ("write", "format", "movies", "over", "colour_space", "choke", "soften", "despill")

_GROUPS = {
    "matte": "Matte",
    "colour": "Colour",
    "edge": "Edge",
    "people": "People",
    "output": "Output",
    "machine": "Machine",
}

# Fields to show errors at that name none, by the kind of error.
_FIELD_OF_KIND = {
    "ReadError": "plate",
    "ColourError": "colour_space",
    "ModelError": "weights",
    "DeviceError": "device",
    "WriteError": "output",
}


# Settings that may hold a path.
_PATH_SETTINGS = ("weights", "ocio", "garbage", "holdout", "over")


class ShotForm(QWidget):
    """The controls of one shot. It asks no worker: its owner plans and renders."""

    # The job is another one now.
    changed = Signal()

    # The artist, or an undo, has changed the field of this name; not sent while a whole shot is shown.
    edited = Signal(str)

    # The path of another plate, complete.
    plate_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # While a whole shot is shown, one signal stands for those of all fields.
        self._filling = False
        self.plate = PathField(
            "plate",
            "Plate",
            "A movie, an image of a sequence, a folder that holds one, or a pattern such as plate.####.exr.",
            "drop a plate here",
            self._browse_plate,
        )
        self.output = PathField(
            "output",
            "Output folder",
            "Receives one folder for each product.",
            "",
            lambda: QFileDialog.getExistingDirectory(self, "Output folder", self.output.value()),
        )
        # Fields of the job; all others come from the settings' own description.
        self.frames, self.first_frame, self.existing = FramesField(), FirstFrameField(), ExistingField()
        self.network = NetworkField("weights", choices()["weights"])
        self._settings: dict[str, Field] = {
            name: self.network if name == "weights" else field_for(name, choice)
            for name, choice in choices().items()
        }
        self._sections = list(self._make_sections())
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        for section in self._sections:
            column.addWidget(section)
        column.addStretch(1)
        self.set_settings(MatteSettings())
        for each in self.all_fields():
            each.set_default(each.text())
            # Bound now: when the signal comes, the variable of the loop is the last field.
            each.changed.connect(lambda name=each.name: self._follow(name))
            each.reset_wanted.connect(lambda each=each: each.set_text(each.default))
        self.plate.committed.connect(lambda: self.plate_chosen.emit(self.plate.value()))

    def _follow(self, name: str) -> None:
        if not self._filling:
            self.edited.emit(name)
            self.changed.emit()

    @property
    def state(self) -> dict[str, str]:
        """All that the controls hold, right or wrong, by the names of the fields."""
        return {each.name: each.text() for each in self.all_fields()}

    def set_state(self, state: Mapping[str, str]) -> None:
        """Show what `state` returned; fields that it leaves out get their defaults."""
        self._filling = True
        try:
            for each in self.all_fields():
                each.set_text(state.get(each.name, each.default))
        finally:
            self._filling = False
        self.changed.emit()

    def _make_sections(self) -> Iterator[Section]:
        width = max(each.label.sizeHint().width() for each in self.all_fields())
        yield Section("", [self.plate, self.output, self.frames, self.existing], label_width=width)
        yield Section("Basics", [self._settings[name] for name in BASIC], label_width=width)
        for group, title in _GROUPS.items():
            names = [
                name for name, choice in choices().items() if choice.group == group and name not in BASIC
            ]
            more = [self.first_frame] if group == "matte" else []
            below = [*(self._settings[name] for name in names), *more]
            yield Section(title, below, label_width=width, folded=True)

    def all_fields(self) -> Iterable[Field]:
        """Return every control."""
        return (
            self.plate,
            self.output,
            self.frames,
            self.first_frame,
            self.existing,
            *self._settings.values(),
        )

    def settings(self) -> MatteSettings:
        """Return the settings as chosen. Raises `JobError`."""
        return MatteSettings(**{name: field.value() for name, field in self._settings.items()})

    def set_settings(self, settings: MatteSettings) -> None:
        """Show these settings."""
        for each in fields_of(MatteSettings):
            self._settings[each.name].set_value(getattr(settings, each.name))

    def job(self) -> Job:
        """Return the shot as a job for the worker.

        Its paths are absolute: a queue is read by windows and farms that were started elsewhere.

        Raises:
            JobError: A control holds what is not allowed; it names the field.
        """
        if not self.plate.value():
            raise JobError("No plate is chosen yet.", field="plate", hint="Drop one on the window.")
        if not self.output.value():
            raise JobError("No output folder is chosen yet.", field="output")
        settings = self.settings()
        paths: dict[str, Any] = {name: _absolute(name, getattr(settings, name)) for name in _PATH_SETTINGS}
        return Job(
            plate=os.path.abspath(self.plate.value()),
            output=os.path.abspath(self.output.value()),
            frames=self.frames.value(),
            first_frame=self.first_frame.value(),
            existing=self.existing.value(),
            settings=replace(settings, **paths),
        )

    def set_job(self, job: Job) -> None:
        """Fill the form from a job."""
        self.set_state(state_of(job))

    def set_plate(self, path: str) -> None:
        """Show another plate. Its results go beside it: a folder that was chosen belongs to the shot before."""
        self._filling = True
        try:
            self.output.set_value(suggested_output(path))
            self.plate.set_value(path)
        finally:
            self._filling = False
        self.changed.emit()

    def offer_colour_spaces(self, names: list[str]) -> None:
        """Add the names of colour spaces to choose from."""
        field = self._settings["colour_space"]
        assert isinstance(field, EditableField)
        field.offer(names)

    def field(self, name: str) -> Field | None:
        """Return the control for a field of `Job` or `MatteSettings`; None where there is none."""
        return next((each for each in self.all_fields() if each.name == name), None)

    def clear_errors(self) -> None:
        """Remove all errors."""
        for each in self.all_fields():
            each.show_error("")

    def show_error(self, kind: str, field_name: str, sentence: str) -> bool:
        """Show an error at the control that it belongs to.

        Args:
            kind: Name of the error's class, such as `ReadError`.
            field_name: The field that the error names; empty where it names none.
            sentence: The error and what to do.

        Returns:
            True if there is such a control.
        """
        self.clear_errors()
        found = self.field(field_name) or self.field(_FIELD_OF_KIND.get(kind, ""))
        if found is None:
            return False
        for section in self._sections:
            if section.isAncestorOf(found):
                section.unfold()
        found.show_error(sentence)
        return True

    def _browse_plate(self) -> str:
        folder = os.path.dirname(self.plate.value())
        path, _ = QFileDialog.getOpenFileName(self, "Open a plate", folder, PLATE_FILTER)
        return path


def state_of(job: Job) -> dict[str, str]:
    """Return the state of a form that shows a job."""
    settings = {each.name: _text(getattr(job.settings, each.name)) for each in fields_of(MatteSettings)}
    return {
        "plate": job.plate,
        "output": job.output,
        "frames": "" if job.frames is None else str(job.frames),
        "first_frame": "" if job.first_frame is None else str(job.first_frame),
        "existing": job.existing,
        **settings,
    }


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _absolute(name: str, value: str) -> str:
    """Return a setting with its path made absolute, where it is one and no word, name or address."""
    if value in choices()[name].options or "://" in value or value.startswith("#"):
        return value
    # A network may be given by its name, a backdrop by a colour's.
    if name in ("weights", "over") and not os.path.exists(value):
        return value
    return os.path.abspath(value)
