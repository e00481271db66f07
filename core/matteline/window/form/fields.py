"""Controls for the fields of a settings dataclass, made from each field's words, unit and bounds."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.choices import Choice, parse_text
from matteline.window.controls import (
    beside,
    ignore_wheel,
    match_combo_height,
    plain_label,
    small_button,
    wrapped_tip,
)


class Field(QWidget):
    """A control with its label and its error. A subclass adds the control itself.

    Args:
        name: Name of the field of `MatteSettings`, `FarmSettings` or `Job`.
        label: Words beside the control.
        tip: Tooltip.
    """

    # The value is another one now.
    changed = Signal()

    def __init__(self, name: str, label: str, tip: str) -> None:
        super().__init__()
        self.name, self.label = name, QLabel(label)
        self.label.setToolTip(wrapped_tip(tip))
        self.setToolTip(wrapped_tip(tip))
        self._error = plain_label("wrong")
        self._error.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(3)
        self._column.addWidget(self._error)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def error(self) -> str:
        """The error below the control; empty for none."""
        return self._error.text()

    def show_error(self, sentence: str) -> None:
        """Show an error below the control; an empty one removes it."""
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))

    def value(self) -> Any:
        """Return the value, of the field's own type. Raises `JobError`."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value of the field's own type."""
        raise NotImplementedError

    def _hold(self, control: QWidget) -> None:
        self._column.insertWidget(0, control)


class ChoiceField(Field):
    """A combo box: one word of several."""

    def __init__(self, name: str, choice: Choice) -> None:
        super().__init__(name, choice.label, choice.help)
        self._combo = ignore_wheel(QComboBox())
        self._combo.addItems(choice.options)
        self._combo.currentIndexChanged.connect(self.changed)
        self._hold(self._combo)

    def value(self) -> str:
        """Return the chosen word."""
        return self._combo.currentText()

    def set_value(self, value: str) -> None:
        """Choose a word."""
        self._combo.setCurrentText(value)


class ChoicesField(Field):
    """Check boxes: any of several words, in the order in which they were chosen."""

    def __init__(self, name: str, choice: Choice) -> None:
        super().__init__(name, choice.label, choice.help)
        self._boxes = {word: QCheckBox(word) for word in choice.options}
        self._chosen: list[str] = []
        grid = QWidget()
        layout = QGridLayout(grid)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setHorizontalSpacing(14)
        layout.setVerticalSpacing(4)
        # Four boxes stand better as two rows of two than as three and one.
        columns = 3 if len(self._boxes) <= 3 else 2
        for at, box in enumerate(self._boxes.values()):
            layout.addWidget(box, at // columns, at % columns)
            box.toggled.connect(self._toggled)
        layout.setColumnStretch(columns, 1)
        self._hold(grid)

    def value(self) -> tuple[str, ...]:
        """Return the chosen words."""
        return tuple(self._chosen)

    def set_value(self, value: tuple[str, ...]) -> None:
        """Choose words."""
        self._chosen = list(value)
        for word, box in self._boxes.items():
            with QSignalBlocker(box):
                box.setChecked(word in value)
        self.changed.emit()

    def _toggled(self) -> None:
        on = [word for word, box in self._boxes.items() if box.isChecked()]
        # In the order in which they were chosen.
        kept = [word for word in self._chosen if word in on]
        self._chosen = [*kept, *(word for word in on if word not in kept)]
        self.changed.emit()


class NumberField(Field):
    """A spin box: a number between bounds."""

    def __init__(self, name: str, choice: Choice) -> None:
        super().__init__(name, choice.label, choice.help)
        self._spin = ignore_wheel(QDoubleSpinBox())
        low, high = choice.minimum or 0.0, choice.maximum or 0.0
        self._spin.setRange(low, high)
        self._whole = choice.kind == "count"
        self._spin.setDecimals(0 if self._whole else 2)
        # Shares move by hundredths, stops and pixels by halves.
        self._spin.setSingleStep(1 if self._whole else 0.01 if high <= 1 else 0.5)
        self._spin.setSuffix(f" {choice.unit}" if choice.unit else "")
        # One change when a number is typed, not one for each digit.
        self._spin.setKeyboardTracking(False)
        match_combo_height(self._spin)
        self._spin.valueChanged.connect(self.changed)
        self._hold(self._spin)

    def value(self) -> float:
        """Return the number; an int where the setting counts something."""
        value = self._spin.value()
        # The spin box holds a binary fraction; the artist typed a short decimal.
        return int(value) if self._whole else round(value, 4)

    def set_value(self, value: float) -> None:
        """Show a number."""
        self._spin.setValue(value)


class EditableField(Field):
    """A combo box to type in: names, paths, and numbers that may be `auto`."""

    def __init__(self, name: str, choice: Choice) -> None:
        super().__init__(name, choice.label, choice.help)
        self._choice = choice
        self._combo = ignore_wheel(QComboBox())
        self._combo.setEditable(True)
        # Or every word that is typed would join the list.
        self._combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._combo.addItems(choice.options)
        self._combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._combo.setMinimumContentsLength(8)
        self._combo.editTextChanged.connect(self.changed)
        if choice.kind == "path":
            button = small_button("…", "Choose a file")
            button.clicked.connect(self._browse)
            self._hold(beside(self._combo, button))
        elif choice.unit:
            unit = plain_label("faint", choice.unit)
            unit.setWordWrap(False)
            self._hold(beside(self._combo, unit))
        else:
            self._hold(self._combo)

    def offer(self, words: list[str]) -> None:
        """Add words to choose from to those that the field has."""
        # Filling the list must not change what is chosen.
        text = self._combo.currentText()
        with QSignalBlocker(self._combo):
            self._combo.clear()
            self._combo.addItems([*self._choice.options, *words])
            self._combo.setEditText(text)

    def value(self) -> Any:
        """Return a word or a number, as the text reads. Raises `JobError`."""
        return parse_text(self.name, self._choice, self._combo.currentText())

    def set_value(self, value: Any) -> None:
        """Show a word or a number."""
        self._combo.setEditText(f"{value:g}" if isinstance(value, float) else str(value))

    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self._choice.label)
        if path:
            self.set_value(path)


def field_for(name: str, choice: Choice) -> Field:
    """Return the control for a field of `MatteSettings` or `FarmSettings`."""
    if choice.kind == "choice":
        return ChoiceField(name, choice)
    if choice.kind == "choices":
        return ChoicesField(name, choice)
    plain = choice.kind in ("number", "count") and not choice.options
    return NumberField(name, choice) if plain else EditableField(name, choice)
