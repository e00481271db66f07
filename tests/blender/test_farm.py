"""From a strip to a farm and back: submitted in Blender, rendered by the farm, brought in again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from matteline.farm.farm_job import FarmJob
from tests.blender import plates
from tests.blender.test_render import quick

pytestmark = pytest.mark.host


def test_a_strip_that_a_farm_has_matted_is_brought_in(blender, weights_file: Path, tmp_path: Path):
    pytest.importorskip("openjd.model", reason="the farm extra is not installed")
    blender.call("sequencer", output=str(tmp_path / "mattes"))
    quick(blender, weights_file)
    blender.call("values", farm__engine="openjd", farm__chunk=2)
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 3)))
    assert blender.call("operator", name="submit_strip") == ["FINISHED"]
    farm_job_file = next((tmp_path / "mattes").rglob("farm_job.json"))
    assert len(FarmJob.read(farm_job_file).chunks()) == 2
    assert list((tmp_path / "mattes").rglob("template.yaml"))
    calls = ["states", "--frames=1-3"], ["chunk", "--frames=2-3"], ["chunk", "--frames=1"], ["check"]
    for verb, *more in calls:
        command = [sys.executable, "-m", "matteline", "farm", verb, "--farm-job", str(farm_job_file), *more]
        subprocess.run(command, check=True, timeout=300)
    mattes = sorted((tmp_path / "mattes").rglob("*.png"))
    before = [each.stat().st_mtime_ns for each in mattes]
    assert blender.call("operator", name="render_strip", existing="resume") == ["FINISHED"]
    assert [each.stat().st_mtime_ns for each in mattes] == before, "nothing was rendered again"
    assert "plate matte" in blender.call("strips_now"), "the matte is in the sequencer"


def test_a_farm_that_is_not_there_is_one_sentence(blender, weights_file: Path, tmp_path: Path):
    blender.call("sequencer", output=str(tmp_path / "mattes"))
    quick(blender, weights_file)
    blender.call("values", farm__engine="deadline10")
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 2)))
    said = blender.call("operator", name="submit_strip")
    assert "deadlinecommand" in said and "Traceback" not in said
