"""A submission as engines see it: shots with what is left to render of them, and the commands that do it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matteline.contract.errors import JobError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.farm.paths import moved
from matteline.farm.ticket import Ticket

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

LONGEST_NAME = 100
LONGEST_LABEL = 48


@dataclass(frozen=True)
class Shot:
    """One ticket with what is left to render of it.

    Attributes:
        ticket: What the workers read.
        job_file: Where it lies, as the submitting machine sees it.
        label: Letters, digits and `_` only, and unlike any other shot's of the submission.
        frames: The frames to render; never empty.
        chunks: The same, cut into tasks: unbroken ranges in order.
    """

    ticket: Ticket
    job_file: str
    label: str
    frames: FrameSet
    chunks: tuple[FrameRange, ...]

    @property
    def name(self) -> str:
        """The shot's name for people: one line, no control characters."""
        return plain(self.ticket.name) or self.label

    @property
    def needs_states(self) -> bool:
        """Whether a first pass must save states before any chunk. Then a chunk may begin anywhere."""
        return "states" in self.ticket.steps

    @property
    def first_pass(self) -> FrameRange:
        """From the first frame to render to the last: what the first pass makes states for."""
        return self.frames.hull

    @property
    def job_file_on_workers(self) -> str:
        """The ticket's file as the workers see it, for engines whose own path mapping may not reach it.

        The first rule that mentions the path decides: rules may go both ways, for farms of several systems.
        """
        for rule in self.ticket.path_map:
            if moved(self.job_file, ((rule[1], ""),)) != self.job_file:
                break
            elsewhere = moved(self.job_file, (rule,))
            if elsewhere != self.job_file:
                return elsewhere
        return self.job_file

    def runs(self) -> Iterator[FrameRange]:
        """Unbroken ranges, for engines that cut tasks themselves and would let one span a gap.

        Where pixels depend on where a chunk begins, they are cut so that counting from the first frame of
        each gives the ticket's own chunks: a short chunk at the beginning stands alone.
        """
        size = self.ticket.chunk_frames
        for whole in self.frames.ranges:
            border = (whole.first // size + 1) * size
            if self.ticket.exact == "none" and whole.first % size and border <= whole.last:
                yield from (FrameRange(whole.first, border - 1), FrameRange(border, whole.last))
            else:
                yield whole


def shots(submission: Submission) -> tuple[Shot, ...]:
    """The submission's tickets that have something left to render.

    Raises:
        JobError: None has.
    """
    found: list[Shot] = []
    for index, ticket in enumerate(submission.tickets):
        chunks = submission.chunks(index)
        if chunks:
            label = _unlike(identifier(ticket.name), {each.label.lower() for each in found})
            job_file = str(submission.job_file(index))
            found.append(Shot(ticket, job_file, label, submission.frames(index), chunks))
    if not found:
        raise JobError("No frame of the submission is missing.", field="frames")
    return tuple(found)


def timeout_minutes(submission: Submission, shot: Shot, *, whole: bool) -> int:
    """After how long a task is stopped; 0 for never.

    Args:
        submission: Its timeout is meant for a chunk.
        shot: The clip.
        whole: Whether the task goes over the whole clip, and so may take what all its chunks may take.
    """
    return submission.timeout_minutes * (len(shot.ticket.chunks()) if whole else 1)


def states_command(submission: Submission, job_file: str, frames: object, *more: str) -> tuple[str, ...]:
    """Save the recurrent states that chunks begin from."""
    return _command(submission, "states", job_file, _frames(frames), *more)


def chunk_command(submission: Submission, job_file: str, frames: object, *more: str) -> tuple[str, ...]:
    """Render frames."""
    return _command(submission, "chunk", job_file, _frames(frames), *more)


def check_command(submission: Submission, job_file: str, *more: str) -> tuple[str, ...]:
    """Look whether all frames are there and whole."""
    return _command(submission, "check", job_file, *more)


def _command(submission: Submission, verb: str, job_file: str, *more: str) -> tuple[str, ...]:
    return (*submission.command, "farm", verb, "--job", job_file, *more)


def _frames(frames: object) -> str:
    # One argument: a negative frame number must not look like an option.
    return f"--frames={frames}"


def session_command(submission: Submission, verb: str, session: str) -> tuple[str, ...]:
    """Start or stop the worker that keeps the model loaded between chunks."""
    return (*submission.command, "farm", "session", verb, "--file", session)


def plain(name: str) -> str:
    """A name on one line without control characters, not too long for a list of jobs."""
    kept = "".join(" " if unicodedata.category(each)[0] == "C" else each for each in name)
    return " ".join(kept.split())[:LONGEST_NAME].strip()


def identifier(name: str) -> str:
    """A name of letters, digits and `_` only, for what engines use as a key."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", ascii_only).strip("_")[:LONGEST_LABEL] or "clip"


def _unlike(label: str, taken: set[str]) -> str:
    """The label, numbered where it is taken; case does not count, because labels become file names."""
    names = [label, *(f"{label}_{number}" for number in range(2, len(taken) + 2))]
    return next(each for each in names if each.lower() not in taken)
