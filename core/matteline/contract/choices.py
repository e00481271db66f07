"""How a setting is presented and checked: what flags, properties, knobs and widgets are generated from."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import Any, Optional

from matteline.contract.errors import JobError


@dataclass(frozen=True)
class Choice:
    """How a door presents one field of a settings dataclass.

    Attributes:
        label: What an artist reads beside the control.
        help: One or two sentences for tooltip and `--help`.
        kind: `choice`, `choices` (several, ordered), `number`, `count`, `text` or `path`. Text and paths may
            be any word beside the options.
        options: The words allowed; for numbers, the words allowed beside a number, such as `auto`.
        unit: What a number counts, empty where it has none.
        minimum: The least number allowed.
        maximum: The greatest number allowed.
        group: The heading it stands under, such as `matte` or `output`.
    """

    label: str
    help: str
    kind: str
    options: tuple[str, ...] = ()
    unit: str = ""
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    group: str = "matte"


def setting(default: Any, **words: Any) -> Any:
    """A field of a settings dataclass: its default, and the words of its `Choice`."""
    return field(default=default, metadata={"choice": Choice(**words)})


def choices_of(kind: type[Any]) -> dict[str, Choice]:
    """Field name to presentation for a settings dataclass, in the order doors show them."""
    return {each.name: each.metadata["choice"] for each in fields(kind)}


def parse_text(name: str, choice: Choice, text: str) -> Any:
    """Turn what a user typed for a field into the field's own type.

    Raises:
        JobError: The text is not of the field's kind. Bounds are checked by `check_values`.
    """
    word = text.strip()
    if choice.kind == "choices":
        return tuple(part.strip() for part in word.split(",") if part.strip())
    if choice.kind not in ("number", "count") or word in choice.options:
        return word
    try:
        return int(word) if choice.kind == "count" else float(word)
    except ValueError:
        raise JobError(
            f"{choice.label} cannot be '{word}'.", field=name, hint=_numbers_allowed(choice)
        ) from None


def check_values(settings: Any) -> None:
    """Hold every field of a settings dataclass against its `Choice`.

    Raises:
        JobError: A value is not allowed; `field` says which.
    """
    for each in fields(settings):
        _check(each, getattr(settings, each.name))


def _check(each: Field[Any], value: Any) -> None:
    choice: Choice = each.metadata["choice"]
    if not _allowed(choice, value):
        raise JobError(f"{choice.label} cannot be {value!r}.", field=each.name, hint=_allowed_words(choice))


def _allowed(choice: Choice, value: Any) -> bool:
    if choice.kind in ("text", "path"):
        return isinstance(value, str) and bool(value)
    if choice.kind == "choice":
        return value in choice.options
    if choice.kind == "choices":
        return isinstance(value, tuple) and all(word in choice.options for word in value)
    if isinstance(value, str):
        return value in choice.options
    return _is_number(choice, value) and _within(choice, value)


def _is_number(choice: Choice, value: Any) -> bool:
    wanted = int if choice.kind == "count" else (int, float)
    return isinstance(value, wanted) and not isinstance(value, bool)


def _within(choice: Choice, value: float) -> bool:
    above = choice.minimum is None or value >= choice.minimum
    return above and (choice.maximum is None or value <= choice.maximum)


def _allowed_words(choice: Choice) -> str:
    return _numbers_allowed(choice) if choice.kind in ("number", "count") else one_of(choice.options)


def _numbers_allowed(choice: Choice) -> str:
    kind = "a whole number" if choice.kind == "count" else "a number"
    words = f"{', '.join(choice.options)} or " if choice.options else ""
    return f"Give {words}{kind} from {choice.minimum:g} to {choice.maximum:g}."


def one_of(words: tuple[str, ...]) -> str:
    """The hint that lists what is allowed."""
    return f"Choose from: {', '.join(words)}."
