"""A real OpenJD session around a program that writes down its arguments: what arrives, whatever things are called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from openjd.sessions import PathFormat, PathMappingRule

from matteline.farm.engines import engine
from matteline.farm.engines.openjd_template import values
from matteline.farm.engines.shots import shots
from tests.farm.engines.conftest import HOSTILE, submission


def test_one_session_stays_for_states_and_all_chunks(clip, recorder, sessions, out):
    one = submission("openjd", clip(chunk_frames=7), command=recorder.command)
    engine("openjd").write(one, out)
    assert engine("openjd").submit(one, out) == ("sh010",)
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


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_arrive_as_they_are(clip, recorder, sessions, out, name):
    one = submission("openjd", clip(name), command=recorder.command, batch_name=name)
    engine("openjd").write(one, out)
    engine("openjd").submit(one, out)
    files = {each[each.index("--job") + 1] for each in recorder.calls() if "--job" in each}
    assert files == {str(one.job_file(0))}
    assert not list(out.parent.rglob("owned"))


def test_path_mapping_rules_reach_the_ticket(clip, recorder, sessions, out, tmp_path):
    one = submission("openjd", clip(), command=recorder.command)
    engine("openjd").write(one, out)
    parameters = {name: str(value) for name, value in values(one, shots(one)[0]).items()}
    parameters["JobFile"] = "/Volumes/show/sh010/job.json"
    rule = {
        "source_path_format": "POSIX",
        "source_path": "/Volumes/show",
        "destination_path": str(tmp_path / "farm"),
    }
    rules = {"version": "pathmapping-1.0", "path_mapping_rules": [rule]}
    command = [sys.executable, "-m", "openjd", "run", str(out / "sh010" / "template.yaml")]
    given = ["--job-param", json.dumps(parameters), "--path-mapping-rules", json.dumps(rules)]
    subprocess.run([*command, *given], check=True, capture_output=True)
    assert recorder.calls()[1][3] == str(tmp_path / "farm" / "sh010" / "job.json")


def test_a_ticket_submitted_on_windows_is_mapped_by_openjds_own_rule():
    rule = PathMappingRule(
        source_path_format=PathFormat.WINDOWS, source_path="Z:\\show", destination_path="/mnt/show"
    )
    mapped = rule.apply(path="z:\\show\\mattes 1\\farm\\sh010\\job.json")
    assert (bool(mapped[0]), str(mapped[1])) == (True, "/mnt/show/mattes 1/farm/sh010/job.json")
