"""`matteline demo` as on a fresh machine: no weights but those that come along, and nothing to fetch from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

MOST = 10.0
"""Thousandths of alpha that the network that comes along may be wrong by."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("home")
    folder = home / "demo"
    environment = {name: value for name, value in os.environ.items() if name != "MATTELINE_WEIGHTS"}
    environment |= {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "LOCALAPPDATA": str(home / "data"),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "matteline", "demo", "-o", str(folder), "--device", "cpu"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return folder, ran.stdout + ran.stderr


def test_a_fresh_machine_mattes_the_drawn_clip_well(shown: tuple[Path, str]) -> None:
    _, said = shown
    found = re.search(r"MAD x 1000: (\d+\.\d+); of the first frame (\d+\.\d+)", said)

    assert found is not None, said
    assert float(found[1]) <= MOST and float(found[2]) <= MOST


def test_it_says_which_network_it_used_and_how_to_get_the_official_one(shown: tuple[Path, str]) -> None:
    _, said = shown

    assert "matteline-small" in said and "matteline weights fetch rvm_mobilenetv3" in said


def test_there_is_a_sheet_to_look_at(shown: tuple[Path, str]) -> None:
    folder, _ = shown

    assert (folder / "contact_sheet.png").stat().st_size > 10_000
