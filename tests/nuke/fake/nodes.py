"""Nodes: names, inputs, knobs. What they show is in `pulling`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from tests.nuke.fake import clips
from tests.nuke.fake.catalogue import CLASSES, EVERY_NODE, EXR_WRITER
from tests.nuke.fake.clips import FrameRange
from tests.nuke.fake.kinds import PyScript_Knob
from tests.nuke.fake.knobs import NOT_ATTACHED, Knob
from tests.nuke.fake.picture import Format

if TYPE_CHECKING:
    from tests.nuke.fake.groups import Group
    from tests.nuke.fake.host import FakeNuke

_KNOB_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Node:
    """A handle. Dead for good when its node is deleted, also when an undo brings that back."""

    def __init__(self, host: FakeNuke, kind: str, parent: Group | None, name: str) -> None:
        self.host, self._class, self._parent, self._name = host, kind, parent, name
        self._inputs: list[Node | None] = []
        self._knobs: dict[str, Knob] = {}
        self._alive, self.files_seen, self.panel_shown = True, 0, False
        self.validated = False
        for knob_name, make in (EVERY_NODE | CLASSES[kind].knobs).items():
            self._take(make(knob_name))

    # Guards

    def see(self, what: str) -> None:
        """What every access goes through."""
        self.host.main.guard(f"{what} of {self._name}")
        if not self._alive:
            raise ValueError(NOT_ATTACHED)

    def _take(self, knob: Knob) -> None:
        knob._node = self
        self._knobs[knob._name] = knob

    # Who it is

    def Class(self) -> str:
        self.see("class")
        return self._class

    def name(self) -> str:
        self.see("name")
        return self._name

    def fullName(self) -> str:
        self.see("name")
        above = self._parent
        if above is None or above is self.host.root:
            return self._name
        return f"{above.fullName()}.{self._name}"

    def setName(self, name: str, uncollide: bool = True) -> None:
        self.see("name")
        if not _KNOB_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a node")
        assert self._parent is not None
        if self._parent.child(name) not in (None, self) and not uncollide:
            raise ValueError(f"there is a node {name} already")
        self.host.undo.knob(self, "name", self._name)
        self._name = self._parent.free_name(name, self)

    def parent(self) -> Group | None:
        self.see("parent")
        return self._parent

    def help(self) -> str:
        return ""

    # Knobs

    def knobs(self) -> dict[str, Knob]:
        self.see("knobs")
        return dict(self._knobs)

    def allKnobs(self) -> list[Knob]:
        return list(self.knobs().values())

    def knob(self, name: str) -> Knob | None:
        self.see(f"knob {name}")
        return self._knobs.get(name)

    def __getitem__(self, name: str) -> Knob:
        found = self.knob(name)
        if found is None:
            raise NameError(f"knob {name} does not exist on {self._class} {self._name}")
        return found

    def addKnob(self, knob: Knob) -> None:
        self.see(f"adding knob {knob._name}")
        name = knob._name
        if knob.TYPE is None:
            raise TypeError(f"{knob.Class()} cannot be added by a user")
        if not _KNOB_NAME.fullmatch(name) or name in self._knobs or knob._node is not None:
            raise ValueError(f"{name!r} cannot be added to {self._name}: a bad name, or one in use")
        knob.is_user = True
        self._take(knob)

    def removeKnob(self, knob: Knob) -> None:
        self.see("removing a knob")
        if not knob.is_user or self._knobs.pop(knob._name, None) is not knob:
            raise ValueError(f"{knob._name} is no user knob of {self._name}")
        knob._node = None

    def knob_changed(self, knob: Knob) -> None:
        if self._class == "Write" and knob._name == "file_type" and knob._value == "exr":
            for name, make in EXR_WRITER.items():
                if name not in self._knobs:
                    self._take(make(name))
        if self._class == "Read" and knob._name == "file":
            self.forget_files()
        if self._class == "Write" and knob._name == "file" and not knob._value:
            # Suspected: a Write without a name has no type either.
            self._knobs["file_type"]._value = " "
        self.host.callbacks.knob_changed(self, knob)

    def press(self, knob: Knob) -> None:
        """What a button does: its Python, with this node as the context."""
        if not isinstance(knob, PyScript_Knob):
            raise TypeError(f"{knob._name} is no Python button")
        self.host.run_python(knob.command(), self, knob)

    def forget_files(self) -> None:
        """Let go of decoded frames."""
        self.files_seen += 1

    def file_from_user_text(self, knob: str, text: str) -> str:
        """Take the range off a clip name and set it."""
        return clips.take_user_text(self, knob, text)

    # Inputs

    def inputs(self) -> int:
        self.see("inputs")
        return len(self._inputs)

    def maxInputs(self) -> int:
        self.see("inputs")
        if self._class == "Group":
            return sum(each._class == "Input" for each in self.children)  # type: ignore[attr-defined]
        return CLASSES[self._class].inputs

    def input(self, number: int) -> Node | None:
        self.see("inputs")
        return self._inputs[number] if 0 <= number < len(self._inputs) else None

    def canSetInput(self, number: int, node: Node | None) -> bool:
        fits = 0 <= number < self.maxInputs()
        return fits and (node is None or (node._parent is self._parent and not _is_upstream(self, node)))

    def setInput(self, number: int, node: Node | None) -> bool:
        if node is not None:
            node.see("an input")
        if not self.canSetInput(number, node):
            raise self.host.offence(f"input {number} of {self._name} cannot be {node and node._name}")
        self.host.undo.input(self, number)
        self._inputs += [None] * (number + 1 - len(self._inputs))
        self._inputs[number] = node
        while self._inputs and self._inputs[-1] is None:
            self._inputs.pop()
        return True

    def connectInput(self, number: int, node: Node | None) -> bool:
        return self.setInput(number, node)

    def dependencies(self, what: int = 1) -> list[Node]:
        self.see("inputs")
        return [each for each in self._inputs if each]

    def dependent(self, what: int = 1, forceEvaluate: bool = True) -> list[Node]:
        self.see("outputs")
        siblings = self._parent.children if self._parent else []
        return [each for each in siblings if self in each._inputs]

    # Looks

    def setXYpos(self, x: int, y: int) -> None:
        self["xpos"].setValue(int(x))
        self["ypos"].setValue(int(y))

    def xpos(self) -> int:
        return self["xpos"].value()

    def ypos(self) -> int:
        return self["ypos"].value()

    def setSelected(self, selected: bool) -> None:
        self["selected"].setValue(bool(selected))

    def isSelected(self) -> bool:
        return self["selected"].value()

    def showControlPanel(self, forceFloat: bool = False) -> None:
        self.see("control panel")
        if not self.host.gui:
            raise self.host.offence("a control panel without a window")
        self.panel_shown = True

    # What it shows

    def frameRange(self) -> FrameRange:
        self.see("frame range")
        return clips.frame_range(self)

    def firstFrame(self) -> int:
        return self.frameRange().first()

    def lastFrame(self) -> int:
        return self.frameRange().last()

    def forceValidate(self) -> None:
        """Let the node and those above it learn what they show."""
        self.see("validating")
        self.validated = True
        for each in self._inputs:
            if each:
                each.forceValidate()

    def format(self) -> Format:
        self.see("format")
        return self.host.pull(self, self.host.frame).format

    def width(self) -> int:
        return self.format().width()

    def height(self) -> int:
        return self.format().height()

    def pixelAspect(self) -> float:
        return self.format().pixelAspect()

    def channels(self) -> list[str]:
        self.see("channels")
        return list(self.host.pull(self, self.host.frame).channels)

    def metadata(self, key: str | None = None, time: float | None = None) -> Any:
        self.see("metadata")
        found = self.host.pull(self, self.host.frame if time is None else int(time)).metadata
        return dict(found) if key is None else found.get(key)

    def sample(
        self, channel: str, x: float, y: float, dx: float = 1, dy: float = 1, frame: int | None = None
    ) -> float:
        """The value of the pixel at a place, counted from the lower left corner."""
        self.see("a sample")
        picture = self.host.pull(self, self.host.frame if frame is None else frame)
        row = picture.format.height() - 1 - math.floor(y) - picture.window.y
        column = math.floor(x) - picture.window.x
        plane = picture.plane(channel if "." in channel else f"rgba.{channel}")
        inside = 0 <= row < plane.shape[0] and 0 <= column < plane.shape[1]
        return float(plane[row, column]) if inside else 0.0

    def opHashes(self) -> list[int]:
        self.see("hashes")
        return [hash(clips.state_of(self))]


def _is_upstream(node: Node, of: Node) -> bool:
    return of is node or any(_is_upstream(node, each) for each in of._inputs if each)
