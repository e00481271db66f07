"""The presentation and the checks of one setting: flags, properties, knobs and widgets are generated from it."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import Any, Optional

from matteline.contract.errors import JobError

AFFECTS = ("network", "matte", "file", "nothing")


@dataclass(frozen=True)
class Choice:
    """The presentation of one field of a settings dataclass at every door.

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
        affects: The first thing that another value changes: `network` (the recurrent state, and all after
            it), `matte` (alpha or foreground made from the network's result), `file` (how the same pixels are
            stored) or `nothing` of a frame's files. The recipe that tells whether two frames belong together
            is made from it. Empty only where no frame is made, as for a farm's settings.
    """

    label: str
    help: str
    kind: str
    options: tuple[str, ...] = ()
    unit: str = ""
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    group: str = "matte"
    affects: str = ""


def setting(default: Any, **words: Any) -> Any:
    """Return a field of a settings dataclass: its default, and the words of its `Choice`."""
    return field(default=default, metadata={"choice": Choice(**words)})


def choices_of(kind: type[Any]) -> dict[str, Choice]:
    """Map field names to presentations, in the order doors show them; fields without one are left out."""
    return {each.name: each.metadata["choice"] for each in fields(kind) if "choice" in each.metadata}


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
        # An int of thousands of digits is a ValueError too; its text must not fill the message.
        raise JobError(
            f"{choice.label} cannot be '{word[:40]}'.", field=name, hint=_numbers_allowed(choice)
        ) from None


def check_values(settings: Any) -> None:
    """Check every field of a settings dataclass that has a `Choice` against it.

    Raises:
        JobError: A value is not allowed; `field` says which.
    """
    for each in fields(settings):
        if "choice" in each.metadata:
            _check(each, getattr(settings, each.name))


def _check(each: Field[Any], value: Any) -> None:
    choice: Choice = each.metadata["choice"]
    if not _allowed(choice, value):
        numbers = choice.kind in ("number", "count")
        hint = _numbers_allowed(choice) if numbers else one_of(choice.options)
        raise JobError(f"{choice.label} cannot be {value!r:.80}.", field=each.name, hint=hint)


def _allowed(choice: Choice, value: Any) -> bool:
    if choice.kind in ("text", "path"):
        return isinstance(value, str) and bool(value)
    if choice.kind == "choice":
        return value in choice.options
    if choice.kind == "choices":
        return isinstance(value, tuple) and all(word in choice.options for word in value)
    if isinstance(value, str):
        return value in choice.options
    # Python counts True as a number.
    if isinstance(value, bool) or not isinstance(value, int if choice.kind == "count" else (int, float)):
        return False
    # First the type, then the bounds: comparing a text with a number would be an error of another kind.
    above = choice.minimum is None or value >= choice.minimum
    return above and (choice.maximum is None or value <= choice.maximum)


def _numbers_allowed(choice: Choice) -> str:
    kind = "a whole number" if choice.kind == "count" else "a number"
    words = f"{', '.join(choice.options)} or " if choice.options else ""
    return f"Give {words}{kind} from {choice.minimum:g} to {choice.maximum:g}."


def one_of(words: tuple[str, ...]) -> str:
    """Return the hint that lists the allowed words."""
    return f"Choose from: {', '.join(words)}."
