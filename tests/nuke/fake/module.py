"""The module `nuke` of a session: the names that are known to exist, and no others."""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tests.nuke.fake import clips, kinds, more_knobs
from tests.nuke.fake.groups import Group, Root
from tests.nuke.fake.knobs import FLAGS, Knob
from tests.nuke.fake.menus import Menu
from tests.nuke.fake.node_functions import node_functions
from tests.nuke.fake.nodes import Node
from tests.nuke.fake.picture import Format
from tests.nuke.fake.script_functions import script_functions

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke

EXECUTABLE = "/opt/Nuke15.1v2/Nuke15.1"
FILTERS = {"INPUTS": 1, "HIDDEN_INPUTS": 2, "EXPRESSIONS": 4}
TABS = {"TABBEGINGROUP": 1, "TABENDGROUP": -1, "TABBEGINCLOSEDGROUP": 2}
_MENUS = ("Nuke", "Nodes", "Viewer", "Node Graph", "Animation", "Pane", "Properties")


def nuke_module(host: FakeNuke) -> ModuleType:
    """A module of its own for each session."""
    module = ModuleType("nuke", "A stand-in for Nuke's own module.")
    contents = (
        _classes(host),
        node_functions(host),
        script_functions(host),
        _threads(host),
        _words(host),
        _plugins(host),
        host.callbacks.functions(),
    )
    for each in contents:
        vars(module).update(each)
    return module


def _classes(host: FakeNuke) -> dict[str, Any]:
    found = {
        name: kind
        for source in (kinds, more_knobs)
        for name, kind in vars(source).items()
        if isinstance(kind, type) and issubclass(kind, Knob) and vars(kind).get("TYPE")
    }
    classes = (Knob, Node, Group, Root, Format, clips.FrameRange, clips.FrameRanges)
    return {
        **found,
        **{kind.__name__: kind for kind in classes},
        **FLAGS,
        **TABS,
        **FILTERS,
        "ProgressTask": host.bars.task_class(),
        "Undo": host.undo,
    }


def _threads(host: FakeNuke) -> dict[str, Any]:
    return {
        "executeInMainThread": host.main.later,
        "executeInMainThreadWithResult": host.main.with_result,
        "execute": host.executing.execute,
        "executeMultiple": host.executing.execute_multiple,
        "executing": lambda: host.executing.now,
    }


def _dialog(host: FakeNuke, kind: str, answer: bool) -> Callable[[str], Any]:
    """A box that waits for the artist; `host.answers` has what she answers."""

    def show(prompt: str) -> Any:
        if not isinstance(prompt, str):
            raise TypeError(f"{prompt!r} is no prompt")
        host.main.guard(kind)
        if not host.gui:
            raise host.offence(f"nuke.{kind} in a terminal: {prompt}")
        if host.main.answering or host.executing.now:
            raise host.offence(f"nuke.{kind} while another thread waits, or during a render: {prompt}")
        host.said.append((kind, prompt))
        return host.answers.pop(0) if answer else None

    return show


def _choice(host: FakeNuke) -> Callable[..., Any]:
    asked = _dialog(host, "choice", True)

    def choice(title: str, prompt: str, options: list[str], default: int = 0) -> Any:
        if not options or not all(isinstance(each, str) for each in options):
            raise TypeError(f"{options!r} is nothing to choose from")
        host.choices.append(list(options))
        return asked(f"{title}: {prompt}")

    return choice


def _words(host: FakeNuke) -> dict[str, Any]:
    def line(kind: str) -> Any:
        return lambda text: host.said.append((kind, str(text)))

    def tprint(*values: Any, sep: str = " ", end: str = "\n", file: Any = None) -> None:
        host.said.append(("tprint", sep.join(map(str, values))))
        print(*values, sep=sep, end=end, file=file or sys.stdout)

    return {
        "message": _dialog(host, "message", False),
        "ask": _dialog(host, "ask", True),
        "choice": _choice(host),
        "tprint": tprint,
        **{kind: line(kind) for kind in ("warning", "error", "critical", "debug")},
    }


def _plugins(host: FakeNuke) -> dict[str, Any]:
    menus = {name: Menu(name) for name in _MENUS}
    paths: list[str] = []

    def add_path(path: str, addToSysPath: bool = True) -> None:
        """Runs the folder's init.py, then keeps its menu.py for later."""
        folder = os.path.abspath(path)
        paths.insert(0, folder)
        if addToSysPath:
            sys.path.insert(0, folder)
        run_if_there(folder, "init.py")

    def run_if_there(folder: str, name: str) -> None:
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            return
        try:
            runpy.run_path(path)
        except Exception:
            traceback.print_exc()
            host.offence(f"{name} spoilt the start of Nuke")

    def menu(name: str) -> Menu | None:
        if not host.gui:
            raise host.offence("menus in a terminal")
        return menus.get(name)

    host.run_menus = lambda: [run_if_there(path, "menu.py") for path in reversed(paths)]  # type: ignore[attr-defined]
    return {
        "GUI": host.gui,
        "NUKE_VERSION_MAJOR": host.version,
        "NUKE_VERSION_STRING": "15.1v2",
        "EXE_PATH": EXECUTABLE,
        "env": _environment(host),
        "rawArgs": [EXECUTABLE] if host.gui else [EXECUTABLE, "-t"],
        "pluginAddPath": add_path,
        "pluginPath": lambda: list(paths),
        "menu": menu,
    }


def _environment(host: FakeNuke) -> dict[str, Any]:
    return {
        "gui": host.gui,
        "NukeVersionMajor": host.version,
        "NukeVersionMinor": 1,
        "NukeVersionString": "15.1v2",
        "ExecutablePath": EXECUTABLE,
        "nc": host.non_commercial,
        "indie": False,
        "assist": False,
        "nukex": False,
        "studio": False,
        "LINUX": sys.platform.startswith("linux"),
        "WIN32": sys.platform == "win32",
        "MACOS": sys.platform == "darwin",
    }
