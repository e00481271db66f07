"""The node: a Group that any Nuke can open, because all it needs to show a matte is inside it."""

from __future__ import annotations

from typing import Any

import nuke

from . import names
from .contract.errors import JobError
from .knobs import add_knobs
from .report import report_errors
from .state import inside, one_undo

_WHICH = "parent.{use} ? parent.{product} + 1 : 0"


@report_errors
def create() -> nuke.Node:
    """Make a node below the selected one, or unconnected where none is selected."""
    # Nuke lists the node that was selected last first.
    selected = nuke.selectedNodes()[:1]
    with one_undo(names.NODE):
        number = 1
        while nuke.toNode(f"{names.NODE}{number}") is not None:
            number += 1
        node = build(f"{names.NODE}{number}")
        if selected:
            node.setInput(0, selected[0])
            node.setXYpos(selected[0].xpos(), selected[0].ypos() + 80)
    if nuke.GUI:
        node.showControlPanel()
    return node


@report_errors
def upgrade(node: nuke.Node) -> None:
    """Add the knobs that this release has and an older one had not; what the artist set stays.

    Raises:
        JobError: A later release made the node, or something inside it is missing.
    """
    knob = node.knob(names.knob_name("form"))
    if knob is None:
        raise JobError(f"{node.fullName()} is no {names.NODE} node.")
    if int(knob.value()) > names.FORM:
        raise JobError(
            f"{node.fullName()} was made by a later release of the plug-in.",
            hint="Update the plug-in; nothing was changed.",
        )
    with one_undo("Upgrade"):
        # All before any knob is added, so that a damaged node is left as it is.
        for name in (names.SHIFT, names.WRITE, names.MATTE, names.FOREGROUND, names.SWITCH):
            inner(node, name)
        add_knobs(node)
        knob.setValue(names.FORM)


def build(name: str) -> nuke.Group:
    """Build a node of this name with all its knobs, not connected."""
    group = nuke.nodes.Group(name=name)
    add_knobs(group)
    with inside(group):
        _build_inside()
    return group


def inner(node: nuke.Node, name: str) -> Any:
    """Return a node inside ours.

    Raises:
        JobError: It is not there: someone has changed the inside.
    """
    with inside(node):
        found = nuke.toNode(name)
    if found is None:
        raise JobError(
            f"{node.fullName()} is damaged: {name} is missing inside it.",
            hint="Make a new node; its settings can be copied over.",
        )
    return found


def _build_inside() -> None:
    """Build the inner nodes: a Write for the input, Reads for results, and a Switch among the outputs."""
    # Every inner node has a name of its own, by which results and tests find it.
    plate = nuke.nodes.Input(name=names.INPUT)
    _add_writer(_after("TimeOffset", names.SHIFT, plate))
    matte, foreground = _reader(names.MATTE), _reader(names.FOREGROUND)
    unpremult = _after("Unpremult", names.UNPREMULT, foreground)
    # Switched on only for results that are premultiplied.
    unpremult["disable"].setValue(True)
    over_plate = _copied(names.PLATE_AND_MATTE, plate, matte)
    straight = _copied(names.FOREGROUND_AND_MATTE, unpremult, matte)
    premultiplied = _after("Premult", names.PREMULT, straight)
    alone = _copied(names.MATTE_ALONE, matte, matte)
    # The alpha in red, green and blue too, because only some products hold it there.
    for colour in ("red", "green", "blue"):
        alone = _after("Copy", f"{names.MATTE_AS}{colour.capitalize()}", alone, alone)
        alone["from0"].setValue("rgba.alpha")
        alone["to0"].setValue(f"rgba.{colour}")
    switch = _after("Switch", names.SWITCH, plate, over_plate, straight, premultiplied, alone)
    switch["which"].setExpression(
        _WHICH.format(use=names.knob_name("use"), product=names.knob_name("product"))
    )
    _after("Output", names.OUTPUT, switch)


def _add_writer(shift: nuke.Node) -> None:
    """Add a Write of half floats of the working space. Disabled, so that farms and 'nuke -x' pass it over."""
    write = _after("Write", names.WRITE, shift)
    for knob, value in (
        ("channels", "rgb"),
        ("file_type", "exr"),
        ("datatype", "16 bit half"),
        ("compression", "Zip (1 scanline)"),
        ("raw", True),
        ("disable", True),
    ):
        write[knob].setValue(value)


def _reader(name: str) -> nuke.Node:
    read = nuke.nodes.Read(name=name)
    # A matte is a coverage, and is never colour-converted.
    read["raw"].setValue(True)
    return read


def _copied(name: str, picture: nuke.Node, matte: nuke.Node) -> nuke.Node:
    """Add a Copy that gives a picture the matte as its alpha."""
    copy = _after("Copy", name, picture, matte)
    # Changed when a result has its matte in the alpha.
    copy["from0"].setValue("rgba.red")
    copy["to0"].setValue("rgba.alpha")
    return copy


def _after(kind: str, name: str, *inputs: nuke.Node) -> nuke.Node:
    """Add a node of a class behind others."""
    node = getattr(nuke.nodes, kind)(name=name)
    for index, each in enumerate(inputs):
        node.setInput(index, each)
    made: nuke.Node = node
    return made
