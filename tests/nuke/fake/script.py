"""Nodes as the text of an .nk file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.nuke.fake.groups import Group, Root
from tests.nuke.fake.knobs import FLAGS, Knob
from tests.nuke.fake.nodes import Node

VERSION = "version 14.0 v1"
_PLAIN = re.compile(r"[A-Za-z0-9_./%#:*+@,-]+")
_ESCAPED = re.compile(r'[\[\]$"\\{}]')
_WRITTEN_FLAGS = ("STARTLINE", "INVISIBLE", "DISABLED")


def script(root: Root) -> str:
    """A whole script."""
    lines = [VERSION, *_node(root, "")]
    return "\n".join([*lines, *nodes_text(root.children)]) + "\n"


def pasteable(nodes: Iterable[Node]) -> str:
    """What copying puts on the clipboard."""
    lines = ["set cut_paste_input [stack 0]", VERSION, "push $cut_paste_input"]
    return "\n".join([*lines, *nodes_text(list(nodes))]) + "\n"


def nodes_text(nodes: list[Node], indent: str = "") -> Iterator[str]:
    """Each node behind those that it is fed by; its inputs pushed, the last of them first."""
    names = {id(node): f"N{number:x}" for number, node in enumerate(nodes, 0x10)}
    for node in _sorted(nodes):
        for source in reversed(node._inputs):
            known = source is not None and id(source) in names
            yield f"{indent}push ${names[id(source)]}" if known else f"{indent}push 0"
        yield from _node(node, indent)
        yield f"{indent}set {names[id(node)]} [stack 0]"


def quoted(text: str) -> str:
    """One word of Tcl."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = _ESCAPED.sub(lambda match: "\\" + match[0], text)
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def _sorted(nodes: list[Node]) -> list[Node]:
    done: list[Node] = []

    def visit(node: Node) -> None:
        if node in done or node not in nodes:
            return
        for source in node._inputs:
            if source:
                visit(source)
        done.append(node)

    for node in nodes:
        visit(node)
    return done


def _node(node: Node, indent: str) -> Iterator[str]:
    yield f"{indent}{node._class} {{"
    if node._class != "Root" and len(node._inputs) != 1:
        yield f"{indent} inputs {len(node._inputs)}"
    for knob in node._knobs.values():
        yield from (f"{indent} {line}" for line in _knob(knob))
    if not isinstance(node, Root):
        yield f"{indent} name {node._name}"
    yield f"{indent}}}"
    if isinstance(node, Group) and not isinstance(node, Root):
        yield from nodes_text(node.children, indent + " ")
        yield f"{indent}end_group"


def _knob(knob: Knob) -> Iterator[str]:
    if knob.is_user:
        yield f"addUserKnob {{{' '.join(_user_knob(knob))}}}"
    has_value = knob.not_default() and not (knob.is_user and "T" in knob.user_options())
    if not has_value or knob.getFlag(FLAGS["DO_NOT_WRITE"]) or knob._name == "selected":
        return
    text = knob.toScript()
    if knob._expression is not None or _is_numbers(knob._value):
        yield f"{knob._name} {{{text}}}"
    else:
        yield f"{knob._name} {quoted(text)}"


def _is_numbers(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, float) for each in value)


def _user_knob(knob: Knob) -> Iterator[str]:
    yield str(knob.TYPE)
    yield knob._name
    yield from ("l", quoted(knob._label))
    if knob._tooltip:
        yield from ("t", quoted(knob._tooltip))
    for option in knob.user_options():
        yield _option(option)
    yield from (f"+{name}" for name in _WRITTEN_FLAGS if knob.getFlag(FLAGS[name]))


def _option(option: Any) -> str:
    if isinstance(option, list):
        return "{" + " ".join(quoted(each) for each in option) + "}"
    return quoted(option)
