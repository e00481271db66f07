#!/usr/bin/env python3
"""Measure how the code is written, and print it beside the projects that it is modelled on.

    python scripts/measure_code.py                     the table
    python scripts/measure_code.py --list called-once  every place behind one figure
    python scripts/measure_code.py --source httpx      the same of other code

Standard library only; nothing that is measured is imported. The figures of the other projects, in `ANCHORS`,
were taken by the same rules.
"""

from __future__ import annotations

import argparse
import ast
import io
import statistics
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = [ROOT / "core", ROOT / "blender_addon", ROOT / "nuke_plugin"]
TESTS = [ROOT / "tests"]

# "What it costs": a clause stands where a reader looks for a verb or a noun.
CLAUSE_WORDS = frozenset(
    [
        "What",
        "Whether",
        "How",
        "That",
        "Which",
        "Who",
        "Whose",
        "Where",
        "When",
        "Why",
        "If",
        "Of",
        "As",
        "So",
    ]
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Anchor:
    """Figures of another project's code.

    Attributes:
        name: The project.
        dated: Year and month of the code that was measured.
        files: Number of source files.
        lines: Lines in them, blank ones and comments included.
        lengths: Median, 90th percentile and maximum of a function's lines.
        called_once: Private functions called once, in per cent of all functions.
        comments: Comments per 100 lines.
        tests: Lines of tests per line of source.
        clauses: Docstrings that open with a clause, in per cent.
    """

    name: str
    dated: str
    files: int
    lines: int
    lengths: tuple[int, int, int]
    called_once: int
    comments: float
    tests: float
    clauses: int


ANCHORS = (
    Anchor("spandrel", "2026-02", 14, 1_869, (4, 37, 68), 3, 4.1, 2.95, 0),
    Anchor("ome-writers", "2026-04", 22, 7_611, (8, 36, 121), 19, 8.4, 0.89, 1),
    Anchor("openjd-sessions", "2024-03", 22, 4_856, (12, 49, 156), 22, 13.6, 1.60, 3),
    Anchor("httpx", "2025-12", 23, 8_827, (6, 31, 133), 5, 5.1, 1.01, 1),
)


@dataclass
class Measures:
    """Figures of a tree of Python files, and the places that they come from.

    Attributes:
        files: Number of files.
        lines: All lines: code, comments, docstrings and blank ones.
        lengths: Lines of each function or method from `def`, without decorators, to its end, less its
            docstring. A function inside another counts for itself and within the outer one.
        called_once: Private functions and methods (one leading underscore) whose name stands once in their
            own file besides the `def`: called, or handed over as a value.
        comments: Comment tokens. A comment of three lines is three; a docstring is none.
        docstrings: Docstrings of modules, classes and functions.
        clauses: Those of them whose first word is one of `CLAUSE_WORDS`.
        classes: Class name to the files that define one of this name.
    """

    files: int = 0
    lines: int = 0
    lengths: list[int] = field(default_factory=list)
    called_once: list[str] = field(default_factory=list)
    comments: int = 0
    docstrings: int = 0
    clauses: list[str] = field(default_factory=list)
    classes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def length_summary(self) -> str:
        """Median, 90th percentile and maximum of the functions' lengths."""
        ordered = sorted(self.lengths)
        return f"{statistics.median(ordered):.0f}·{ordered[len(ordered) * 9 // 10]}·{ordered[-1]}"

    @property
    def shared_classes(self) -> dict[str, set[str]]:
        """Classes whose name is defined in more than one file."""
        return {name: files for name, files in sorted(self.classes.items()) if len(files) > 1}


def measure(paths: Iterable[Path]) -> Measures:
    """Measure Python files.

    Raises:
        SyntaxError: A file is no Python that this interpreter reads.
    """
    found = Measures()
    for path in paths:
        source = path.read_text(encoding="utf-8")
        found.files += 1
        found.lines += len(source.splitlines())
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        found.comments += sum(token.type == tokenize.COMMENT for token in tokens)
        _measure_tree(ast.parse(source, str(path)), _shown(path), found)
    return found


def _measure_tree(tree: ast.Module, file: str, found: Measures) -> None:
    uses = Counter(
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found.classes[node.name].add(file)
        if isinstance(node, Function):
            found.lengths.append(_length(node))
            if _is_private(node.name) and uses[node.name] == 1:
                found.called_once.append(f"{file}:{node.lineno} {node.name} ({found.lengths[-1]} lines)")
        if isinstance(node, ast.Module | ast.ClassDef | Function) and (text := ast.get_docstring(node)):
            found.docstrings += 1
            if text.split(maxsplit=1)[0].strip(",.:;") in CLAUSE_WORDS:
                line = getattr(node, "lineno", 1)
                found.clauses.append(f"{file}:{line} {text.splitlines()[0]}")


def _length(function: Function) -> int:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


def python_files(*folders: Path) -> list[Path]:
    """List the Python files below folders, in a steady order."""
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def table(ours: Measures, tests: Measures) -> Iterator[str]:
    """Yield the lines of a Markdown table, ours first. No class name of the others is in several files."""
    yield (
        "| | files/lines | function median·p90·max | private functions called once | comments per 100 lines"
        " | tests : source | docstrings that open with a clause | class names in several files |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    once = 100 * len(ours.called_once) / len(ours.lengths)
    clauses = 100 * len(ours.clauses) / max(ours.docstrings, 1)
    yield (
        f"| measured | {ours.files} / {ours.lines:,} | {ours.length_summary} | {once:.0f} %"
        f" | {100 * ours.comments / ours.lines:.1f} | {tests.lines / ours.lines:.2f} | {clauses:.0f} %"
        f" | {len(ours.shared_classes)} |"
    )
    for each in ANCHORS:
        lengths = "·".join(map(str, each.lengths))
        yield (
            f"| {each.name} ({each.dated}) | {each.files} / {each.lines:,} | {lengths}"
            f" | {each.called_once} % | {each.comments:.1f} | {each.tests:.2f} | {each.clauses} % | 0 |"
        )


def places(ours: Measures, which: str) -> list[str]:
    """List the places behind one figure."""
    if which == "classes":
        return [f"{name}: {', '.join(sorted(files))}" for name, files in ours.shared_classes.items()]
    return ours.called_once if which == "called-once" else ours.clauses


def main() -> None:
    """Print the table, or one list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--list", choices=("called-once", "clauses", "classes"), help="show the places of one figure"
    )
    parser.add_argument(
        "--source", nargs="+", type=Path, default=SOURCE, help="measure these folders instead"
    )
    parser.add_argument("--tests", nargs="+", type=Path, default=TESTS, help="with tests in these")
    chosen = parser.parse_args()
    ours = measure(python_files(*chosen.source))
    if not ours.lengths:
        sys.exit("There is no Python function in these folders.")
    if chosen.list:
        print(*places(ours, chosen.list), sep="\n")
    else:
        print(*table(ours, measure(python_files(*chosen.tests))), sep="\n")


if __name__ == "__main__":
    main()
