"""The progress of a shot, by names of files alone: quick enough to ask often."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matteline.contract.frames import FrameRange, FrameSet
from matteline.engine.outputs import existing_frames, lay_out_results
from matteline.farm.farm_job import FILE_NAME, FarmJob
from matteline.farm.open_farm_job import folder_of, states_beside
from matteline.media.plate import open_plate


@dataclass(frozen=True)
class ChunkStatus:
    """One chunk: its frames, and how many of them have results."""

    frames: FrameRange
    done: int


@dataclass(frozen=True)
class ShotStatus:
    """One shot.

    Attributes:
        name: The shot.
        frames: Frames that were submitted.
        done: Frames that have results, whole or not.
        chunks: Its chunks.
        states: Frames before which a state is saved.
    """

    name: str
    frames: FrameSet
    done: FrameSet
    chunks: tuple[ChunkStatus, ...]
    states: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the status for programs: plain JSON values."""
        return {
            "shot": self.name,
            "frames": str(self.frames),
            "done": str(self.done),
            "missing": str(self.frames.minus(self.done)),
            "chunks": [{"frames": str(each.frames), "done": each.done} for each in self.chunks],
            "states": list(self.states),
        }


def find_farm_jobs(path: Path) -> list[Path]:
    """List the farm jobs that a path stands for: the file itself, or all below a folder, by name."""
    return sorted(path.rglob(FILE_NAME)) if path.is_dir() else [path]


def shot_status(path: Path) -> ShotStatus:
    """Look how far a shot is.

    Args:
        path: The farm job's file, or its folder.

    Raises:
        ReadError: The farm job or the plate cannot be read.
        JobError: It is no farm job.
    """
    farm_job = FarmJob.read(path)
    job = farm_job.job
    # No plan is made: it would measure exposure and read the whole plate's fingerprint.
    with open_plate(farm_job.on_this_machine(job.plate), first_frame=job.first_frame) as plate:
        outputs = lay_out_results(Path(farm_job.on_this_machine(job.output)), plate.info, job.settings)
    # A frame counts when a file of it has its final name; 'check' looks whether it is whole.
    done = existing_frames(outputs, farm_job.frames)
    chunks = tuple(ChunkStatus(each, sum(number in done for number in each)) for each in farm_job.chunks())
    states = tuple(state.next_frame for state in states_beside(farm_job, folder_of(path)).saved())
    return ShotStatus(farm_job.name, farm_job.frames, done, chunks, states)
