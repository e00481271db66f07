"""The Open Job Description template of one shot: https://github.com/OpenJobDescription/openjd-specifications.

Names, paths and frames are job parameters, because a parameter's value is never read as a format string.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matteline.contract.errors import JobError
from matteline.farm.engines.engine_limits import refuse_text
from matteline.farm.engines.shot_tasks import (
    ShotTasks,
    check_command,
    chunk_command,
    plain,
    session_command,
    states_command,
    timeout_minutes,
)

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

SPECIFICATION = "jobtemplate-2023-09"
EXTENSION = "TASK_CHUNKING"
SESSION_FILE = "{{Session.WorkingDirectory}}/matteline-session.json"
FARM_JOB = "{{Param.FarmJob}}"
PATH_RULES = ("--path-rules", "{{Session.PathMappingRulesFile}}")
"""OpenJD maps the path of the farm job, since it is a parameter; it does not know the paths inside."""
IN_SESSION = ("--session", SESSION_FILE, *PATH_RULES)
MIB_PER_GIB = 1024
START_SECONDS = 300  # loading torch and the model over a slow network disk
STOP_SECONDS = 60
NOTICE_SECONDS = 30  # enough for the frames that are being written
MOST_VALUES = 1024
"""Values that a task parameter may list, by the specification."""
LONGEST_JOB_NAME = 120


def template(submission: Submission, shot: ShotTasks) -> dict[str, Any]:
    """Return the job template of one shot, as it is written to YAML.

    Raises:
        JobError: The command of the workers would be read as a format string, or there are too many chunks.
    """
    refuse_text("OpenJD", submission.command, r"\{\{|\}\}", "a format string")
    return {
        "specificationVersion": SPECIFICATION,
        "extensions": [EXTENSION],
        "name": "{{Param.JobName}}",
        "description": "Mattes by matteline: the pixels are those of one unbroken render.",
        "parameterDefinitions": _parameter_definitions(shot),
        # Of the job, not of a step: what the first pass has loaded serves the chunks of the same session,
        # and in a chain every chunk is a step.
        "jobEnvironments": [
            {
                "name": "Matteline",
                "description": "Keeps the model loaded from one task to the next.",
                "script": {
                    "actions": {
                        "onEnter": _action(session_command(submission, "start", SESSION_FILE), START_SECONDS),
                        "onExit": _action(session_command(submission, "stop", SESSION_FILE), STOP_SECONDS),
                    }
                },
            }
        ],
        "steps": _steps(submission, shot),
    }


def parameter_values(submission: Submission, shot: ShotTasks) -> dict[str, str | int]:
    """Return the value of each job parameter."""
    batch = plain(submission.batch_name)
    name = f"{batch} {shot.name}"[:LONGEST_JOB_NAME] if batch and batch != shot.name else shot.name
    values: dict[str, str | int] = {"JobName": name, "FarmJob": shot.file}
    if shot.farm_job.needs_first_pass:
        values["FirstPass"] = str(shot.first_pass)
    if shot.farm_job.needs_states:
        values["Frames"] = str(shot.frames)
        values["ChunkSize"] = shot.farm_job.farm.chunk
        values["TargetChunkDuration"] = submission.farm.target_seconds
    return values


def _parameter_definitions(shot: ShotTasks) -> list[dict[str, Any]]:
    always = [
        _parameter("JobName", "STRING", "LINE_EDIT", "Job name"),
        # As a PATH it is mapped where a host has path mapping rules.
        {
            **_parameter("FarmJob", "PATH", "CHOOSE_INPUT_FILE", "Farm job (farm_job.json)"),
            "objectType": "FILE",
            "dataFlow": "IN",
        },
    ]
    if shot.farm_job.needs_first_pass:
        always.append(_parameter("FirstPass", "STRING", "LINE_EDIT", "Frames of the first pass"))
    if not shot.farm_job.needs_states:
        return always
    return [
        *always,
        _parameter("Frames", "STRING", "LINE_EDIT", "Frames to render"),
        {**_parameter("ChunkSize", "INT", "SPIN_BOX", "Frames per task"), "minValue": 1},
        {**_parameter("TargetChunkDuration", "INT", "SPIN_BOX", "Target seconds per task"), "minValue": 0},
    ]


def _parameter(name: str, kind: str, control: str, label: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "userInterface": {"control": control, "label": label}}


def _steps(submission: Submission, shot: ShotTasks) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []

    def add(name: str, command: Sequence[str], *, whole: bool = False) -> dict[str, Any]:
        """Add a step that waits for the one before it."""
        minutes = timeout_minutes(submission, shot, whole=whole)
        step: dict[str, Any] = {"name": name}
        if steps:
            step["dependencies"] = [{"dependsOn": steps[-1]["name"]}]
        # The check decodes pictures only.
        if shot.farm_job.needs_gpu and name != "Check":
            step["hostRequirements"] = {"amounts": _gpu_amounts(submission)}
        step["script"] = {"actions": {"onRun": _action(command, minutes * 60)}}
        steps.append(step)
        return step

    if shot.farm_job.needs_first_pass:
        command = states_command(submission, FARM_JOB, "{{Param.FirstPass}}", *IN_SESSION)
        add("States", command, whole=True)
    if shot.farm_job.is_chain:
        # OpenJD promises no order inside a step, so each chunk is one.
        for number, frames in enumerate(shot.chunks, 1):
            command = chunk_command(submission, FARM_JOB, frames, *IN_SESSION)
            add(f"Chunk {number}: {frames}", command)
    else:
        command = chunk_command(submission, FARM_JOB, "{{Task.Param.Frame}}", *IN_SESSION)
        add("Render", command)["parameterSpace"] = {"taskParameterDefinitions": [_frame_parameter(shot)]}
    add("Check", check_command(submission, FARM_JOB, *PATH_RULES), whole=True)
    return steps


def _frame_parameter(shot: ShotTasks) -> dict[str, Any]:
    """Return the task parameter that goes over the frames."""
    if shot.farm_job.needs_states:
        chunks = {
            "defaultTaskCount": "{{Param.ChunkSize}}",
            "targetRuntimeSeconds": "{{Param.TargetChunkDuration}}",
            "rangeConstraint": "CONTIGUOUS",
        }
        return {"name": "Frame", "type": "CHUNK[INT]", "range": "{{Param.Frames}}", "chunks": chunks}
    # One by one: without states, pixels depend on where a chunk begins, and OpenJD evens chunks out.
    if len(shot.chunks) > MOST_VALUES:
        raise JobError(
            f"{shot.name} has {len(shot.chunks)} chunks; an OpenJD job lists {MOST_VALUES} at most.",
            field="chunk",
            hint="Choose larger chunks, or make them exact with 'states'.",
            settings=("chunk", "exact=states"),
        )
    return {"name": "Frame", "type": "STRING", "range": [str(each) for each in shot.chunks]}


def _gpu_amounts(submission: Submission) -> list[dict[str, Any]]:
    # A queue with machines of both kinds books a machine without one, unless the template asks.
    amounts: list[dict[str, Any]] = [{"name": "amount.worker.gpu", "min": 1}]
    if submission.farm.gpu_memory:
        memory = round(submission.farm.gpu_memory * MIB_PER_GIB)
        amounts.append({"name": "amount.worker.gpu.memory", "min": memory})
    return amounts


def _action(command: Sequence[str], timeout_seconds: int) -> dict[str, Any]:
    action: dict[str, Any] = {"command": command[0], "args": list(command[1:])}
    if timeout_seconds:
        action["timeout"] = timeout_seconds
    # Told first, so that frames that are being written can be finished.
    action["cancelation"] = {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": NOTICE_SECONDS}
    return action
