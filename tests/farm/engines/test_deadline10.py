"""Deadline 10's files, read and run by a stand-in for `deadlinecommand` and a Worker."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from matteline.contract.errors import JobError, MattelineError
from matteline.contract.frames import FrameSet
from matteline.farm.engines import configure_engine
from tests.farm.engines.conftest import HOSTILE, Recorder, submission

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is started by its first line")

REFUSED = ('say "cut"', "<STARTFRAME>", "a\\b", "two\nlines", "</cmd><x/>")


class Farm:
    """The stand-in's program, and the jobs that were submitted to it in order."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.program = folder / "deadlinecommand"
        double = Path(__file__).with_name("deadline_double.py").read_text("utf-8")
        self.program.write_text(f"#!{sys.executable}\n{double}", "utf-8")
        self.program.chmod(0o755)

    def jobs(self, ids: tuple[str, ...]) -> list[dict]:
        return [json.loads((self.folder / f"{each}.json").read_text()) for each in ids]


@pytest.fixture
def farm(tmp_path, monkeypatch) -> Farm:
    monkeypatch.setenv("DEADLINE_DOUBLE", str(tmp_path / "deadline"))
    return Farm(tmp_path / "deadline")


def submit(farm: Farm, folder: Path, *clips, options=(), **values) -> list[dict]:
    one = submission("deadline10", *clips, **values)
    deadline = configure_engine("deadline10", {"command": str(farm.program), **dict(options)})
    deadline.write(one, folder)
    return farm.jobs(deadline.submit(one, folder))


def test_states_chunks_and_check_run_in_this_order(farm, shot, recorder, tmp_path):
    jobs = submit(farm, tmp_path / "out", shot(), command=recorder.command)
    assert [each["complete"] for each in jobs] == [True] * 3
    file = str(tmp_path / "farm" / "sh010" / "farm_job.json")
    assert recorder.calls() == [
        ["farm", "states", "--farm-job", file, "--frames=1001-1020"],
        ["farm", "chunk", "--farm-job", file, "--frames=1001-1008"],
        ["farm", "chunk", "--farm-job", file, "--frames=1009-1016"],
        ["farm", "chunk", "--farm-job", file, "--frames=1017-1020"],
        ["farm", "check", "--farm-job", file],
    ]


def test_what_was_asked_is_in_the_job_info(farm, shot, recorder, tmp_path):
    jobs = submit(
        farm, tmp_path / "out", shot(), command=recorder.command, priority=70, retries=4, pool="gpu",
        timeout_minutes=90, options={"group": "cuda", "limits": "matteline"},
    )  # fmt: skip
    info = jobs[1]["job"]
    asked = {
        "Priority": "70",
        "Pool": "gpu",
        "Group": "cuda",
        "LimitGroups": "matteline",
        "TaskTimeoutMinutes": "90",
    }
    assert {key: info[key] for key in asked} == asked
    assert (info["BatchName"], info["Name"]) == ("sh010 mattes", "sh010 frames 1001-1020")
    assert info["FailureDetectionTaskErrors"] == "5"
    assert info["OutputDirectory0"] == str(tmp_path / "mattes" / "sh010")


def test_pick_ups_are_a_job_for_each_unbroken_range(farm, shot, recorder, tmp_path):
    missing = FrameSet.parse("1009-1010,1017")
    submit(farm, tmp_path / "out", shot(), command=recorder.command, missing=(missing,))
    assert [each[4] for each in recorder.calls()[1:-1]] == ["--frames=1009-1010", "--frames=1017-1017"]


def test_without_states_and_a_look_tasks_are_the_farm_jobs_own_chunks(farm, shot, recorder, tmp_path):
    submit(farm, tmp_path / "out", shot(exact="none", look=False), command=recorder.command)
    frames = [each[4] for each in recorder.calls()[:-1]]
    assert frames == ["--frames=1001-1007", "--frames=1008-1015", "--frames=1016-1020"]


def test_a_chain_is_a_job_for_each_chunk_that_waits_for_the_one_before(farm, shot, recorder, tmp_path):
    jobs = submit(farm, tmp_path / "out", shot(exact="chain"), command=recorder.command)
    assert ["JobDependencies" in each["job"] for each in jobs] == [False, True, True, True]
    assert [each[4] for each in recorder.calls()[:-1]] == [
        "--frames=1001-1007",
        "--frames=1008-1015",
        "--frames=1016-1020",
    ]


