"""Knobs of Nuke's own nodes, and links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.nuke.fake.kinds import Enumeration_Knob, Script_Knob, String_Knob
from tests.nuke.fake.knobs import Knob
from tests.nuke.fake.picture import RGBA, Format

_COLOURS = {"rgb": RGBA[:3], "rgba": RGBA, "alpha": RGBA[3:]}


class Array_Knob(Knob):
    """Several numbers, such as a box x, y, r, t."""

    KINDS = (list, tuple)

    def __init__(self, name: str, label: str = "", *, count: int = 2) -> None:
        super().__init__(name, label)
        self._value = self._default = (0.0,) * count

    def _checked(self, value: Any) -> tuple[float, ...]:
        value = super()._checked(value)
        if len(value) != len(self._default):
            raise TypeError(f"{self._name} takes {len(self._default)} numbers")
        return tuple(float(each) for each in value)

    def _written(self, value: Any) -> str:
        return " ".join(f"{each:g}" for each in value)

    def _read(self, script: str) -> tuple[float, ...]:
        return tuple(float(each) for each in script.split())


class XY_Knob(Array_Knob):
    TYPE = 12


class BBox_Knob(Array_Knob):
    TYPE = 15

    def __init__(self, name: str, label: str = "") -> None:
        super().__init__(name, label, count=4)


class Color_Knob(Knob):
    """A number for all channels, or one each."""

    KINDS, DEFAULT = (int, float, list, tuple), 0.0

    def _written(self, value: Any) -> str:
        return f"{value:g}" if isinstance(value, (int, float)) else " ".join(f"{each:g}" for each in value)

    def _read(self, script: str) -> Any:
        numbers = [float(each) for each in script.split()]
        return numbers[0] if len(numbers) == 1 else numbers


class Channel_Knob(Knob):
    """Channels or a layer: only what the script has."""

    KINDS, DEFAULT = (str,), "rgb"

    def _checked(self, value: Any) -> str:
        value = super()._checked(value)
        layers = self._node.host.layers if self._node else {}
        known = {*_COLOURS, "all", "none", *layers, *(each for layer in layers.values() for each in layer)}
        if value not in known:
            raise ValueError(f"{self._name}: no channel or layer {value!r}")
        return value


class Format_Knob(Knob):
    KINDS, DEFAULT = (Format, str), Format(640, 480, 1, "default")

    def _checked(self, value: Any) -> Format:
        value = super()._checked(value)
        if isinstance(value, Format):
            return value
        known = self._node.host.formats if self._node else {}
        if value not in known:
            raise ValueError(f"no format {value!r}")
        return known[value]

    def name(self) -> str:
        return self._name

    def _written(self, value: Format) -> str:
        return value.to_script()

    def _read(self, script: str) -> Format:
        return Format.parse(script)


class ColorSpace_Knob(Enumeration_Knob):
    """Names of the session's colour spaces. Once its node was validated, `default` and roles say what they mean."""

    def __init__(self, name: str, label: str = "") -> None:
        super().__init__(name, label, ["default"])

    def value(self) -> str:
        self._see()
        return self._shown(self._value)

    def values(self) -> list[str]:
        return [self._shown(each) for each in self._words()]

    def _shown(self, word: str) -> str:
        node = self._node
        if node is None or not node.validated:
            return word
        meaning = node.host.default_space(node) if word == "default" else node.host.roles.get(word, "")
        return f"{word} ({meaning})" if meaning else word

    def _words(self) -> list[str]:
        host = self._node.host if self._node else None
        return ["default", *(host.roles if host else ()), *(host.colour_spaces if host else ())]

    def _checked(self, value: Any) -> str:
        shown = {self._shown(each): each for each in self._words()}
        return super()._checked(shown.get(value, value))


class MultiView_Knob(Knob):
    """Views, by their names with spaces between."""

    KINDS, DEFAULT = (str,), ""

    def _checked(self, value: Any) -> str:
        for each in super()._checked(value).split():
            if self._node and each not in self._node.host.views:
                raise ValueError(f"no view {each!r}")
        return value


class Pairs_Knob(Knob):
    """Shuffle2's mappings: (from, to) channels."""

    KINDS, DEFAULT = (list, tuple), ()

    def _checked(self, value: Any) -> tuple[tuple[str, str], ...]:
        pairs: Sequence[Any] = super()._checked(value)
        for source, target in pairs:
            if not all(re.fullmatch(r"\w+\.\w+|black|white", each) for each in (source, target)):
                raise ValueError(f"{(source, target)} is no pair of channels")
        return tuple((source, target) for source, target in pairs)


class Reload_Knob(Script_Knob):
    """A Read's button: what lies on disk is looked at again."""

    def execute(self) -> None:
        self.node().forget_files()


class Name_Knob(String_Knob):
    def setValue(self, value: str) -> bool:
        self.node().setName(value, False)
        return True

    def value(self) -> str:
        return self.node().name()

    def not_default(self) -> bool:
        return False


class Link_Knob(Knob):
    """Shows another node's knob."""

    TYPE, KINDS, DEFAULT = 41, (str,), ""

    def makeLink(self, node: str, knob: str) -> None:
        self._set(f"{node}.{knob}")

    def setLink(self, link: str) -> None:
        self._set(link)

    def getLink(self) -> str:
        self._see()
        return self._value

    def getLinkedKnob(self) -> Knob | None:
        owner, _, knob = self.getLink().rpartition(".")
        parent = self.node()
        found = parent.node(owner) if hasattr(parent, "node") else None
        return found.knob(knob) if found else None

    def setValue(self, value: Any) -> bool:
        linked = self.getLinkedKnob()
        if linked is None:
            raise ValueError(f"{self._name} links to {self._value!r}, which is not there")
        return linked.setValue(value)

    def value(self) -> Any:
        linked = self.getLinkedKnob()
        return linked.value() if linked else ""

    def user_options(self) -> list[str]:
        return ["T", self._value]


def channel_names(choice: str, host: Any) -> tuple[str, ...]:
    """The channels that a Channel_Knob's word stands for."""
    if choice in _COLOURS:
        return _COLOURS[choice]
    if choice == "all":
        return tuple(each for layer in host.layers.values() for each in layer)
    if choice == "none":
        return ()
    return tuple(host.layers[choice]) if choice in host.layers else (choice,)
