"""Tickets: what one machine writes another reads, and what is no ticket is refused in a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.farm.costs import costs_of
from matteline.farm.engines.shots import chunk_command
from matteline.farm.paths import mapped, moved, rules_in
from matteline.farm.submission import Submission
from matteline.farm.ticket import MAX_BYTES, Ticket

JOB = Job("/show/plate.####.exr", "/show/mattes", FrameSet.parse("1001-1100"), settings=MatteSettings())
TICKET = Ticket(
    JOB,
    "sh010",
    chunk_frames=24,
    exact="chain",
    needs_gpu=True,
    threads=3,
    path_map=(("Z:\\show", "/show"),),
    weights="a" * 64,
    recipe={"choke": 0.5, "frames": "1001-1100"},
)


def test_what_is_written_is_read(tmp_path):
    TICKET.write(tmp_path)
    assert Ticket.read(tmp_path / "job.json") == TICKET
    assert Ticket.read(tmp_path) == TICKET


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "has version None"),
        ('{"version": 2}', "has version 2"),
        ('{"version": 1}', "lacks a job"),
        ('{"version": 1, "job": {}, "name": "x", "chunk_frames": true}', "the field 'chunk_frames'"),
        ('{"version": 1, "job": {}, "name": "x", "shell": "rm"}', "the field 'shell'"),
        ('{"version": 1, "job": {}, "name": "x", "path_map": [["a"]]}', "version"),
        ("x" * (MAX_BYTES + 1), "is too large"),
    ],
)
def test_what_is_no_ticket_is_refused(tmp_path, text, words):
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(JobError, match=words):
        Ticket.read(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"), [("chunk_frames", 0), ("state_frames", -1), ("exact", "maybe"), ("threads", -1)]
)
def test_a_ticket_edited_to_nonsense_is_refused(tmp_path, field, value):
    data = json.loads(TICKET.to_json())
    (tmp_path / "job.json").write_text(json.dumps({**data, field: value}))
    with pytest.raises(JobError):
        Ticket.read(tmp_path)


def test_a_ticket_that_is_not_there_is_an_error_of_reading(tmp_path):
    with pytest.raises(ReadError, match=r"job\.json cannot be read"):
        Ticket.read(tmp_path / "job.json")


@given(st.lists(st.integers(-200, 200), min_size=1), st.integers(1, 40))
def test_chunks_are_the_frames_cut_at_multiples(numbers, size):
    frames = FrameSet.of(numbers)
    chunks = replace(TICKET, job=replace(JOB, frames=frames), chunk_frames=size).chunks()
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
    assert mapped(path, rules, {"/mnt/show"}.__contains__) == expected


def test_a_path_whose_own_beginning_is_here_stays():
    rules = (("/mnt/show", "/Volumes/show"),)
    assert mapped("/mnt/show/a", rules, {"/mnt/show", "/Volumes/show"}.__contains__) == "/mnt/show/a"


def test_costs_count_what_is_rolled_over():
    states = replace(TICKET, exact="states", state_frames=16, chunk_frames=48)
    assert (costs_of(states).frames, costs_of(states).tasks) == (100, 3)
    assert costs_of(states).rolled == 100 + 1001 % 16
    none = replace(TICKET, exact="none", preroll_frames=24, chunk_frames=48)
    assert costs_of(none).rolled == 3 * 24
    assert costs_of(replace(TICKET, exact="chain")).rolled == 0


def test_a_submission_calls_the_command_it_was_given():
    one = Submission("openjd", (TICKET,), (Path("/show"),), "show", command=("nice", "matteline"))
    call = chunk_command(one, "/show/job.json", FrameRange(-3, 4))
    assert call == ("nice", "matteline", "farm", "chunk", "--job", "/show/job.json", "--frames=-3-4")


@pytest.mark.parametrize(("field", "value"), [("priority", 101), ("retries", -1), ("gpu_memory_gib", -1)])
def test_a_submission_with_nonsense_is_refused(field, value):
    with pytest.raises(JobError, match=field):
        Submission("openjd", (), (), "show", **{field: value})


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
    assert moved(path, rules_in(file)) == expected


def test_a_session_without_path_rules_moves_nothing(tmp_path):
    (tmp_path / "rules.json").write_text("{}")
    assert rules_in(tmp_path / "rules.json") == ()


@pytest.mark.parametrize("text", ["", "[]", '{"version": "2"}', '{"version": "pathmapping-1.0"}', "[" * 9999])
def test_what_are_no_path_rules_is_one_sentence(tmp_path, text):
    (tmp_path / "rules.json").write_text(text)
    with pytest.raises(JobError, match="holds no path mapping rules"):
        rules_in(tmp_path / "rules.json")


@pytest.mark.parametrize("rule", ["x", {}, {**POSIX, "destination_path": 1}, {**POSIX, "source_path": ""}])
def test_a_path_rule_without_two_paths_is_refused(tmp_path, rule):
    with pytest.raises(JobError, match="holds no path mapping rules"):
        rules_in(_rules(tmp_path, [rule]))


def _rules(folder: Path, rules: list[object]) -> Path:
    file = folder / "rules.json"
    file.write_text(json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": rules}))
    return file
