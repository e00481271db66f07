"""How far a clip is, by looking at names only: quick enough to ask often."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matteline.contract.frames import FrameRange, FrameSet
from matteline.engine.outputs import existing_frames, lay_out_results
from matteline.farm.clip import states_beside
from matteline.farm.ticket import FILE_NAME, Ticket
from matteline.media.plate import open_plate


@dataclass(frozen=True)
class ChunkStatus:
    """One chunk: its frames, and how many of them have results."""

    frames: FrameRange
    done: int


@dataclass(frozen=True)
class Status:
    """One clip: what has results, whole or not, and before which frames states are saved."""

    name: str
    frames: FrameSet
    done: FrameSet
    chunks: tuple[ChunkStatus, ...]
    states: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """The status for programs: plain JSON values."""
        return {
            "clip": self.name,
            "frames": str(self.frames),
            "done": str(self.done),
            "missing": str(self.frames.minus(self.done)),
            "chunks": [{"frames": str(each.frames), "done": each.done} for each in self.chunks],
            "states": list(self.states),
        }


def tickets_below(place: Path) -> list[Path]:
    """The tickets that a path stands for: the file itself, or all below a folder, by name."""
    return sorted(place.rglob(FILE_NAME)) if place.is_dir() else [place]


def status(job_file: Path) -> Status:
    """Look how far a clip is.

    Raises:
        ReadError: The ticket or the plate cannot be read.
        JobError: It is no ticket.
    """
    ticket = Ticket.read(job_file)
    job = ticket.job
    with open_plate(ticket.mapped(job.plate), first_frame=job.first_frame) as plate:
        outputs = lay_out_results(Path(ticket.mapped(job.output)), plate.info, job.settings)
    done = existing_frames(outputs, ticket.frames)
    chunks = tuple(ChunkStatus(each, sum(number in done for number in each)) for each in ticket.chunks())
    states = states_beside(ticket, job_file if job_file.is_dir() else job_file.parent).saved()
    return Status(ticket.name, ticket.frames, done, chunks, tuple(state.next_frame for state in states))
