"""One session of Nuke: the script, what is current, and what went wrong that nobody may have noticed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

from tests.nuke.fake import files, loading, pulling, script
from tests.nuke.fake.callbacks import Callbacks
from tests.nuke.fake.catalogue import CLASSES
from tests.nuke.fake.executing import Executing
from tests.nuke.fake.expressions import Expressions
from tests.nuke.fake.groups import Group, Root
from tests.nuke.fake.knobs import Knob
from tests.nuke.fake.main_thread import MainThread
from tests.nuke.fake.nodes import Node
from tests.nuke.fake.picture import RGBA, Format, Picture
from tests.nuke.fake.progress import Bars
from tests.nuke.fake.undo import Undo

VISIBLE_NODES = 10
"""That Python sees in Non-commercial Nuke; a public report says ten."""


class FakeNuke:
    """A session; `module` is its `nuke`.

    Args:
        gui: Whether it has a window. Without one it is `nuke -t`.
        size: Of the script's format.
        version: Nuke's major version.
        non_commercial: Python sees ten nodes of a script, and makes no more.
        group_begins_with: Classes of nodes that a new Group holds; nothing at hand says which.
    """

    def __init__(
        self,
        *,
        gui: bool = True,
        size: tuple[int, int] = (64, 36),
        version: int = 15,
        non_commercial: bool = False,
        group_begins_with: tuple[str, ...] = (),
    ) -> None:
        from tests.nuke.fake.module import nuke_module

        self.gui, self.starting, self.loading = gui, False, False
        self.version, self.non_commercial, self.group_begins_with = version, non_commercial, group_begins_with
        self.modified = False
        self.filename_filters: list[Any] = []
        self.graph_variables: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self.offences: list[str] = []
        self.said: list[tuple[str, str]] = []
        self.answers: list[Any] = []
        self.choices: list[list[str]] = []
        self.frame, self.views, self.view = 1, ["main"], "main"
        self.layers: dict[str, tuple[str, ...]] = {"rgba": RGBA}
        self.formats: dict[str, Format] = {}
        self.colour_spaces: Sequence[str] = ("linear", "sRGB", "rec709", "Cineon")
        self.ocio_config, self.ocio_default = "", "linear"
        self.decoded: dict[tuple[int, int, str], Picture] = {}
        self.main = MainThread(self)
        self.callbacks, self.undo, self.bars = Callbacks(self), Undo(self), Bars(self)
        self.executing, self.expressions = Executing(self), Expressions(self)
        self.this: list[tuple[Node, Knob | None]] = []
        self.root = Root(self, "Root", None, "Root")
        self.root._knobs["format"]._value = Format(*size)
        self.groups: list[Group] = [self.root]
        self.module = nuke_module(self)

    def offence(self, what: str) -> Exception:
        """Something that Nuke would crash, hang or go silently wrong on; kept, for it may be swallowed."""
        self.offences.append(what)
        return RuntimeError(f"Never do this in Nuke: {what}")

    # The script

    def new_node(self, kind: str, group: Group, name: str | None = None) -> Node:
        """A node without callbacks or inputs."""
        makes = Group if kind == "Group" else Node
        node = makes(self, kind, group, group.free_name(name or f"{kind}1"))
        if kind == "Input":
            node._knobs["number"]._value = sum(each._class == "Input" for each in group.children)
        group.children.append(node)
        return node

    def create(self, kind: str, knobs: dict[str, Any], *, by_user: bool = False) -> Node:
        """Make a node in the current group."""
        self.main.guard(f"making {kind}")
        if kind not in CLASSES or kind == "Root":
            raise RuntimeError(f"{kind}: Unknown command")
        if self.non_commercial and len(list(self.root.all_below())) >= VISIBLE_NODES:
            raise RuntimeError("Non-commercial Nuke: no more nodes for Python")
        inputs, name = knobs.pop("inputs", ()), knobs.pop("name", None)
        node = self.new_node(kind, self.groups[-1], name)
        self.undo.created(node)
        for number, source in enumerate(inputs):
            node.setInput(number, source)
        for knob, value in knobs.items():
            node[knob].setValue(value)
        self.callbacks.created(node, by_user)
        return node

    def delete(self, node: Node) -> None:
        """Delete a node and what is inside of it."""
        node.see("deleting")
        self.undo.deleted(node)
        self.callbacks.destroyed(node)
        parent = node._parent
        assert parent is not None
        for each in parent.children:
            each._inputs = [None if source is node else source for source in each._inputs]
        parent.children.remove(node)
        for each in [node, *(node.all_below() if isinstance(node, Group) else ())]:
            each._alive = False

    def load_text(self, text: str, into: Group) -> list[Node]:
        """Nodes from a script; they hear of it when all are there."""
        self.loading = True
        try:
            made = loading.load(self, text, into)
        finally:
            self.loading = False
        for node in made:
            for each in [node, *(node.all_below() if isinstance(node, Group) else ())]:
                self.callbacks.created(each)
        return made

    def script_of(self, nodes: Sequence[Node]) -> str:
        return script.pasteable(nodes)

    def clear(self) -> None:
        """Close the script and begin an empty one."""
        self.main.guard("closing")
        self.callbacks.call("OnScriptClose", self.root)
        for node in list(self.root.children):
            self.delete(node)
        self.root._knobs["name"]._value = ""
        self.undo.steps.clear()

    # Who is meant

    def to_node(self, path: str) -> Node | None:
        """By its name in the current group, `Group1.Read1` below it, or `root.…` from the outermost."""
        self.main.guard("toNode")
        if path == "root":
            return self.root
        found = self.root.node(path[5:]) if path.startswith("root.") else self.groups[-1].node(path)
        return found if self.is_visible(found) else None

    @contextlib.contextmanager
    def context(self, node: Node, knob: Knob | None = None) -> Iterator[None]:
        """Who `nuke.thisNode()` and `nuke.thisKnob()` are."""
        self.this.append((node, knob))
        try:
            yield
        finally:
            self.this.pop()

    def run_python(self, text: str, node: Node, knob: Knob | None = None) -> None:
        with self.context(node, knob):
            exec(text, {"nuke": self.module, "__name__": "__main__"})

    def is_visible(self, node: Node | None) -> bool:
        """Whether Python may have a node: the first ten of a script in Non-commercial Nuke, else all."""
        if node is None or node is self.root or not self.non_commercial:
            return node is not None
        return node in list(self.root.all_below())[:VISIBLE_NODES]

    # Files and colours

    def filename_filter(self, path: str) -> str:
        """A path after all filters that were added; one that answers nothing leaves it."""
        for each in self.filename_filters:
            path = each(path) or path
        return path

    def default_space(self, node: Node) -> str:
        """The meaning of `default` on a Read or Write: by the file's type, as the script's settings say."""
        extension = os.path.splitext(node._knobs["file"]._value)[1].lower()
        if self.root._knobs["colorManagement"]._value == "OCIO":
            return self.ocio_default
        log = extension in (".dpx", ".cin")
        name = "floatLut" if extension in (".exr", ".hdr") else "logLut" if log else "int8Lut"
        return str(self.root._knobs[name]._value)

    # Pictures

    def pull(self, node: Node, frame: int, view: str | None = None) -> Picture:
        """What a node shows. For tests, and for what asks for a format."""
        before, self.frame = self.frame, frame
        try:
            proxy = self.root._knobs["proxy"].value()
            return pulling.pull(node, pulling.Moment(frame, view or self.view, proxy))
        finally:
            self.frame = before

    def file(self, node: Node, path: str, proxy: bool) -> Picture:
        """A decoded file; a Read keeps it until it is reloaded or pointed elsewhere."""
        key = (id(node), node.files_seen, path)
        if key not in self.decoded:
            raw, space = node["raw"].value(), node["colorspace"]._value
            picture = files.read(path, raw=raw, colour_space=space)
            self._learn_layers(picture)
            self.decoded[key] = picture
        return self.decoded[key].halved() if proxy else self.decoded[key]

    def has_decoded(self, node: Node, path: str) -> bool:
        return (id(node), node.files_seen, path) in self.decoded

    def forget(self, path: str) -> None:
        """A Write of this session has written a file again."""
        self.decoded = {key: kept for key, kept in self.decoded.items() if key[2] != path}

    def _learn_layers(self, picture: Picture) -> None:
        for channel in picture.channels:
            layer = channel.split(".")[0]
            known = self.layers.get(layer, ())
            if channel not in known:
                self.layers[layer] = (*known, channel)

    # For tests

    def pump(self, *given: Any, **named: Any) -> None:
        self.main.pump(*given, **named)
