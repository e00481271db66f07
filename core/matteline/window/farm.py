"""Handing shots to a render farm: what it is told of them, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.errors import JobError
from matteline.contract.events import error_of
from matteline.contract.farm_settings import FarmSettings, farm_choices
from matteline.contract.job import Job
from matteline.contract.messages import describe_submission, sentence
from matteline.window.controls import give_role, high_button, thin_bar
from matteline.window.form.fields import Field, field_for
from matteline.window.form.section import Section
from matteline.window.preferences import Preferences
from matteline.window.render import Renders

BASIC: Final = ("engine", "chunk", "priority", "pool")
"""Settings that are not folded away."""


class FarmDialog(QDialog):
    """Asks what the farm is to be told, hands the shots over, and says how that ended.

    Args:
        jobs: The shots.
        renders: The line to the worker, which hands them over.
        preferences: Remember the settings.
    """

    begun = Signal()
    """The shots are being handed over. One of `handed` and `refused` follows."""

    handed = Signal(str)
    """They were: a sentence."""

    refused = Signal()
    """They were not; the dialog says why."""

    def __init__(
        self, jobs: Sequence[Job], renders: Renders, preferences: Preferences, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Send to farm")
        self._jobs, self._renders, self._preferences = list(jobs), renders, preferences
        self._request: int | None = None
        self.fields: dict[str, Field] = {
            name: field_for(name, choice) for name, choice in farm_choices().items()
        }
        self._more = self._section("More", [name for name in self.fields if name not in BASIC], folded=True)
        self.words = QLabel()
        self._bar = thin_bar()
        self.send_button, self.close_button = high_button("Send"), high_button("Close")
        self._build()
        self._fill(preferences.farm)
        renders.heard.connect(self._heard)

    def settings(self) -> FarmSettings:
        """The settings as chosen. Raises `JobError`."""
        return FarmSettings(**{name: field.value() for name, field in self.fields.items()})

    def send(self) -> None:
        """Hand the shots over."""
        for field in self.fields.values():
            field.show_error("")
        try:
            farm = self.settings()
        except JobError as error:
            self._say_wrong(error.field, sentence(error))
            return
        self._preferences.farm = farm
        self._say(f"Checking the plate, and writing what {farm.engine} takes…", "faint")
        self._request = self._renders.submit(self._jobs, farm)
        self._enable()
        self.begun.emit()

    def reject(self) -> None:
        """Close; while shots are being handed over, give that up instead."""
        if self._request is None:
            super().reject()
        else:
            self._renders.cancel(self._request)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(8)
        title = QLabel(_names(self._jobs))
        title.setProperty("role", "heading")
        for label in (title, self.words):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.hide()
        self._bar.setRange(0, 0)
        column.addWidget(title)
        column.addWidget(self._scrolled(), 1)
        column.addWidget(self._bar)
        column.addWidget(self.words)
        column.addLayout(self._buttons())
        self.resize(460, 420)

    def _scrolled(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.addWidget(self._section("", list(BASIC), folded=False))
        column.addWidget(self._more)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        return scroll

    def _section(self, title: str, names: list[str], *, folded: bool) -> Section:
        width = max(field.label.sizeHint().width() for field in self.fields.values())
        return Section(title, [self.fields[name] for name in names], label_width=width, folded=folded)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for button in (self.close_button, self.send_button):
            button.setMinimumWidth(96)
            row.addWidget(button)
        self.close_button.setAutoDefault(False)
        self.send_button.setDefault(True)
        self.close_button.clicked.connect(self.reject)
        self.send_button.clicked.connect(self.send)
        return row

    def _fill(self, farm: FarmSettings) -> None:
        for name, field in self.fields.items():
            field.set_value(getattr(farm, name))

    def _heard(self, number: int, message: dict[str, Any]) -> None:
        if number != self._request or not message.get("last"):
            return
        self._request = None
        self._enable()
        event = message.get("event")
        if event == "submitted":
            self._say_handed(describe_submission(message))
            return
        if event == "failed":
            self._say_wrong(message["where"].get("field", ""), sentence(error_of(message)))
        else:
            self._say("Given up. Nothing was sent.", "faint")
        self.refused.emit()

    def _say_handed(self, words: str) -> None:
        self._say(words, "faint")
        self.send_button.setEnabled(False)
        self.handed.emit(words)

    def _say_wrong(self, where: str, words: str) -> None:
        """What is wrong, at the control that it belongs to where there is one."""
        field = self.fields.get(where)
        if field is None:
            self._say(words, "wrong")
            return
        self._say("", "faint")
        field.show_error(words)
        if where not in BASIC:
            self._more.unfold()

    def _say(self, words: str, role: str) -> None:
        self.words.setText(words)
        give_role(self.words, role)
        self.words.setVisible(bool(words))

    def _enable(self) -> None:
        busy = self._request is not None
        self._bar.setVisible(busy)
        self.send_button.setEnabled(not busy)
        self.close_button.setText("Give up" if busy else "Close")
        for field in self.fields.values():
            field.setEnabled(not busy)


def _names(jobs: Sequence[Job]) -> str:
    names = [Path(job.plate).name for job in jobs]
    return names[0] if len(names) == 1 else f"{len(names)} shots: {', '.join(names)}"
