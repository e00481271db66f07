"""Functions of the module that make nodes, find them, and say which is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.nuke.fake.catalogue import CLASSES
from tests.nuke.fake.groups import Group
from tests.nuke.fake.knobs import Knob
from tests.nuke.fake.nodes import Node

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke


class _Nodes:
    """`nuke.nodes`: a function for each class of nodes."""

    def __init__(self, host: FakeNuke) -> None:
        self._host = host

    def __getattr__(self, kind: str) -> Any:
        if kind not in CLASSES or kind == "Root":
            raise AttributeError(f"nuke.nodes has no {kind}")
        return lambda **knobs: self._host.create(kind, knobs)


class _Functions:
    """Those that take more than a line."""

    def __init__(self, host: FakeNuke) -> None:
        self._host = host

    def create_node(self, kind: str, knobs: str = "", inpanel: bool = True) -> Node:
        words = knobs.split()
        if len(words) % 2 or any(each[0] in '{"' for each in words):
            raise self._host.offence(f"createNode with the knobs {knobs!r} is not known here")
        chosen = self.selected_nodes()
        node = self._host.create(kind, dict(zip(words[::2], words[1::2], strict=True)), by_user=True)
        if kind == "Group":
            with node:  # type: ignore[attr-defined]
                for each in self._host.group_begins_with:
                    self._host.create(each, {})
        if chosen and node.maxInputs():
            self._insert(node, chosen[0])
        self._place(node, chosen[0] if chosen else None)
        for each in chosen:
            each.setSelected(False)
        node.setSelected(True)
        if inpanel and self._host.gui:
            node.showControlPanel()
        return node

    def _insert(self, node: Node, above: Node) -> None:
        """Put a node into the pipe: below the selected one, above what hung on that."""
        for sink in above.dependent():
            for number, source in enumerate(sink._inputs):
                if source is above and sink._class != "Viewer":
                    sink.setInput(number, node)
        node.setInput(0, above)

    def _place(self, node: Node, above: Node | None) -> None:
        """Below the selected node; else in the middle of what the node graph shows."""
        x, y = (above.xpos(), above.ypos() + 40) if above else (1, 1)
        while any((x, y) == (each.xpos(), each.ypos()) for each in self._host.groups[-1].children):
            y += 40
        node.setXYpos(x, y)

    def all_nodes(self, filter: str | None = None, group: Group | None = None) -> list[Node]:
        inside = group or self._host.groups[-1]
        return [each for each in inside.nodes() if filter in (None, each.Class())]

    def selected_nodes(self, filter: str | None = None) -> list[Node]:
        return [each for each in self.all_nodes(filter) if each.isSelected()]

    def selected_node(self) -> Node:
        chosen = self.selected_nodes()
        if not chosen:
            raise ValueError("no node selected")
        return chosen[0]

    def end_group(self) -> None:
        self._host.groups[-1].end()

    def this_node(self) -> Node:
        self._host.main.guard("thisNode")
        return self._host.this[-1][0] if self._host.this else self._host.groups[-1]

    def this_knob(self) -> Knob | None:
        return self._host.this[-1][1] if self._host.this else None

    def this_group(self) -> Group:
        self._host.main.guard("thisGroup")
        return self._host.groups[-1]


def node_functions(host: FakeNuke) -> dict[str, Any]:
    """`nuke.createNode` and its kin."""
    made = _Functions(host)
    return {
        "nodes": _Nodes(host),
        "createNode": made.create_node,
        "allNodes": made.all_nodes,
        "selectedNodes": made.selected_nodes,
        "selectedNode": made.selected_node,
        "toNode": host.to_node,
        "delete": host.delete,
        "endGroup": made.end_group,
        "thisNode": made.this_node,
        "thisKnob": made.this_knob,
        "thisGroup": made.this_group,
        "root": lambda: host.root,
    }
