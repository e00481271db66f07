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
        self._host.modified = False
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

    def read_text(self, text: str) -> None:
        """Nodes of a script's text into the current group."""
        self._host.main.guard("scriptReadText")
        made = self._host.load_text(text, self._host.groups[-1])
        for each in made:
            self._host.undo.created(each)

    def knob(self, name: str, value: str | None = None) -> str | None:
        """Get or set a knob as Tcl's `knob` does, by a name from the current group on."""
        self._host.main.guard("knob")
        path, _, knob = name.rpartition(".")
        group = self._host.groups[-1]
        node = self._host.root.node(path[5:]) if path.startswith("root.") else group.node(path)
        if node is None or knob not in node._knobs:
            raise RuntimeError(f"{name}: no such knob")
        found = node[knob]
        if value is None:
            return found.toScript()
        if not isinstance(value, str):
            raise TypeError(f"{name}: {value!r} is no text")
        found.fromScript(value)
        return None

    def exists(self, name: str) -> bool:
        self._host.main.guard("exists")
        return self._host.groups[-1].node(name) is not None

    def add_filename_filter(self, call: Any, nodeClass: str = "*") -> None:
        self._host.filename_filters.append(call)

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
        "scriptReadText": made.read_text,
        "knob": made.knob,
        "exists": made.exists,
        "addFilenameFilter": made.add_filename_filter,
        "filenameFilter": host.filename_filter,
        "nodeCopy": made.copy,
        "nodePaste": made.paste,
        "frame": made.frame,
        "views": lambda: list(host.views),
        "thisView": lambda: host.view,
        "layers": lambda: list(host.layers),
        "channels": lambda: [each for layer in host.layers.values() for each in layer],
        "Layer": made.layer,
        "addFormat": made.add_format,
        "undo": host.undo.undo,
        "usingOcio": lambda: host.root["colorManagement"].value() == "OCIO",
        "getOcioColorSpaces": lambda: list(host.colour_spaces),
        "getColorspaceList": lambda knob: knob.values(),
    }
