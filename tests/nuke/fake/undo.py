"""What an artist can take back: knobs, inputs, nodes made and deleted, in groups with a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.nuke.fake.knobs import FLAGS

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke
    from tests.nuke.fake.nodes import Node


class Undo:
    """`nuke.Undo`, and the steps that were recorded. Nodes are found by name: handles may be dead."""

    def __init__(self, host: FakeNuke) -> None:
        self._host = host
        self.steps: list[tuple[str, list[Callable[[], None]]]] = []
        self._open: list[str] = []
        self._off = 0
        self._within = 0

    # As Python calls them

    def begin(self, name: str = "") -> None:
        self._host.main.guard("Undo")
        if not self._open:
            self.steps.append((name, []))
        self._open.append(name)

    def name(self, name: str) -> None:
        if not self._open:
            raise self._host.offence("Undo.name outside of Undo.begin")
        self.steps[-1] = (name, self.steps[-1][1])

    def end(self) -> None:
        if not self._open:
            raise self._host.offence("Undo.end without Undo.begin")
        self._open.pop()

    def disable(self) -> None:
        self._host.main.guard("Undo")
        self._off += 1

    def enable(self) -> None:
        if not self._off:
            raise self._host.offence("Undo.enable without Undo.disable")
        self._off -= 1

    def disabled(self) -> bool:
        return bool(self._off)

    def undo(self) -> None:
        """Take back the last step."""
        _, ways_back = self.steps.pop()
        self._within += 1
        try:
            for way_back in reversed(ways_back):
                way_back()
        finally:
            self._within -= 1

    @property
    def at_rest(self) -> bool:
        """Whether nothing was left open or switched off."""
        return not self._open and not self._off

    # What happens

    def _record(self, way_back: Callable[[], None]) -> None:
        # Suspected: what cannot be undone does not mark the script as changed either.
        if self._off or self._within or self._host.loading:
            return
        self._host.modified = True
        if self._open:
            self.steps[-1][1].append(way_back)
        else:
            self.steps.append(("", [way_back]))

    def knob(self, node: Node, name: str, before: str) -> None:
        knob = node._knobs[name]
        if name == "selected" or knob.getFlag(FLAGS["NO_UNDO"]) or node is self._host.root:
            return
        path = node.fullName()

        def back() -> None:
            found = self._host.root.node(path)
            if found and name == "name":
                found._name = before
            elif found:
                found._knobs[name].fromScript(before)

        self._record(back)

    def input(self, node: Node, number: int) -> None:
        path = node.fullName()
        before = node.input(number)
        source = before.fullName() if before else None

        def back() -> None:
            found = self._host.root.node(path)
            if found:
                found.setInput(number, self._host.root.node(source) if source else None)

        self._record(back)

    def created(self, node: Node) -> None:
        path = node.fullName()

        def back() -> None:
            found = self._host.root.node(path)
            if found:
                self._host.delete(found)

        self._record(back)

    def deleted(self, node: Node) -> None:
        text, group = self._host.script_of([node]), node.parent()
        above = group.fullName() if group and group is not self._host.root else ""
        sources = [each.fullName() if each else None for each in node._inputs]
        sinks = [
            (each.fullName(), number)
            for each in node.dependent()
            for number, source in enumerate(each._inputs)
            if source is node
        ]

        def back() -> None:
            root = self._host.root
            parent = root.node(above) if above else root
            (made,) = self._host.load_text(text, parent)
            for number, source in enumerate(sources):
                if source and root.node(source):
                    made.setInput(number, root.node(source))
            for sink, number in sinks:
                if root.node(sink):
                    root.node(sink).setInput(number, made)  # type: ignore[union-attr]

        self._record(back)
