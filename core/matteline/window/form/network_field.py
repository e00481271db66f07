"""The control that chooses the network: by name, by file, or from the list of all that can be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog

from matteline.contract.choices import Choice
from matteline.window.controls import small_button
from matteline.window.form.fields import EditableField

_FILTER = "Networks (*.safetensors *.pth *.onnx *.torchscript);;All files (*)"


class NetworkField(EditableField):
    """A combo box of the networks that are installed, a file dialog, and a button for the whole list."""

    # The artist wants to see all networks.
    list_wanted = Signal()

    def __init__(self, name: str, choice: Choice) -> None:
        super().__init__(name, choice)
        browse = small_button("…", "Choose a file of weights")
        browse.clicked.connect(self._browse)
        more = small_button("Networks", "List the networks, and fetch official ones")
        more.clicked.connect(self.list_wanted)
        self._add_beside(browse, more)

    def offer_networks(self, networks: Sequence[Mapping[str, Any]]) -> None:
        """Offer the installed ones of the networks that the worker has listed (docs/protocol.md)."""
        usable = [each for each in networks if each.get("installed") and not each.get("problem")]
        self.offer([str(each["name"]) for each in usable])
        for each in usable:
            index = self._combo.findText(str(each["name"]))
            self._combo.setItemData(index, str(each.get("quality") or ""), Qt.ItemDataRole.ToolTipRole)

    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.label.text(), "", _FILTER)
        if path:
            self.set_value(path)
