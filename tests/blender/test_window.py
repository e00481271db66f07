"""A real Blender with a real window: what only happens there, and pictures for whoever wants to look."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from matteline.packaging.blender import package_blender
from tests.blender.conftest import installed_blender, no_host, own_folders

pytestmark = [pytest.mark.host, pytest.mark.slow, pytest.mark.timeout(1800)]
SESSION_SECONDS = 1500
SCREEN = "1280x800x24"


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """A screen that nobody sees."""
    for program in ("Xvfb", "xdotool", "import"):
        if not shutil.which(program):
            no_host(f"{program} is not installed, so Blender cannot be tried with a window")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", SCREEN, "+extension", "GLX", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        # It writes the number of a display that nobody had once it takes clients.
        yield f":{process.stdout.readline().strip()}"
        process.terminate()


@pytest.fixture(scope="module")
def found(
    screen: str, footage: Path, weights_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What a whole session in the window found. MATTELINE_PICTURES names a folder to keep its pictures."""
    folder = tmp_path_factory.mktemp("window")
    archive, _ = package_blender(folder)
    plate = footage / "clips" / "lp_s20_hands.mp4"
    given = {
        "archive": str(archive),
        "folder": str(folder),
        "plate": os.environ.get("MATTELINE_PICTURES_OF", str(plate)),
        "weights": str(weights_file),
        "worker": shutil.which("matteline") or os.path.join(os.path.dirname(sys.executable), "matteline"),
        "size": json.loads(os.environ.get("MATTELINE_PICTURES_SIZE", "[480, 908]")),
    }
    run_session(given, screen, folder)
    keep = os.environ.get("MATTELINE_PICTURES")
    for path in folder.glob("*.png") if keep else ():
        shutil.copy(path, str(keep))
    return json.loads((folder / "found.json").read_text())


def run_session(given: dict[str, Any], screen: str, folder: Path) -> None:
    (folder / "user").mkdir()
    environ = {
        **os.environ,
        "DISPLAY": screen,
        "LIBGL_ALWAYS_SOFTWARE": "1",
        **own_folders(folder / "user"),
        "OMP_NUM_THREADS": "2",
    }
    command = [*installed_blender(), "--factory-startup", "--no-window-focus", "-p", "0", "0", "1280", "800"]
    command += ["--python", str(Path(__file__).with_name("window.py")), "--", json.dumps(given)]
    with (folder / "blender.log").open("w") as log:
        subprocess.run(command, env=environ, stdout=log, stderr=log, timeout=SESSION_SECONDS)
    assert (folder / "found.json").exists(), (folder / "blender.log").read_text()[-3000:]


def test_every_step_could_be_done(found):
    assert "error" not in found, found["error"]
    assert all(each == ["RUNNING_MODAL"] for each in found["started"])


def test_a_strip_gets_its_matte_and_mask(found):
    assert found["strips"] == ["plate", "plate matte"]
    assert found["modifiers"] == ["MASK"]
    assert found["out of step"] == []


def test_one_undo_takes_the_result_away_and_one_redo_brings_it_back(found):
    assert found["undone"] == ["plate"]
    assert found["redone"] == ["plate", "plate matte"]


def test_a_preview_is_shown_in_an_image_editor(found):
    assert found["preview"] == ["Matteline Preview"]


def test_an_undo_during_the_job_does_not_lose_the_result(found):
    assert found["undo during"] == [1, True]


def test_escape_leaves_a_render_alone_and_the_cross_cancels_it(found):
    assert found["after escape"] is True
    assert found["cancelled"] == {"same": True, "running": False, "workers": []}


def test_loading_a_file_ends_the_job_and_the_worker(found):
    assert found["workers while rendering"] == 1
    assert found["loaded"] == {"running": False, "workers": [], "third matte": False}


def test_a_clip_becomes_a_composite(found):
    assert "CompositorNodeGroup" in found["nodes"] and "CompositorNodeMovieClip" in found["nodes"]
    picture = np.asarray(Image.open(found["composite"]).convert("RGB")).astype(int)
    assert picture[..., 0].max() - picture[..., 0].min() > 60, "a person over a plain background"
