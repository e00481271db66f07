"""Scripts into nodes: opening, pasting, undoing a deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.nuke.fake import kinds, more_knobs
from tests.nuke.fake.catalogue import CLASSES
from tests.nuke.fake.groups import Group
from tests.nuke.fake.knobs import FLAGS, Knob
from tests.nuke.fake.nodes import Node
from tests.nuke.fake.tcl import Read, read_script, words_of

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke

_USER_KNOBS: dict[int, type[Knob]] = {
    kind.TYPE: kind
    for module in (kinds, more_knobs)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Knob) and vars(kind).get("TYPE")
}


def load(host: FakeNuke, text: str, into: Group) -> list[Node]:
    """Make the nodes of a script in a group; returns the outermost. Names give way to those there."""
    found = read_script(text)
    for read in found:
        if read.kind == "Root":
            _fill(host.root, read)
    nodes = [each for each in found if each.kind != "Root"]
    made = [_make(host, each, into) for each in nodes]
    _connect(nodes, made)
    return made


def _connect(read: list[Read], made: list[Node]) -> None:
    places = {id(each): number for number, each in enumerate(read)}
    for each, node in zip(read, made, strict=True):
        for number, source in enumerate(each.sources):
            if source is not None:
                node.setInput(number, made[places[id(source)]])


def _make(host: FakeNuke, read: Read, into: Group) -> Node:
    if read.kind not in CLASSES:
        raise RuntimeError(f"{read.kind}: Unknown command")
    node = host.new_node(read.kind, into, read.value("name"))
    if isinstance(node, Group):
        inside = [_make(host, each, node) for each in read.inside]
        _connect(read.inside, inside)
    _fill(node, read)
    return node


def _fill(node: Node, read: Read) -> None:
    for name, value in read.lines:
        if name == "addUserKnob":
            node.addKnob(_user_knob(words_of(value)))
        elif name not in ("inputs", "name") or read.kind == "Root":
            node[name].fromScript(value)


def _user_knob(words: list[str]) -> Knob:
    number, name, *rest = words
    options, flags, index = {}, [], 0
    while index < len(rest):
        if rest[index].startswith(("+", "-")) and not rest[index][1:].isdigit():
            flags.append(rest[index])
            index += 1
        elif rest[index] == "R":
            options["R"] = " ".join(rest[index + 1 : index + 3])
            index += 3
        else:
            options[rest[index]] = rest[index + 1]
            index += 2
    knob = _built(_USER_KNOBS[int(number)], name, options)
    knob.setTooltip(options.get("t", ""))
    for flag in flags:
        if flag.startswith("+"):
            knob.setFlag(FLAGS[flag[1:]])
    return knob


def _built(kind: type[Knob], name: str, options: dict[str, str]) -> Knob:
    label = options.get("l", name)
    if kind is kinds.Enumeration_Knob:
        return kind(name, label, words_of(options["M"]))
    if kind is kinds.Tab_Knob:
        return kind(name, label, int(options.get("n", "0")))
    if "T" in options:
        knob = kind(name, label)
        knob._value = options["T"]
        return knob
    knob = kind(name, label)
    if "R" in options:
        knob.setRange(*(float(each) for each in options["R"].split()))  # type: ignore[attr-defined]
    return knob
