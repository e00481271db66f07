"""`--help` of every command, as people read it."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from matteline.cli.main import cli


def all_commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, groups as well as what is in them."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))


@pytest.mark.parametrize("words", [(), *all_commands(cli)], ids=" ".join)
def test_help_keeps_its_lines(words):
    said = CliRunner().invoke(cli, [*words, "--help"])
    assert said.exit_code == 0
    assert "\\b" not in said.output, "a marker for click that it did not understand"


def test_every_command_is_listed_with_what_it_does():
    said = CliRunner().invoke(cli, ["--help"]).output
    for name in cli.list_commands(click.Context(cli)):
        assert f"  {name} " in said
