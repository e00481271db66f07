"""Thinkbox Deadline 10: a job info and a plugin info file for each job of a shot, through `deadlinecommand`.

The keys are those of "Manual Job Submission" and of the CommandLine plug-in in Thinkbox's manual.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matteline.farm.engines.engine_limits import refuse_negative_frames, refuse_setting, refuse_text
from matteline.farm.engines.shot_tasks import (
    ShotTasks,
    group_command,
    plain,
    task_groups,
    tasks_of,
    timeout_minutes,
)
from matteline.farm.engines.tools import find_program, refusal, run_program, write_text

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

NAME = "Deadline 10"
FRAMES = "<STARTFRAME>-<ENDFRAME>"
_JOB_ID = re.compile(r"^JobID=([0-9a-f]+)\s*$", re.MULTILINE)

# Of .NET's reading of a command line in which a path stands between quotes.
_MISREAD = r'["<>]|[\x00-\x1f\x7f\u0085\u2028\u2029]|\\$'


@dataclass(frozen=True)
class _DeadlineJob:
    """One job of a shot.

    Attributes:
        stem: The beginning of its two files' names.
        title: Its work, after the shot's name.
        command: The command of a task.
        frames: As `Frames=` lists them; `0` for a job of one task.
        chunk: Frames per task.
        waits_for: Stems of the jobs that must be complete before.
    """

    stem: str
    title: str
    command: tuple[str, ...]
    frames: str
    chunk: int
    waits_for: tuple[str, ...]


@dataclass(frozen=True)
class Deadline10:
    """Thinkbox Deadline 10 with its CommandLine plug-in; a submission's pool is its pool.

    Attributes:
        group: Its group of machines, such as those with GPUs.
        limits: Its limit groups, separated by commas.
        command: The `deadlinecommand` program.
    """

    group: str = ""
    limits: str = ""
    command: str = "deadlinecommand"

    def write(self, submission: Submission, folder: Path) -> tuple[Path, ...]:
        """Write `<shot>/<number>_<step>.job` and `…_plugin.job`, in the order they must be submitted.

        What waits for what is not in them: Deadline names jobs by ids that it gives when it takes them.
        """
        shots = tasks_of(submission)
        refuse_negative_frames(NAME, shots)
        texts = [*submission.command, *(shot.file_on_workers for shot in shots)]
        refuse_text(NAME, texts, _MISREAD, "the end of a word or line, or a keyword")
        # On Linux and macOS a backslash between quotes takes the next character's meaning.
        posix = [each for each in texts if each.startswith("/")]
        refuse_text(NAME, posix, r"\\", "the start of an escape")
        refuse_text(NAME, [submission.pool, submission.after], r"[\x00-\x1f]", "the end of a line")
        refuse_setting(NAME, "target_seconds", submission.farm.target_seconds, "does not fit tasks to a time")
        written: list[Path] = []
        for shot in shots:
            for job in _jobs(submission, shot):
                info, plugin = _paths(folder, shot, job)
                written.append(_write(info, self._job_info(submission, shot, job)))
                written.append(_write(plugin, _plugin_info(job.command)))
        return tuple(written)

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Submit job after job, each told the ids of those it waits for; return all ids."""
        install = "Run this where Deadline's client is installed, or name the program with option command."
        deadline = find_program(self.command, engine="deadline10", install=install)
        ids: list[str] = []
        for shot in tasks_of(submission):
            of_shot: dict[str, str] = {}
            for job in _jobs(submission, shot):
                info, plugin = _paths(folder, shot, job)
                # Written again with the ids, which are known only now.
                # Other jobs of the shot wait for the first ones, and so for the named job as well.
                before = [of_shot[stem] for stem in job.waits_for] or submission.after.split()
                waits = {"JobDependencies": ",".join(before)} if before else {}
                _write(info, {**self._job_info(submission, shot, job), **waits})
                output = run_program([deadline, str(info), str(plugin)], engine=NAME)
                found = _JOB_ID.search(output)
                if not found:
                    raise refusal(NAME, "it named no job", output)
                of_shot[job.stem] = found[1]
            ids += of_shot.values()
        return tuple(ids)

    def _job_info(self, submission: Submission, shot: ShotTasks, job: _DeadlineJob) -> dict[str, str]:
        farm, output = submission.farm, shot.farm_job.job.output
        lines = {
            "Plugin": "CommandLine",
            "Name": f"{shot.name} {job.title}",
            # A line end in the name would begin another key of the file.
            "BatchName": plain(submission.batch_name),
            "Frames": job.frames,
            "ChunkSize": str(job.chunk),
            "Priority": str(farm.priority),
            "Pool": submission.pool,
            "Group": self.group,
            "LimitGroups": self.limits,
            # One task has the whole GPU; its memory cannot be asked for.
            "ConcurrentTasks": "1",
            # Else the limit of the whole repository counts, and the one below is passed over.
            "OverrideTaskFailureDetection": "true",
            # Deadline counts the first try too.
            "FailureDetectionTaskErrors": str(farm.retries + 1),
            "TaskTimeoutMinutes": str(timeout_minutes(submission, shot, whole=job.frames == "0") or ""),
            # For the monitor's eyes only; left out where it would break the line.
            "OutputDirectory0": "" if re.search(r"[\x00-\x1f\x85\u2028\u2029]", output) else output,
        }
        # A key without a value would override the farm's own default.
        return {key: value for key, value in lines.items() if value}


def _jobs(submission: Submission, shot: ShotTasks) -> list[_DeadlineJob]:
    """List the shot's jobs in an order in which none waits for a later one."""
    groups = task_groups(shot)
    stems = []
    # The first pass is number 1, whether there is one or not.
    for number, group in enumerate(groups, 1 if shot.farm_job.needs_first_pass else 2):
        frames = f"_{group.frames.first}_{group.frames.last}" if group.verb == "chunk" else ""
        stems.append(f"{number:02d}_{'frames' if frames else group.verb}{frames}")
    return [
        _DeadlineJob(
            stem,
            f"frames {group.frames}" if group.verb == "chunk" else group.verb,
            group_command(submission, shot, group, FRAMES),
            str(group.frames) if group.verb == "chunk" else "0",
            group.chunk or 1,
            tuple(stems[index] for index in group.waits_for),
        )
        for stem, group in zip(stems, groups, strict=True)
    ]


def _plugin_info(command: Sequence[str]) -> dict[str, str]:
    arguments = []
    for argument in command[1:]:
        bare = re.fullmatch(r"[A-Za-z0-9_./:=<>-]+", argument)
        # Deadline's own word for a quote, unless it is a plain word or a frame range of ours.
        arguments.append(argument if bare else f"<QUOTE>{argument}<QUOTE>")
    return {
        "Executable": command[0],
        "Arguments": " ".join(arguments),
        # Started directly: a shell would read the quotes and signs of the arguments once more.
        "Shell": "default",
        "ShellExecute": "False",
        # Else the plug-in calls the command for each frame of a chunk, and the model is loaded as often.
        "SingleFramesOnly": "False",
        "StartupDirectory": "",
    }


def _paths(folder: Path, shot: ShotTasks, job: _DeadlineJob) -> tuple[Path, Path]:
    return folder / shot.label / f"{job.stem}.job", folder / shot.label / f"{job.stem}_plugin.job"


def _write(path: Path, lines: dict[str, str]) -> Path:
    text = "".join(f"{key}={value}\n" for key, value in lines.items())
    # Plain ASCII as it is; anything else as Deadline's own submitters write it, with its mark in front.
    return write_text(path, text, "ascii" if text.isascii() else "utf-16")
