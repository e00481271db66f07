"""Knobs for the fields of a settings dataclass, made from each field's label, unit, bounds and words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nuke

from .contract.choices import Choice
from .names import NUMBER, knob_name, number_name, word_name


def knobs_of(name: str, choice: Choice, default: Any) -> Iterable[nuke.Knob]:
    """Yield the knobs of a field: one, or one for each word, or a word and a number beside it."""
    if choice.kind == "choices":
        for index, word in enumerate(choice.options):
            label = word if index else f"{choice.label}: {word}"
            knob = with_value(nuke.Boolean_Knob(word_name(name, word), label), word in default)
            # The check boxes of one field share a line, which the first one begins.
            if index == 0:
                knob.setFlag(nuke.STARTLINE)
            yield with_help(knob, choice.help)
    elif choice.kind in ("number", "count"):
        yield from _number_knobs(name, choice, default)
    elif choice.kind == "choice":
        words = nuke.Enumeration_Knob(knob_name(name), choice.label, list(choice.options))
        yield with_help(with_value(words, default), choice.help)
    elif choice.kind == "path":
        path = nuke.File_Knob(knob_name(name), choice.label)
        yield with_help(with_value(path, default), choice.help)
    else:
        text = nuke.String_Knob(knob_name(name), choice.label)
        suggestions = f" Words: {', '.join(choice.options)}." if choice.options else ""
        yield with_help(with_value(text, default), choice.help + suggestions)


def with_help(knob: nuke.Knob, help: str) -> nuke.Knob:
    """Give a knob its tooltip; return the knob."""
    knob.setTooltip(help)
    return knob


def on_same_line(knob: nuke.Knob) -> nuke.Knob:
    """Put a knob on the line of the one before it; return the knob."""
    knob.clearFlag(nuke.STARTLINE)
    return knob


def with_value(knob: Any, value: Any) -> nuke.Knob:
    """Give a knob its value; return the knob."""
    knob.setValue(value)
    made: nuke.Knob = knob
    return made


def _number_knobs(name: str, choice: Choice, default: Any) -> Iterable[nuke.Knob]:
    if not choice.options:
        label = f"{choice.label} ({choice.unit})" if choice.unit else choice.label
        yield with_help(with_value(_digits_knob(knob_name(name), label, choice), default), choice.help)
        return
    words = nuke.Enumeration_Knob(knob_name(name), choice.label, [*choice.options, NUMBER])
    yield with_help(with_value(words, default if isinstance(default, str) else NUMBER), choice.help)
    # Beside a word the number begins at its least.
    least = choice.minimum if isinstance(default, str) else default
    python_type = int if choice.kind == "count" else float
    digits = _digits_knob(number_name(name), choice.unit or NUMBER, choice)
    number = with_value(digits, python_type(least or 0))
    yield on_same_line(with_help(number, f"Counts where {choice.label} is '{NUMBER}'. {choice.help}"))


def _digits_knob(name: str, label: str, choice: Choice) -> nuke.Knob:
    if choice.kind == "count":
        return nuke.Int_Knob(name, label)
    knob = nuke.Double_Knob(name, label)
    knob.setRange(choice.minimum, choice.maximum)
    return knob
