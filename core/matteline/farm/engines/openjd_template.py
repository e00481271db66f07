"""The Open Job Description template of one shot: https://github.com/OpenJobDescription/openjd-specifications.

Names, paths and frames are job parameters, because a parameter's value is never read as a format string.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matteline.contract.errors import JobError
from matteline.farm.engines.refusing import refuse_text
from matteline.farm.engines.shots import (
    Shot,
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
JOB_FILE = "{{Param.JobFile}}"
PATH_RULES = ("--path-rules", "{{Session.PathMappingRulesFile}}")
"""The ticket's path is mapped by OpenJD, since it is a parameter; the paths in the ticket are not."""
IN_SESSION = ("--session", SESSION_FILE, *PATH_RULES)
MIB_PER_GIB = 1024
START_SECONDS = 300
STOP_SECONDS = 60
NOTICE_SECONDS = 30
MOST_VALUES = 1024
"""Values that a task parameter may list, by the specification."""


def template(submission: Submission, shot: Shot) -> dict[str, Any]:
    """The job template of one shot, as it is written to YAML.

    Raises:
        JobError: The command of the workers would be read as a format string, or there are too many chunks.
    """
    refuse_text("OpenJD", submission.command, r"\{\{|\}\}", "a format string")
    return {
        "specificationVersion": SPECIFICATION,
        "extensions": [EXTENSION],
        "name": "{{Param.JobName}}",
        "description": "Mattes by matteline: the pixels are those of one unbroken render.",
        "parameterDefinitions": _definitions(shot),
        # Of the job, not of a step: what the first pass has loaded serves the chunks of the same session,
        # and in a chain every chunk is a step.
        "jobEnvironments": [_resident(submission)],
        "steps": _steps(submission, shot),
    }


def values(submission: Submission, shot: Shot) -> dict[str, str | int]:
    """The value of each job parameter."""
    given: dict[str, str | int] = {"JobName": _job_name(submission, shot), "JobFile": shot.job_file}
    if shot.needs_states:
        given["FirstPass"] = str(shot.first_pass)
        given["Frames"] = str(shot.frames)
        given["ChunkSize"] = shot.ticket.chunk_frames
        given["TargetChunkDuration"] = submission.target_seconds
    return given


def _job_name(submission: Submission, shot: Shot) -> str:
    batch = plain(submission.batch_name)
    return f"{batch} {shot.name}"[:120] if batch and batch != shot.name else shot.name


def _definitions(shot: Shot) -> list[dict[str, Any]]:
    ticket = _parameter("JobFile", "PATH", "CHOOSE_INPUT_FILE", "Ticket (job.json)")
    always = [
        _parameter("JobName", "STRING", "LINE_EDIT", "Job name"),
        {**ticket, "objectType": "FILE", "dataFlow": "IN"},
    ]
    if not shot.needs_states:
        return always
    size = _parameter("ChunkSize", "INT", "SPIN_BOX", "Frames per task")
    seconds = _parameter("TargetChunkDuration", "INT", "SPIN_BOX", "Target seconds per task")
    return [
        *always,
        _parameter("FirstPass", "STRING", "LINE_EDIT", "Frames of the first pass"),
        _parameter("Frames", "STRING", "LINE_EDIT", "Frames to render"),
        {**size, "minValue": 1},
        {**seconds, "minValue": 0},
    ]


def _parameter(name: str, kind: str, control: str, label: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "userInterface": {"control": control, "label": label}}


def _steps(submission: Submission, shot: Shot) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    if shot.needs_states:
        command = states_command(submission, JOB_FILE, "{{Param.FirstPass}}", *IN_SESSION)
        steps.append(_step(submission, shot, "States", command, after=""))
    before = steps[-1]["name"] if steps else ""
    if shot.ticket.ordered:
        steps += _chain(submission, shot)
    else:
        steps.append(_render(submission, shot, before))
    command = check_command(submission, JOB_FILE, *PATH_RULES)
    check = _step(submission, shot, "Check", command, after=steps[-1]["name"])
    check.pop("hostRequirements", None)
    return [*steps, check]


def _render(submission: Submission, shot: Shot, before: str) -> dict[str, Any]:
    command = chunk_command(submission, JOB_FILE, "{{Task.Param.Frame}}", *IN_SESSION)
    step = _step(submission, shot, "Render", command, after=before)
    step["parameterSpace"] = {"taskParameterDefinitions": [_frames(shot)]}
    return step


def _frames(shot: Shot) -> dict[str, Any]:
    if not shot.needs_states:
        return {"name": "Frame", "type": "STRING", "range": _listed(shot)}
    chunks = {
        "defaultTaskCount": "{{Param.ChunkSize}}",
        "targetRuntimeSeconds": "{{Param.TargetChunkDuration}}",
        "rangeConstraint": "CONTIGUOUS",
    }
    return {"name": "Frame", "type": "CHUNK[INT]", "range": "{{Param.Frames}}", "chunks": chunks}


def _listed(shot: Shot) -> list[str]:
    """The chunks one by one: without states, pixels depend on where a chunk begins."""
    if len(shot.chunks) > MOST_VALUES:
        raise JobError(
            f"{shot.name} has {len(shot.chunks)} chunks; an OpenJD job lists {MOST_VALUES} at most.",
            field="chunk_frames",
            hint="Choose larger chunks, or make them exact with 'states'.",
        )
    return [str(each) for each in shot.chunks]


def _chain(submission: Submission, shot: Shot) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    for number, frames in enumerate(shot.chunks, 1):
        command = chunk_command(submission, JOB_FILE, frames, *IN_SESSION)
        before = steps[-1]["name"] if steps else ""
        steps.append(_step(submission, shot, f"Chunk {number}: {frames}", command, after=before))
    return steps


def _step(
    submission: Submission, shot: Shot, name: str, command: Sequence[str], *, after: str
) -> dict[str, Any]:
    minutes = timeout_minutes(submission, shot, whole=name in ("States", "Check"))
    step: dict[str, Any] = {"name": name}
    if after:
        step["dependencies"] = [{"dependsOn": after}]
    if shot.ticket.needs_gpu:
        step["hostRequirements"] = {"amounts": _gpu(submission)}
    step["script"] = {"actions": {"onRun": _action(command, minutes * 60)}}
    return step


def _gpu(submission: Submission) -> list[dict[str, Any]]:
    # A queue with machines of both kinds books a machine without one, unless the template asks.
    amounts: list[dict[str, Any]] = [{"name": "amount.worker.gpu", "min": 1}]
    if submission.gpu_memory_gib:
        memory = round(submission.gpu_memory_gib * MIB_PER_GIB)
        amounts.append({"name": "amount.worker.gpu.memory", "min": memory})
    return amounts


def _resident(submission: Submission) -> dict[str, Any]:
    start = session_command(submission, "start", SESSION_FILE)
    stop = session_command(submission, "stop", SESSION_FILE)
    actions = {"onEnter": _action(start, START_SECONDS), "onExit": _action(stop, STOP_SECONDS)}
    return {
        "name": "Matteline",
        "description": "Keeps the model loaded from one task to the next.",
        "script": {"actions": actions},
    }


def _action(command: Sequence[str], timeout_seconds: int) -> dict[str, Any]:
    action: dict[str, Any] = {"command": command[0], "args": list(command[1:])}
    if timeout_seconds:
        action["timeout"] = timeout_seconds
    # Told first, so that frames that are being written can be finished.
    action["cancelation"] = {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": NOTICE_SECONDS}
    return action
