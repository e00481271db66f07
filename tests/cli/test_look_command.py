"""`matteline look`: the table and the JSON of a drawn plate of two shots."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Frames 1001 to 1024, cut before 1013."""
    folder = tmp_path / "plate"
    folder.mkdir()
    y, x = np.mgrid[:72, :96]
    scenes = np.sin(x / 4) + np.sin(y / 9), np.sin(y / 3 + x / 11)
    for number in range(1001, 1025):
        disc = np.hypot(x - 20 - number % 12, y - 36) < 12
        level = np.where(disc, 1.0, 0.5 + 0.2 * scenes[number >= 1013])
        picture = (255 * level[..., None] * (1, 0.8, 0.6)).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"sh010.{number}.png")
    return folder


def _look(plate: Path, weights: Path, *more: object) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "matteline",
        "look",
        str(plate),
        "--weights",
        str(weights),
        *map(str, more),
    ]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE_SECONDS)


@pytest.mark.slow
def test_cuts_and_what_the_network_sees_are_listed_shot_by_shot(plate, weights_file, tmp_path):
    done = _look(plate, weights_file, "-o", tmp_path / "out", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["Frames 1001-1024, 96x72", "Cuts   1013"]
    assert [line for line in lines if line[:1] == "1"] == ["1001-1012", "1013-1024"]
    assert "  Network   96x72 at 0,0 at ratio 1.6" in lines
    assert (tmp_path / "out/.matteline/sh010.look.json").is_file()


def test_notes_are_printed_as_json_and_kept_nowhere(plate, weights_file):
    done = _look(plate, weights_file, "--json", "--focus", "plate", "--device", "cpu")
    assert json.loads(done.stdout)["cuts"] == [1013]
    assert done.stderr == ""
    assert not list(plate.glob(".matteline"))


@pytest.mark.slow
def test_a_look_for_nothing_is_refused(plate, weights_file):
    done = _look(plate, weights_file, "--cuts", "none", "--focus", "plate")
    assert done.returncode == 2
    assert "There is nothing to look for" in done.stderr and "--cuts auto" in done.stderr
