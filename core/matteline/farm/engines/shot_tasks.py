"""The tasks of a submission as engines see them: shots with what is left to render, and the commands for it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matteline.contract.errors import JobError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.farm.farm_job import FarmJob
from matteline.farm.paths import replace_beginning

if TYPE_CHECKING:
    from matteline.farm.submission import PreparedShot, Submission

LONGEST_NAME = 100
LONGEST_LABEL = 48


@dataclass(frozen=True)
class ShotTasks:
    """One shot with something left to render.

    Attributes:
        shot: Its farm job and folder.
        label: Letters, digits and `_` only, and unlike any other shot's of the submission.
    """

    shot: PreparedShot
    label: str

    @property
    def farm_job(self) -> FarmJob:
        """The farm job, which the farm's machines read."""
        return self.shot.farm_job

    @property
    def file(self) -> str:
        """The farm job's file, as the submitting machine sees it."""
        return str(self.shot.file)

    @property
    def frames(self) -> FrameSet:
        """The frames to render; never empty."""
        return self.shot.frames

    @property
    def chunks(self) -> tuple[FrameRange, ...]:
        """The frames to render, cut into tasks: unbroken ranges in order."""
        return self.shot.chunks

    @property
    def name(self) -> str:
        """The shot's name for people: one line, no control characters."""
        return plain(self.farm_job.name) or self.label

    @property
    def first_pass(self) -> FrameRange:
        """The frames that the first pass saves states for: from the first to render to the last."""
        return self.frames.hull

    @property
    def file_on_workers(self) -> str:
        """The farm job's file as the workers see it, for engines whose own path mapping may not reach it.

        The first rule that mentions the path decides: rules may go both ways, for farms of several systems.
        """
        for rule in self.farm_job.path_map:
            # Where the path lies below a rule's target, it is as the workers see it already.
            if replace_beginning(self.file, ((rule[1], ""),)) != self.file:
                break
            elsewhere = replace_beginning(self.file, (rule,))
            if elsewhere != self.file:
                return elsewhere
        return self.file

    def runs(self) -> Iterator[FrameRange]:
        """Yield unbroken ranges, for engines that cut tasks themselves and would let one span a gap.

        Where pixels depend on where a chunk begins, they are cut so that counting from the first frame of
        each gives the farm job's own chunks: a short chunk at the beginning stands alone.
        """
        size = self.farm_job.farm.chunk
        for whole in self.frames.ranges:
            border = (whole.first // size + 1) * size
            if self.farm_job.farm.exact == "none" and whole.first % size and border <= whole.last:
                yield from (FrameRange(whole.first, border - 1), FrameRange(border, whole.last))
            else:
                yield whole


@dataclass(frozen=True)
class TaskGroup:
    """Tasks of a shot that run the same command: the first pass, an unbroken range of frames, or the check.

    For engines that cut a range into tasks themselves, and tell a task its first and last frame only.

    Attributes:
        verb: `states`, `chunk` or `check`, as `matteline farm` has it.
        frames: The frames; for the check, all that are rendered.
        chunk: Frames of a task; 0 for one task in all.
        waits_for: Groups that must be complete before, by their places in the list.
    """

    verb: str
    frames: FrameRange
    chunk: int = 0
    waits_for: tuple[int, ...] = ()


def task_groups(shot: ShotTasks) -> list[TaskGroup]:
    """List the task groups of a shot in an order in which none waits for a later one."""
    groups: list[TaskGroup] = []
    before: tuple[int, ...] = ()
    rendered: list[int] = []
    if shot.farm_job.needs_first_pass:
        groups.append(TaskGroup("states", shot.first_pass))
        before = (0,)
    # Each chunk of a chain alone, so that it can wait for the one before it.
    is_chain, size = shot.farm_job.is_chain, shot.farm_job.farm.chunk
    for frames in shot.chunks if is_chain else shot.runs():
        rendered.append(len(groups))
        groups.append(TaskGroup("chunk", frames, len(frames) if is_chain else size, before))
        before = (rendered[-1],) if is_chain else before
    # The last chunk of a chain ends when all have.
    groups.append(TaskGroup("check", shot.first_pass, 0, tuple(rendered[-1:] if is_chain else rendered)))
    return groups


def group_command(
    submission: Submission, shot: ShotTasks, group: TaskGroup, task_frames: str
) -> tuple[str, ...]:
    """Return the command of a group's tasks.

    Args:
        submission: How workers call matteline.
        shot: The shot.
        group: One of its groups.
        task_frames: The engine's words for the first and last frame of a task.
    """
    file = shot.file_on_workers
    if group.verb == "states":
        return states_command(submission, file, group.frames)
    if group.verb == "chunk":
        return chunk_command(submission, file, task_frames)
    return check_command(submission, file)


def tasks_of(submission: Submission) -> tuple[ShotTasks, ...]:
    """Return the submission's shots that have something left to render.

    Raises:
        JobError: None has.
    """
    found: list[ShotTasks] = []
    for shot in submission.shots:
        if not shot.chunks:
            continue
        label = identifier(shot.farm_job.name)
        taken = {each.label.lower() for each in found}
        # Numbered where it is taken; case does not count, because labels become file names.
        labels = [label, *(f"{label}_{number}" for number in range(2, len(taken) + 2))]
        found.append(ShotTasks(shot, next(each for each in labels if each.lower() not in taken)))
    if not found:
        raise JobError("No frame of the submission is missing.", field="frames")
    return tuple(found)


def timeout_minutes(submission: Submission, shot: ShotTasks, *, whole: bool) -> int:
    """Return after how long a task is stopped; 0 for never.

    Args:
        submission: Its timeout is meant for a chunk.
        shot: The shot.
        whole: Whether the task goes over the whole shot, and so may take what all its chunks may take.
    """
    # All chunks of the shot, also where few are missing: the first pass still starts at the first frame.
    return submission.farm.timeout_minutes * (len(shot.farm_job.chunks()) if whole else 1)


def states_command(submission: Submission, file: str, frames: object, *more: str) -> tuple[str, ...]:
    """Return the command that saves the states which chunks begin from."""
    return _command(submission, "states", file, f"--frames={frames}", *more)


def chunk_command(submission: Submission, file: str, frames: object, *more: str) -> tuple[str, ...]:
    """Return the command that renders frames."""
    # One argument: a negative frame number must not look like an option.
    return _command(submission, "chunk", file, f"--frames={frames}", *more)


def check_command(submission: Submission, file: str, *more: str) -> tuple[str, ...]:
    """Return the command that checks whether all frames are there and whole."""
    return _command(submission, "check", file, *more)


def _command(submission: Submission, verb: str, file: str, *more: str) -> tuple[str, ...]:
    return (*submission.command, "farm", verb, "--farm-job", file, *more)


def session_command(submission: Submission, verb: str, session: str) -> tuple[str, ...]:
    """Return the command that starts or stops the process which keeps the model loaded between chunks."""
    return (*submission.command, "farm", "session", verb, "--file", session)


def plain(name: str) -> str:
    """Return a name on one line without control characters, not too long for a list of jobs."""
    # Category C: control, format, surrogate and unassigned characters.
    kept = "".join(" " if unicodedata.category(each)[0] == "C" else each for each in name)
    return " ".join(kept.split())[:LONGEST_NAME].strip()


def identifier(name: str) -> str:
    """Return a name of letters, digits and `_` only, for what engines use as a key."""
    # NFKD parts accents from their letters, so that é stays as e.
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", ascii_only).strip("_")[:LONGEST_LABEL] or "shot"
