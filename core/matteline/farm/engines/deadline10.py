"""Thinkbox Deadline 10: a job info and a plugin info file for each job of a shot, through `deadlinecommand`.

The keys are those of "Manual Job Submission" and of the CommandLine plug-in in Thinkbox's manual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matteline.contract.frames import FrameRange
from matteline.farm.engines.refusing import refuse_negative_frames, refuse_option, refuse_text
from matteline.farm.engines.shots import (
    Shot,
    check_command,
    chunk_command,
    plain,
    shots,
    states_command,
    timeout_minutes,
)
from matteline.farm.engines.tools import program, refusal, say, write_text

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

NAME = "Deadline 10"
FRAMES = "<STARTFRAME>-<ENDFRAME>"
_JOB_ID = re.compile(r"^JobID=([0-9a-f]+)\s*$", re.MULTILINE)

# Of .NET's reading of a command line in which a path stands between quotes.
_MISREAD = r'["<>]|[\x00-\x1f\x7f\u0085\u2028\u2029]|\\$'


@dataclass(frozen=True)
class _Job:
    """One job of a shot.

    Attributes:
        stem: What its two files are named by.
        title: What it does, after the shot's name.
        command: What a task runs.
        frames: As `Frames=` lists them.
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
        found = shots(submission)
        self._refuse(submission, found)
        written: list[Path] = []
        for shot in found:
            for job in _jobs(submission, shot):
                info, plugin = _paths(folder, shot, job)
                written.append(_write(info, self._info(submission, shot, job)))
                written.append(_write(plugin, _plugin(job.command)))
        return tuple(written)

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Submit job after job, each told the ids of those it waits for; all ids."""
        install = "Run this where Deadline's client is installed, or name the program with option command."
        deadline = program(self.command, engine="deadline10", install=install)
        ids: list[str] = []
        for shot in shots(submission):
            ids += self._submit(deadline, submission, shot, folder).values()
        return tuple(ids)

    def _submit(self, deadline: str, submission: Submission, shot: Shot, folder: Path) -> dict[str, str]:
        """Stem to id of a shot's jobs."""
        ids: dict[str, str] = {}
        for job in _jobs(submission, shot):
            info, plugin = _paths(folder, shot, job)
            before = [ids[stem] for stem in job.waits_for] or submission.after.split()
            lines = self._info(submission, shot, job)
            _write(info, {**lines, **({"JobDependencies": ",".join(before)} if before else {})})
            said = say([deadline, str(info), str(plugin)], engine=NAME)
            found = _JOB_ID.search(said)
            if not found:
                raise refusal(NAME, "it named no job", said)
            ids[job.stem] = found[1]
        return ids

    def _refuse(self, submission: Submission, found: Sequence[Shot]) -> None:
        refuse_negative_frames(NAME, found)
        texts = [*submission.command, *(shot.job_file_on_workers for shot in found)]
        refuse_text(NAME, texts, _MISREAD, "the end of a word or line, or a keyword")
        # On Linux and macOS a backslash between quotes takes the next character's meaning.
        posix = [each for each in texts if each.startswith("/")]
        refuse_text(NAME, posix, r"\\", "the start of an escape")
        for name in ("pool", "after"):
            refuse_text(NAME, [getattr(submission, name)], r"[\x00-\x1f]", "the end of a line")
        refuse_option(NAME, submission, "target_seconds", "does not fit tasks to a time")

    def _info(self, submission: Submission, shot: Shot, job: _Job) -> dict[str, str]:
        lines = {
            "Plugin": "CommandLine",
            "Name": f"{shot.name} {job.title}",
            "BatchName": plain(submission.batch_name),
            "Frames": job.frames,
            "ChunkSize": str(job.chunk),
            "Priority": str(submission.priority),
            "Pool": submission.pool,
            "Group": self.group,
            "LimitGroups": self.limits,
            # One task has the whole GPU; its memory cannot be asked for.
            "ConcurrentTasks": "1",
            "OverrideTaskFailureDetection": "true",
            "FailureDetectionTaskErrors": str(submission.retries + 1),
            "TaskTimeoutMinutes": str(timeout_minutes(submission, shot, whole=job.frames == "0") or ""),
            "OutputDirectory0": _one_line(shot.ticket.job.output),
        }
        return {key: value for key, value in lines.items() if value}


def _jobs(submission: Submission, shot: Shot) -> Iterator[_Job]:
    """The shot's jobs in an order in which none waits for a later one."""
    file = shot.job_file_on_workers
    before: tuple[str, ...] = ()
    done: list[str] = []
    if shot.needs_states:
        yield _Job("01_states", "states", states_command(submission, file, shot.first_pass), "0", 1, ())
        before = ("01_states",)
    for number, (frames, size) in enumerate(_ranges(shot), 2):
        stem = f"{number:02d}_frames_{frames.first}_{frames.last}"
        command = chunk_command(submission, file, FRAMES)
        yield _Job(stem, f"frames {frames}", command, str(frames), size, before)
        before = (stem,) if shot.ticket.ordered else before
        done.append(stem)
    waits_for = tuple(done[-1:] if shot.ticket.ordered else done)
    yield _Job(f"{len(done) + 2:02d}_check", "check", check_command(submission, file), "0", 1, waits_for)


def _ranges(shot: Shot) -> list[tuple[FrameRange, int]]:
    """Unbroken ranges, because a task is told its first and last frame only; each chunk of a chain alone."""
    if shot.ticket.ordered:
        return [(each, len(each)) for each in shot.chunks]
    return [(each, shot.ticket.chunk_frames) for each in shot.runs()]


def _plugin(command: Sequence[str]) -> dict[str, str]:
    return {
        "Executable": command[0],
        "Arguments": " ".join(_quoted(each) for each in command[1:]),
        "Shell": "default",
        "ShellExecute": "False",
        "SingleFramesOnly": "False",
        "StartupDirectory": "",
    }


def _quoted(argument: str) -> str:
    """An argument between Deadline's word for a quote, unless it is a plain word or a frame range of ours."""
    bare = re.fullmatch(r"[A-Za-z0-9_./:=<>-]+", argument)
    return argument if bare else f"<QUOTE>{argument}<QUOTE>"


def _paths(folder: Path, shot: Shot, job: _Job) -> tuple[Path, Path]:
    return folder / shot.label / f"{job.stem}.job", folder / shot.label / f"{job.stem}_plugin.job"


def _write(path: Path, lines: dict[str, str]) -> Path:
    text = "".join(f"{key}={value}\n" for key, value in lines.items())
    # Plain ASCII as it is; anything else as Deadline's own submitters write it, with its mark in front.
    return write_text(path, text, "ascii" if text.isascii() else "utf-16")


def _one_line(path: str) -> str:
    """The path for the monitor's eyes; none where it would break the line."""
    return "" if re.search(r"[\x00-\x1f\x85\u2028\u2029]", path) else path
