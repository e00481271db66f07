"""What Nuke calls when something happens: functions added by anyone, and the text of a node's own knobs."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke
    from tests.nuke.fake.knobs import Knob
    from tests.nuke.fake.nodes import Node

KINDS = (
    "OnUserCreate",
    "OnCreate",
    "OnDestroy",
    "KnobChanged",
    "OnScriptLoad",
    "OnScriptSave",
    "OnScriptClose",
    "BeforeRender",
    "AfterRender",
    "BeforeFrameRender",
    "AfterFrameRender",
)
_ROOT_ONLY = ("OnScriptLoad", "OnScriptSave", "OnScriptClose")
_STOPPING = ("BeforeRender", "BeforeFrameRender", "AfterRender", "AfterFrameRender")


class Callbacks:
    def __init__(self, host: FakeNuke) -> None:
        self._host = host
        self._added: dict[str, list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], str]]] = {
            kind: [] for kind in KINDS
        }
        self._quiet = False

    def functions(self) -> dict[str, Callable[..., None]]:
        """`addOnCreate`, `removeOnCreate` and so on."""
        made: dict[str, Callable[..., None]] = {}
        for kind in KINDS:
            made[f"add{kind}"] = self._adder(kind)
            made[f"remove{kind}"] = self._remover(kind)
        return made

    def _adder(self, kind: str) -> Callable[..., None]:
        default = "Root" if kind in _ROOT_ONLY else "Write" if kind in _STOPPING else "*"

        def add(
            call: Callable[..., Any],
            args: tuple[Any, ...] = (),
            kwargs: dict[str, Any] | None = None,
            nodeClass: str = default,
        ) -> None:
            entry = (call, tuple(args), dict(kwargs or {}), nodeClass)
            if entry not in self._added[kind]:
                self._added[kind].append(entry)

        return add

    def _remover(self, kind: str) -> Callable[..., None]:
        def remove(call: Callable[..., Any], *_: Any, **__: Any) -> None:
            self._added[kind] = [each for each in self._added[kind] if each[0] is not call]

        return remove

    def added(self, kind: str) -> int:
        return len(self._added[kind])

    def call(self, kind: str, node: Node, knob: Knob | None = None) -> None:
        """Everything that was added for such a node. Errors are printed, but those of a render stop it."""
        for function, args, kwargs, node_class in list(self._added[kind]):
            if node_class not in ("*", node._class):
                continue
            try:
                with self._host.context(node, knob):
                    function(*args, **kwargs)
            except Exception:
                if kind in _STOPPING:
                    raise
                traceback.print_exc()

    def created(self, node: Node, by_user: bool = False) -> None:
        if by_user:
            self.call("OnUserCreate", node)
        self._run(node, "onCreate")
        self.call("OnCreate", node)

    def destroyed(self, node: Node) -> None:
        self._run(node, "onDestroy")
        self.call("OnDestroy", node)

    def knob_changed(self, node: Node, knob: Knob) -> None:
        if self._quiet or self._host.loading:
            return
        self._quiet = True
        try:
            self._run(node, "knobChanged", knob)
            self.call("KnobChanged", node, knob)
        finally:
            self._quiet = False

    def _run(self, node: Node, name: str, knob: Knob | None = None) -> None:
        text = node._knobs[name]._value
        if text:
            self._host.run_python(text, node, knob)
