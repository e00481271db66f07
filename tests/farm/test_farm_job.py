"""Farm jobs: what one machine writes another reads, and what is no farm job is refused in a sentence."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matteline.contract.errors import JobError, ReadError
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.farm.costs import Cost, cost_of
from matteline.farm.engines.shot_tasks import chunk_command
from matteline.farm.farm_job import MAX_BYTES, FarmJob
from matteline.farm.paths import map_path, read_path_rules, replace_beginning
from matteline.farm.submission import PreparedShot, Submission

JOB = Job("/show/plate.####.exr", "/show/mattes", FrameSet.parse("1001-1100"), settings=MatteSettings())
FARM_JOB = FarmJob(
    JOB,
    "sh010",
    FarmSettings(chunk=24, exact="chain"),
    needs_gpu=True,
    threads=3,
    path_map=(("Z:\\show", "/show"),),
    weights_hash="a" * 64,
    plate_hash="b" * 64,
    settings_hash="c" * 64,
    recipe_mark="d" * 16,
    recipe={"choke": 0.5, "frames": "1001-1100"},
)


def test_what_is_written_is_read(tmp_path):
    FARM_JOB.write(tmp_path)
    assert FarmJob.read(tmp_path / "farm_job.json") == FARM_JOB
    assert FarmJob.read(tmp_path) == FARM_JOB


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "has version None"),
        ('{"version": 1}', "has version 1"),
        ('{"version": 2}', "lacks the field 'job'"),
        ("x" * (MAX_BYTES + 1), "is too large"),
    ],
)
def test_what_is_no_farm_job_is_refused(tmp_path, text, words):
    (tmp_path / "farm_job.json").write_text(text)
    with pytest.raises(JobError, match=words):
        FarmJob.read(tmp_path)


@pytest.mark.parametrize("field", [*fields(FarmJob), None], ids=lambda each: each.name if each else "version")
def test_a_farm_job_that_lacks_a_field_is_refused(tmp_path, field):
    data = json.loads(FARM_JOB.to_json())
    del data[field.name if field else "version"]
    (tmp_path / "farm_job.json").write_text(json.dumps(data))
    with pytest.raises(JobError):
        FarmJob.read(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shell", "rm"),
        ("job", []),
        ("job", {"version": 1, "plate": "", "output": "/out", "frames": "1-2"}),
        ("job", {"version": 1, "plate": "/p.mov", "output": "/o\0ut", "frames": "1-2"}),
        ("job", {"version": 1, "plate": "/p.mov", "output": "/out", "frames": None}),
        ("job", {"version": 1, "plate": "/p.mov", "output": "/out", "frames": f"1-{10**30}"}),
        ("name", ""),
        ("name", ".."),
        ("name", "../../../../escaped"),
        ("name", "/etc/x"),
        ("name", "..\\..\\x"),
        ("name", "C:x"),
        ("name", "a\0b"),
        ("name", "n" * 201),
        ("name", 7),
        ("farm", {"chunk": 0}),
        ("farm", {"chunk": True}),
        ("farm", {"state_every": -1}),
        ("farm", {"exact": "maybe"}),
        ("farm", {"exact": "auto"}),
        ("farm", {"shell": "rm"}),
        ("needs_gpu", 1),
        ("threads", -1),
        ("threads", 1_000_000),
        ("threads", True),
        ("path_map", [["a"]]),
        ("path_map", [["a", 1]]),
        ("path_map", ["ab"]),
        ("path_map", [["", "/show"]]),
        ("weights_hash", "../x"),
        ("plate_hash", None),
        ("settings_hash", "z" * 64),
        ("recipe_mark", "d" * 65),
        ("recipe", [1]),
    ],
)
def test_a_farm_job_edited_to_nonsense_is_refused(tmp_path, field, value):
    data = json.loads(FARM_JOB.to_json())
    (tmp_path / "farm_job.json").write_text(json.dumps({**data, field: value}))
    with pytest.raises(JobError) as caught:
        FarmJob.read(tmp_path)
    assert len(caught.value.message) < 400


def test_a_farm_job_that_is_not_there_is_an_error_of_reading(tmp_path):
    with pytest.raises(ReadError, match=r"farm_job\.json cannot be read"):
        FarmJob.read(tmp_path / "farm_job.json")


@given(st.lists(st.integers(-200, 200), min_size=1), st.integers(1, 40))
def test_chunks_are_the_frames_cut_at_multiples(numbers, size):
    frames = FrameSet.of(numbers)
    farm = FarmSettings(chunk=size, exact="chain")
    chunks = replace(FARM_JOB, job=replace(JOB, frames=frames), farm=farm).chunks()
    assert [number for chunk in chunks for number in chunk] == list(frames)
    assert all(chunk.first // size == chunk.last // size for chunk in chunks)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Z:\\show\\sh010\\p.####.exr", "/mnt/show/sh010/p.####.exr"),
        ("z:/show/sh010", "/mnt/show/sh010"),
        ("Z:\\show", "/mnt/show"),
        ("Z:\\showreel\\a", "Z:\\showreel\\a"),
        ("/Volumes/show/a b", "/mnt/show/a b"),
        ("/elsewhere", "/elsewhere"),
        ("auto", "auto"),
    ],
)
def test_paths_are_those_of_this_machine(path, expected):
    rules = (("Z:\\show", "/gone/show"), ("Z:\\show", "/mnt/show"), ("/Volumes/show", "/mnt/show"))
    assert map_path(path, rules, {"/mnt/show"}.__contains__) == expected


def test_a_path_whose_own_beginning_is_here_stays():
    rules = (("/mnt/show", "/Volumes/show"),)
    assert map_path("/mnt/show/a", rules, {"/mnt/show", "/Volumes/show"}.__contains__) == "/mnt/show/a"


@pytest.mark.parametrize(
    ("farm", "extra_frames"),
    [
        ({"exact": "states", "state_every": 16}, 100 + 1001 % 16),
        ({"exact": "none", "chunk_preroll": 24}, 3 * 24),
        ({"exact": "chain"}, 0),
    ],
)
def test_costs_count_the_frames_without_a_matte(farm, extra_frames):
    one = PreparedShot(replace(FARM_JOB, farm=FarmSettings(chunk=48, **farm)), Path("/show"))
    assert cost_of(one) == Cost(frames=100, tasks=3, extra_frames=extra_frames)


def test_a_submission_calls_the_command_it_was_given():
    one = Submission(FarmSettings(command="nice matteline"), (), "show")
    call = chunk_command(one, "/show/farm_job.json", FrameRange(-3, 4))
    assert call == (
        "nice",
        "matteline",
        "farm",
        "chunk",
        "--farm-job",
        "/show/farm_job.json",
        "--frames=-3-4",
    )


def test_a_command_whose_quote_is_not_closed_is_refused():
    with pytest.raises(JobError, match="quotation") as caught:
        _ = Submission(FarmSettings(command="'/opt/my matteline"), (), "show").command
    assert caught.value.field == "command"


@pytest.mark.parametrize(("field", "value"), [("priority", 101), ("retries", -1), ("gpu_memory", -1)])
def test_farm_settings_with_nonsense_are_refused(field, value):
    with pytest.raises(JobError) as caught:
        FarmSettings(**{field: value})
    assert caught.value.field == field


WINDOWS = {
    "source_path_format": "WINDOWS",
    "source_path": "Z:\\show",
    "destination_path": "/mnt/show",
}
POSIX = {"source_path_format": "POSIX", "source_path": "/show/a", "destination_path": "/mnt/a"}
NEAREST = {**POSIX, "source_path": "/show/a/b", "destination_path": "/mnt/b"}
ADDRESS = {**POSIX, "source_path_format": "URI", "source_path": "s3://show"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("z:/SHOW\\sh010\\p.####.exr", "/mnt/show/sh010/p.####.exr"),
        ("/show/a/p.exr", "/mnt/a/p.exr"),
        ("/show/a/b/c\\d/p.exr", "/mnt/b/c\\d/p.exr"),
        ("/show/ab/p.exr", "/show/ab/p.exr"),
        ("auto", "auto"),
    ],
)
def test_the_path_rules_of_a_session_move_paths_whichever_folders_are_here(tmp_path, path, expected):
    file = _rules(tmp_path, [POSIX, ADDRESS, WINDOWS, NEAREST])
    assert replace_beginning(path, read_path_rules(file)) == expected


def test_a_session_without_path_rules_moves_nothing(tmp_path):
    (tmp_path / "rules.json").write_text("{}")
    assert read_path_rules(tmp_path / "rules.json") == ()


@pytest.mark.parametrize("text", ["", "[]", '{"version": "2"}', '{"version": "pathmapping-1.0"}', "[" * 9999])
def test_what_are_no_path_rules_is_one_sentence(tmp_path, text):
    (tmp_path / "rules.json").write_text(text)
    with pytest.raises(JobError, match="holds no path mapping rules"):
        read_path_rules(tmp_path / "rules.json")


@pytest.mark.parametrize("rule", ["x", {}, {**POSIX, "destination_path": 1}, {**POSIX, "source_path": ""}])
def test_a_path_rule_without_two_paths_is_refused(tmp_path, rule):
    with pytest.raises(JobError, match="holds no path mapping rules"):
        read_path_rules(_rules(tmp_path, [rule]))


def _rules(folder: Path, rules: list[object]) -> Path:
    file = folder / "rules.json"
    file.write_text(json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": rules}))
    return file
