"""Command-line options made from `MatteSettings`: one flag for each field, with its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import click

from matteline.contract.choices import Choice
from matteline.contract.settings import MatteSettings, choices, parse_value

Function = TypeVar("Function", bound=Callable[..., Any])


def settings_options(function: Function) -> Function:
    """Decorate a command with a flag for every field of `MatteSettings`."""
    for name, choice in reversed(choices().items()):
        function = _option(name, choice)(function)
    return function


def settings_from(values: dict[str, Any]) -> MatteSettings:
    """Take the settings out of a command's values; flags not given keep their defaults.

    Raises:
        JobError: A value that is not allowed.
    """
    typed = {name: values.pop(name) for name in choices()}
    return MatteSettings(
        **{name: parse_value(name, text) for name, text in typed.items() if text is not None}
    )


def _option(name: str, choice: Choice) -> Callable[[Function], Function]:
    return click.option(
        flag(name), name, default=None, metavar=_metavar(choice), help=f"{choice.help} [{_default(name)}]"
    )


def flag(name: str) -> str:
    """The flag of a settings field."""
    return f"--{name.replace('_', '-')}"


def _metavar(choice: Choice) -> str:
    number = {"number": ("N",), "count": ("N",)}.get(choice.kind, ())
    if choice.kind == "text":
        return "|".join(choice.options).upper() if len(choice.options) == 1 else "|".join(choice.options)
    return ("," if choice.kind == "choices" else "|").join((*choice.options, *number))


def _default(name: str) -> str:
    default = next(each.default for each in fields(MatteSettings) if each.name == name)
    return ",".join(default) if isinstance(default, tuple) else str(default)
