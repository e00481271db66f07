"""What an engine is told beside the tickets: priority, retries, pool, and how workers call matteline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matteline.contract.errors import JobError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.farm.ticket import FILE_NAME, Ticket


@dataclass(frozen=True)
class Submission:
    """Clips on their way to one engine.

    Attributes:
        engine: Its name in `farm.engines.ENGINES`.
        tickets: The clips.
        folders: Of each ticket, where its `job.json` lies.
        batch_name: What they stand under together in the engine's list.
        user: Who submits; empty where that is not known.
        priority: 0 to 100, as most engines count; 50 is usual.
        retries: How often a task that failed is tried again.
        pool: Pool, group, queue or tag, as the engine has it; empty for its default.
        gpu_memory_gib: What a task needs; 0 leaves it to the engine.
        target_seconds: For engines that fit the chunk to a time; 0 keeps the chunk as it is.
        timeout_minutes: After which a task is stopped; 0 for the engine's default.
        after: Id of a job that must end first; empty for none.
        only_missing: Of each ticket, the frames to render; None for all. Empty for no ticket.
        command: How workers call matteline.
    """

    engine: str
    tickets: tuple[Ticket, ...]
    folders: tuple[Path, ...]
    batch_name: str
    user: str = ""
    priority: int = 50
    retries: int = 2
    pool: str = ""
    gpu_memory_gib: float = 0.0
    target_seconds: int = 0
    timeout_minutes: int = 0
    after: str = ""
    only_missing: tuple[FrameSet | None, ...] = ()
    command: tuple[str, ...] = ("matteline",)

    def __post_init__(self) -> None:
        if len(self.folders) != len(self.tickets):
            raise ValueError(f"{len(self.tickets)} tickets lie in {len(self.folders)} folders")
        _within("priority", self.priority, 0, 100)
        _within("retries", self.retries, 0, 100)
        _within("target_seconds", self.target_seconds, 0, 7 * 86400)
        _within("timeout_minutes", self.timeout_minutes, 0, 7 * 1440)
        _within("gpu_memory_gib", self.gpu_memory_gib, 0, 1024)

    def job_file(self, index: int) -> Path:
        """The `job.json` of a ticket."""
        return self.folders[index] / FILE_NAME

    def frames(self, index: int) -> FrameSet:
        """The frames of a ticket that are to be rendered."""
        chosen = self.only_missing[index] if self.only_missing else None
        return self.tickets[index].frames if chosen is None else chosen

    def chunks(self, index: int) -> tuple[FrameRange, ...]:
        """The tasks of a ticket, one unbroken range each; none where nothing is missing."""
        return self.tickets[index].chunks_of(self.frames(index))


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise JobError(
            f"{name} cannot be {value:g}.", field=name, hint=f"Give a number from {least:g} to {most:g}."
        )


def safe_name(words: Sequence[str]) -> str:
    """A name for files and job lists made of words: letters, digits, `_`, `-` and `.` stay."""
    text = "_".join(word for word in words if word)
    kept = "".join(each if each.isalnum() or each in "_-." else "_" for each in text).strip("._-")
    return kept[:100] or "clip"
