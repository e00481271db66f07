"""The people of a shot as its form holds them: hints, and who is kept. Values alone; nothing is drawn here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matteline.contract.errors import JobError
from matteline.contract.people import BoxHint, Hint, PeopleHints, PointHint, check_person_name
from matteline.contract.plate import Window

# The fields of the form that the tab changes, with what they hold while everyone is kept and nothing is said.
NOTHING_CHOSEN = {"keep": "everyone", "leave_out": "nobody", "hints": "none"}

State = Mapping[str, str]


@dataclass(frozen=True)
class FoundPerson:
    """Somebody whom the worker has found.

    Attributes:
        name: Of the person.
        colour: Name of the person's colour, of `PERSON_COLOURS`.
        boxes: Frame to the box round the person, in pixels of the plate's canvas.
    """

    name: str
    colour: str
    boxes: Mapping[int, Window]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> FoundPerson:
        """Return a person as a `people` message has them."""
        boxes = {int(number): Window(*map(int, box)) for number, box in data["boxes"].items()}
        return cls(str(data["name"]), str(data["colour"]), boxes)

    @property
    def largest(self) -> tuple[int, Window] | None:
        """The frame in which the person's box is largest, and that box; None where the person is never seen."""
        return max(self.boxes.items(), key=lambda each: each[1].width * each[1].height, default=None)


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
            (name for hint, name in boxes.items() if person.largest and hint == _box(person, name)),
            person.name,
        )
        before = named.get(name)
        both = person.boxes if before is None else {**person.boxes, **before.boxes}
        named[name] = FoundPerson(name, person.colour if before is None else before.colour, both)
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


def renamed(state: State, old: str, new: str, found: FoundPerson | None) -> dict[str, str]:
    """Return a form's state in which a person has another name.

    Args:
        state: The form.
        old: The name until now.
        new: The other name; that of somebody else makes one person of the two.
        found: The person as found, who gets a hint by this name where no hint has named the person yet.

    Raises:
        JobError: People cannot be called so.
    """
    new = check_person_name(new)
    parts = [
        "; ".join(replace(hint, name=new).words if hint.name == old else hint.words for hint in hints)
        or words
        for words, hints in hints_in(state)
    ]
    made = {**state, "hints": "; ".join(parts) or "none"}
    if old not in named_in(state) and found is not None and found.largest is not None:
        made = with_hints(made, [_box(found, new)])
    for field, all_words in (("keep", "everyone"), ("leave_out", "nobody")):
        names = [new if name == old else name for name in names_of(state[field], all_words)]
        made[field] = ",".join(dict.fromkeys(names)) or all_words
    return made


def merged(state: State, people: Sequence[FoundPerson]) -> dict[str, str]:
    """Return a form's state in which several people are one, by the name of the first."""
    first, *others = people
    made = dict(state)
    if first.name not in named_in(state) and first.largest is not None:
        made = with_hints(made, [_box(first, first.name)])
    for each in others:
        made = renamed(made, each.name, first.name, each)
    return made


def _box(found: FoundPerson, name: str) -> BoxHint:
    assert found.largest is not None
    frame, box = found.largest
    return BoxHint(frame, box.x, box.y, box.width, box.height, name)


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
