"""OpenJD's own model and `openjd check` on the bundles, and the tasks they make."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from openjd.model import (
    StepParameterSpaceIterator,
    create_job,
    decode_job_template,
    preprocess_job_parameters,
)

from matteline.contract.errors import JobError, MattelineError
from matteline.contract.frames import FrameSet
from matteline.farm.engines import ENGINES
from tests.farm.engines.conftest import HOSTILE, submission


def job_of(bundle: Path):
    """The job that OpenJD makes of a bundle."""
    template = decode_job_template(
        template=yaml.safe_load((bundle / "template.yaml").read_text("utf-8")),
        supported_extensions=["TASK_CHUNKING"],
    )
    listed = yaml.safe_load((bundle / "parameter_values.yaml").read_text("utf-8"))["parameterValues"]
    values = preprocess_job_parameters(
        job_template=template,
        job_parameter_values={each["name"]: each["value"] for each in listed if ":" not in each["name"]},
        job_template_dir=bundle,
        current_working_dir=bundle,
    )
    return create_job(job_template=template, job_parameter_values=values)


def tasks(step) -> list[str]:
    return [each["Frame"].value for each in StepParameterSpaceIterator(space=step.parameterSpace)]


def step_of(job, name: str):
    return next(each for each in job.steps if each.name == name)


def write(folder: Path, *clips, **values) -> list[Path]:
    ENGINES["openjd"].write(submission("openjd", *clips, **values), folder)
    return sorted(folder.iterdir())


def test_states_come_first_then_chunks_then_the_check(shot, tmp_path):
    (bundle,) = write(tmp_path / "out", shot())
    job = job_of(bundle)
    assert [each.name for each in job.steps] == ["States", "Render", "Check"]
    assert [[on.dependsOn for on in each.dependencies or []] for each in job.steps] == [
        [],
        ["States"],
        ["Render"],
    ]


@pytest.mark.parametrize("size", [1, 7, 24])
def test_every_frame_is_in_exactly_one_task(shot, tmp_path, size):
    (bundle,) = write(tmp_path / "out", shot(chunk=size))
    ranges = tasks(step_of(job_of(bundle), "Render"))
    frames = [frame for each in ranges for frame in FrameSet.parse(each)]
    assert frames == list(range(1001, 1021))
    assert max(len(FrameSet.parse(each)) for each in ranges) <= size


def test_pick_up_frames_are_one_range_string_and_no_task_spans_a_gap(shot, tmp_path):
    missing = FrameSet.parse("1009-1010,1017")
    (bundle,) = write(tmp_path / "out", shot(), missing=(missing,))
    listed = yaml.safe_load((bundle / "parameter_values.yaml").read_text())["parameterValues"]
    assert {"name": "Frames", "value": "1009-1010,1017"} in listed
    assert tasks(step_of(job_of(bundle), "Render")) == ["1009-1010", "1017-1017"]


def test_negative_frames_reach_the_task_as_one_argument(shot, tmp_path):
    (bundle,) = write(tmp_path / "out", shot(frames="-5--1", chunk=24))
    render = step_of(job_of(bundle), "Render")
    assert tasks(render) == ["-5--1"]
    assert "--frames={{Task.Param.Frame}}" in [str(each) for each in render.script.actions.onRun.args]


def test_a_chain_is_a_step_for_each_chunk_with_one_resident_worker_for_all(shot, tmp_path):
    (bundle,) = write(tmp_path / "out", shot(exact="chain"))
    job = job_of(bundle)
    names = [each.name for each in job.steps]
    assert names == ["Chunk 1: 1001-1007", "Chunk 2: 1008-1015", "Chunk 3: 1016-1020", "Check"]
    assert [[on.dependsOn for on in each.dependencies or []] for each in job.steps] == [
        [],
        *([each] for each in names[:-1]),
    ]
    assert [each.name for each in job.jobEnvironments] == ["Matteline"]


@pytest.mark.slow
def test_two_hundred_chained_steps_pass(shot, tmp_path):
    (bundle,) = write(tmp_path / "out", shot(frames="1-200", exact="chain", chunk=1))
    assert len(job_of(bundle).steps) == 201


def test_without_states_and_a_look_the_farm_jobs_own_chunks_are_listed(shot, tmp_path):
    (bundle,) = write(tmp_path / "out", shot(exact="none", look=False, frames="1001-1020,1050"))
    job = job_of(bundle)
    assert [each.name for each in job.steps] == ["Render", "Check"]
    assert tasks(job.steps[0]) == ["1001-1007", "1008-1015", "1016-1020", "1050"]


def test_more_chunks_than_a_job_may_list_are_refused(shot, tmp_path):
    with pytest.raises(JobError, match="lists 1024 at most"):
        write(tmp_path / "out", shot(exact="none", frames="1-1025", chunk=1))


def test_a_gpu_is_asked_for_only_by_clips_that_need_one(shot, tmp_path):
    bundles = write(tmp_path / "out", shot("needs", needs_gpu=True), shot("needs_not"), gpu_memory=6.5)
    asked = []
    for bundle in bundles:
        needs = step_of(job_of(bundle), "Render").hostRequirements
        asked.append([(each.name, int(each.min)) for each in needs.amounts] if needs else None)
    assert asked == [[("amount.worker.gpu", 1), ("amount.worker.gpu.memory", 6656)], None]


def test_the_target_time_and_the_timeout_are_those_of_the_submission(shot, tmp_path):
    (bundle,) = write(tmp_path / "out", shot(), target_seconds=300, timeout_minutes=90)
    job = job_of(bundle)
    chunks = step_of(job, "Render").parameterSpace.taskParameterDefinitions["Frame"].chunks
    assert int(chunks.targetRuntimeSeconds) == 300
    minutes = [int(each.script.actions.onRun.timeout) // 60 for each in job.steps]
    assert minutes == [3 * 90, 90, 3 * 90], "what goes over the whole clip may take what its chunks may"


def test_clips_have_a_bundle_each_under_one_batch_name(shot, tmp_path):
    bundles = write(tmp_path / "out", shot("A"), shot("a", within="other"), shot("bc"))
    assert [each.name for each in bundles] == ["A", "a_2", "bc"]
    assert [job_of(each).name for each in bundles] == ["sh010 mattes A", "sh010 mattes a", "sh010 mattes bc"]


def test_a_clip_with_nothing_missing_is_left_out(shot, tmp_path):
    bundles = write(tmp_path / "out", shot("done"), shot("open"), missing=(FrameSet(), None))
    assert [each.name for each in bundles] == ["open"]


def test_nothing_missing_at_all_costs_a_sentence(shot, tmp_path):
    with pytest.raises(JobError, match="No frame of the submission is missing"):
        write(tmp_path / "out", shot(), missing=(FrameSet(),))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_names(shot, tmp_path, name):
    one = shot(name)
    (bundle,) = write(tmp_path / "out", one, batch_name=name)
    job = job_of(bundle)
    assert "\n" not in job.name and " ".join(name.split()) in job.name
    assert job.parameters["FarmJob"].value == str(one.file)
    assert "{{" not in " ".join(bundle.parts[-1:])


@pytest.mark.parametrize("name", ["a shot", "schön 日本", "{{Param.JobName}}", "two\nlines"])
def test_openjd_check_passes(shot, tmp_path, name):
    (bundle,) = write(tmp_path / "out", shot(name))
    command = [sys.executable, "-m", "openjd", "check", str(bundle / "template.yaml")]
    done = subprocess.run([*command, "--extensions", "TASK_CHUNKING"], capture_output=True, text=True)
    assert done.returncode == 0 and "passes validation" in done.stdout, done.stdout + done.stderr


def test_a_command_with_a_format_string_is_refused(shot, tmp_path):
    with pytest.raises(JobError, match="format string"):
        write(tmp_path / "out", shot(), command=("matteline", "{{Param.JobName}}"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("option", "value"), [("pool", "gpu"), ("after", "job-1")])
def test_what_openjd_does_not_have_is_refused(shot, tmp_path, option, value):
    with pytest.raises(JobError) as caught:
        write(tmp_path / "out", shot(), **{option: value})
    assert caught.value.field == option


def test_only_farm_commands_are_called(shot, tmp_path):
    (bundle,) = write(tmp_path / "out", shot(), command=("matteline",))
    actions = []

    def collect(node):
        if isinstance(node, dict):
            actions.extend([node] if "command" in node else [])
            node = list(node.values())
        if isinstance(node, list):
            for each in node:
                collect(each)

    collect(yaml.safe_load((bundle / "template.yaml").read_text()))
    assert [each["command"] for each in actions] == ["matteline"] * 5
    assert all(each["args"][0] == "farm" for each in actions)
    verbs = sorted(" ".join(each["args"][1:3]) for each in actions)
    assert verbs == [
        "check --farm-job",
        "chunk --farm-job",
        "session start",
        "session stop",
        "states --farm-job",
    ]


def test_without_the_optional_packages_a_sentence_names_them(shot, tmp_path):
    script = (
        "import sys, json; sys.modules['openjd'] = None; sys.modules['openjd.model'] = None\n"
        "from pathlib import Path\n"
        "from matteline.farm.engines import ENGINES\n"
        "from matteline.contract.farm_settings import FarmSettings\n"
        "from matteline.farm.farm_job import FarmJob\n"
        "from matteline.farm.submission import PreparedShot, Submission\n"
        "folder = Path(sys.argv[1])\n"
        "one = Submission(FarmSettings(), (PreparedShot(FarmJob.read(folder), folder),), 'x')\n"
        "try: ENGINES['openjd'].write(one, folder / 'out')\n"
        "except Exception as error: print(json.dumps([type(error).__name__, error.message, error.hint]))\n"
    )
    folder = shot().folder
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True)
    kind, message, hint = json.loads(done.stdout)
    assert kind == MattelineError.__name__
    assert "openjd" in message and "pip install" in hint


def test_nothing_is_written_when_one_of_several_shots_is_refused(shot, tmp_path):
    too_many = shot("many", exact="none", frames="1-1025", chunk=1)
    with pytest.raises(JobError):
        write(tmp_path / "out", shot("good"), too_many)
    assert not (tmp_path / "out").exists()
