"""Controls of a job beside its settings: plate, output folder, frames, and existing results."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit

from matteline.contract.errors import JobError
from matteline.contract.frames import FrameSet
from matteline.window.controls import beside, ignore_wheel, small_button
from matteline.window.form.fields import Field

_EXISTING = (
    ("refuse", "Stop, and say so"),
    ("resume", "Keep, render what is missing"),
    ("overwrite", "Replace"),
)


class PathField(Field):
    """A path, typed or chosen.

    Args:
        browse: Lets the user choose a path and returns it; empty where the user cancels.
    """

    def __init__(self, name: str, label: str, tip: str, placeholder: str, browse: Callable[[], str]) -> None:
        super().__init__(name, label, tip)
        self._edit = QLineEdit()
        self._edit.setPlaceholderText(placeholder)
        self._edit.textChanged.connect(self.changed)
        button = small_button("…", f"Choose the {label[0].lower()}{label[1:]}")

        def choose() -> None:
            if path := browse():
                self.set_value(path)

        button.clicked.connect(choose)
        self._hold(beside(self._edit, button))

    def value(self) -> str:
        """Return the path as typed, without spaces around it."""
        return self._edit.text().strip()

    def set_value(self, value: str) -> None:
        """Show a path."""
        self._edit.setText(value)
        self._edit.setToolTip(value)


class FramesField(Field):
    """Frame ranges as artists write them; empty for all."""

    # The button was pressed that takes the frames between the viewer's in and out marks.
    marks_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("frames", "Frames", "Such as 1001-1020,1050. Empty renders all of the plate.")
        self._edit = QLineEdit()
        self._edit.setPlaceholderText("all")
        self._edit.textChanged.connect(self.changed)
        button = small_button("In–out", "Take the frames between the viewer's in and out marks")
        button.clicked.connect(self.marks_wanted)
        self._hold(beside(self._edit, button))

    def value(self) -> FrameSet | None:
        """Return the frames; None for all. Raises `JobError`."""
        text = self._edit.text().strip()
        return FrameSet.parse(text) if text and text != "all" else None

    def set_value(self, value: FrameSet | None) -> None:
        """Show frames; None for all."""
        self._edit.setText("" if value is None else str(value))


class FirstFrameField(Field):
    """The frame number of a movie's first picture."""

    def __init__(self) -> None:
        super().__init__(
            "first_frame",
            "First frame",
            "Frame number of a movie's first picture; empty counts from 1. Images are numbered by name.",
        )
        self._edit = QLineEdit()
        self._edit.setPlaceholderText("1 for movies")
        self._edit.textChanged.connect(self.changed)
        self._hold(self._edit)

    def value(self) -> int | None:
        """Return the number; None for the default. Raises `JobError`."""
        text = self._edit.text().strip()
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
        self._edit.setText("" if value is None else str(value))


class ExistingField(Field):
    """The choice of what happens to results that are there already."""

    def __init__(self) -> None:
        super().__init__("existing", "Existing results", "What happens to results that are there already.")
        self._combo = ignore_wheel(QComboBox())
        for word, words in _EXISTING:
            self._combo.addItem(words, word)
        self._combo.currentIndexChanged.connect(self.changed)
        self._hold(self._combo)

    def value(self) -> str:
        """Return one of `contract.job.EXISTING`."""
        return str(self._combo.currentData())

    def set_value(self, value: str) -> None:
        """Choose one of `contract.job.EXISTING`."""
        self._combo.setCurrentIndex(self._combo.findData(value))
