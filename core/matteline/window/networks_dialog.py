"""The list of networks: what each is good for, and fetching an official one once its terms are agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from matteline.contract.events import error_of
from matteline.window.controls import breakable, plain_label, set_role, tall_button, thin_progress_bar
from matteline.window.error_text import error_text
from matteline.window.worker_connection import WorkerConnection

_NETWORK = Qt.ItemDataRole.UserRole


class NetworksDialog(QDialog):
    """Lists the networks that the worker knows, and fetches them.

    Args:
        connection: Connection to the worker.
    """

    # The name of the network that the artist wants to use.
    chosen = Signal(str)

    # The networks, as the worker has listed them.
    listed = Signal(list)

    def __init__(self, connection: WorkerConnection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Networks")
        self.resize(620, 520)
        self._connection = connection
        self._listing: int | None = None
        self._fetching: int | None = None
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setSpacing(4)
        self.about = plain_label("")
        self.agreed = QCheckBox("I have read these terms and agree to them")
        self.words = plain_label("faint", "Asking which networks there are…")
        self.bar = thin_progress_bar()
        self.use_button, self.fetch_button = tall_button("Use"), tall_button("Fetch")
        self.close_button = tall_button("Close")
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        for button in (self.fetch_button, self.use_button, self.close_button):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 14)
        column.setSpacing(10)
        column.addWidget(self.list, 1)
        for widget in (self.about, self.agreed, self.bar):
            column.addWidget(widget)
        column.addLayout(row)
        self.list.currentItemChanged.connect(self._show_current)
        self.list.itemDoubleClicked.connect(lambda _item: self._use())
        self.agreed.toggled.connect(self._enable)
        self.use_button.clicked.connect(self._use)
        self.fetch_button.clicked.connect(self._fetch)
        self.close_button.clicked.connect(self.reject)
        connection.message_received.connect(self._receive)
        self._show_current()
        self._listing = connection.networks()

    @property
    def current(self) -> Mapping[str, Any]:
        """The network that is selected, as the worker describes it; empty for none."""
        item = self.list.currentItem()
        found: Mapping[str, Any] = {} if item is None else item.data(_NETWORK)
        return found

    def reject(self) -> None:
        """Give a download up, which keeps what has come, and close."""
        if self._fetching is not None:
            self._connection.cancel(self._fetching)
        super().reject()

    def _receive(self, number: int, message: dict[str, Any]) -> None:
        if number == self._listing and message.get("last"):
            self._listing = None
            if message.get("event") == "networks":
                self._show_networks(message)
            else:
                self._show_failure(message)
        elif number == self._fetching:
            self._follow_fetch(message)

    def _show_networks(self, message: Mapping[str, Any]) -> None:
        before = self.current.get("name")
        self.list.clear()
        for network in message["networks"]:
            state = "installed" if network["installed"] else "can be fetched"
            size = f", {network['size'] / 1e6:.0f} MB" if network.get("size") else ""
            automatic = ", taken by 'auto'" if network.get("automatic") else ""
            about = network.get("problem") or network.get("quality") or ""
            item = QListWidgetItem(f"{network['name']}  ({state}{size}{automatic})\n{about}".strip())
            item.setData(_NETWORK, network)
            self.list.addItem(item)
            if network["name"] == before:
                self.list.setCurrentItem(item)
        if self.list.currentRow() < 0:
            self.list.setCurrentRow(0)
        self._say(f"Fetched networks are kept in {message['folder']}.")
        self.listed.emit(list(message["networks"]))

    def _show_current(self) -> None:
        network = self.current
        self.about.setText(breakable(str(network.get("licence") or network.get("path") or "")))
        self.agreed.setChecked(False)
        self._enable()

    def _enable(self) -> None:
        network, busy = self.current, self._fetching is not None
        missing = bool(network.get("official")) and not network.get("installed")
        self.agreed.setVisible(missing)
        self.agreed.setEnabled(not busy)
        self.fetch_button.setEnabled(missing and self.agreed.isChecked() and not busy)
        self.use_button.setEnabled(bool(network.get("installed")) and not network.get("problem"))

    def _use(self) -> None:
        # A double click comes here too, whatever the button says.
        if self.use_button.isEnabled():
            self.chosen.emit(str(self.current["name"]))
            self.accept()

    def _fetch(self) -> None:
        # The button is enabled only once the artist has agreed.
        self._fetching = self._connection.fetch(str(self.current["official"]))
        self.bar.setRange(0, 0)
        self.bar.show()
        self._say("Looking for it…")
        self._enable()

    def _follow_fetch(self, message: Mapping[str, Any]) -> None:
        if message.get("event") == "fetching" and message.get("total"):
            # In kilobytes, because a bar counts no further than two milliards.
            self.bar.setRange(0, int(message["total"]) // 1000)
            self.bar.setValue(int(message["done"]) // 1000)
            self._say(f"Fetching from {message['place']}")
        if message.get("last"):
            self._fetching = None
            self.bar.hide()
            if message.get("event") == "failed":
                self._show_failure(message)
            else:
                self._listing = self._connection.networks()
            self._enable()

    def _show_failure(self, message: Mapping[str, Any]) -> None:
        self._say(error_text(error_of(message)), "wrong")

    def _say(self, words: str, role: str = "faint") -> None:
        self.words.setText(breakable(words))
        set_role(self.words, role)
