"""Knob expressions such as `parent.mat_use ? 1 : 0`, and Tcl in the brackets of file and text knobs.

A real Tcl does the arithmetic and the substitution; what stands for Nuke is only where names come from.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from tests.nuke.fake import files
from tests.nuke.fake.kinds import File_Knob
from tests.nuke.fake.tk import TclError, plain_tcl

if TYPE_CHECKING:
    from tests.nuke.fake.groups import Group
    from tests.nuke.fake.host import FakeNuke
    from tests.nuke.fake.knobs import Knob
    from tests.nuke.fake.nodes import Node

_NAME = re.compile(r"(?<![\w.\"])[A-Za-z_]\w*(?:\.\w+)*(?![\w.]*\s*\()")
_FUNCTIONS = ("and", "or", "eq", "ne", "true", "false")


class Expressions:
    def __init__(self, host: FakeNuke) -> None:
        self._host = host
        self._tcl = plain_tcl()
        self._node: Node | None = None
        for name in ("value", "knob"):
            self._tcl.createcommand(name, self._value)

    def number(self, expression: str, node: Node, frame: float | None = None) -> float:
        """An expression of a knob.

        Raises:
            RuntimeError: A name in it is not known, or it makes no sense.
        """
        at = self._host.frame if frame is None else frame
        text = _NAME.sub(lambda match: self._number_of(match[0], node, at), expression)
        try:
            return float(self._tcl.eval(f"expr {{{text}}}"))
        except TclError as error:
            raise RuntimeError(f"{expression}: {error}") from None

    def text(self, text: str, node: Node, frame: float | None = None) -> str:
        """With Tcl carried out and a frame's number filled in.

        Raises:
            RuntimeError: Tcl refuses it.
        """
        at = self._host.frame if frame is None else int(frame)
        return files.numbered(self._views(self._substituted(text, node), self._host.view), at)

    def filename(self, knob: Knob, view: str) -> str:
        """A file knob's path for a view, its frame number still to be filled in: filtered, and never relative."""
        assert isinstance(knob, File_Knob) and knob._node
        path = self._host.filename_filter(self._views(self._substituted(knob._value, knob._node), view))
        if not path or os.path.isabs(path):
            return path
        root = self._host.root
        project = root["project_directory"].evaluate()
        # Without a project directory it is the folder that Nuke was started in, which is nobody's choice.
        return os.path.join(project or os.getcwd(), path)

    def _substituted(self, text: str, node: Node) -> str:
        before, self._node = self._node, node
        for name, meaning in self._host.graph_variables.items():
            text = text.replace(f"%{{{name}}}", meaning)
        try:
            # Brackets and backslashes; what Nuke makes of a dollar is not known.
            return str(self._tcl.call("subst", "-novariables", text))
        except TclError as error:
            raise RuntimeError(f"{text}: {error}") from None
        finally:
            self._node = before

    def _views(self, text: str, view: str) -> str:
        return text.replace("%V", view).replace("%v", view[:1])

    def _number_of(self, name: str, node: Node, frame: float) -> str:
        if name in _FUNCTIONS:
            return name
        if name in ("frame", "t", "x"):
            return str(frame)
        value = self._knob(name, node).getValue()
        return str(float(value)) if isinstance(value, (bool, int, float)) else f'"{value}"'

    def _value(self, name: str) -> str:
        assert self._node is not None
        knob = self._knob(name, self._node)
        if isinstance(knob, File_Knob) and name not in ("root.name", "name"):
            return str(knob.evaluate())
        return str(knob.value())

    def _knob(self, name: str, node: Node) -> Knob:
        """`parent.use`, `root.name`, `this.use`, `Read1.first`, `use`."""
        *path, knob_name = name.split(".")
        found: Node | None = node
        around: Group | None = node.parent()
        for number, word in enumerate(path):
            found = self._step(word, found, around, number == 0)
            around = found  # type: ignore[assignment]
        if found is None or found.knob(knob_name) is None:
            raise RuntimeError(f"{name}: nothing of that name")
        return found[knob_name]

    def _step(self, word: str, node: Node | None, around: Group | None, first: bool) -> Node | None:
        if word == "root":
            return self._host.root
        if word == "this":
            return node
        if word == "parent":
            return node.parent() if node else None
        return around.node(word) if around else None
