"""The people of a shot as its form holds them: hints, and who is kept. Values alone; nothing is drawn here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matteline.contract.errors import JobError
from matteline.contract.people import BoxHint, Hint, PeopleHints, PointHint, check_person_name
from matteline.contract.plate import Window

# The fields of the form that the tab shows and changes.
CHOSEN = ("keep", "leave_out", "hints")

State = Mapping[str, str]


@dataclass(frozen=True)
class FoundPerson:
    """Somebody whom the worker has found.

    Attributes:
        name: Of the person.
        colour: Name of the person's colour, of `PERSON_COLOURS`.
        boxes: Frame to the box round the person, in pixels of the plate's canvas.
        clearest: The frame whose box says best who is meant; None where the person is never seen.
    """

    name: str
    colour: str
    boxes: Mapping[int, Window]
    clearest: int | None = None


def people_of(message: Mapping[str, Any]) -> tuple[FoundPerson, ...]:
    """Return the people of a worker's `people` message."""
    listed = message["people"]
    boxes = [
        {int(number): Window(*map(int, box)) for number, box in each["boxes"].items()} for each in listed
    ]
    return tuple(
        FoundPerson(
            str(each["name"]), str(each["colour"]), own, _clearest(own, [*boxes[:at], *boxes[at + 1 :]])
        )
        for at, (each, own) in enumerate(zip(listed, boxes, strict=True))
    )


def _clearest(own: Mapping[int, Window], others: Sequence[Mapping[int, Window]]) -> int | None:
    """Return the frame in which a person's box meets least of others', and of those the one of the largest box."""

    def worth(number: int) -> tuple[float, int]:
        box = own[number]
        met = sum(_shared(box, each[number]) for each in others if number in each)
        size = box.width * box.height
        return -met / max(size, 1), size

    return max(own, key=worth, default=None)


def _shared(one: Window, other: Window) -> int:
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(width, 0) * max(height, 0)


def hints_in(state: State) -> list[tuple[str, tuple[Hint, ...]]]:
    """Return each hint of a form in its words, with its value; files and what cannot be read have none."""
    return list(_parsed("" if state["hints"] == "none" else state["hints"]))


def _parsed(text: str) -> Iterator[tuple[str, tuple[Hint, ...]]]:
    for words in filter(None, (each.strip() for each in text.split(";"))):
        try:
            yield words, PeopleHints.parse(words).hints
        except JobError:
            yield words, ()


def named_in(state: State) -> list[str]:
    """Return the names that hints of a form give, in their order."""
    return list(dict.fromkeys(hint.name for _, hints in hints_in(state) for hint in hints))


def as_named(state: State, people: Sequence[FoundPerson]) -> dict[str, FoundPerson]:
    """Return people by the names that a form's boxes give them meanwhile; one person for those of one name."""
    boxes = {hint: hint.name for _, hints in hints_in(state) for hint in hints if isinstance(hint, BoxHint)}
    named: dict[str, FoundPerson] = {}
    for person in people:
        name = next(
            (name for hint, name in boxes.items() if hint == _box(person, name)),
            person.name,
        )
        before = named.get(name)
        both = person.boxes if before is None else {**person.boxes, **before.boxes}
        colour = person.colour if before is None else before.colour
        named[name] = FoundPerson(name, colour, both, person.clearest)
    return named


def points_in(state: State, frame: int) -> list[PointHint]:
    """Return the points of a form's hints in a frame."""
    found = (hint for _, hints in hints_in(state) for hint in hints)
    return [hint for hint in found if isinstance(hint, PointHint) and hint.frame == frame]


def with_hints(state: State, hints: Sequence[Hint]) -> dict[str, str]:
    """Return a form's state with more hints."""
    words = [*(words for words, _ in hints_in(state)), *(hint.words for hint in hints)]
    return {**state, "hints": "; ".join(words) or "none"}


def without_hints(state: State, name: str) -> dict[str, str]:
    """Return a form's state without the hints of a person."""
    kept = [words for words, hints in hints_in(state) if not any(hint.name == name for hint in hints)]
    return {**state, "hints": "; ".join(kept) or "none"}


def renamed(state: State, old: str, new: str, found: Collection[FoundPerson]) -> dict[str, str]:
    """Return a form's state in which a person has another name.

    Args:
        state: The form.
        old: The name until now.
        new: The other name; that of somebody else makes one person of the two.
        found: Everyone who was found. Those whom no hint names get one, or they might be numbered anew.

    Raises:
        JobError: People cannot be called so.
    """
    new = check_person_name(new)
    boxes = [_box(each, each.name) for each in found if each.name not in named_in(state)]
    state = with_hints(state, [box for box in boxes if box is not None])
    parts = [
        "; ".join(replace(hint, name=new).words if hint.name == old else hint.words for hint in hints)
        or words
        for words, hints in hints_in(state)
    ]
    made = {**state, "hints": "; ".join(parts) or "none"}
    for field, all_words in (("keep", "everyone"), ("leave_out", "nobody")):
        names = [new if name == old else name for name in names_of(state[field], all_words)]
        made[field] = ",".join(dict.fromkeys(names)) or all_words
    return made


def merged(state: State, names: Sequence[str], found: Collection[FoundPerson]) -> dict[str, str]:
    """Return a form's state in which several people are one, by the name of the first; `found` as in `renamed`."""
    made = dict(state)
    for name in names[1:]:
        made = renamed(made, name, names[0], found)
    return made


def _box(found: FoundPerson, name: str) -> BoxHint | None:
    """Return a hint that gives a person a name; None where the person is never seen."""
    if found.clearest is None:
        return None
    box = found.boxes[found.clearest]
    return BoxHint(found.clearest, box.x, box.y, box.width, box.height, name)


def names_of(text: str, all_words: str) -> list[str]:
    """Return the names in the text of a field; none where it holds the words for everyone or nobody."""
    return [] if text == all_words else [name for each in text.split(",") if (name := each.strip())]


def is_kept(state: State, name: str) -> bool:
    """Tell whether a form keeps a person."""
    kept = names_of(state["keep"], "everyone")
    return (not kept or name in kept) and name not in names_of(state["leave_out"], "nobody")


def keeping(state: State, kept: Collection[str], everyone: Sequence[str]) -> dict[str, str]:
    """Return a form's state that keeps some of all people."""
    left_out = [name for name in everyone if name not in kept]
    return {**state, "keep": "everyone", "leave_out": ",".join(left_out) or "nobody"}


def free_name(taken: Collection[str]) -> str:
    """Return a name for somebody new."""
    return next(name for number in range(1, len(taken) + 2) if (name := f"person{number}") not in taken)
