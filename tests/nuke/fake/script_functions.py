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


def script_functions(host: FakeNuke) -> dict[str, Any]:
    """`nuke.scriptSave` and its kin."""

    def save_as(filename: str, overwrite: int = -1) -> None:
        host.root["name"].setValue(filename)
        save()

    def save() -> bool:
        name = host.root["name"].value()
        if not name:
            raise host.offence("saving a script without a name")
        host.callbacks.call("OnScriptSave", host.root)
        with open(name, "w", encoding="utf-8", newline="\n") as file:
            file.write(script.script(host.root))
        return True

    def open_script(filename: str) -> None:
        with open(filename, encoding="utf-8") as file:
            host.load_text(file.read(), host.root)
        host.root._knobs["name"]._value = filename
        host.callbacks.call("OnScriptLoad", host.root)

    def name() -> str:
        found = host.root["name"].value()
        if not found:
            raise RuntimeError("no script name: the script was never saved")
        return found

    def directory() -> str:
        return os.path.dirname(host.root["name"].value())

    def copy(filename: str) -> None:
        chosen = [each for each in host.groups[-1].nodes() if each.isSelected()]
        with open(filename, "w", encoding="utf-8", newline="\n") as file:
            file.write(host.script_of(chosen))

    def paste(filename: str) -> Node | None:
        with open(filename, encoding="utf-8") as file:
            made = host.load_text(file.read(), host.groups[-1])
        for each in host.groups[-1].nodes():
            each.setSelected(each in made)
        return made[-1] if made else None

    def frame(number: int | None = None) -> int:
        host.main.guard("frame")
        host.frame = host.frame if number is None else number
        return host.frame

    def layer(name: str, channels: list[str]) -> SimpleNamespace:
        host.layers[name] = tuple(f"{name}.{each.split('.')[-1]}" for each in channels)
        return SimpleNamespace(name=lambda: name)

    def add_format(text: str) -> Format:
        made = Format.parse(text)
        host.formats[made.name()] = made
        return made

    return {
        "scriptSaveAs": save_as,
        "scriptSave": save,
        "scriptOpen": open_script,
        "scriptClose": host.clear,
        "scriptClear": host.clear,
        "scriptName": name,
        "script_directory": directory,
        "nodeCopy": copy,
        "nodePaste": paste,
        "frame": frame,
        "views": lambda: list(host.views),
        "thisView": lambda: host.view,
        "layers": lambda: list(host.layers),
        "Layer": layer,
        "addFormat": add_format,
        "undo": host.undo.undo,
        "usingOcio": lambda: host.root["colorManagement"].value() == "OCIO",
        "getOcioColorSpaces": lambda: list(host.colour_spaces),
        "getColorspaceList": lambda knob: knob.values(),
    }
