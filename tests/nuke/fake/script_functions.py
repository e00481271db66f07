"""Functions of the module that are about the script: saving, opening, copying, views, layers, formats."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.nuke.fake import script
from tests.nuke.fake.nodes import Node
from tests.nuke.fake.picture import Format

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke


class _Functions:
    """Those that take more than a line."""

    def __init__(self, host: FakeNuke) -> None:
        self._host = host

    def save_as(self, filename: str, overwrite: int = -1) -> None:
        self._host.root["name"].setValue(filename)
        self.save()

    def save(self) -> bool:
        name = self._host.root["name"].value()
        if not name:
            raise self._host.offence("saving a script without a name")
        self._host.callbacks.call("OnScriptSave", self._host.root)
        with open(name, "w", encoding="utf-8", newline="\n") as file:
            file.write(script.script(self._host.root))
        return True

    def open_script(self, filename: str) -> None:
        with open(filename, encoding="utf-8") as file:
            self._host.load_text(file.read(), self._host.root)
        self._host.root._knobs["name"]._value = filename
        self._host.callbacks.call("OnScriptLoad", self._host.root)

    def name(self) -> str:
        found = self._host.root["name"].value()
        if not found:
            raise RuntimeError("no script name: the script was never saved")
        return found

    def directory(self) -> str:
        return os.path.dirname(self._host.root["name"].value())

    def copy(self, filename: str) -> None:
        chosen = [each for each in self._host.groups[-1].nodes() if each.isSelected()]
        with open(filename, "w", encoding="utf-8", newline="\n") as file:
            file.write(self._host.script_of(chosen))

    def paste(self, filename: str) -> Node | None:
        with open(filename, encoding="utf-8") as file:
            made = self._host.load_text(file.read(), self._host.groups[-1])
        for each in self._host.groups[-1].nodes():
            each.setSelected(each in made)
        return made[-1] if made else None

    def frame(self, number: int | None = None) -> int:
        self._host.main.guard("frame")
        self._host.frame = self._host.frame if number is None else number
        return self._host.frame

    def layer(self, name: str, channels: list[str]) -> SimpleNamespace:
        self._host.layers[name] = tuple(f"{name}.{each.split('.')[-1]}" for each in channels)
        return SimpleNamespace(name=lambda: name)

    def add_format(self, text: str) -> Format:
        made = Format.parse(text)
        self._host.formats[made.name()] = made
        return made


def script_functions(host: FakeNuke) -> dict[str, Any]:
    """`nuke.scriptSave` and its kin."""
    made = _Functions(host)
    return {
        "scriptSaveAs": made.save_as,
        "scriptSave": made.save,
        "scriptOpen": made.open_script,
        "scriptClose": host.clear,
        "scriptClear": host.clear,
        "scriptName": made.name,
        "script_directory": made.directory,
        "nodeCopy": made.copy,
        "nodePaste": made.paste,
        "frame": made.frame,
        "views": lambda: list(host.views),
        "thisView": lambda: host.view,
        "layers": lambda: list(host.layers),
        "Layer": made.layer,
        "addFormat": made.add_format,
        "undo": host.undo.undo,
        "usingOcio": lambda: host.root["colorManagement"].value() == "OCIO",
        "getOcioColorSpaces": lambda: list(host.colour_spaces),
        "getColorspaceList": lambda knob: knob.values(),
    }
