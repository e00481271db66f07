"""The real `openjd run` with the real commands: the unbroken render's pixels, whatever happens on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from matteline.contract.errors import MattelineError
from matteline.farm.engines import configure_engine
from matteline.farm.engines.openjd_template import parameter_values
from matteline.farm.engines.shot_tasks import tasks_of
from tests.farm.engines.film import FIRST, pixels, results
from tests.lengthened import lengthened
from tests.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.slow

LAST_OF_LONG = 4000
"""Of a clip that no machine renders within a second."""


def openjd_run(one, folder: Path, *more: str, first_pass: str = "", **popen) -> subprocess.Popen[str]:
    """Start `openjd run` of a written bundle, as a person would; the first pass may be cut short."""
    (shot,) = tasks_of(one)
    given = {**parameter_values(one, shot), **({"FirstPass": first_pass} if first_pass else {})}
    parameters = json.dumps({name: str(value) for name, value in given.items()})
    template = str(folder / shot.label / "template.yaml")
    command = [sys.executable, "-m", "openjd", "run", template, "--job-param", parameters, *more]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", **popen
    )


def written(film, out, **asked):
    """A bundle that is written and not run."""
    one = film.submission("openjd", out, **asked)
    folder = out / "farm" / "submit.openjd"
    configure_engine("openjd").write(one, folder)
    return one, folder


def test_chunks_of_seven_frames_from_states_are_the_unbroken_render(film, out, sessions, capfd):
    film.submit("openjd", out, chunk=7)
    film.assert_same(out)
    said = capfd.readouterr().err
    assert said.count("Entering Environment: Matteline") == 1
    assert "openjd_progress: 100.0" in said and "all 24 frames are there and whole" in said
    assert "Loading the model here" not in said


def test_a_chain_is_the_unbroken_render(film, out, sessions):
    film.submit("openjd", out, chunk=12, exact="chain")
    film.assert_same(out)


def test_pick_ups_one_frame_a_task_are_the_same_frames_and_leave_the_others_alone(film, out, sessions, capfd):
    shutil.copytree(film.whole, out)
    for number in (1009, 1010, 1017):
        for path in out.rglob(f"*.{number}.exr"):
            path.unlink()
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("*.exr")}
    one, _ = film.submit("openjd", out, chunk=1, missing=True)
    assert str(one.shots[0].frames) == "1009-1010,1017"
    assert capfd.readouterr().err.count("1 frames to render") == 3
    film.assert_same(out)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_one_chunk_of_a_clip_that_lies_elsewhere_on_the_worker_has_the_same_pixels(film, sessions, tmp_path):
    here, there = tmp_path / "studio", tmp_path / "worker" / "assets"
    shutil.copytree(Path(film.plate).parent, here / "plate")
    weights = Path(shutil.copy(film.weights, here))
    moving = replace(film, plate=str(here / "plate" / Path(film.plate).name), weights=weights)
    one, folder = written(moving, here / "out", chunk=24)
    there.parent.mkdir()
    here.rename(there)
    rule = {
        "source_path_format": "POSIX",
        "source_path": str(here),
        "destination_path": str(there),
    }
    rules = {"version": "pathmapping-1.0", "path_mapping_rules": [rule]}
    moved = there / folder.relative_to(here)
    process = openjd_run(one, moved, "--path-mapping-rules", json.dumps(rules))
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, said
    assert "Loading the model here" not in said
    assert not here.exists()
    film.assert_same(there / "out")


def test_a_chunk_that_fails_is_rendered_when_submitted_again(film, out, sessions, capfd):
    one, folder = written(film, out, chunk=12)
    in_the_way = out / "alpha" / "sh010_alpha.1015.exr"
    (in_the_way / "folder").mkdir(parents=True)
    with pytest.raises(MattelineError, match="openjd run of sh010 failed"):
        configure_engine("openjd").submit(one, folder)
    said = capfd.readouterr().err
    assert "openjd_fail: " in said and "a folder of that name is in its place" in said
    (in_the_way / "folder").rmdir()
    in_the_way.rmdir()
    one, _ = film.submit("openjd", out, chunk=12, missing=True)
    assert 1015 in one.shots[0].frames and 1001 not in one.shots[0].frames
    film.assert_same(out)


def test_a_timeout_ends_the_task_and_leaves_whole_frames_only(film, out, sessions, tmp_path):
    plate = shutil.copytree(Path(film.plate).parent, tmp_path / "plate")
    lengthened(plate, LAST_OF_LONG)
    long = replace(film, plate=str(plate / Path(film.plate).name))
    one, folder = written(long, out, chunk=LAST_OF_LONG)
    template = folder / "sh010" / "template.yaml"
    document = yaml.safe_load(template.read_text("utf-8"))
    document["steps"][1]["script"]["actions"]["onRun"]["timeout"] = 1
    template.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    process = openjd_run(one, folder, first_pass=f"{FIRST}-{FIRST + 3}")
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert "TIMEOUT" in said and "Exiting Environment: Matteline" in said
    left = {name: pixels(out / name) for name in results(out)}
    known = {name: pixels(film.whole / name) for name in results(film.whole)}
    assert all(known.get(name, content) == content for name, content in left.items())


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_cancelled_run_leaves_whole_frames_and_goes_on_later(film, out, sessions):
    one, folder = written(film, out, chunk=4)
    process = openjd_run(one, folder, start_new_session=True)
    wait_until(lambda: list(out.rglob("*.exr")))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    left = results(out)
    assert 0 < len(left) < 48
    assert left.items() <= results(film.whole).items()
    film.submit("openjd", out, chunk=4, missing=True)
    film.assert_same(out)
