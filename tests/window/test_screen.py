"""The whole window on a real X screen, driven once from an empty window to a report.

Set MATTELINE_PICTURES to a folder to keep the pictures that are taken on the way.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matteline.drawing import draw_people
from matteline.engine.demo import DEMO_SEED
from tests.lengthened import lengthened
from tests.nuke.hosts import no_host

STEPS = 15
FRAMES = 120
"""Enough for a render to be stopped on its way on any machine."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Somebody who walks, 320x180, twelve frames again and again."""
    folder = tmp_path_factory.mktemp("plate")
    for number, frame in enumerate(draw_people(320, 180, 12, seed=DEMO_SEED), 1001):
        codes = (255 * np.clip(frame.plate, 0, 1)).astype(np.uint8)
        Image.fromarray(codes).save(folder / f"sh010.{number}.png")
    lengthened(folder, 1000 + FRAMES)
    return str(folder / "sh010.1001.png")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.host
@pytest.mark.parametrize("scale", [1, 2])
def test_the_window_is_driven_from_an_empty_one_to_a_report(usable, drawn, untrained, tmp_path, scale):
    xvfb = shutil.which("xvfb-run")
    if xvfb is None:
        no_host("xvfb-run is not installed, so the window cannot be driven on a screen")
    pictures = Path(os.environ.get("MATTELINE_PICTURES") or tmp_path / "pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    screen = f"-screen 0 {1440 * scale}x{900 * scale}x24"
    driver = str(Path(__file__).with_name("drive.py"))
    asked = [drawn, str(untrained), str(tmp_path / "results"), str(pictures)]
    environ = {
        **os.environ,
        "QT_QPA_PLATFORM": "xcb",
        "QT_SCALE_FACTOR": str(scale),
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [xvfb, "-a", "-s", screen, sys.executable, driver, *asked],
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(list(pictures.glob(f"*_{scale}x.png"))) == 2 * STEPS
