"""Jobs, settings and events keep what they promise to every door."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from matteline.contract.choices import AFFECTS
from matteline.contract.errors import (
    ColourError,
    DeviceError,
    JobError,
    ReadError,
    StateError,
    WorkerError,
)
from matteline.contract.events import Failed, FrameDone, error_of, to_dict
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings, choices, parse_value

CONTRACT = Path(__file__).parent.parent.parent / "core" / "matteline" / "contract"


def test_a_job_survives_its_json_form():
    job = Job(
        "plate %04d [é].mov", "out", FrameSet.parse("-3-5,9"), 1001, "resume", MatteSettings(preroll="all")
    )
    assert Job.from_json(job.to_json()) == job


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"version": 99}', "has version 99"),
        ('{"version": 1, "plate": "a"}', "does not say its output"),
        ('{"version": 1, "plate": "a", "output": "b", "speed": 3}', "a field 'speed'"),
        ('{"version": 1, "plate": "a", "output": "b", "settings": {"hair": 1}}', "a field 'hair'"),
        ('{"version": 1, "plate": "a", "output": "b", "settings": {"preroll": -1}}', "Preroll cannot be -1"),
        ('{"version": 1, "plate": "a", "output": "b", "settings": {"write": 5}}', "Products cannot be 5"),
        ('{"version": 1, "plate": "a", "output": "b", "first_frame": "1"}', "first frame cannot be '1'"),
        ('{"version": 1, "plate": "a", "output": "b", "existing": ["resume"]}', "Existing results cannot be"),
        ('{"version": 1, "plate": "a", "output": "b", "frames": "x"}', "'x' is not a frame range"),
    ],
)
def test_a_job_that_is_not_one_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(JobError, match=sentence):
        Job.from_json(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("downsample_ratio", 0.0),
        ("downsample_ratio", 1.5),
        ("downsample_ratio", "half"),
        ("preroll", 2.5),
        ("preroll", True),
        ("write", ("depth",)),
        ("write", ()),
        ("missing", "skip"),
        ("depth", "8"),
        ("device", ""),
        ("batch", 0),
    ],
)
def test_a_setting_out_of_bounds_is_named(name, value):
    with pytest.raises(JobError) as caught:
        MatteSettings(**{name: value})
    assert caught.value.field == name
    assert caught.value.hint or name == "device"


def test_every_setting_says_how_a_door_shows_it():
    for each in fields(MatteSettings):
        choice = choices()[each.name]
        assert choice.label and choice.help.endswith(".")
        assert choice.kind in ("choice", "choices", "number", "count", "text", "path")
        if choice.kind in ("number", "count"):
            assert choice.minimum is not None and choice.maximum is not None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("preroll", "12", 12),
        ("preroll", "all", "all"),
        ("downsample_ratio", "0.25", 0.25),
        ("write", "rgba, alpha", ("rgba", "alpha")),
        ("device", "cuda:1", "cuda:1"),
    ],
)
def test_what_a_user_types_becomes_the_settings_own_type(name, text, value):
    assert parse_value(name, text) == value


def test_a_word_where_a_number_belongs_says_what_is_allowed():
    with pytest.raises(JobError) as caught:
        parse_value("preroll", "ten")
    assert "Preroll cannot be 'ten'" in caught.value.message
    assert "0 to 1000" in caught.value.hint


@pytest.mark.parametrize("text", ["", "a", "1-", "5-3", "1..3", "1-2-3"])
def test_text_that_is_no_frame_range_is_refused(text):
    with pytest.raises(JobError):
        FrameSet.parse(text)


def test_negative_frames_are_read_and_written():
    assert FrameRange.parse("-3-5") == FrameRange(-3, 5)
    assert FrameRange.parse("-10--4") == FrameRange(-10, -4)
    assert str(FrameSet.parse("5,-3-2,3")) == "-3-3,5"


def test_events_are_plain_json_lines():
    failed = Failed.of(ReadError("Frame 7 is short.", path=Path("a.exr"), frame=7, hint="Render it again."))
    line = json.loads(json.dumps(to_dict(failed)))
    assert line["event"] == "failed"
    assert line["exit_code"] == 3
    assert line["where"] == {"path": "a.exr", "frame": 7}
    assert to_dict(FrameDone(7, ("a",), 1, 2))["event"] == "frame"


@pytest.mark.parametrize(
    "error",
    [
        ReadError("Frame 7 is short.", path=Path("a.exr"), frame=7, hint="Render it again."),
        JobError("It is wrong.", field="write"),
        ColourError("There is no such space.", space="ACEScg"),
        StateError("It belongs to another plate.", path="1001.state"),
        DeviceError("It is full."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_out_of_another_process_as_it_was(error):
    found = error_of(json.loads(json.dumps(to_dict(Failed.of(error)))))
    assert type(found) is type(error)
    assert (found.message, found.hint, found.exit_code, found.where()) == (
        (error.message, error.hint, error.exit_code, error.where())
    )


def test_an_error_that_no_one_foresaw_is_one_of_the_worker():
    failed = {"kind": "InternalError", "message": "It broke.", "hint": "", "exit_code": 1, "where": {}}
    assert type(error_of(failed)) is WorkerError


def test_an_error_of_a_later_release_keeps_its_words_and_its_exit_code():
    failed = {
        "kind": "MoonError",
        "message": "It is full.",
        "hint": "Wait.",
        "exit_code": 9,
        "where": {"x": 1},
    }
    found = error_of(failed)
    assert (str(found), found.hint, found.exit_code, found.where()) == ("It is full.", "Wait.", 9, {})


def test_the_contract_loads_with_the_standard_library_alone():
    script = (
        "import sys; before = set(sys.modules)\n"
        f"sys.path.insert(0, {str(CONTRACT.parent.parent)!r})\n"
        "import matteline.contract.worker_holder, matteline.contract.job_file, matteline.contract.plate\n"
        "loaded = {m.partition('.')[0] for m in set(sys.modules) - before} - {'matteline'}\n"
        "print(sorted(m for m in loaded if m not in sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_setting_says_what_another_value_of_it_changes():
    """The recipe of a result is made from it: a setting without it could mix two recipes in one folder."""
    unclassified = [name for name, choice in choices().items() if choice.affects not in AFFECTS]
    assert unclassified == []
