"""The real `openjd run` with the real commands: the pixels of one unbroken render, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from matteline.contract.errors import MattelineError
from matteline.farm.engines.openjd_template import values
from matteline.farm.engines.shots import shots
from tests.farm.engines.film import results

pytestmark = pytest.mark.slow


def openjd_run(one, folder: Path, *more: str, **popen) -> subprocess.Popen[str]:
    """Start `openjd run` of a written bundle, as a person would."""
    (shot,) = shots(one)
    parameters = json.dumps({name: str(value) for name, value in values(one, shot).items()})
    template = str(folder / shot.label / "template.yaml")
    command = [sys.executable, "-m", "openjd", "run", template, "--job-param", parameters, *more]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", **popen
    )


def written(film, out, **asked):
    """A bundle that is written and not run."""
    from matteline.farm.engines import engine

    one = film.submission("openjd", out, **asked)
    folder = out / "farm" / "submit.openjd"
    engine("openjd").write(one, folder)
    return one, folder


@pytest.mark.parametrize("chunk", [7, 24])
def test_chunks_from_states_are_the_unbroken_render(film, out, sessions, capfd, chunk):
    film.submit("openjd", out, chunk=chunk)
    film.assert_same(out)
    said = capfd.readouterr().err
    assert said.count("Entering Environment: Matteline") == 1
    assert "openjd_progress: 100.0" in said and "all 24 frames are there and whole" in said
    assert "Loading the model here" not in said


def test_a_chain_is_the_unbroken_render(film, out, sessions):
    film.submit("openjd", out, chunk=12, exact="chain")
    film.assert_same(out)


def test_pick_ups_are_the_same_frames_and_leave_the_others_alone(film, out, sessions):
    film.submit("openjd", out, chunk=24)
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("*.exr") if ".1009." not in path.name}
    for path in [*out.rglob("*.1009.exr"), *out.rglob("*.1010.exr"), *out.rglob("*.1017.exr")]:
        path.unlink()
        kept.pop(path, None)
    one, _ = film.submit("openjd", out, chunk=24, missing=True)
    assert str(one.frames(0)) == "1009-1010,1017"
    film.assert_same(out)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_chunk_that_fails_is_rendered_when_submitted_again(film, out, sessions, capfd):
    (out / "alpha" / "sh010_alpha.1015.exr" / "in the way").mkdir(parents=True)
    one, folder = written(film, out, chunk=8)
    process = openjd_run(one, folder)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "openjd_fail: " in said and "a folder of that name is in its place" in said
    (out / "alpha" / "sh010_alpha.1015.exr" / "in the way").rmdir()
    (out / "alpha" / "sh010_alpha.1015.exr").rmdir()
    one, _ = film.submit("openjd", out, chunk=8, missing=True)
    assert 1015 in one.frames(0) and 1001 not in one.frames(0)
    film.assert_same(out)


def test_submit_says_when_the_run_fails(film, out, sessions):
    one, folder = written(film, out, chunk=24)
    Path(one.folders[0], "job.json").write_text("{}")
    from matteline.farm.engines import engine

    with pytest.raises(MattelineError, match="openjd run of sh010 failed"):
        engine("openjd").submit(one, folder)


def test_a_timeout_ends_the_task_and_leaves_whole_frames_only(film, out, sessions):
    one, folder = written(film, out, chunk=24)
    template = folder / "sh010" / "template.yaml"
    document = yaml.safe_load(template.read_text("utf-8"))
    document["steps"][1]["script"]["actions"]["onRun"]["timeout"] = 1
    template.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    process = openjd_run(one, folder)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "TIMEOUT" in said and "Exiting Environment: Matteline" in said
    assert results(out).items() <= results(film.whole).items()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_cancelled_run_leaves_whole_frames_and_goes_on_later(film, out, sessions):
    one, folder = written(film, out, chunk=4)
    process = openjd_run(one, folder, start_new_session=True)
    deadline = time.monotonic() + 120
    while not list(out.rglob("*.exr")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 1
    left = results(out)
    assert 0 < len(left) < 48
    assert left.items() <= results(film.whole).items()
    film.submit("openjd", out, chunk=4, missing=True)
    film.assert_same(out)
