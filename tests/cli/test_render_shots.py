"""`matteline render` of several plates: a folder each, and one that fails stops no other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.waiting import PATIENCE_SECONDS

FAST = (
    "--device",
    "cpu",
    "--preroll",
    "0",
    "--downsample-ratio",
    "0.5",
    "--cuts",
    "none",
    "--write",
    "alpha",
)


def _render(weights: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "matteline",
        "render",
        *map(str, words),
        *FAST,
        "--weights",
        str(weights),
    ]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE_SECONDS)


@pytest.fixture
def plates(tmp_path: Path) -> list[Path]:
    """Three folders with plates of two frames that are all called alike."""
    made = []
    for shot in ("sh010", "sh020", "sh030"):
        folder = tmp_path / "plates" / shot
        folder.mkdir(parents=True)
        for number in (1001, 1002):
            Image.fromarray(np.full((48, 64, 3), number % 256, np.uint8)).save(folder / f"plate.{number}.png")
        made.append(folder)
    return made


def _results(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.exr"))


@pytest.mark.slow
def test_each_plate_gets_a_folder_and_a_failure_stops_no_other(plates, weights_file, tmp_path):
    (plates[1] / "plate.1002.png").write_bytes(b"no picture")
    done = _render(weights_file, *plates, "-o", tmp_path / "out")
    assert done.returncode == 3
    assert "3 shots: 2 done, 1 failed." in done.stderr
    assert "  sh020_plate: Frame 1002" in done.stderr
    names = [name for name in _results(tmp_path / "out") if "1002" in name]
    assert names == ["plate/alpha/plate_alpha.1002.exr", "sh030_plate/alpha/plate_alpha.1002.exr"]


@pytest.mark.slow
def test_shots_of_a_list_have_their_own_names_frames_and_folders(plates, weights_file, tmp_path):
    table = tmp_path / "shots.csv"
    table.write_text(
        "plate,name,frames,output\n"
        "plates/sh010/plate.####.png,first,1001,\n"
        f"plates/sh020/plate.####.png,second,,{tmp_path / 'own'}\n"
    )
    done = _render(weights_file, "--shots", table, "-o", tmp_path / "out", "--progress", "json")
    assert done.returncode == 0, done.stderr
    ends = [json.loads(line) for line in done.stdout.splitlines() if '"shot"' in line]
    assert [(each["name"], each["failed"]) for each in ends] == [("first", None), ("second", None)]
    assert _results(tmp_path / "out") == ["first/alpha/plate_alpha.1001.exr"]
    assert len(_results(tmp_path / "own")) == 2


def test_no_plate_is_one_sentence(weights_file, tmp_path):
    done = _render(weights_file, "-o", tmp_path / "out")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "Error: No plate is named.")
