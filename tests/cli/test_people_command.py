"""`matteline people` lists who is in a plate, and renders use what it found."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from PIL import Image

from matteline.cli.main import cli
from matteline.contract.people import PeopleHints, PointHint


@pytest.fixture
def plate(crowd):
    """The pattern of the frames of a drawn crowd."""
    return str(crowd / "sh.####.png")


@pytest.fixture
def command(weights_file):
    def run(*words):
        flags = ["--weights", str(weights_file), "--device", "cpu", "--cuts", "none", "--focus", "plate"]
        return CliRunner().invoke(cli, [*words, *flags], catch_exceptions=False)

    return run


@pytest.mark.slow
def test_everyone_is_printed_with_frames_and_a_box(command, plate, tmp_path):
    ran = command("people", plate, "--sheet", str(tmp_path / "people.png"))
    assert ran.exit_code == 0
    lines = ran.stdout.splitlines()
    assert lines[0].startswith("person1") and "frames 1001-1004 (4), largest in" in lines[0]
    assert lines[-1] == "2 people."
    with Image.open(tmp_path / "people.png") as sheet:
        assert sheet.format == "PNG"


@pytest.mark.slow
def test_a_render_uses_the_people_that_were_listed(command, plate, tmp_path):
    out, listed = tmp_path / "out", None
    assert command("people", plate, "-o", str(out)).exit_code == 0
    listed = (out / ".matteline/sh.people").stat().st_mtime_ns
    ran = command(
        "render", plate, "-o", str(out), "--write", "people", "--frames", "1002", "--progress", "json"
    )
    assert ran.exit_code == 0
    assert "look" not in {json.loads(line)["event"] for line in ran.stdout.splitlines()}
    assert (out / ".matteline/sh.people").stat().st_mtime_ns == listed
    assert (out / "people/sh_people.1002.exr").exists()


@pytest.mark.slow
def test_points_are_kept_as_a_file_of_hints(command, plate, tmp_path):
    listed = json.loads(command("people", plate, "--progress", "json").stdout.splitlines()[-1])["people"]
    x, y, width, height = listed[0]["boxes"]["1001"]
    point = PointHint(1001, x + width / 2, y + height / 2, "anna")
    file = tmp_path / "hints.json"
    ran = command("people", plate, "--point", point.words, "--save-hints", str(file))
    assert ran.exit_code == 0
    assert ran.stdout.startswith("anna")
    assert PeopleHints.from_json(file.read_text()).hints == (point,)
