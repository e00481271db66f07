"""Controls of a job beside its settings: plate, output folder, frames, and existing results."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit

from matteline.contract.choices import choices_of
from matteline.contract.errors import JobError
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.window.controls import beside, ignore_wheel, small_button
from matteline.window.form.fields import Field

# The words of the command, in those of the window.
_EXISTING = {
    "refuse": "Stop, and say so",
    "resume": "Keep, render what is missing",
    "update": "Update what is missing or differs",
    "overwrite": "Replace",
}


class TextField(Field):
    """A line of text, of which subclasses make a value."""

    # What was typed is complete, or a path was chosen.
    committed = Signal()

    def __init__(self, name: str, label: str, tip: str, placeholder: str) -> None:
        super().__init__(name, label, tip)
        self._edit = QLineEdit()
        self._edit.setPlaceholderText(placeholder)
        self._edit.textChanged.connect(self.changed)
        self._edit.editingFinished.connect(self.committed)

    def text(self) -> str:
        """Return the text as typed, without spaces around it."""
        return self._edit.text().strip()

    def set_text(self, text: str) -> None:
        """Show a text."""
        self._edit.setText(text)
        self._edit.setToolTip(text)


class PathField(TextField):
    """A path, typed or chosen.

    Args:
        browse: Lets the user choose a path and returns it; empty where the user cancels.
    """

    can_reset = False

    def __init__(self, name: str, label: str, tip: str, placeholder: str, browse: Callable[[], str]) -> None:
        super().__init__(name, label, tip, placeholder)
        button = small_button("…", f"Choose the {label[0].lower()}{label[1:]}")

        def choose() -> None:
            if path := browse():
                self.set_value(path)
                self.committed.emit()

        button.clicked.connect(choose)
        self._hold(beside(self._edit, button))

    def value(self) -> str:
        """Return the path as typed, without spaces around it."""
        return self.text()

    def set_value(self, value: str) -> None:
        """Show a path."""
        self.set_text(value)


class FramesField(TextField):
    """Frame ranges as artists write them; empty for all."""

    # The button was pressed that takes the frames between the viewer's in and out marks.
    marks_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("frames", "Frames", "Such as 1001-1020,1050. Empty renders all of the plate.", "all")
        button = small_button("In–out", "Take the frames between the viewer's in and out marks")
        button.clicked.connect(self.marks_wanted)
        self._hold(beside(self._edit, button))

    def value(self) -> FrameSet | None:
        """Return the frames; None for all. Raises `JobError`."""
        text = self.text()
        return FrameSet.parse(text) if text and text != "all" else None

    def set_value(self, value: FrameSet | None) -> None:
        """Show frames; None for all."""
        self.set_text("" if value is None else str(value))


class FirstFrameField(TextField):
    """The frame number of a movie's first picture."""

    def __init__(self) -> None:
        super().__init__(
            "first_frame",
            "First frame",
            "Frame number of a movie's first picture; empty counts from 1. Images are numbered by name.",
            "1 for movies",
        )
        self._hold(self._edit)

    def value(self) -> int | None:
        """Return the number; None for the default. Raises `JobError`."""
        text = self.text()
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise JobError(
                f"The first frame cannot be '{text}'.", field=self.name, hint="Give a whole number."
            ) from None

    def set_value(self, value: int | None) -> None:
        """Show a number; None for the default."""
        self.set_text("" if value is None else str(value))


class ExistingField(Field):
    """The choice of what happens to results that are there already."""

    can_reset = False

    def __init__(self) -> None:
        choice = choices_of(Job)["existing"]
        super().__init__("existing", choice.label, choice.help)
        self._combo = ignore_wheel(QComboBox())
        for word in choices_of(Job)["existing"].options:
            self._combo.addItem(_EXISTING[word], word)
        self._combo.currentIndexChanged.connect(self.changed)
        self._hold(self._combo)

    def value(self) -> str:
        """Return one of `contract.job.EXISTING`."""
        return str(self._combo.currentData())

    def set_value(self, value: str) -> None:
        """Choose one of `contract.job.EXISTING`."""
        self.set_text(value)

    def text(self) -> str:
        """Return one of `contract.job.EXISTING`."""
        return self.value()

    def set_text(self, text: str) -> None:
        """Choose one of `contract.job.EXISTING`; another word changes nothing."""
        if (index := self._combo.findData(text)) >= 0:
            self._combo.setCurrentIndex(index)
