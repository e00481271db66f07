"""Sentences that reach artists in Blender and Nuke name no commands and no flags of a terminal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from matteline.cli.main import cli

ROOT = Path(__file__).parents[1]
BELOW_THE_COMMAND = (
    *(f"core/matteline/{room}" for room in ("colour", "contract", "engine", "farm", "matting", "media")),
    *(f"core/matteline/{room}" for room in ("people", "worker")),
    "blender_addon",
    "nuke_plugin/matteline_nuke",
)
# The worker is spoken of: it is a program's name, too.
COMMANDS = [name for name in cli.list_commands(click.Context(cli)) if name != "worker"]
COMMAND = re.compile(rf"\bmatteline ({'|'.join(COMMANDS)})\b|(?<![\w-])--[a-z]", re.ASCII)
MODULES = [path for room in BELOW_THE_COMMAND for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize("room", BELOW_THE_COMMAND)
def test_messages_name_no_commands_and_no_flags(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words}"
        for path in MODULES
        if path.is_relative_to(ROOT / room)
        for line, words in sentences(path.read_text(encoding="utf-8"))
        if COMMAND.search(words)
    ]
    assert not found, "\n".join(found)


def sentences(source: str) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module that could be read by people, and their lines: no docstrings, no single words."""
    if not COMMAND.search(source):
        return
    nodes = list(ast.walk(ast.parse(source)))
    whole = [node for node in nodes if isinstance(node, ast.Expr | ast.JoinedStr)]
    # Docstrings, and the parts of texts that are looked at as wholes.
    unread = {id(each) for node in whole for each in getattr(node, "values", [getattr(node, "value", None)])}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            # A name may stand between a command and what follows.
            parts = (str(each.value) if isinstance(each, ast.Constant) else "name" for each in node.values)
            words = "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in unread:
            words = node.value
        else:
            continue
        if " " in words.strip():
            yield node.lineno, words
