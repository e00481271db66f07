"""Knobs: values of a type, flags, expressions; every access on the main thread and of a living node only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.nuke.fake.nodes import Node

FLAGS = {
    name: 1 << number
    for number, name in enumerate(
        ("STARTLINE", "INVISIBLE", "DISABLED", "NO_ANIMATION", "DO_NOT_WRITE", "ALWAYS_SAVE", "NO_UNDO"), 1
    )
}
NOT_ATTACHED = "A PythonObject is not attached to a node"


class Knob:
    """What all knobs share. `TYPE` is the number of `addUserKnob`, None where it cannot be one."""

    TYPE: int | None = None
    KINDS: tuple[type, ...] = ()
    DEFAULT: Any = None

    def __init__(self, name: str, label: str = "") -> None:
        self._name, self._label, self._tooltip = name, label, ""
        self._flags, self._visible, self._enabled = 0, True, True
        self._expression: str | None = None
        self._node: Node | None = None
        self.is_user = False
        self._value = self._default = self.DEFAULT

    # What every access goes through

    def _see(self) -> None:
        if self._node is not None:
            self._node.see(f"knob {self._name}")

    def _set(self, value: Any) -> None:
        self._see()
        before, self._expression = self._value, None
        if self._node is None:
            self._value = value
            return
        self._node.host.undo.knob(self._node, self._name, self.toScript())
        self._value = value
        if before != value:
            self._node.knob_changed(self)

    # Names and looks

    def name(self) -> str:
        return self._name

    def Class(self) -> str:
        return type(self).__name__

    def label(self) -> str:
        return self._label or self._name

    def setLabel(self, label: str) -> None:
        self._see()
        self._label = text_of(label)

    def tooltip(self) -> str:
        return self._tooltip

    def setTooltip(self, tooltip: str) -> None:
        self._see()
        self._tooltip = text_of(tooltip)

    def setFlag(self, flag: int) -> None:
        self._see()
        if flag not in FLAGS.values():
            raise ValueError(f"{flag} is no flag of knobs")
        self._flags |= flag

    def clearFlag(self, flag: int) -> None:
        self._see()
        self._flags &= ~flag

    def getFlag(self, flag: int) -> bool:
        return bool(self._flags & flag)

    def visible(self) -> bool:
        return self._visible and not self.getFlag(FLAGS["INVISIBLE"])

    def setVisible(self, visible: bool) -> None:
        self._see()
        self._visible = bool(visible)

    def enabled(self) -> bool:
        return self._enabled and not self.getFlag(FLAGS["DISABLED"])

    def setEnabled(self, enabled: bool) -> None:
        self._see()
        self._enabled = bool(enabled)

    def node(self) -> Node:
        self._see()
        if self._node is None:
            raise ValueError(NOT_ATTACHED)
        return self._node

    # Values

    def value(self) -> Any:
        self._see()
        return self._evaluated() if self._expression is not None else self._value

    def getValue(self) -> Any:
        return self.value()

    def setValue(self, value: Any) -> bool:
        self._set(self._checked(value))
        return True

    def setExpression(self, expression: str) -> bool:
        if not isinstance(self.DEFAULT, (int, float)):
            raise TypeError(f"{self.Class()} {self._name} has no expressions here")
        self._set(self._value)
        self._expression = text_of(expression)
        return True

    def hasExpression(self) -> bool:
        self._see()
        return self._expression is not None

    def isAnimated(self) -> bool:
        return self.hasExpression()

    def clearAnimated(self) -> bool:
        self._set(self.value())
        return True

    def _checked(self, value: Any) -> Any:
        if not isinstance(value, self.KINDS) or (isinstance(value, bool) and bool not in self.KINDS):
            raise TypeError(f"{self.Class()} {self._name} cannot hold {value!r}")
        return value

    def _evaluated(self) -> Any:
        assert self._node is not None and self._expression is not None
        number = self._node.host.expressions.number(self._expression, self._node)
        return type(self.DEFAULT)(number)

    # As a script holds them

    def toScript(self) -> str:
        """The value as the text of an .nk file, without the quotes around it."""
        if self._expression is not None:
            return f'{{"{self._expression}"}}'
        return self._written(self._value)

    def fromScript(self, script: str) -> bool:
        if script.startswith("{") and isinstance(self.DEFAULT, (int, float)):
            return self.setExpression(script.strip('{}"'))
        return self.setValue(self._read(script))

    def not_default(self) -> bool:
        return self._expression is not None or self._value != self._default

    def user_options(self) -> list[str]:
        """What `addUserKnob` says beside type, name, label and tooltip."""
        return []

    def _written(self, value: Any) -> str:
        return str(value)

    def _read(self, script: str) -> Any:
        return script


def text_of(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
