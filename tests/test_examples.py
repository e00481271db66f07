"""Every script in examples/ runs as it stands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.waiting import PATIENCE_SECONDS

EXAMPLES = Path(__file__).parent.parent / "examples"
PLATE = "plate.####.png"
SAYS = {
    "render_sequence.py": "frame 1003: 3 of 3",
    "matte_arrays.py": "frame 1006: alpha (180, 320)",
    "host_client.py": "frame 1003: 3 of 3",
    "render_and_report.sh": "frames",
    "farm_dry_run.sh": "template.yaml",
}
"""Something that each prints once it has done its work."""
WITHOUT_ARGUMENTS = {"matte_arrays.py"}


@pytest.fixture
def plate_folder(tmp_path: Path) -> Path:
    """Three small frames, 1001 to 1003."""
    for number in range(1001, 1004):
        pixels = np.random.default_rng(number).integers(0, 255, (64, 96, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"plate.{number}.png")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted(each.name for each in EXAMPLES.iterdir() if each.is_file()))
def test_an_example_does_what_it_says(script, plate_folder):
    if script.endswith(".sh") and not shutil.which("sh"):
        pytest.skip("there is no shell here")
    start = [sys.executable] if script.endswith(".py") else ["sh"]
    arguments = [] if script in WITHOUT_ARGUMENTS else [PLATE, "mattes"]
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    done = subprocess.run(
        [*start, str(EXAMPLES / script), *arguments],
        cwd=plate_folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert SAYS[script] in done.stdout
