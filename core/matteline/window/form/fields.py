"""Controls made of `Choice`s: one for each field of a settings dataclass, with its words, unit and bounds."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.choices import Choice, parse_text
from matteline.window.controls import even_height, faint, steady, wrapped


class Field(QWidget):
    """A control and the error that belongs to it. A subclass holds the control.

    Args:
        name: Of the field of `MatteSettings`, `FarmSettings` or `Job`.
        label: What stands beside it.
        tip: What it is for.
    """

    changed = Signal()

    def __init__(self, name: str, label: str, tip: str) -> None:
        super().__init__()
        self.name, self.label = name, QLabel(label)
        self.label.setToolTip(wrapped(tip))
        self.setToolTip(wrapped(tip))
        self._error = QLabel()
        self._error.setProperty("role", "wrong")
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.setWordWrap(True)
        self._error.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(3)
        self._column.addWidget(self._error)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def error(self) -> str:
        """The sentence below the control; empty without."""
        return self._error.text()

    def show_error(self, sentence: str) -> None:
        """Say below the control what is wrong with it; empty for nothing."""
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))

    def value(self) -> Any:
        """What is chosen, of the field's own type. Raises `JobError`."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Choose this."""
        raise NotImplementedError

    def _hold(self, control: QWidget) -> None:
        self._column.insertWidget(0, control)


class ChoiceField(Field):
    """One word of several."""

    def __init__(self, name: str, choice: Choice) -> None:
        super().__init__(name, choice.label, choice.help)
        self._combo = steady(QComboBox())
        self._combo.addItems(choice.options)
        self._combo.currentIndexChanged.connect(self.changed)
        self._hold(self._combo)

    def value(self) -> str:
        """See `Field`."""
        return self._combo.currentText()

    def set_value(self, value: str) -> None:
        """See `Field`."""
        self._combo.setCurrentText(value)


class ChoicesField(Field):
    """Several words of several."""

    def __init__(self, name: str, choice: Choice) -> None:
        super().__init__(name, choice.label, choice.help)
        self._boxes = {word: QCheckBox(word) for word in choice.options}
        self._chosen: list[str] = []
        grid = QWidget()
        layout = QGridLayout(grid)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setHorizontalSpacing(14)
        layout.setVerticalSpacing(4)
        columns = 3 if len(self._boxes) <= 3 else 2
        for at, box in enumerate(self._boxes.values()):
            layout.addWidget(box, at // columns, at % columns)
            box.toggled.connect(self._toggled)
        layout.setColumnStretch(columns, 1)
        self._hold(grid)

    def value(self) -> tuple[str, ...]:
        """See `Field`."""
        return tuple(self._chosen)

    def set_value(self, value: tuple[str, ...]) -> None:
        """See `Field`."""
        self._chosen = list(value)
        for word, box in self._boxes.items():
            with QSignalBlocker(box):
                box.setChecked(word in value)
        self.changed.emit()

    def _toggled(self) -> None:
        on = [word for word, box in self._boxes.items() if box.isChecked()]
        kept = [word for word in self._chosen if word in on]
        self._chosen = [*kept, *(word for word in on if word not in kept)]
        self.changed.emit()


class NumberField(Field):
    """A number between bounds."""

    def __init__(self, name: str, choice: Choice) -> None:
        super().__init__(name, choice.label, choice.help)
        self._spin = steady(QDoubleSpinBox())
        low, high = choice.minimum or 0.0, choice.maximum or 0.0
        self._spin.setRange(low, high)
        self._whole = choice.kind == "count"
        self._spin.setDecimals(0 if self._whole else 2)
        self._spin.setSingleStep(1 if self._whole else 0.01 if high <= 1 else 0.5)
        self._spin.setSuffix(f" {choice.unit}" if choice.unit else "")
        self._spin.setKeyboardTracking(False)
        even_height(self._spin)
        self._spin.valueChanged.connect(self.changed)
        self._hold(self._spin)

    def value(self) -> float:
        """See `Field`."""
        value = self._spin.value()
        return int(value) if self._whole else round(value, 4)

    def set_value(self, value: float) -> None:
        """See `Field`."""
        self._spin.setValue(value)


class WordField(Field):
    """A word of several, or anything else typed: names, paths, and numbers that may be `auto`."""

    def __init__(self, name: str, choice: Choice) -> None:
        super().__init__(name, choice.label, choice.help)
        self._choice = choice
        self._combo = steady(QComboBox())
        self._combo.setEditable(True)
        self._combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._combo.addItems(choice.options)
        self._combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._combo.setMinimumContentsLength(8)
        self._combo.editTextChanged.connect(self.changed)
        self._hold(self._beside() if choice.unit or choice.kind == "path" else self._combo)

    def offer(self, words: list[str]) -> None:
        """Let these words be chosen beside those the field has."""
        text = self._combo.currentText()
        with QSignalBlocker(self._combo):
            self._combo.clear()
            self._combo.addItems([*self._choice.options, *words])
            self._combo.setEditText(text)

    def value(self) -> Any:
        """See `Field`."""
        return parse_text(self.name, self._choice, self._combo.currentText())

    def set_value(self, value: Any) -> None:
        """See `Field`."""
        self._combo.setEditText(f"{value:g}" if isinstance(value, float) else str(value))

    def _beside(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._combo, 1)
        layout.addWidget(self._browser() if self._choice.kind == "path" else faint(self._choice.unit))
        return row

    def _browser(self) -> QToolButton:
        button = QToolButton()
        button.setText("…")
        button.setToolTip("Choose a file")
        button.clicked.connect(self._browse)
        return button

    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self._choice.label)
        if path:
            self.set_value(path)


def field_for(name: str, choice: Choice) -> Field:
    """The control of a field of `MatteSettings` or `FarmSettings`."""
    if choice.kind == "choice":
        return ChoiceField(name, choice)
    if choice.kind == "choices":
        return ChoicesField(name, choice)
    plain = choice.kind in ("number", "count") and not choice.options
    return NumberField(name, choice) if plain else WordField(name, choice)
