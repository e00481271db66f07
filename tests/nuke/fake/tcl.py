"""Scripts read by a real Tcl: an .nk file is a Tcl script, and which node feeds which is the stack's work."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.nuke.fake.tk import TclError, plain_tcl

_SETUP = """
    proc unknown {kind args} { py_node $kind {*}$args }
    proc end_group {} { py_end_group }
    proc stack {number} { py_stack $number }
    proc push {what} { py_push $what }
    proc version {args} {}
    proc add_layer {args} {}
    proc define_window_layout_xml {args} {}
"""


@dataclass(eq=False)
class Read:
    """One node of a script: its class, its lines, what feeds it, and the nodes inside of it."""

    kind: str
    lines: list[tuple[str, str]]
    sources: list[Read | None]
    inside: list[Read] = field(default_factory=list)

    def value(self, knob: str) -> str | None:
        """The last value that the script gives a knob."""
        return next((value for name, value in reversed(self.lines) if name == knob), None)

    @property
    def name(self) -> str:
        return self.value("name") or self.kind

    def child(self, name: str) -> Read:
        (found,) = (each for each in self.inside if each.name == name)
        return found


def read_script(text: str) -> list[Read]:
    """The nodes of a script, outermost only.

    Raises:
        ValueError: Tcl refuses it, a node has half a knob, or a group is not closed.
    """
    return _Reading().read(text)


class _Reading:
    def __init__(self) -> None:
        self._tcl = plain_tcl()
        self._nodes: dict[str, Read] = {}
        self._levels: list[tuple[Read, list[str]]] = []
        self._pile: list[str] = []
        self._outermost: list[Read] = []
        self._fault: Exception | None = None
        for name in ("node", "end_group", "stack", "push"):
            self._tcl.createcommand(f"py_{name}", self._carried(getattr(self, f"_{name}")))
        self._tcl.eval(_SETUP)

    def read(self, text: str) -> list[Read]:
        try:
            self._tcl.eval(text)
        except TclError as error:
            raise ValueError(f"Tcl: {error}") from self._fault
        if self._levels:
            raise ValueError(f"{len(self._levels)} groups are not closed")
        return self._outermost

    def _carried(self, function):  # type: ignore[no-untyped-def]
        def call(*args: str) -> str:
            try:
                return str(function(*args) or "")
            except Exception as error:
                self._fault = error
                raise

        return call

    def _node(self, kind: str, *bodies: str) -> None:
        if len(bodies) != 1:
            raise ValueError(f"{kind} with {len(bodies)} words behind it")
        words = self._tcl.splitlist(bodies[0])
        if len(words) % 2:
            raise ValueError(f"{kind}: a knob without a value in {words}")
        lines = list(zip(words[::2], words[1::2], strict=True))
        inputs = dict(lines).get("inputs", "0" if kind == "Root" else "1")
        count = sum(int(each) for each in inputs.split("+"))
        popped = [self._pile.pop() if self._pile else "0" for _ in range(count)]
        made = Read(kind, lines, [self._nodes.get(each) for each in popped])
        (self._levels[-1][0].inside if self._levels else self._outermost).append(made)
        if kind in ("Group", "Gizmo"):
            self._levels.append((made, self._pile))
            self._pile = []
        elif kind != "Root":
            self._pushed(made)

    def _end_group(self) -> None:
        group, self._pile = self._levels.pop()
        self._pushed(group)

    def _pushed(self, node: Read) -> None:
        name = f"node{len(self._nodes)}"
        self._nodes[name] = node
        self._pile.append(name)

    def _stack(self, number: str) -> str:
        place = len(self._pile) - 1 - int(number)
        return self._pile[place] if 0 <= place < len(self._pile) else "0"

    def _push(self, what: str) -> None:
        self._pile.append(what)


def words_of(text: str) -> list[str]:
    """A Tcl list's words."""
    return list(plain_tcl().splitlist(text))
