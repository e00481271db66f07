"""Knobs: values of a type, flags, expressions; every access on the main thread and of a living node only."""

from __future__ import annotations

from collections.abc import Sequence
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
        self._label = _text(label)

    def tooltip(self) -> str:
        return self._tooltip

    def setTooltip(self, tooltip: str) -> None:
        self._see()
        self._tooltip = _text(tooltip)

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
        self._expression = _text(expression)
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


class String_Knob(Knob):
    TYPE, KINDS, DEFAULT = 1, (str,), ""

    def __init__(self, name: str, label: str = "", value: str = "") -> None:
        super().__init__(name, label)
        self._value = self._checked(value)

    def getText(self) -> str:
        return self.value()

    def setText(self, text: str) -> bool:
        return self.setValue(text)


class EvalString_Knob(String_Knob):
    def evaluate(self, frame: float | None = None) -> str:
        """With Tcl in brackets carried out and frame numbers filled in."""
        self._see()
        if self._node is None:
            raise ValueError(NOT_ATTACHED)
        return self._node.host.expressions.text(self._value, self._node, frame)


class Multiline_Eval_String_Knob(EvalString_Knob):
    TYPE = 43


class File_Knob(EvalString_Knob):
    TYPE = 2

    def getEvaluatedValue(self, frame: float | None = None) -> str:
        return self.evaluate(frame)

    def fromUserText(self, text: str) -> None:
        self.setValue(self.node().file_from_user_text(self._name, _text(text)))


class Int_Knob(Knob):
    TYPE, KINDS, DEFAULT = 3, (int,), 0

    def __init__(self, name: str, label: str = "", value: int = 0) -> None:
        super().__init__(name, label)
        self._value = self._checked(value)

    def _read(self, script: str) -> int:
        return int(float(script))


class Double_Knob(Knob):
    TYPE, KINDS, DEFAULT = 7, (int, float), 0.0

    def __init__(self, name: str, label: str = "") -> None:
        super().__init__(name, label)
        self._range = (0.0, 1.0)

    def setRange(self, first: float, last: float) -> None:
        self._see()
        self._range = (float(first), float(last))

    def user_options(self) -> list[str]:
        return ["R", f"{self._range[0]:g}", f"{self._range[1]:g}"]

    def _written(self, value: Any) -> str:
        return f"{value:g}"

    def _read(self, script: str) -> float:
        return float(script)


class Boolean_Knob(Knob):
    TYPE, KINDS, DEFAULT = 6, (bool, int), False

    def __init__(self, name: str, label: str = "", value: bool = False) -> None:
        super().__init__(name, label)
        self._value = bool(value)

    def _checked(self, value: Any) -> bool:
        return bool(super()._checked(value))

    def _written(self, value: Any) -> str:
        return "true" if value else "false"

    def _read(self, script: str) -> bool:
        if script not in ("true", "false", "0", "1"):
            raise ValueError(f"{script!r} is no boolean")
        return script in ("true", "1")


class Enumeration_Knob(Knob):
    """Items may be `value\\tlabel`."""

    TYPE, KINDS, DEFAULT = 4, (str, int), ""

    def __init__(self, name: str, label: str, values: Sequence[str]) -> None:
        super().__init__(name, label)
        self.setValues(values)
        self._default = self._value

    def values(self) -> list[str]:
        self._see()
        return list(self._items)

    def numValues(self) -> int:
        return len(self.values())

    def enumName(self, number: int) -> str:
        return self.values()[number].split("\t")[0]

    def setValues(self, values: Sequence[str]) -> None:
        self._see()
        if isinstance(values, str) or not values or not all(isinstance(each, str) for each in values):
            raise TypeError(f"{self._name}: items must be a list of words")
        self._items = list(values)
        if self._value not in self._words():
            self._value = self._words()[0]

    def getValue(self) -> float:
        return float(self._words().index(self.value()))

    def _words(self) -> list[str]:
        return [each.split("\t")[0] for each in self._items]

    def _checked(self, value: Any) -> str:
        value = super()._checked(value)
        words = self._words()
        if isinstance(value, int):
            return words[value]
        if value not in words:
            raise ValueError(f"{self._name} has no item {value!r}, only {words}")
        return value

    def user_options(self) -> list[str]:
        return ["M", list(self._items)]  # type: ignore[list-item]


class Text_Knob(Knob):
    TYPE, KINDS, DEFAULT = 26, (str,), ""

    def __init__(self, name: str, label: str = "", value: str = "") -> None:
        super().__init__(name, label)
        self._value = value

    def user_options(self) -> list[str]:
        return ["T", self._value] if self._value else []


class Script_Knob(String_Knob):
    """A button. Its value is what it does."""

    TYPE = 32

    def __init__(self, name: str, label: str = "", command: str = "") -> None:
        super().__init__(name, label, command)

    def command(self) -> str:
        return self.value()

    def setCommand(self, command: str) -> None:
        self.setValue(command)

    def execute(self) -> None:
        self.node().press(self)

    def user_options(self) -> list[str]:
        return ["T", self._value] if self._value else []


class PyScript_Knob(Script_Knob):
    TYPE = 22


class Tab_Knob(Knob):
    TYPE = 20

    def __init__(self, name: str, label: str = "", kind: int = 0) -> None:
        super().__init__(name, label)
        self.kind = kind

    def setValue(self, value: Any) -> bool:
        raise TypeError("tabs hold no value")

    def user_options(self) -> list[str]:
        return ["n", str(self.kind)] if self.kind else []


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
