"""The node: a Group that any Nuke can open, because all it needs to show a matte is inside it."""

from __future__ import annotations

from typing import Any, Optional

import nuke

from . import names
from .contract.errors import JobError
from .inside import INSIDE
from .knobs import add_knobs
from .report import report_errors
from .state import inside, one_undo

# Knobs that show or do something, and hold nothing of the artist's.
_WITHOUT_VALUE = (nuke.Tab_Knob, nuke.PyScript_Knob, nuke.Text_Knob)


@report_errors
def create() -> nuke.Node:
    """Make a node as Nuke makes its own: below the selected one and in its pipe, or free where none is selected."""
    # Nuke lists the node that was selected last first.
    selected = nuke.selectedNodes()[:1]
    with one_undo(names.NODE):
        number = 1
        while nuke.exists(f"{names.NODE}{number}"):
            number += 1
        node = nuke.createNode("Group", f"name {names.NODE}{number}", inpanel=False)
        _fill(node)
        if selected and node.input(0) is None:
            # A group without an Input inside has nothing that Nuke could connect.
            _insert(node, selected[0])
    if nuke.GUI:
        node.showControlPanel()
    return node


def rebuild(node: nuke.Node) -> None:
    """Give a node of an older release this one's inner nodes and knobs; the values of knobs stay."""
    old = [knob for knob in node.allKnobs() if knob.name().startswith(names.PREFIX)]
    values = {knob.name(): knob.toScript() for knob in old if not isinstance(knob, _WITHOUT_VALUE)}
    # Taken off and added again: so they stand in this release's order, with its labels and kinds.
    for knob in old:
        node.removeKnob(knob)
    _fill(node)
    for name, text in values.items():
        kept = node.knob(name)
        # The form is this release's, whatever the node had before.
        if kept is not None and name != names.knob_name("form"):
            kept.fromScript(text)


def inner(node: nuke.Node, name: str) -> Optional[nuke.Node]:
    """Return a node inside ours; None where Non-commercial Nuke hides it from Python.

    Raises:
        JobError: It is not there: someone has changed the inside.
    """
    with inside(node):
        if not nuke.exists(name):
            raise JobError(
                f"{node.fullName()} is damaged: {name} is missing inside it.",
                hint="Press Upgrade Node, which builds its inside again.",
            )
        return nuke.toNode(name)


def set_inner(node: nuke.Node, name: str, **knobs: Any) -> None:
    """Set knobs of a node inside ours, in their order. Raises `JobError` where it is missing."""
    inner(node, name)
    with inside(node):
        for knob, value in knobs.items():
            # By name, as Tcl does it: that reaches nodes which Non-commercial Nuke hides from Python.
            nuke.knob(f"{name}.{knob}", str(value).lower() if isinstance(value, bool) else str(value))


def _fill(node: nuke.Node) -> None:
    """Build the inside of a node, in place of whatever is in it, and give it the knobs that it lacks."""
    above = node.input(0)
    with inside(node):
        # A new Group may begin with an Input and an Output of its own.
        for each in nuke.allNodes():
            nuke.delete(each)
        nuke.scriptReadText(INSIDE)
    add_knobs(node)
    # With its inner Input the group has lost its connection.
    if above is not None:
        node.setInput(0, above)
    # Nuke carries the Tcl out whenever it draws the node. A label of the artist's own stays.
    if not str(node["label"].value()):
        node["label"].setValue(f"[value {names.knob_name('tile')}]")


def _insert(node: nuke.Node, above: nuke.Node) -> None:
    """Connect a node below another, and what was below that one to it, as Nuke does with its own."""
    for below in above.dependent(nuke.INPUTS, False):
        for number in range(below.inputs()):
            same = below.input(number)
            if same is not None and same.fullName() == above.fullName():
                below.setInput(number, node)
    node.setInput(0, above)
