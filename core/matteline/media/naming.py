"""Names of image sequences on disk: `plate.1001.exr`, `plate.####.exr`, and the files that belong together.

A frame number is the run of digits right before the extension: `plate.1001.exr`, `plate_1001.exr`,
`plate1001.exr`, `1001.exr`. A minus counts as a sign behind a separator or at the start: `plate.-0003.exr` and
`plate -003.exr` are frame -3. Behind a letter it counts as one only where the same name goes on without it:
`plate-0003.exr` is frame 3, but frame -3 beside `plate0000.exr`, as Blender writes them. User text is never used as a
glob, so any character may stand in it.
"""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from matteline.contract.errors import ReadError

IMAGE_EXTENSIONS = (".exr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".tga", ".hdr")

_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>(?:(?:(?<=[._ -])|^)-)?[0-9]+)", re.DOTALL)
# ASCII digits alone: `int` also reads those of other scripts, which no program pads frames with.
_DIGITS = re.compile("-?[0-9]+")
# Numbers to each file from which on a sequence with uneven steps is none.
_SPARSE = 20

_TOKEN = re.compile(r"#+|%(?:0?(?P<width>[0-9]+))?d")


@dataclass(frozen=True)
class NumberedName:
    """A file name taken apart: `plate.` `-0003` `.exr`."""

    prefix: str
    digits: str
    suffix: str

    @property
    def number(self) -> int:
        """The frame number."""
        return int(self.digits)

    @property
    def width(self) -> int:
        """The digits that the number is written with, its sign not counted."""
        return len(self.digits.lstrip("-"))

    @classmethod
    def parse(cls, name: str) -> NumberedName | None:
        """Take a file name apart; None when no digits stand right before its extension."""
        stem, suffix = os.path.splitext(name)
        match = _NUMBERED.fullmatch(stem)
        return cls(match["prefix"], match["number"], suffix) if match else None

    @classmethod
    def among(cls, name: str, names: Collection[str]) -> NumberedName | None:
        """Take a file name apart beside the others of its folder, which tell what a minus behind a letter means."""
        file = cls.parse(name)
        if file is None or not file.prefix.endswith("-") or len(file.prefix) < 2:
            return file
        bare = NamePattern(file.prefix[:-1], file.suffix, 1)
        is_sign = any((digits := bare.match(each)) and not digits.startswith("-") for each in names)
        return cls(bare.prefix, f"-{file.digits}", file.suffix) if is_sign else file


@dataclass(frozen=True)
class NamePattern:
    """A family of file names: `plate.####.exr`.

    Attributes:
        prefix: The text before the number.
        suffix: The text after it.
        width: Digits of the number, zeros in front; 1 where any number of digits is meant.
    """

    prefix: str
    suffix: str
    width: int

    def __str__(self) -> str:
        return f"{self.prefix}{'#' * self.width}{self.suffix}"

    @classmethod
    def parse(cls, name: str) -> NamePattern | None:
        """Read `plate.####.exr` or `plate.%04d.exr` by the last token of the name; None if it has none."""
        tokens = list(_TOKEN.finditer(name))
        if not tokens:
            return None
        # The last one, because a version such as v## may stand before it.
        token = tokens[-1]
        width = int(token["width"] or 1) if token[0].startswith("%") else len(token[0])
        return cls(name[: token.start()], name[token.end() :], width)

    @classmethod
    def around(cls, file: NumberedName) -> NamePattern:
        """Return the pattern of any padding that a file of a sequence belongs to."""
        return cls(file.prefix, file.suffix, 1)

    def name(self, number: int) -> str:
        """Return the file name of a frame: `plate.1001.exr`, `plate.-0003.exr`."""
        return f"{self.prefix}{padded(number, self.width, counts_sign=False)}{self.suffix}"

    def match(self, name: str) -> str | None:
        """Return the digits and sign that a file name has in place of the number; None if it does not fit."""
        text, prefix, suffix = _folded(name), _folded(self.prefix), _folded(self.suffix)
        end = len(text) - len(suffix)
        # Extensions in any case: cameras write .JPG beside .jpg.
        if not text.startswith(prefix) or text[max(end, 0) :].lower() != suffix.lower():
            return None
        digits = text[len(prefix) : end]
        if not _DIGITS.fullmatch(digits):
            return None
        bare = digits.lstrip("-")
        # C's %04d counts the sign as one of the four characters, most other programs do not.
        allowed = (self.width, self.width - 1) if digits.startswith("-") else (self.width,)
        # A number that outgrew its padding has more digits, and then no zero in front.
        outgrown = len(bare) > self.width and not bare.startswith("0")
        return digits if self.width == 1 or len(bare) in allowed or outgrown else None


