"""Controls for the fields of a settings dataclass, made from each field's words, unit and bounds."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.choices import Choice, parse_text
from matteline.window.controls import (
    beside,
    breakable,
    ignore_wheel,
    match_combo_height,
    plain_label,
    set_role,
    small_button,
    wrapped_tip,
)

_SLIDER_STEPS: Final = 1000


class Field(QWidget):
    """A control with its label and its error. A subclass adds the control itself.

    Args:
        name: Name of the field of `MatteSettings`, `FarmSettings` or `Job`.
        label: Words beside the control.
        tip: Tooltip.
    """

    # False for what has no default worth going back to, such as a path that every shot has.
    can_reset = True

    # The value is another one now.
    changed = Signal()

    # The artist wants the default back.
    reset_wanted = Signal()

    def __init__(self, name: str, label: str, tip: str) -> None:
        super().__init__()
        self.name, self.label = name, QLabel(label)
        self._default = ""
        self.label.setToolTip(wrapped_tip(tip))
        self.label.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._reset = QAction("Reset to default", self.label)
        self._reset.triggered.connect(lambda: self.reset_wanted.emit())
        self.label.addAction(self._reset)
        self.changed.connect(self._mark_difference)
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
        return self._error.text().replace("\u200b", "")

    def show_error(self, sentence: str) -> None:
        """Show an error below the control; an empty one removes it."""
        if not sentence and not self._error.text():
            # So it is for all fields, each time that a slider moves.
            return
        self._error.setText(breakable(sentence))
        self._error.setVisible(bool(sentence))

    def text(self) -> str:
        """Return what the control holds, right or wrong, as `set_text` takes it."""
        raise NotImplementedError

    def set_text(self, text: str) -> None:
        """Show what `text` returned; what cannot be read changes nothing."""
        raise NotImplementedError

    def set_default(self, text: str) -> None:
        """Set the value, as text, that `reset_wanted` asks for. Others are marked by the colour of the label."""
        self._default = text
        self._mark_difference()

    @property
    def default(self) -> str:
        """The default, as text."""
        return self._default

    def value(self) -> Any:
        """Return the value, of the field's own type. Raises `JobError`."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value of the field's own type."""
        raise NotImplementedError

    def _hold(self, control: QWidget) -> None:
        self._column.insertWidget(0, control)

    def _mark_difference(self) -> None:
        changed = self.can_reset and self.text() != self._default
        self._reset.setEnabled(changed)
        if (role := "changed" if changed else "") != self.label.property("role"):
            set_role(self.label, role)


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

    def text(self) -> str:
        """Return the chosen word."""
        return self._combo.currentText()

    def set_text(self, text: str) -> None:
        """Choose a word; one that is not offered changes nothing."""
        self._combo.setCurrentText(text)


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
            # One change for all boxes, not one for each.
            with QSignalBlocker(box):
                box.setChecked(word in value)
        self.changed.emit()

    def text(self) -> str:
        """Return the chosen words, separated by commas."""
        return ",".join(self._chosen)

    def set_text(self, text: str) -> None:
        """Choose words; those that are not offered are left out."""
        self.set_value(tuple(word for word in text.split(",") if word in self._boxes))

    def _toggled(self) -> None:
        on = [word for word, box in self._boxes.items() if box.isChecked()]
        # In the order in which they were chosen.
        kept = [word for word in self._chosen if word in on]
        self._chosen = [*kept, *(word for word in on if word not in kept)]
        self.changed.emit()


class NumberField(Field):
    """A spin box, and for sizes and shares a slider: a number between bounds."""

    def __init__(self, name: str, choice: Choice) -> None:
        super().__init__(name, choice.label, choice.help)
        self._spin = ignore_wheel(QDoubleSpinBox())
        low, high = choice.minimum or 0.0, choice.maximum or 0.0
        self._most, self._curved = max(high, -low), high > 1
        self._spin.setRange(low, high)
        self._whole = choice.kind == "count"
        self._spin.setDecimals(0 if self._whole else 2)
        # Shares move by hundredths, stops and pixels by halves.
        self._spin.setSingleStep(1 if self._whole else 0.01 if high <= 1 else 0.5)
        self._spin.setSuffix(f" {choice.unit}" if choice.unit else "")
        # One change when a number is typed, not one for each digit.
        self._spin.setKeyboardTracking(False)
        match_combo_height(self._spin)
        self._spin.valueChanged.connect(self._follow_spin)
        self._slider: QSlider | None = None
        if self._whole:
            self._hold(self._spin)
            return
        self._slider = ignore_wheel(QSlider(Qt.Orientation.Horizontal))
        self._slider.setRange(round(_SLIDER_STEPS * min(low / max(high, -low), 0)), _SLIDER_STEPS)
        self._slider.setMinimumWidth(60)
        self._slider.valueChanged.connect(self._follow_slider)
        self._hold(beside(self._slider, self._spin))

    def value(self) -> float:
        """Return the number; an int where the setting counts something."""
        value = self._spin.value()
        # The spin box holds a binary fraction; the artist typed a short decimal.
        return int(value) if self._whole else round(value, 4)

    def set_value(self, value: float) -> None:
        """Show a number."""
        self._spin.setValue(value)

    def text(self) -> str:
        """Return the number."""
        return f"{self.value():g}"

    def set_text(self, text: str) -> None:
        """Show a number; what is none changes nothing."""
        with suppress(ValueError):
            self.set_value(float(text))

    def _follow_spin(self) -> None:
        if self._slider is not None:
            # Or the slider would answer with the number of its nearest step.
            with QSignalBlocker(self._slider):
                self._slider.setValue(self._place(self._spin.value()))
        self.changed.emit()

    def _follow_slider(self, place: int) -> None:
        share = place / _SLIDER_STEPS
        if self._curved:
            # To a tenth of a pixel; the bounds are where nobody goes, so most of the way is near 0.
            self._spin.setValue(round(share**3 * self._most, 1))
        else:
            self._spin.setValue(round(share * self._most, 2))

    def _place(self, value: float) -> int:
        share = value / self._most
        return round(_SLIDER_STEPS * (math.cbrt(share) if self._curved else share))


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

    def _add_beside(self, *controls: QWidget) -> None:
        """Put controls at the right of the combo box."""
        self._column.removeWidget(self._combo)
        row: QWidget = self._combo
        for each in controls:
            row = beside(row, each)
        self._hold(row)

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

    def text(self) -> str:
        """Return the text as it was typed."""
        return self._combo.currentText()

    def set_text(self, text: str) -> None:
        """Show a text."""
        self._combo.setEditText(text)

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
