"""One shot that is asked of the farm, before its plate has been looked at."""

from __future__ import annotations

from dataclasses import dataclass

from matteline.contract.job import Job


@dataclass(frozen=True)
class ShotRequest:
    """One shot to submit, in the user's words.

    Attributes:
        job: Plate, frames, output folder and settings.
        name: The shot's name on the farm; empty for the plate's own.
        has_own_folder: Whether the job's output folder is for this shot alone. Otherwise a shot among several gets
            a folder of its name below it.
    """

    job: Job
    name: str = ""
    has_own_folder: bool = False
