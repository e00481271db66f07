"""Groups, and the root that holds them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.nuke.fake.clips import FrameRange
from tests.nuke.fake.nodes import Node
from tests.nuke.fake.picture import Format

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke


class Group(Node):
    """A node with nodes inside."""

    def __init__(self, host: FakeNuke, kind: str, parent: Group | None, name: str) -> None:
        super().__init__(host, kind, parent, name)
        self.children: list[Node] = []

    def begin(self) -> Group:
        self.see("begin")
        self.host.groups.append(self)
        return self

    def end(self) -> None:
        self.host.main.guard("end of a group")
        if len(self.host.groups) < 2 or self.host.groups[-1] is not self:
            raise self.host.offence(f"end of group {self._name}, which is not the one begun last")
        self.host.groups.pop()

    def __enter__(self) -> Group:
        return self.begin()

    def __exit__(self, *_: object) -> None:
        self.end()

    def nodes(self) -> list[Node]:
        self.see("nodes")
        return [each for each in self.children if self.host.is_visible(each)]

    def node(self, path: str) -> Node | None:
        self.see("nodes")
        first, _, rest = path.partition(".")
        found = self.child(first)
        if not rest or found is None:
            return found
        return found.node(rest) if isinstance(found, Group) else None

    def output(self) -> Node | None:
        self.see("output")
        return next((each for each in self.children if each._class == "Output"), None)

    def child(self, name: str) -> Node | None:
        return next((each for each in self.children if each._name == name), None)

    def free_name(self, wanted: str, for_node: Node | None = None) -> str:
        """The name, or the next number of it that is free."""
        taken = {each._name for each in self.children if each is not for_node}
        stem = wanted.rstrip("0123456789")
        number = int(wanted[len(stem) :] or 0)
        while wanted in taken:
            number += 1
            wanted = f"{stem}{number}"
        return wanted

    def all_below(self) -> Iterator[Node]:
        for each in self.children:
            yield each
            if isinstance(each, Group):
                yield from each.all_below()


class Root(Group):
    """The script."""

    def modified(self) -> bool:
        self.see("modified")
        return self.host.modified

    def setModified(self, modified: bool) -> None:
        self.see("modified")
        self.host.modified = bool(modified)

    def name(self) -> str:
        self.see("name")
        return self._knobs["name"]._value or "Root"

    def fullName(self) -> str:
        return self.name()

    def firstFrame(self) -> int:
        return self["first_frame"].value()

    def lastFrame(self) -> int:
        return self["last_frame"].value()

    def frameRange(self) -> FrameRange:
        return FrameRange(self.firstFrame(), self.lastFrame())

    def format(self) -> Format:
        return self["format"].value()

    def fps(self) -> float:
        return self["fps"].value()

    def proxy(self) -> bool:
        return self["proxy"].value()

    def setProxy(self, on: bool) -> None:
        self["proxy"].setValue(on)
