"""The kinds of knobs that a user can add: words, numbers, choices, buttons, tabs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.nuke.fake.knobs import NOT_ATTACHED, Knob, text_of


class String_Knob(Knob):
    TYPE, KINDS, DEFAULT = 1, (str,), ""

    def __init__(self, name: str, label: str = "", value: str = "") -> None:
        super().__init__(name, label)
        self._value = self._checked(value)

    def getText(self) -> str:
        """As it was typed."""
        self._see()
        return self._value

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

    def value(self) -> str:
        """As Nuke gives it: hashes as printf writes them."""
        return re.sub(r"#+", lambda hashes: f"%0{len(hashes[0])}d", super().value())

    def getEvaluatedValue(self) -> str:
        # With an OutputContext it takes one of those, which nothing here has.
        return self.evaluate()

    def fromUserText(self, text: str) -> None:
        self.setValue(self.node().file_from_user_text(self._name, text_of(text)))


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