def test_a_failing_task_is_tried_again_as_often_as_asked(farm, shot, tmp_path):
    recorder = Recorder(tmp_path / "calls.jsonl", failures=2)
    jobs = submit(
        farm,
        tmp_path / "out",
        shot(exact="none", look=False, frames="1001-1007"),
        command=recorder.command,
        retries=2,
    )
    assert [each["attempts"] for job in jobs for each in job["tasks"]] == [3, 1]
    assert all(each["complete"] for each in jobs)


def test_nothing_runs_after_a_failure_of_what_it_waits_for(farm, shot, tmp_path):
    recorder = Recorder(tmp_path / "calls.jsonl", failures=1)
    jobs = submit(farm, tmp_path / "out", shot(), command=recorder.command, retries=0)
    assert [each["complete"] for each in jobs] == [False] * 3
    assert len(recorder.calls()) == 1


def test_a_job_that_must_end_first_is_the_first_jobs_dependency(farm, shot, recorder, tmp_path):
    jobs = submit(farm, tmp_path / "out", shot(), command=recorder.command, after="0123456789abcdef01234567")
    assert jobs[0]["job"]["JobDependencies"] == "0123456789abcdef01234567"


@pytest.mark.slow
@pytest.mark.parametrize("name", [each for each in HOSTILE if each not in REFUSED])
def test_hostile_names_arrive_as_they_are(farm, shot, recorder, tmp_path, name):
    submit(farm, tmp_path / "out", shot(name), command=recorder.command, batch_name=name)
    job_files = {each[3] for each in recorder.calls()}
    assert job_files == {str(tmp_path / "farm" / name / "farm_job.json")}
    assert not list(tmp_path.rglob("owned"))


@pytest.mark.parametrize("name", REFUSED)
def test_paths_that_deadline_would_misread_are_refused(shot, tmp_path, name):
    with pytest.raises(JobError, match="would take"):
        configure_engine("deadline10").write(submission("deadline10", shot(name)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_hostile_name_of_a_shot_stays_on_its_line(farm, shot, recorder, tmp_path):
    one = shot("x\nPriority=100\u2028Pool=mine", within="plain")
    (first, *_) = submit(farm, tmp_path / "out", one, command=recorder.command)
    assert first["job"]["Name"] == "x Priority=100 Pool=mine states"
    assert first["job"]["Priority"] == "50"


def test_windows_paths_are_mapped_to_the_workers(shot, tmp_path):
    one = shot(path_map=((str(tmp_path), "Z:\\show 1"),))
    configure_engine("deadline10").write(submission("deadline10", one), tmp_path / "out")
    text = (tmp_path / "out" / "sh010" / "01_states_plugin.job").read_text()
    assert "--farm-job <QUOTE>Z:\\show 1\\farm\\sh010\\farm_job.json<QUOTE>" in text


def test_the_first_rule_that_mentions_a_path_decides(shot, tmp_path):
    rules = (("Z:\\show", str(tmp_path)), (str(tmp_path), "Z:\\show"))
    one = shot(path_map=rules)
    configure_engine("deadline10").write(submission("deadline10", one), tmp_path / "out")
    assert str(one.file) in (tmp_path / "out" / "sh010" / "01_states_plugin.job").read_text()


def test_negative_frames_are_refused(shot, tmp_path):
    with pytest.raises(JobError, match="no negative frame numbers"):
        configure_engine("deadline10").write(submission("deadline10", shot(frames="-3-5")), tmp_path / "out")


def test_a_missing_deadlinecommand_costs_a_sentence(shot, tmp_path):
    one = submission("deadline10", shot())
    deadline = configure_engine("deadline10", {"command": str(tmp_path / "nowhere")})
    deadline.write(one, tmp_path / "out")
    with pytest.raises(MattelineError, match=r"needs the program .*nowhere") as caught:
        deadline.submit(one, tmp_path / "out")
    assert "Deadline's client" in caught.value.hint


def test_a_refusal_is_shown(farm, shot, tmp_path):
    farm.program.write_text("#!/bin/sh\necho 'Error: no repository'\nexit 1\n")
    with pytest.raises(MattelineError, match="refused") as caught:
        submit(farm, tmp_path / "out", shot())
    assert re.search("no repository", caught.value.hint)
