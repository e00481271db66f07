"""`matteline farm` and `render --devices` as a user runs them."""

from __future__ import annotations

import json
import os

import pytest

from matteline.cli.farm_lines import lines_for
from matteline.contract.errors import JobError
from matteline.farm.multi_device import common_device_kind

from .conftest import files, matteline


@pytest.fixture
def small(untrained):
    return (
        *("--weights", untrained, "--device", "cpu"),
        *("--downsample-ratio", "0.5", "--preroll", "3", "--depth", "float"),
    )


@pytest.mark.slow
def test_several_devices_make_the_files_of_one(farm, small, tmp_path):
    whole = farm.whole(tmp_path / "whole")
    done = matteline(
        "render", farm.plate, "-o", farm.output, *small, "--devices", "cpu,cpu", "--progress", "json"
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    frames = [event for event in events if event["event"] == "frame"]
    assert sorted(event["number"] for event in frames) == list(range(1001, 1031))
    assert [event["done"] for event in frames] == list(range(1, 31))
    assert farm.results == whole
    assert not (farm.output / ".matteline/devices").exists()
    before = farm.results
    for name in ("alpha/sh010_alpha.1004.exr", "fgr/sh010_fgr.1029.exr"):
        (farm.output / name).unlink()
    again = matteline(
        "render",
        farm.plate,
        "-o",
        farm.output,
        *small,
        "--devices",
        "cpu,cpu",
        "--resume",
        "--progress",
        "json",
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout.count('"event": "frame"') == 2
    assert farm.results == before


def test_devices_of_several_kinds_are_refused():
    assert common_device_kind(["cuda:0", "cuda:1"]) == "cuda"
    with pytest.raises(JobError, match="several kinds"):
        common_device_kind(["cuda:0", "cpu"])


@pytest.mark.slow
def test_a_dry_run_writes_the_farm_jobs_and_says_what_it_costs(farm, small):
    done = matteline(
        *("farm", "submit", farm.plate, "--engine", "openjd", "--out", farm.output, *small),
        *("--chunk", "8", "--state-every", "4", "--dry-run", "--json", "--path-map", "Z:\\show=/mnt/show"),
    )
    if "cannot be imported" in done.stderr:
        pytest.skip("the packages of OpenJD are not installed")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    (clip,) = said["shots"]
    assert (clip["name"], clip["frames"], clip["tasks"], clip["exact"]) == ("sh010", 30, 4, "states")
    assert said["jobs"] == [] and said["files"]
    assert json.loads((farm.output / "farm/sh010/farm_job.json").read_text())["path_map"] == [
        ["Z:\\show", "/mnt/show"]
    ]
    assert files(farm.output) == {}


@pytest.mark.slow
def test_only_missing_frames_are_submitted_again(farm, small):
    one = farm.submit()
    farm.save_states(one)
    farm.chunk(one, "1001-1020")
    done = matteline(
        *("farm", "submit", farm.plate, "--engine", "openjd", "--output", farm.output, *small),
        *("--chunk", "8", "--only-missing", "--dry-run", "--json"),
    )
    if "cannot be imported" in done.stderr:
        pytest.skip("the packages of OpenJD are not installed")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["shots"][0]["frames"] == 10


@pytest.mark.slow
def test_a_job_of_a_host_is_submitted_as_it_is(farm, tmp_path):
    one = farm.submit()
    (tmp_path / "host.json").write_text(one.farm_job.job.to_json())
    done = matteline(
        *("farm", "submit", "--job", tmp_path / "host.json", "--engine", "openjd"),
        *("--chunk", "10", "--overwrite", "--dry-run", "--json"),
    )
    if "cannot be imported" in done.stderr:
        pytest.skip("the packages of OpenJD are not installed")
    assert done.returncode == 0, done.stderr
    data = json.loads((one.folder / "farm_job.json").read_text())
    assert (data["farm"]["chunk"], data["job"]["plate"]) == (10, str(farm.plate))


def test_status_counts_what_is_there(farm):
    one = farm.submit()
    farm.save_states(one)
    farm.chunk(one, "1001-1010")
    done = matteline("farm", "status", farm.output, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["shot"], said["done"], said["missing"]) == ("sh010", "1001-1010", "1011-1030")
    assert said["chunks"][1] == {"frames": "1008-1015", "done": 3}
    assert said["states"] == [1004, 1008, 1012, 1016, 1020, 1024, 1028]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ["frame 7 (2 of 8)"]),
        ({"OPENJD_SESSION_WORKING_DIR": "/tmp/x"}, ["frame 7 (2 of 8)", "openjd_progress: 25.0"]),
        ({"AF_TASK_ID": "3"}, ["frame 7 (2 of 8)", "PROGRESS: 25%"]),
    ],
)
def test_every_frame_is_a_line_and_progress_in_the_engines_words(capsys, environ, expected):
    message = {"event": "frame", "number": 7, "files": [], "done": 2, "total": 8}
    lines_for(environ, as_json=False).message(message)
    assert capsys.readouterr().out.splitlines() == expected


def test_opencues_gpus_are_the_only_ones_that_torch_sees(farm):
    from matteline.cli.farm import _choose_gpus

    environ = {"CUE_GPU_CORES": "1,2"}
    _choose_gpus(environ)
    assert environ["CUDA_VISIBLE_DEVICES"] == "1,2"
    chosen = {"CUE_GPU_CORES": "1", "CUDA_VISIBLE_DEVICES": "3"}
    _choose_gpus(chosen)
    assert chosen["CUDA_VISIBLE_DEVICES"] == "3"


@pytest.mark.slow
def test_wrong_arguments_end_with_2(farm):
    one = farm.submit()
    environ = {**os.environ}
    assert matteline("farm", "chunk", "--farm-job", one.folder, "--frames=1to5", env=environ).returncode == 2
    assert matteline("farm", "chunk", "--farm-job", one.folder / "none", "--frames=1").returncode == 3
    done = matteline("farm", "submit", farm.plate, "--engine", "nobody", "-o", farm.output)
    assert done.returncode == 2 and "nobody" in done.stderr
