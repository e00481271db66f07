"""The form of one shot: a control for every choice of a job, in one column."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields as fields_of

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from matteline.contract.errors import JobError
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings, choices
from matteline.window.form.fields import EditableField, Field, field_for
from matteline.window.form.job_fields import ExistingField, FirstFrameField, FramesField, PathField
from matteline.window.form.section import Section

# Settings that are not folded away.
BASIC = ("write", "format", "movies", "over", "colour_space", "choke", "soften", "despill")

_GROUPS = {"matte": "Matte", "colour": "Colour", "edge": "Edge", "output": "Output", "machine": "Machine"}

# Fields to show errors at that name none, by the kind of error.
_FIELD_OF_KIND = {
    "ReadError": "plate",
    "ColourError": "colour_space",
    "ModelError": "weights",
    "DeviceError": "device",
    "WriteError": "output",
}


class ShotForm(QWidget):
    """The controls of one shot. It asks no worker: its owner plans and renders."""

    # The job is another one now.
    changed = Signal()

    # The path of another plate.
    plate_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # The output folder that the form has suggested itself, which the next plate may replace.
        self._suggested_output = ""
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
        self._settings = {name: field_for(name, choice) for name, choice in choices().items()}
        self._sections = list(self._make_sections())
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        for section in self._sections:
            column.addWidget(section)
        column.addStretch(1)
        self.set_settings(MatteSettings())
        for each in self.all_fields():
            each.changed.connect(self.changed)
        self.plate.changed.connect(lambda: self.plate_changed.emit(self.plate.value()))

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

        Raises:
            JobError: A control holds what is not allowed; it names the field.
        """
        if not self.plate.value():
            raise JobError("No plate is chosen yet.", field="plate", hint="Drop one on the window.")
        if not self.output.value():
            raise JobError("No output folder is chosen yet.", field="output")
        return Job(
            plate=self.plate.value(),
            output=self.output.value(),
            frames=self.frames.value(),
            first_frame=self.first_frame.value(),
            existing=self.existing.value(),
            settings=self.settings(),
        )

    def set_job(self, job: Job) -> None:
        """Fill the form from a job."""
        self.plate.set_value(job.plate)
        self.output.set_value(job.output)
        self.frames.set_value(job.frames)
        self.first_frame.set_value(job.first_frame)
        self.existing.set_value(job.existing)
        self.set_settings(job.settings)

    def set_plate(self, path: str) -> None:
        """Show another plate; its results go beside it unless another folder was chosen."""
        if self.output.value() in ("", self._suggested_output):
            self._suggested_output = suggested_output(path)
            self.output.set_value(self._suggested_output)
        self.plate.set_value(path)

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
        path, _ = QFileDialog.getOpenFileName(self, "Open a plate", os.path.dirname(self.plate.value()))
        return path


def suggested_output(plate: str) -> str:
    """Return a folder for results beside a plate: `sh010/plate_mattes` for `sh010/plate.####.exr`."""
    path = os.path.abspath(plate)
    folder, name = os.path.split(path)
    stem = name if os.path.isdir(path) else os.path.splitext(name)[0]
    # Without the frame number or its place holder, and what separates it from the name.
    bare = re.sub(r"[._-]*(#+|%\d*d|\d+)$", "", stem) or stem
    return os.path.join(folder, f"{bare}_mattes")
