"""Knobs for one choice of the contract: its label, unit, bounds and words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

import nuke

from .contract.choices import Choice
from .names import NUMBER, knob_name, number_name, word_name


def knobs_of(name: str, choice: Choice, default: Any) -> Iterable[nuke.Knob]:
    """The knobs of a field: one, or one for each word, or a word and a number beside it."""
    return _KNOBS[choice.kind](name, choice, default)


def helped(knob: nuke.Knob, help: str) -> nuke.Knob:
    """The knob, with its tooltip."""
    knob.setTooltip(help)
    return knob


def beside(knob: nuke.Knob) -> nuke.Knob:
    """The knob, on the line of the one before it."""
    knob.clearFlag(nuke.STARTLINE)
    return knob


def holding(knob: Any, value: Any) -> nuke.Knob:
    """The knob, with its value."""
    knob.setValue(value)
    made: nuke.Knob = knob
    return made


def _label(choice: Choice) -> str:
    return f"{choice.label} ({choice.unit})" if choice.unit else choice.label


def _choice(name: str, choice: Choice, default: Any) -> Iterable[nuke.Knob]:
    knob = nuke.Enumeration_Knob(knob_name(name), choice.label, list(choice.options))
    yield helped(holding(knob, default), choice.help)


def _choices(name: str, choice: Choice, default: Any) -> Iterable[nuke.Knob]:
    for index, word in enumerate(choice.options):
        label = word if index else f"{choice.label}: {word}"
        knob = holding(nuke.Boolean_Knob(word_name(name, word), label), word in default)
        if index == 0:
            knob.setFlag(nuke.STARTLINE)
        yield helped(knob, choice.help)


def _text(name: str, choice: Choice, default: Any) -> Iterable[nuke.Knob]:
    knob = nuke.String_Knob(knob_name(name), choice.label)
    words = f" Words: {', '.join(choice.options)}." if choice.options else ""
    yield helped(holding(knob, default), choice.help + words)


def _path(name: str, choice: Choice, default: Any) -> Iterable[nuke.Knob]:
    yield helped(holding(nuke.File_Knob(knob_name(name), choice.label), default), choice.help)


def _number(name: str, choice: Choice, default: Any) -> Iterable[nuke.Knob]:
    if not choice.options:
        yield helped(holding(_digits(knob_name(name), _label(choice), choice), default), choice.help)
        return
    words = nuke.Enumeration_Knob(knob_name(name), choice.label, [*choice.options, NUMBER])
    yield helped(holding(words, default if isinstance(default, str) else NUMBER), choice.help)
    least = choice.minimum if isinstance(default, str) else default
    whole = int if choice.kind == "count" else float
    number = holding(_digits(number_name(name), choice.unit or NUMBER, choice), whole(least or 0))
    yield beside(helped(number, f"Counts where {choice.label} is '{NUMBER}'. {choice.help}"))


def _digits(name: str, label: str, choice: Choice) -> nuke.Knob:
    if choice.kind == "count":
        return nuke.Int_Knob(name, label)
    knob = nuke.Double_Knob(name, label)
    knob.setRange(choice.minimum, choice.maximum)
    return knob


_Maker = Callable[[str, Choice, Any], Iterable[nuke.Knob]]
_KNOBS: dict[str, _Maker] = {
    "choice": _choice,
    "choices": _choices,
    "text": _text,
    "path": _path,
    "number": _number,
    "count": _number,
}
