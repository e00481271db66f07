"""The state that a node keeps in an invisible knob, by which it is also found again."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Optional

import nuke

from .knobs import set_value, value
from .names import knob_name


@dataclass(frozen=True)
class NodeRef:
    """A node by name and token, so that it is found again however long a render took.

    Attributes:
        name: Its full name, such as `Group1.MatteLine1`.
        token: Token that the render has written into its state; a node of that name in another script lacks it.
    """

    name: str
    token: str


@dataclass(frozen=True)
class NodeState:
    """The content of the invisible knob.

    Attributes:
        token: Token of the last render that was begun.
        last: The last full render that was begun, as `results.Result.to_data` writes it; empty before the first.
        shown: The full render that the node shows, in the same form.
    """

    token: str = ""
    last: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)


def read_state(node: nuke.Node) -> NodeState:
    """Return the node's state; an empty one where its knob is empty or cannot be read."""
    try:
        # An artist may have pasted anything into the knob of a script on disk.
        data = json.loads(base64.urlsafe_b64decode(str(value(node, "state")).encode("ascii")))
        # Nodes of older releases kept the last render only, which was also the one they showed.
        return NodeState(str(data["token"]), dict(data["last"]), dict(data.get("shown") or data["last"]))
    except (ValueError, KeyError, TypeError):
        return NodeState()


def change_state(node: nuke.Node, **changes: Any) -> None:
    """Write some of the node's state, without a step to undo."""
    text = json.dumps(asdict(replace(read_state(node), **changes)))
    # Base64, because Nuke's knobs take brackets and backslashes for Tcl.
    with not_undone():
        set_value(node, "state", base64.urlsafe_b64encode(text.encode("utf-8")).decode("ascii"))


def mark(node: nuke.Node) -> NodeRef:
    """Give a node a new token, so that copies of it are not taken for it."""
    # A new one for each render: a copy of the node made before has the old one.
    token = uuid.uuid4().hex
    change_state(node, token=token)
    return NodeRef(node.fullName(), token)


def find(node_ref: NodeRef) -> Optional[nuke.Node]:
    """Find a node by its name, or by its token when it was renamed or moved; None when it is gone."""
    # Or names would be looked up inside the group that is open now.
    with inside(nuke.root()):
        node = nuke.toNode(node_ref.name)
        if node is not None and _has(node, node_ref.token):
            return node
        found = [each for each in nodes_below(nuke.root()) if _has(each, node_ref.token)]
    # A copy made while it rendered has the token too; which of them was meant is then not known.
    return found[0] if len(found) == 1 else None


def nodes_below(group: Any) -> Iterator[nuke.Node]:
    """Yield every node of ours in a group, and in groups inside it."""
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
    """Change knobs without a step to undo: for changes that the artist has not made."""
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