@dataclass(frozen=True)
class SequenceFiles:
    """The files of one sequence in one folder.

    Attributes:
        folder: Where they lie; empty for the current folder.
        pattern: Their names, with the padding they really have.
        names: Frame number to file name, in ascending order.
        counts_sign: Whether a minus is one of the characters that a number is padded to, as in C.
        note: A sentence for the user where other files look as if they belonged to it.
    """

    folder: str
    pattern: NamePattern
    names: Mapping[int, str]
    counts_sign: bool = True
    note: str = ""

    def path(self, number: int) -> str:
        """Return the path of a frame that exists."""
        return os.path.join(self.folder, self.names[number])


def padded(number: int, width: int, *, counts_sign: bool) -> str:
    """Return a frame number with zeros in front: `-003` of width 4 where the sign counts, as in C, else `-0003`."""
    digits = width - 1 if counts_sign and number < 0 else width
    return f"{'-' if number < 0 else ''}{abs(number):0{max(digits, 1)}d}"


def is_image(name: str) -> bool:
    """Return whether a file name is one of an image; hidden files, temporary files and other kinds are not."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in IMAGE_EXTENSIONS


def gather_sequence(folder: str, names: Iterable[str], pattern: NamePattern) -> SequenceFiles | None:
    """Gather the files of a folder that fit a pattern; None when none does.

    Raises:
        ReadError: They do not have one padding, so that it is not sure that they are one sequence.
    """
    digits = {name: found for name in names if (found := pattern.match(name)) is not None}
    if not digits:
        return None
    files: dict[int, str] = {}
    for name in sorted(digits, key=lambda name: int(digits[name])):
        other = files.setdefault(int(digits[name]), name)
        if other != name:
            raise ReadError(
                f"Frame {int(digits[name])} of {pattern} exists twice: {other} and {name}.",
                path=os.path.join(folder, str(pattern)),
                frame=int(digits[name]),
                hint="Remove one of the two, or name the plate with one # for each digit.",
            )
    width = _common_width(folder, pattern, digits)
    negative = [text for text in digits.values() if text.startswith("-") and len(text) == width + 1]
    own = NamePattern(pattern.prefix, pattern.suffix, width)
    return SequenceFiles(folder, own, files, counts_sign=not negative)


def is_sparse(files: SequenceFiles) -> bool:
    """Return whether numbers lie so far and so unevenly apart that they rather are times of day, as of photos."""
    numbers = list(files.names)
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    return len(steps) > 1 and (numbers[-1] - numbers[0]) > _SPARSE * len(numbers)


def list_sequences(folder: str, names: Iterable[str]) -> list[SequenceFiles]:
    """List all sequences among file names, single numbered images included, by name.

    Raises:
        ReadError: One of them mixes paddings.
    """
    families: dict[tuple[str, str], list[str]] = {}
    patterns: dict[tuple[str, str], NamePattern] = {}
    for name in filter(is_image, names):
        if file := NumberedName.parse(name):
            # Names that `NamePattern.match` takes for one sequence must come into one family.
            key = (_folded(file.prefix), file.suffix.lower())
            patterns.setdefault(key, NamePattern.around(file))
            families.setdefault(key, []).append(name)
    for prefix, suffix in list(families):
        bare = (prefix.removesuffix("-"), suffix)
        # The minus is a sign where the same name goes on without it; see `NumberedName.among`.
        if bare[0] not in ("", prefix) and bare in families:
            families[bare] += families.pop((prefix, suffix))
    found = [gather_sequence(folder, families[key], patterns[key]) for key in sorted(families)]
    return [each for each in found if each]


def result_name(folder: str, prefix: str) -> str:
    """Return the name for results: the prefix without its separators, else the folder's, else `plate`."""
    return prefix.rstrip("._- ") or os.path.basename(os.path.abspath(folder)) or "plate"


def _common_width(folder: str, pattern: NamePattern, digits: Mapping[str, str]) -> int:
    """Return the width that all numbers are padded to; that of the shortest where none begins with a zero."""
    widths = {name: len(text.lstrip("-")) for name, text in digits.items()}
    padded = [name for name in widths if widths[name] > 1 and digits[name].lstrip("-").startswith("0")]
    if not padded:
        return min(widths.values())
    widest = max(padded, key=lambda name: widths[name])
    for name in widths:
        narrower = widths[widest] - widths[name]
        # By one where the sign counts as a digit, as in C.
        if narrower > 1 or (narrower == 1 and not digits[name].startswith("-")):
            raise ReadError(
                f"The frame numbers of {pattern} are padded in two ways: {widest} and {name}.",
                path=os.path.join(folder, str(pattern)),
                hint="Rename or remove the frames that do not belong, or name the plate with one # for each digit.",
            )
    return widths[widest]


def _folded(text: str) -> str:
    """Return text as file systems compare it: case as the platform has it, one form of accented letters."""
    # macOS stores accents apart from their letters, so a name that was typed differs from the same name listed.
    return unicodedata.normalize("NFC", os.path.normcase(text))
