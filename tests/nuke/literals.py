"""What the plug-in says to Nuke by name, and where that is known from: `python -m tests.nuke.literals`.

Names of the module (`nuke.execute`), classes, knobs and words of enumerations are gathered from the plug-in's
source. For each the section of the fact sheet is named that has it, else the published stubs.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import SHARED
from tests.nuke.fake.catalogue import CLASSES, EVERY_NODE, EXR_WRITER
from tests.nuke.fake.kinds import Enumeration_Knob
from tests.nuke.fake.picture import RGBA

TABLE = Path(__file__).with_name("LITERALS.md")
FACTS = SHARED / "reference" / "nuke.md"
REVIEW = SHARED / "reference" / "review" / "nuke.md"
PLUGIN = Path(__file__).resolve().parents[2] / "nuke_plugin"
UNPROVEN = "nothing at hand: common knowledge"
_PREFERRED = (
    "2.12",
    "2.4",
    "2.3",
    "2.6",
    "2.2",
    "2.5",
    "2.10",
    "2.9",
    "2.7",
    "2.8",
    "2.11",
    "3.3",
    "Appendix A",
)
_HEADING = re.compile(r"#{2,3} (Appendix \w|[\d.]+\d|\d+)")


def literals(folder: Path) -> dict[str, str]:
    """Each name that the plug-in uses, to what it is: `module`, `class`, `knob` or `word`."""
    found: dict[str, str] = {}
    known = _catalogue()
    for path in sorted(folder.rglob("*.py")):
        if "contract" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found.update(_of_module(node))
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for word in _words_of(node.value):
                    if word in known:
                        found.setdefault(word, known[word])
    return dict(sorted(found.items(), key=lambda each: (each[1], each[0])))


def _words_of(text: str) -> Iterator[str]:
    """The text itself; of a script's text every class, knob and value."""
    yield text
    if "\n" in text:
        for line in text.splitlines():
            knob, _, value = line.strip(" {}").partition(" ")
            yield from (knob, value.strip('"'))


def _of_module(node: ast.AST) -> Iterator[tuple[str, str]]:
    if not isinstance(node, ast.Attribute):
        return
    owner = node.value
    if isinstance(owner, ast.Name) and owner.id == "nuke":
        yield f"nuke.{node.attr}", "module"
    is_nodes = isinstance(owner, ast.Attribute) and owner.attr == "nodes"
    if is_nodes and isinstance(owner.value, ast.Name) and owner.value.id == "nuke":  # type: ignore[attr-defined]
        yield node.attr, "class"


def _catalogue() -> dict[str, str]:
    """Every class, knob and word that the stand-in has."""
    known = dict.fromkeys(CLASSES, "class")
    known.update(dict.fromkeys(RGBA, "word"))
    for knobs in (EVERY_NODE, EXR_WRITER, *(each.knobs for each in CLASSES.values())):
        for name, make in knobs.items():
            known.setdefault(name, "knob")
            knob = make(name)
            if type(knob) is Enumeration_Knob:
                known.update({word: "word" for word in knob.values() if word.strip() and word not in known})
    return known


def sections(text: str) -> dict[str, str]:
    """Section number to text."""
    found: dict[str, str] = {}
    current = ""
    for line in text.splitlines():
        match = _HEADING.match(line)
        current = match[1] if match else current
        found[current] = found.get(current, "") + line + "\n"
    return found


def evidence(literal: str, facts: dict[str, str], stubs: str) -> str:
    """Where a name is known from; empty where it is not."""
    word = literal.removeprefix("nuke.")
    if word == literal:
        return _section(rf"(?<![\w.]){re.escape(word)}(?!\w)", facts)
    found = _section(rf"nuke\.{re.escape(word)}(?!\w)", facts)
    if not found and re.search("[A-Z_]", word):
        found = _section(rf"(?<!\w){re.escape(word)}(?!\w)", facts)
    if not found and re.search(
        rf"(?:def|class) {re.escape(word)}\b|^{re.escape(word)}:", stubs, re.MULTILINE
    ):
        found = "types-nuke"
    return found


def _section(shape: str, facts: dict[str, str]) -> str:
    hits = (each for each in (*_PREFERRED, *facts) if re.search(shape, facts.get(each, "")))
    section = next(hits, "")
    return f"{'' if section == 'review' else 'nuke.md '}{section}" if section else ""


def stubs() -> str:
    """The text of types-nuke; empty where it is not installed."""
    places = [Path(each) / "nuke-stubs" for each in sys.path]
    files = [file for place in places if place.is_dir() for file in sorted(place.glob("*.pyi"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def known_sections() -> dict[str, str]:
    """Both pages of facts: the sheet by its sections, and the review of the plug-in as one more."""
    return {**sections(FACTS.read_text(encoding="utf-8")), "review": REVIEW.read_text(encoding="utf-8")}


def table(folder: Path, known: dict[str, str]) -> str:
    """The list as Markdown."""
    published = stubs()
    lines = [
        "# What the plug-in says to Nuke by name",
        "",
        "Made by `python -m tests.nuke.literals`; the sections are those of the fact sheet nuke.md.",
        "",
        "| name | is a | known from |",
        "|---|---|---|",
    ]
    for literal, kind in literals(folder).items():
        lines.append(f"| `{literal}` | {kind} | {evidence(literal, known, published) or UNPROVEN} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(PLUGIN, known_sections()), encoding="utf-8")
