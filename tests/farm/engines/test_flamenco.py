"""The Flamenco job type, run by node against the author's interface, and submission to a manager's double."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from matteline.contract.errors import JobError, MattelineError
from matteline.contract.frames import FrameSet
from matteline.farm.engines import configure_engine
from tests.farm.engines.conftest import HOSTILE, submission
from tests.farm.engines.loopback import FlamencoDouble, serving

REFUSED = ("{{Param.JobName}}", "{jobs}")


def compiled(node: str, script: Path, job: Path) -> list[dict[str, Any]]:
    """The tasks that the job type makes of a job."""
    author = str(Path(__file__).with_name("flamenco_author.js"))
    done = subprocess.run([node, author, str(script), str(job)], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run(tasks: list[dict[str, Any]]) -> list[str]:
    """Run every `exec` as a worker does, each when what it waits for is done; the names in that order."""
    done: list[str] = []
    while ready := [each for each in tasks if each["name"] not in done and set(each["on"]) <= set(done)]:
        for command in ready[0]["commands"]:
            parameters = command["parameters"]
            subprocess.run([parameters["exe"], *parameters["args"]], check=True)
        done.append(ready[0]["name"])
    return done


def tasks_of(node: str, folder: Path, *clips, **values) -> list[dict[str, Any]]:
    script, job = configure_engine("flamenco").write(submission("flamenco", *clips, **values), folder)
    return compiled(node, script, job)


def test_states_chunks_and_check_are_called_in_this_order(node, shot, recorder, tmp_path):
    tasks = tasks_of(node, tmp_path / "out", shot(), command=recorder.command)
    assert run(tasks) == ["states", "frames 1001-1007", "frames 1008-1015", "frames 1016-1020", "check"]
    file = str(tmp_path / "farm" / "sh010" / "farm_job.json")
    assert recorder.calls() == [
        ["farm", "states", "--farm-job", file, "--frames=1001-1020"],
        ["farm", "chunk", "--farm-job", file, "--frames=1001-1007"],
        ["farm", "chunk", "--farm-job", file, "--frames=1008-1015"],
        ["farm", "chunk", "--farm-job", file, "--frames=1016-1020"],
        ["farm", "check", "--farm-job", file],
    ]


def test_chunks_wait_for_the_states_only_and_the_check_for_all(node, shot, tmp_path):
    tasks = tasks_of(node, tmp_path / "out", shot())
    chunks = [each["name"] for each in tasks[1:-1]]
    assert [each["on"] for each in tasks] == [[], *([["states"]] * 3), chunks]


def test_a_chain_waits_chunk_for_chunk(node, shot, tmp_path):
    tasks = tasks_of(node, tmp_path / "out", shot(exact="chain"))
    names = [each["name"] for each in tasks]
    assert [each["on"] for each in tasks] == [[], [names[0]], [names[1]], names[:3]]


def test_pick_ups_and_frames_below_zero_are_just_ranges(node, shot, tmp_path):
    missing = (FrameSet.parse("-5--4,3"),)
    tasks = tasks_of(node, tmp_path / "out", shot(frames="-9-9", exact="none", look=False), missing=missing)
    assert [each["commands"][0]["parameters"]["args"][-1] for each in tasks[:-1]] == [
        "--frames=-5--4",
        "--frames=3",
    ]


def test_the_program_may_be_a_variable_of_the_managers(node, shot, tmp_path):
    tasks = tasks_of(node, tmp_path / "out", shot(), command=("{matteline}",))
    assert {each["commands"][0]["parameters"]["exe"] for each in tasks} == {"{matteline}"}


@pytest.mark.slow
@pytest.mark.parametrize("name", [each for each in HOSTILE if each not in REFUSED])
def test_hostile_names_arrive_as_they_are(node, shot, recorder, tmp_path, name):
    run(tasks_of(node, tmp_path / "out", shot(name), command=recorder.command, batch_name=name))
    assert {each[3] for each in recorder.calls()} == {str(tmp_path / "farm" / name / "farm_job.json")}
    assert not list(tmp_path.rglob("owned"))


@pytest.mark.parametrize("name", REFUSED)
def test_names_that_the_manager_would_replace_are_refused(shot, tmp_path, name):
    with pytest.raises(JobError, match="for a variable"):
        configure_engine("flamenco").write(submission("flamenco", shot(name)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_windows_workers_get_windows_paths(node, shot, tmp_path):
    tasks = tasks_of(node, tmp_path / "out", shot(path_map=((str(tmp_path), "Z:\\show 1"),)))
    assert tasks[-1]["commands"][0]["parameters"]["args"][-1] == "Z:\\show 1\\farm\\sh010\\farm_job.json"


@pytest.mark.parametrize(("option", "value"), [("after", "1"), ("timeout_minutes", 5), ("target_seconds", 5)])
def test_what_flamenco_does_not_have_is_refused(shot, tmp_path, option, value):
    with pytest.raises(JobError) as caught:
        configure_engine("flamenco").write(
            submission("flamenco", shot(), **{option: value}), tmp_path / "out"
        )
    assert caught.value.field == option


def submit(answer, folder: Path, *clips, **values) -> tuple[tuple[str, ...], list[Any]]:
    """Submit to a manager; the ids and the jobs it was sent."""
    one = submission("flamenco", *clips, **values)
    configure_engine("flamenco").write(one, folder)
    with serving(answer) as service:
        ids = configure_engine("flamenco", {"address": service.address + "/"}).submit(one, folder)
    return ids, service.bodies("/api/v3/jobs")


def test_a_manager_gets_the_job_with_its_priority_and_the_tags_id(shot, tmp_path):
    manager = FlamencoDouble(tags={"gpu": "d90bf772", "cpu": "11111111"})
    ids, (job,) = submit(manager, tmp_path / "out", shot(), priority=80, pool="gpu")
    assert ids == ("0ab0-4711",)
    assert (job["name"], job["type"], job["priority"], job["worker_tag"]) == (
        "sh010",
        "matteline-render",
        80,
        "d90bf772",
    )
    assert job["metadata"] == {"project": "sh010 mattes"}


def test_a_manager_without_the_job_type_is_found_before_anything_is_sent(shot, tmp_path):
    with pytest.raises(MattelineError, match="does not know the job type matteline-render") as caught:
        submit(FlamencoDouble(knows_the_type=False), tmp_path / "out", shot())
    assert "matteline_render.js" in caught.value.hint


def test_an_unknown_tag_names_those_there_are(shot, tmp_path):
    with pytest.raises(JobError, match="no worker tag 'gpu'") as caught:
        submit(FlamencoDouble(tags={"fast": "1", "slow": "2"}), tmp_path / "out", shot(), pool="gpu")
    assert caught.value.hint == "It has: fast, slow."


def test_a_managers_refusal_is_shown(shot, tmp_path):
    def refuse(method: str, path: str, body: bytes):
        double = FlamencoDouble()
        return (400, {"code": 400, "message": "no disk"}) if method == "POST" else double(method, path, body)

    with pytest.raises(MattelineError, match=r"refused the submission \(HTTP 400\)") as caught:
        submit(refuse, tmp_path / "out", shot())
    assert caught.value.hint == "no disk"


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"\xff"])
def test_something_that_is_no_manager_costs_a_sentence(shot, tmp_path, answer):
    with pytest.raises(MattelineError, match="gives no answer"):
        submit(lambda *_: (200, answer), tmp_path / "out", shot())


@pytest.mark.parametrize("address", ["", "farm.studio:8080", "ftp://farm", "file:///etc/passwd", "http://"])
def test_an_address_that_is_none_costs_a_sentence(shot, tmp_path, address):
    one = submission("flamenco", shot())
    flamenco = configure_engine("flamenco", {"address": address})
    flamenco.write(one, tmp_path / "out")
    with pytest.raises(JobError, match="not the address of a Flamenco manager"):
        flamenco.submit(one, tmp_path / "out")


def test_a_manager_that_is_not_running_costs_a_sentence(shot, tmp_path):
    with serving(FlamencoDouble()) as service:
        address = service.address
    one = submission("flamenco", shot())
    flamenco = configure_engine("flamenco", {"address": address})
    flamenco.write(one, tmp_path / "out")
    with pytest.raises(MattelineError, match="gives no answer"):
        flamenco.submit(one, tmp_path / "out")
