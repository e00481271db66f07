"""What a worker answers is said in the same words in every host."""

from __future__ import annotations

import pytest

from matteline.contract.errors import JobError
from matteline.contract.messages import describe_check, describe_submission, sentence

SHOTS = [{"name": "sh010", "tasks": 3}, {"name": "sh020", "tasks": 1}]


@pytest.mark.parametrize(
    ("shots", "files", "jobs", "words"),
    [
        (SHOTS, ["/a"], ["5f0c", "5f0d"], "Sent to deadline10: sh010, sh020 (4 tasks). Jobs 5f0c, 5f0d."),
        (SHOTS[1:], ["/a"], ["5f0c"], "Sent to deadline10: sh020 (1 task). Job 5f0c."),
        (SHOTS[1:], ["/a/b"], [], "Written for deadline10: sh020 (1 task). File /a/b."),
        (SHOTS[:1], ["a/b", "a/c/d"], [], "Written for deadline10: sh010 (3 tasks). 2 files in a."),
    ],
    ids=["jobs", "job", "file", "files"],
)
def test_what_was_submitted_is_said_with_its_ids_or_its_files(shots, files, jobs, words):
    message = {"engine": "deadline10", "shots": shots, "files": files, "jobs": jobs}
    assert describe_submission(message) == words


def checked(**values):
    devices = [{"name": "cpu", "description": "2 cores"}, {"name": "cuda:0", "description": "H200"}]
    model = {"name": "rvm_mobilenetv3"}
    return {"matteline": "0.1", "devices": devices, "device": "cpu", "model": model, "problem": None} | values


def test_a_check_names_version_device_and_model():
    assert describe_check(checked()) == "matteline 0.1, cpu (2 cores), model rvm_mobilenetv3"


def test_a_check_of_a_device_that_is_not_described_still_names_it():
    assert describe_check(checked(devices=[])) == "matteline 0.1, cpu, model rvm_mobilenetv3"


def test_a_check_without_a_model_says_why_and_what_to_do():
    problem = {"message": "There are no weights.", "hint": "Run 'matteline weights fetch'."}
    words = describe_check(checked(device="cuda:0", model=None, problem=problem))
    assert words == "matteline 0.1, cuda:0 (H200), There are no weights. Run 'matteline weights fetch'."


def test_an_error_is_what_is_wrong_and_what_to_do():
    assert sentence(JobError("It is wrong.", hint="Mend it.")) == "It is wrong. Mend it."
    assert sentence(JobError("It is wrong.")) == "It is wrong."


def refused():
    return JobError(
        "There are results.",
        hint="Resume them, or render on the CPU.",
        settings=("existing=resume", "device=cpu", "output", "chunk", "existing=overwrite"),
    )


def test_a_hint_names_the_labels_of_the_settings_that_it_is_about():
    assert sentence(refused()) == (
        "There are results. Resume them, or render on the CPU. "
        "('Existing results: resume', 'Device: cpu', 'output', 'Chunk', 'Existing results: overwrite')"
    )


def test_a_hint_names_a_host_s_own_controls_each_once():
    controls = {"existing=resume": "Render Missing", "existing": "Existing", "output": "Output folder"}
    assert sentence(refused(), controls).endswith(
        "('Render Missing', 'Device: cpu', 'Output folder', 'Chunk', 'Existing: overwrite')"
    )


def test_controls_are_named_only_with_a_hint():
    assert sentence(JobError("There are results.", settings=("existing",))) == "There are results."
