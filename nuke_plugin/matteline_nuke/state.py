"""What a node remembers between sessions, in one invisible knob of its own; and how it is found again."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Optional

import nuke

from .knobs import set_value, value
from .names import knob_name


@dataclass(frozen=True)
class Who:
    """A node by name and token, so that it is found again however long a render took.

    Attributes:
        name: Its full name, such as `Group1.MatteLine1`.
        token: What the render has written into its state; a node of that name in another script lacks it.
    """

    name: str
    token: str


@dataclass(frozen=True)
class State:
    """What the invisible knob holds.

    Attributes:
        token: Of the last render that was begun.
        last: The last full render, as `results.Result.to_data` writes it; empty before the first.
    """

    token: str = ""
    last: dict[str, Any] = field(default_factory=dict)


def read_state(node: nuke.Node) -> State:
    """What the node remembers; nothing where its knob is empty or cannot be read."""
    try:
        data = json.loads(base64.urlsafe_b64decode(str(value(node, "state")).encode("ascii")))
        return State(str(data["token"]), dict(data["last"]))
    except (ValueError, KeyError, TypeError):
        return State()


def write_state(node: nuke.Node, state: State) -> None:
    """Have the node remember, without a step to undo."""
    text = json.dumps({"token": state.token, "last": state.last})
    # Base64, because Nuke's knobs take brackets and backslashes for Tcl.
    with not_undone():
        set_value(node, "state", base64.urlsafe_b64encode(text.encode("utf-8")).decode("ascii"))


def mark(node: nuke.Node) -> Who:
    """Give a node a new token, so that copies of it are not taken for it."""
    token = uuid.uuid4().hex
    write_state(node, State(token, read_state(node).last))
    return Who(node.fullName(), token)


def find(who: Who) -> Optional[nuke.Node]:
    """The node again: by its name, or wherever its token is when it was renamed or moved. None when gone."""
    with inside(nuke.root()):
        node = nuke.toNode(who.name)
        if node is not None and _has(node, who.token):
            return node
        found = [each for each in nodes_below(nuke.root()) if _has(each, who.token)]
    return found[0] if len(found) == 1 else None


def nodes_below(group: Any) -> Iterator[nuke.Node]:
    """Every node of ours in a group, and in groups inside it."""
    for node in list(group.nodes()):
        if node.knob(knob_name("state")) is not None:
            yield node
        elif isinstance(node, nuke.Group):
            yield from nodes_below(node)


@contextmanager
def inside(group: Any) -> Iterator[None]:
    """Work among the nodes of a group."""
    group.begin()
    try:
        yield
    finally:
        group.end()


@contextmanager
def not_undone() -> Iterator[None]:
    """Change knobs without a step to undo, for what happens by itself."""
    nuke.Undo.disable()
    try:
        yield
    finally:
        nuke.Undo.enable()


@contextmanager
def one_undo(name: str) -> Iterator[None]:
    """Gather changes into one step to undo."""
    nuke.Undo.begin()
    nuke.Undo.name(name)
    try:
        yield
    finally:
        nuke.Undo.end()


def _has(node: nuke.Node, token: str) -> bool:
    return node.knob(knob_name("state")) is not None and read_state(node).token == token
