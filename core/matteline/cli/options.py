"""Command-line options made from settings: one flag for each field, with its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final, TypeVar

import click

from matteline.contract.choices import Choice, choices_of, parse_text
from matteline.contract.errors import JobError, MattelineError
from matteline.contract.people import PeopleHints
from matteline.contract.settings import MatteSettings

# Flags that are not named after their setting.
_FLAGS: Final = {
    "existing=resume": "--resume",
    "existing=update": "--update",
    "existing=overwrite": "--overwrite",
    "output": "-o",
    "leave_out": "--not",
    "people_as": "--people",
}

_HINTS: Final = (
    ("point", "FRAME:X,Y:NAME", "A pixel of the person NAME; may be given several times."),
    ("box", "FRAME:X,Y,W,H:NAME", "A box that just holds the person NAME; may be given several times."),
    (
        "mask",
        "NAME=PATH",
        "Pictures that show the person NAME white, in any frames; may be given several times.",
    ),
)
"""Kinds of hints with flags of their own; they are added to those of --hints."""

Function = TypeVar("Function", bound=Callable[..., Any])
Settings = TypeVar("Settings")


def settings_options(function: Function) -> Function:
    """Decorate a command with a flag for every field of `MatteSettings`, and one for each kind of hint."""
    for name, metavar, words in reversed(_HINTS):
        function = click.option(f"--{name}", f"{name}_hints", multiple=True, metavar=metavar, help=words)(
            function
        )
    return options_of(MatteSettings)(function)


def settings_from(values: dict[str, Any]) -> MatteSettings:
    """Take the settings out of a command's values; flags not given keep their defaults.

    Raises:
        JobError: A value that is not allowed.
    """
    said = PeopleHints.of(*(values.pop(f"{name}_hints", ()) for name, _, _ in _HINTS))
    if said:
        given = values.get("hints")
        values["hints"] = "; ".join([given, said.words] if given and given != "none" else [said.words])
    return taken_from(values, MatteSettings)


def options_of(kind: type[Any]) -> Callable[[Function], Function]:
    """Return a decorator that gives a command a flag for every field of a settings dataclass."""

    def decorate(function: Function) -> Function:
        # Decorators apply from the inside out, so the last field is added first to keep the order in `--help`.
        for each in reversed(fields(kind)):
            function = _option(each.name, choices_of(kind)[each.name], each.default)(function)
        return function

    return decorate


def some_settings_options(*names: str) -> Callable[[Function], Function]:
    """Return a decorator that gives a command the flags of these fields of `MatteSettings`."""

    def decorate(function: Function) -> Function:
        defaults = MatteSettings()
        for name in reversed(names):
            function = _option(name, choices_of(MatteSettings)[name], getattr(defaults, name))(function)
        return function

    return decorate


def taken_from(values: dict[str, Any], kind: type[Settings]) -> Settings:
    """Do as `settings_from`, for any settings dataclass and for commands with some of its flags."""
    typed = {name: (choice, values.pop(name, None)) for name, choice in choices_of(kind).items()}
    return kind(
        **{name: parse_text(name, choice, text) for name, (choice, text) in typed.items() if text is not None}
    )


def _option(name: str, choice: Choice, default: Any) -> Callable[[Function], Function]:
    return click.option(
        # None tells a flag that was not given from one that repeats the default, which `--stock` depends on.
        flag(name),
        name,
        default=None,
        metavar=_metavar(choice),
        help=f"{choice.help} [{_said(default)}]",
    )


def flag(setting: str) -> str:
    """Return the flag of a setting, given as `name` or `name=value`; for `fetch=NETWORK` the command that does it."""
    if setting in _FLAGS:
        return _FLAGS[setting]
    name, _, value = setting.partition("=")
    if name == "fetch":
        return f"matteline weights fetch {value}"
    return f"--{name.replace('_', '-')} {value}".rstrip()


def _metavar(choice: Choice) -> str:
    if choice.kind == "choices":
        return ",".join(choice.options)
    free = {"number": ("N",), "count": ("N",), "text": ("NAME",), "path": ("PATH",)}.get(choice.kind, ())
    return "|".join((*choice.options, *free))


def _said(default: Any) -> str:
    return ",".join(default) if isinstance(default, tuple) else str(default)


def size_from(text: str) -> tuple[int, int]:
    """Return width and height in pixels of a size as users type it, such as 960x540.

    Raises:
        JobError: It is no size, or one that no frame has.
    """
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and 64 <= int(width) <= 8192 and 64 <= int(height) <= 8192):
        hint = "Give width and height from 64 to 8192, as 960x540."
        raise JobError(f"'{text[:40]}' is not a size.", field="size", hint=hint)
    return int(width), int(height)


def show_error(error: MattelineError) -> None:
    """Print an error as its sentence, and its hint below."""
    click.echo(f"Error: {error.message}", err=True)
    if error.hint:
        click.echo(f"       {hint_with_flags(error)}", err=True)


def hint_with_flags(error: MattelineError) -> str:
    """Return an error's hint with the flags and commands that it is about; empty where there is none."""
    flags = f"({', '.join(map(flag, error.settings))})" if error.settings else ""
    return f"{error.hint} {flags}".rstrip() if error.hint else ""


def with_fetch_command(advice: str) -> str:
    """Return a network's advice with the command that fetches the official one; empty where there is none."""
    from matteline.matting.weights.registry import OFFICIAL_NETWORKS

    return f"{advice} ({flag(f'fetch={OFFICIAL_NETWORKS[0].name}')})" if advice else ""
