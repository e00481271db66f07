"""Jobs as files: written whole or not at all, and read with care."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from matteline.contract.errors import JobError, MattelineError, ReadError, WriteError
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.job_file import LARGEST_BYTES, read_job_file, write_job_file

JOB = Job("plate [é].####.exr", "out", FrameSet.parse("1-3,9"), existing="resume")


def test_a_job_comes_back_as_it_was_written_into_a_folder_that_was_not_there(tmp_path: Path):
    path = tmp_path / "not" / "there" / "job.json"
    write_job_file(str(path), JOB)
    assert read_job_file(path) == JOB
    assert os.listdir(path.parent) == ["job.json"]


def test_a_plate_whose_name_is_not_unicode_comes_back(tmp_path: Path):
    job = Job("plate \udcff.mov", "out")
    write_job_file(tmp_path / "job.json", job)
    assert read_job_file(tmp_path / "job.json") == job


def test_a_job_that_cannot_take_its_place_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / "job.json").mkdir()
    with pytest.raises(WriteError, match=r"job\.json cannot be written: ") as caught:
        write_job_file(tmp_path / "job.json", JOB)
    assert caught.value.hint
    assert os.listdir(tmp_path) == ["job.json"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match="cannot be made") as caught:
        write_job_file(tmp_path / "file" / "job.json", JOB)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        (None, ReadError, "cannot be read: No such file"),
        (b" " * (LARGEST_BYTES + 1), ReadError, "is too large for a job"),
        (b'{"version": 1, "plate": "\xff"}', ReadError, "is no text in UTF-8"),
        (b"{not json", JobError, "The job is not JSON"),
        (b"[" * 100_000, JobError, "The job is not JSON"),
        (b"[]", JobError, "The job is not a JSON object"),
    ],
    ids=["absent", "large", "latin", "no json", "nested", "list"],
)
def test_what_is_no_job_file_costs_a_sentence_and_a_hint(tmp_path: Path, content, kind, sentence: str):
    path = tmp_path / "job.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MattelineError, match=sentence) as caught:
        read_job_file(path)
    assert type(caught.value) is kind and caught.value.hint
