"""Several renders and one folder: told apart by their recipes, and leftovers of those that were killed go."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matteline.contract.errors import JobError
from matteline.contract.events import FrameDone
from matteline.contract.files import remove_stale, replacing

FRAMES = "1001-1004"


def begun(events):
    """Run a render up to its first frame."""
    assert any(isinstance(event, FrameDone) for event in events)
    return events


def dead_pid() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.slow
def test_a_second_render_with_other_settings_is_told_and_ends(render, png_plate, tmp_path):
    first = begun(render.events(png_plate, tmp_path / "out", FRAMES))
    with pytest.raises(JobError, match=f"Another render with other settings .*process {os.getpid()}"):
        render(png_plate, tmp_path / "out", FRAMES, choke=1.0, existing="overwrite")
    assert sum(isinstance(event, FrameDone) for event in first) == 3
    assert not list((tmp_path / "out").rglob("*.rendering*"))


def test_a_second_render_with_the_same_settings_shares_the_folder(render, png_plate, tmp_path):
    first = begun(render.events(png_plate, tmp_path / "out", "1001-1002"))
    render(png_plate, tmp_path / "out", "1003-1004")
    list(first)
    assert len(list((tmp_path / "out" / "alpha").iterdir())) == 4


@pytest.mark.parametrize(
    ("host", "age", "counts"), [("here", 0, False), ("elsewhere", 0, True), ("elsewhere", 9999, False)]
)
def test_a_claim_that_a_killed_render_left_does_not_count(render, png_plate, tmp_path, host, age, counts):
    folder = tmp_path / "out" / ".matteline" / "sh010.rendering"
    folder.mkdir(parents=True)
    words = {"host": platform.node() if host == "here" else host, "pid": dead_pid(), "recipe": "another"}
    claim = folder / "00000000000000000001-00000000.json"
    claim.write_text(json.dumps(words))
    os.utime(claim, (time.time() - age,) * 2)
    if counts:
        with pytest.raises(JobError, match="on elsewhere"):
            render(png_plate, tmp_path / "out", "1001")
    else:
        render(png_plate, tmp_path / "out", "1001")
        assert not folder.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b'{"host": 1}', b"x" * 10_000]
)
def test_a_claim_that_cannot_be_believed_stops_nothing(render, png_plate, tmp_path, content):
    folder = tmp_path / "out" / ".matteline" / "sh010.rendering"
    folder.mkdir(parents=True)
    (folder / "0.json").write_bytes(content)
    render(png_plate, tmp_path / "out", "1001")


def test_temporary_files_of_killed_renders_go_and_those_of_others_stay(tmp_path):
    with replacing(tmp_path / "a.exr") as own:
        own.write_bytes(b"under way")
        killed = Path(str(own).replace(f"-{os.getpid()}-", f"-{dead_pid()}-"))
        elsewhere = tmp_path / ".matteline-01234567-77-01234567.tmp"
        old = tmp_path / ".matteline-77-01234567.tmp"
        foreign = tmp_path / ".other-77.tmp"
        for each in (killed, elsewhere, old, foreign):
            each.write_bytes(b"x")
        os.utime(old, (0, 0))
        assert remove_stale(tmp_path) == 2
        assert {each.name for each in tmp_path.iterdir()} == {own.name, elsewhere.name, foreign.name}
    elsewhere.unlink()
    foreign.unlink()


@pytest.mark.slow
def test_a_render_clears_away_what_a_killed_one_left(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "out", "1001")
    with replacing(tmp_path / "any") as any_name:
        any_name.write_bytes(b"")
        name = any_name.name.replace(f"-{os.getpid()}-", f"-{dead_pid()}-")
    left = [
        tmp_path / "out" / name,
        tmp_path / "out" / "alpha" / name,
        tmp_path / "out" / ".matteline" / name,
    ]
    for each in left:
        each.write_bytes(b"x")
    render(png_plate, tmp_path / "out", "1002", existing="resume")
    assert not [each for each in left if each.exists()]
