"""A real OpenJD session around a program that writes down its arguments: what arrives, and when."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from openjd.sessions import PathFormat, PathMappingRule

from matteline.farm.engines import configure_engine
from matteline.farm.engines.openjd_template import parameter_values
from matteline.farm.engines.shot_tasks import tasks_of
from tests.farm.engines.conftest import HOSTILE, submission
from tests.waiting import PATIENCE_SECONDS


@pytest.mark.slow
def test_one_session_stays_for_states_and_all_chunks(shot, recorder, sessions, out):
    one = submission("openjd", shot(chunk=7), command=recorder.command)
    configure_engine("openjd").write(one, out)
    assert configure_engine("openjd").submit(one, out) == ("sh010",)
    calls = recorder.calls()
    verbs = ["session", "states", "chunk", "chunk", "chunk", "check", "session"]
    assert [each[1] for each in calls] == verbs
    files = {each[each.index(flag) + 1] for each in calls for flag in ("--file", "--session") if flag in each}
    assert len(files) == 1 and Path(files.pop()).is_relative_to(sessions)
    assert [each[4] for each in calls[2:5]] == [
        "--frames=1001-1007",
        "--frames=1008-1014",
        "--frames=1015-1020",
    ]


ALL_IN_ONE_LINE = " ".join(each for each in HOSTILE if "\n" not in each)


@pytest.mark.slow
@pytest.mark.parametrize("name", [ALL_IN_ONE_LINE, "two\nlines"])
def test_hostile_names_arrive_as_they_are(shot, recorder, sessions, out, name):
    one = submission("openjd", shot(name, exact="none"), command=recorder.command, batch_name=name)
    configure_engine("openjd").write(one, out)
    configure_engine("openjd").submit(one, out)
    files = {each[each.index("--farm-job") + 1] for each in recorder.calls() if "--farm-job" in each}
    assert files == {str(one.shots[0].file)}
    assert not list(out.parent.rglob("owned"))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_submission_lets_the_session_end(shot, sessions, out, tmp_path, number):
    folder = shot(exact="none", frames="1001-1007").folder
    log = tmp_path / "verbs"
    script = (
        "import shlex, signal, sys; from pathlib import Path\n"
        "from matteline.farm.engines import configure_engine\n"
        "from matteline.contract.farm_settings import FarmSettings\n"
        "from matteline.farm.farm_job import FarmJob\n"
        "from matteline.farm.submission import PreparedShot, Submission\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        "folder, out = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "farm = FarmSettings(engine='openjd', command=shlex.join(sys.argv[3:]))\n"
        "one = Submission(farm, (PreparedShot(FarmJob.read(folder), folder),), 'x')\n"
        "configure_engine('openjd').write(one, out); configure_engine('openjd').submit(one, out)\n"
    )
    sleeper = (sys.executable, str(Path(__file__).with_name("sleeper.py")), str(log))
    command = [sys.executable, "-c", script, str(folder), str(out), *sleeper]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while not log.exists() or "chunk" not in log.read_text():
        assert process.poll() is None
        time.sleep(0.05)
    # As a terminal does it with Ctrl-C, and a scheduler with its end.
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    process.wait(PATIENCE_SECONDS)
    assert log.read_text().splitlines() == [
        "session start",
        "states --farm-job",
        "chunk --farm-job",
        "session stop",
    ]


@pytest.mark.slow
def test_path_mapping_rules_reach_the_farm_job(shot, recorder, sessions, out, tmp_path):
    one = submission("openjd", shot(), command=recorder.command)
    configure_engine("openjd").write(one, out)
    parameters = {name: str(value) for name, value in parameter_values(one, tasks_of(one)[0]).items()}
    parameters["FarmJob"] = "/Volumes/show/sh010/farm_job.json"
    rule = {
        "source_path_format": "POSIX",
        "source_path": "/Volumes/show",
        "destination_path": str(tmp_path / "farm"),
    }
    rules = {"version": "pathmapping-1.0", "path_mapping_rules": [rule]}
    command = [sys.executable, "-m", "openjd", "run", str(out / "sh010" / "template.yaml")]
    given = ["--job-param", json.dumps(parameters), "--path-mapping-rules", json.dumps(rules)]
    subprocess.run([*command, *given], check=True, capture_output=True)
    assert recorder.calls()[1][3] == str(tmp_path / "farm" / "sh010" / "farm_job.json")


@pytest.mark.slow
def test_a_farm_job_submitted_on_windows_is_mapped_by_openjds_own_rule():
    rule = PathMappingRule(
        source_path_format=PathFormat.WINDOWS,
        source_path=PureWindowsPath("Z:\\show"),
        destination_path=PurePosixPath("/mnt/show"),
    )
    mapped = rule.apply(path="z:\\show\\mattes 1\\farm\\sh010\\farm_job.json")
    assert (bool(mapped[0]), str(mapped[1])) == (True, "/mnt/show/mattes 1/farm/sh010/farm_job.json")
