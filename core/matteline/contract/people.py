"""People as the artist tells them apart: hints that say who is where, in words and as JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Union

from matteline.contract.errors import JobError

HINTS_VERSION = 1
MAX_NAME_LENGTH = 64

PERSON_COLOURS = {
    "red": (1.0, 0.2, 0.2),
    "green": (0.2, 0.9, 0.2),
    "blue": (0.3, 0.45, 1.0),
    "yellow": (1.0, 0.9, 0.1),
    "cyan": (0.1, 0.9, 0.9),
    "magenta": (1.0, 0.3, 0.9),
    "orange": (1.0, 0.55, 0.1),
    "white": (0.9, 0.9, 0.9),
}
"""Red, green and blue as a screen shows them, 0..1, of people in their order; from the ninth on they repeat."""

# Names become Cryptomatte objects and parts of file names. Blender cuts a list of objects at commas, reads
# <...> as a number and drops backslashes; Nuke expands * ? [ ]; file systems refuse / : and quotes; hints in
# words are separated by semicolons, and = separates a name from its mask.
_UNFIT = re.compile(r"[\x00-\x1f\x7f,;=<>\\/:*?\[\]\"'|]")

_NUMBER = r"\s*([-+]?\d+(?:\.\d+)?)\s*"
_POINT = re.compile(rf"\s*(-?\d+)\s*:{_NUMBER},{_NUMBER}:(.*)")
_BOX = re.compile(rf"\s*(-?\d+)\s*:{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}:(.*)")


def check_person_name(name: str) -> str:
    """Return a name that pickers and file systems take, without the blanks around it.

    Raises:
        JobError: It is empty, longer than `MAX_NAME_LENGTH`, or has characters that they refuse.
    """
    name = name.strip()
    unfit = _UNFIT.search(name)
    # A dot in front would hide the folder of the person's files, and `..` would lead out of it.
    if not name or unfit or len(name) > MAX_NAME_LENGTH or name.startswith("."):
        why = f"{unfit[0]!r} is not allowed in it" if unfit else "it is empty, too long, or begins with a dot"
        raise JobError(
            f"A person cannot be called {name!r}: {why}.",
            field="name",
            hint=f"Use up to {MAX_NAME_LENGTH} letters, digits, '_' and '-'.",
        )
    return name


@dataclass(frozen=True)
class PointHint:
    """A pixel that belongs to a person.

    Attributes:
        frame: Number in the plate.
        x: Column in pixels from the left border of the plate's canvas; 0.5 is the middle of the first.
        y: Row in pixels from its top.
        name: Of the person.
    """

    frame: int
    x: float
    y: float
    name: str

    def __post_init__(self) -> None:
        _check("point", self.frame, (self.x, self.y))
        # Set past the frozen dataclass, so that the name is kept as it was checked, without blanks around it.
        object.__setattr__(self, "name", check_person_name(self.name))

    @classmethod
    def parse(cls, text: str) -> PointHint:
        """Read `FRAME:X,Y:NAME`, such as `1060:812,440:anna`.

        Raises:
            JobError: The text is no such thing.
        """
        match = _POINT.fullmatch(text)
        if not match:
            raise _unreadable("point", text, "1060:812,440:anna")
        return cls(int(match[1]), float(match[2]), float(match[3]), match[4])

    @property
    def words(self) -> str:
        """The hint in the words that `parse` reads."""
        # Ten digits are far finer than a pixel, and whole numbers come without a point.
        return f"{self.frame}:{self.x:.10g},{self.y:.10g}:{self.name}"


@dataclass(frozen=True)
class BoxHint:
    """A rectangle that just holds all that is seen of a person.

    Attributes:
        frame: Number in the plate.
        x: Column of its left side in pixels from the left border of the plate's canvas.
        y: Row of its upper side in pixels from its top.
        width: In pixels.
        height: In pixels.
        name: Of the person.
    """

    frame: int
    x: float
    y: float
    width: float
    height: float
    name: str

    def __post_init__(self) -> None:
        _check("box", self.frame, (self.x, self.y, self.width, self.height))
        if self.width <= 0 or self.height <= 0:
            raise JobError(
                f"The box of {self.name} in frame {self.frame} is empty.",
                field="box",
                hint="Give its width and height in pixels.",
            )
        object.__setattr__(self, "name", check_person_name(self.name))

    @classmethod
    def parse(cls, text: str) -> BoxHint:
        """Read `FRAME:X,Y,WIDTH,HEIGHT:NAME`, such as `1060:700,120,240,820:anna`.

        Raises:
            JobError: The text is no such thing, or the box is empty.
        """
        match = _BOX.fullmatch(text)
        if not match:
            raise _unreadable("box", text, "1060:700,120,240,820:anna")
        x, y, width, height = (float(match[part]) for part in (2, 3, 4, 5))
        return cls(int(match[1]), x, y, width, height, match[6])

    @property
    def words(self) -> str:
        """The hint in the words that `parse` reads."""
        numbers = ",".join(f"{each:.10g}" for each in (self.x, self.y, self.width, self.height))
        return f"{self.frame}:{numbers}:{self.name}"


@dataclass(frozen=True)
class MaskHint:
    """A clip that shows one person white, from a roto or another tool; its frames may be few.

    Attributes:
        name: Of the person.
        path: An image, a pattern such as `roto.####.exr`, or a movie.
    """

    name: str
    path: str

    def __post_init__(self) -> None:
        if not isinstance(self.path, str) or not self.path.strip():
            raise JobError("A mask of a person has no path.", field="mask", hint="Write it as NAME=PATH.")
        object.__setattr__(self, "name", check_person_name(self.name))

    @classmethod
    def parse(cls, text: str) -> MaskHint:
        """Read `NAME=PATH`, such as `anna=roto.####.exr`.

        Raises:
            JobError: The text is no such thing.
        """
        name, equals, path = text.partition("=")
        if not equals:
            raise _unreadable("mask", text, "anna=roto.####.exr")
        return cls(name, path.strip())

    @property
    def words(self) -> str:
        """The hint in the words that `parse` reads."""
        return f"{self.name}={self.path}"


Hint = Union[PointHint, BoxHint, MaskHint]
_KINDS: dict[str, Any] = {"point": PointHint, "box": BoxHint, "mask": MaskHint}


@dataclass(frozen=True)
class PeopleHints:
    """Everything the artist said about who is where, in the order it was said."""

    hints: tuple[Hint, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hints)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order in which they first occur."""
        return tuple(dict.fromkeys(each.name for each in self.hints))

    def to_json(self) -> str:
        """The hints as one JSON object with its version."""
        listed = [
            {"kind": kind, **asdict(each)}
            for each in self.hints
            for kind, cls in _KINDS.items()
            if isinstance(each, cls)
        ]
        return json.dumps({"version": HINTS_VERSION, "hints": listed}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> PeopleHints:
        """Read what `to_json` wrote, or a person by the same rules.

        Raises:
            JobError: Not JSON, another version, an unknown kind or field, or a value that is not allowed.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _refusal(f"it is not JSON ({error})") from None
        if not isinstance(data, dict) or not isinstance(data.get("hints"), list):
            raise _refusal("it is not an object with a list of hints")
        if data.get("version") != HINTS_VERSION:
            raise _refusal(f"it has version {data.get('version')!r}, not {HINTS_VERSION}")
        return cls(tuple(_hint(number, each) for number, each in enumerate(data["hints"], 1)))

    @classmethod
    def parse(cls, text: str) -> PeopleHints:
        """Read hints in words, separated by semicolons, such as `1060:812,440:anna; ben=roto.####.exr`.

        Raises:
            JobError: One of them is neither a point, a box nor a mask.
        """
        return cls(tuple(_in_words(each) for each in text.split(";") if each.strip()))

    @property
    def words(self) -> str:
        """The hints in the words that `parse` reads."""
        return "; ".join(each.words for each in self.hints)

    @classmethod
    def of(
        cls, points: Iterable[str] = (), boxes: Iterable[str] = (), masks: Iterable[str] = ()
    ) -> PeopleHints:
        """Read hints as they are written on a command line.

        Raises:
            JobError: One of them cannot be read.
        """
        return cls(
            (
                *(PointHint.parse(each) for each in points),
                *(BoxHint.parse(each) for each in boxes),
                *(MaskHint.parse(each) for each in masks),
            )
        )


NO_HINTS = PeopleHints()


def person_names(text: str) -> tuple[str, ...]:
    """Return the names in a list such as `anna,ben`.

    Raises:
        JobError: One of them is not a name, or there is none.
    """
    return tuple(dict.fromkeys(check_person_name(each) for each in text.split(",")))


def _in_words(text: str) -> Hint:
    if _POINT.fullmatch(text):
        return PointHint.parse(text)
    if _BOX.fullmatch(text):
        return BoxHint.parse(text)
    if "=" in text:
        return MaskHint.parse(text)
    raise JobError(
        f"'{text.strip()[:80]}' is not a hint.",
        field="hints",
        hint="Write a point as 1060:812,440:anna, a box as 1060:700,120,240,820:anna, a mask as anna=roto.####.exr.",
    )


def _hint(number: int, data: Any) -> Hint:
    """One hint of a JSON file, the `number`-th."""
    if not isinstance(data, dict) or data.get("kind") not in _KINDS:
        raise _refusal(f"hint {number} is none of {', '.join(_KINDS)}")
    values = {name: value for name, value in data.items() if name != "kind"}
    try:
        hint: Hint = _KINDS[data["kind"]](**values)
    except (TypeError, AttributeError):
        raise _refusal(f"hint {number} has fields that are missing, unknown or of the wrong type") from None
    return hint


def _check(field: str, frame: object, numbers: Iterable[object]) -> None:
    whole = isinstance(frame, int) and not isinstance(frame, bool)
    if not whole or not all(_is_number(each) for each in numbers):
        raise JobError(f"A {field} of a person needs a frame number and finite numbers.", field=field)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _unreadable(field: str, text: str, example: str) -> JobError:
    return JobError(
        f"'{text.strip()}' is not a {field} of a person.", field=field, hint=f"Write it as {example}."
    )


def _refusal(why: str) -> JobError:
    return JobError(
        f"The file of people's hints cannot be read: {why}.",
        field="people",
        hint="Give a file that Matteline has written, or none.",
    )
