"""The dialog that submits shots to a render farm: its settings, and how the submission ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from matteline.contract.errors import JobError
from matteline.contract.events import error_of
from matteline.contract.farm_settings import FarmSettings, farm_choices
from matteline.contract.job import Job
from matteline.contract.messages import describe_submission
from matteline.window.controls import plain_label, scrolled, set_role, tall_button, thin_progress_bar
from matteline.window.error_text import error_text
from matteline.window.form.fields import Field, field_for
from matteline.window.form.section import Section
from matteline.window.preferences import Preferences
from matteline.window.worker_connection import WorkerConnection

# Settings that are not folded away.
BASIC: Final = ("engine", "chunk", "priority", "pool")


class FarmDialog(QDialog):
    """Asks for the farm settings, submits the shots, and shows how that ended.

    Args:
        jobs: The shots.
        connection: Connection to the worker, which submits them.
        preferences: Keep the settings for the next time.
    """

    # The submission is under way. One of `submitted` and `refused` follows.
    begun = Signal()

    # The farm has the shots: a sentence about them.
    submitted = Signal(str)

    # The farm does not have them; the dialog says why.
    refused = Signal()

    def __init__(
        self,
        jobs: Sequence[Job],
        connection: WorkerConnection,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Send to farm")
        self._jobs, self._connection, self._preferences = list(jobs), connection, preferences
        self._request: int | None = None
        self.fields: dict[str, Field] = {
            name: field_for(name, choice) for name, choice in farm_choices().items()
        }
        # One width for both sections, so that their controls stand below each other.
        width = max(field.label.sizeHint().width() for field in self.fields.values())
        basic = [self.fields[name] for name in BASIC]
        advanced = [field for name, field in self.fields.items() if name not in BASIC]
        self._basic = Section("", basic, label_width=width)
        self._more = Section("More", advanced, label_width=width, folded=True)
        self.words = plain_label("faint")
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.hide()
        self._bar = thin_progress_bar()
        # Without a range the bar moves to and fro: nobody knows how long a farm takes.
        self._bar.setRange(0, 0)
        self.send_button, self.close_button = tall_button("Send"), tall_button("Close")
        self._build()
        self.set_settings(preferences.farm)
        connection.message_received.connect(self._receive)

    def _build(self) -> None:
        names = [Path(job.plate).name for job in self._jobs]
        title = names[0] if len(names) == 1 else f"{len(names)} shots: {', '.join(names)}"
        inside = QWidget()
        settings = QVBoxLayout(inside)
        settings.setContentsMargins(0, 0, 8, 0)
        settings.addWidget(self._basic)
        settings.addWidget(self._more)
        settings.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for button in (self.close_button, self.send_button):
            button.setMinimumWidth(96)
            buttons.addWidget(button)
        # Return sends, wherever the focus is.
        self.close_button.setAutoDefault(False)
        self.send_button.setDefault(True)
        self.close_button.clicked.connect(self.reject)
        self.send_button.clicked.connect(self.send)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(8)
        column.addWidget(plain_label("heading", title))
        column.addWidget(scrolled(inside), 1)
        column.addWidget(self._bar)
        column.addWidget(self.words)
        column.addLayout(buttons)
        self.resize(460, 420)

    def settings(self) -> FarmSettings:
        """Return the settings as chosen. Raises `JobError`."""
        return FarmSettings(**{name: field.value() for name, field in self.fields.items()})

    def set_settings(self, farm: FarmSettings) -> None:
        """Show these settings."""
        for name, field in self.fields.items():
            field.set_value(getattr(farm, name))

    def send(self) -> None:
        """Submit the shots."""
        for field in self.fields.values():
            field.show_error("")
        try:
            farm = self.settings()
        except JobError as error:
            self._show_error(error.field, error_text(error))
            return
        # Also if the farm refuses: the next try begins from here.
        self._preferences.farm = farm
        self._show(f"Checking the plate, and writing the files for {farm.engine}…", "faint")
        self._request = self._connection.submit(self._jobs, farm)
        self._follow_request()
        self.begun.emit()

    def reject(self) -> None:
        """Close; while a submission is under way, cancel that instead."""
        if self._request is None:
            super().reject()
        else:
            self._connection.cancel(self._request)

    def _receive(self, number: int, message: dict[str, Any]) -> None:
        if number != self._request or not message.get("last"):
            return
        self._request = None
        self._follow_request()
        event = message.get("event")
        if event == "submitted":
            words = describe_submission(message)
            self._show(words, "faint")
            # A second submission of the same shots is hardly meant.
            self.send_button.setEnabled(False)
            self.submitted.emit(words)
            return
        if event == "failed":
            self._show_error(message["where"].get("field", ""), error_text(error_of(message)))
        else:
            self._show("Cancelled. Nothing was sent.", "faint")
        self.refused.emit()

    def _show_error(self, field_name: str, words: str) -> None:
        """Show an error at the control that it belongs to, or at the foot where there is none."""
        field = self.fields.get(field_name)
        if field is None:
            self._show(words, "wrong")
            return
        self._show("", "faint")
        field.show_error(words)
        if field_name not in BASIC:
            self._more.unfold()

    def _show(self, words: str, role: str) -> None:
        self.words.setText(words)
        set_role(self.words, role)
        self.words.setVisible(bool(words))

    def _follow_request(self) -> None:
        busy = self._request is not None
        self._bar.setVisible(busy)
        self.send_button.setEnabled(not busy)
        self.close_button.setText("Cancel" if busy else "Close")
        for field in self.fields.values():
            field.setEnabled(not busy)
