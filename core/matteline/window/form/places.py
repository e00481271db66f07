"""Controls of a job that are no settings: the plate, the output folder, frames, and results already there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QToolButton, QWidget

from matteline.contract.errors import JobError
from matteline.contract.frames import FrameSet
from matteline.window.controls import steady
from matteline.window.form.fields import Field

_EXISTING = (
    ("refuse", "Stop, and say so"),
    ("resume", "Keep, render what is missing"),
    ("overwrite", "Replace"),
)


class PathField(Field):
    """A path, typed or chosen.

    Args:
        browse: Lets the user choose one; returns it, or nothing.
    """

    def __init__(self, name: str, label: str, tip: str, placeholder: str, browse: Callable[[], str]) -> None:
        super().__init__(name, label, tip)
        self._edit = QLineEdit()
        self._edit.setPlaceholderText(placeholder)
        self._edit.textChanged.connect(self.changed)
        self._browse = browse
        self._hold(_beside(self._edit, self._button()))

    def value(self) -> str:
        """See `Field`."""
        return self._edit.text().strip()

    def set_value(self, value: str) -> None:
        """See `Field`."""
        self._edit.setText(value)
        self._edit.setToolTip(value)

    def _button(self) -> QToolButton:
        button = QToolButton()
        button.setText("…")
        button.clicked.connect(self._chosen)
        return button

    def _chosen(self) -> None:
        if path := self._browse():
            self.set_value(path)


class FramesField(Field):
    """Frames as artists write them; empty for all."""

    marks_wanted = Signal()
    """Take the frames between the viewer's in and out marks."""

    def __init__(self) -> None:
        super().__init__("frames", "Frames", "Such as 1001-1020,1050. Empty renders all of the plate.")
        self._edit = QLineEdit()
        self._edit.setPlaceholderText("all")
        self._edit.textChanged.connect(self.changed)
        button = QToolButton()
        button.setText("In–out")
        button.setToolTip("Take the frames between the viewer's in and out marks")
        button.clicked.connect(self.marks_wanted)
        self._hold(_beside(self._edit, button))

    def value(self) -> FrameSet | None:
        """See `Field`."""
        text = self._edit.text().strip()
        return FrameSet.parse(text) if text and text != "all" else None

    def set_value(self, value: FrameSet | None) -> None:
        """See `Field`."""
        self._edit.setText("" if value is None else str(value))


class FirstFrameField(Field):
    """The number of a movie's first picture."""

    def __init__(self) -> None:
        super().__init__(
            "first_frame",
            "First frame",
            "Number of a movie's first picture; empty counts from 1. Images are numbered by their names.",
        )
        self._edit = QLineEdit()
        self._edit.setPlaceholderText("1 for movies")
        self._edit.textChanged.connect(self.changed)
        self._hold(self._edit)

    def value(self) -> int | None:
        """See `Field`."""
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
        """See `Field`."""
        self._edit.setText("" if value is None else str(value))


class ExistingField(Field):
    """What happens to results that are already there."""

    def __init__(self) -> None:
        super().__init__("existing", "Existing results", "What happens to results that are there already.")
        self._combo = steady(QComboBox())
        for word, words in _EXISTING:
            self._combo.addItem(words, word)
        self._combo.currentIndexChanged.connect(self.changed)
        self._hold(self._combo)

    def value(self) -> str:
        """See `Field`."""
        return str(self._combo.currentData())

    def set_value(self, value: str) -> None:
        """See `Field`."""
        self._combo.setCurrentIndex(self._combo.findData(value))


def _beside(control: QWidget, button: QToolButton) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    layout.addWidget(control, 1)
    layout.addWidget(button)
    return row
