"""One shot among several, before its plate has been looked at."""

from __future__ import annotations

import os
from collections.abc import Set
from dataclasses import dataclass

from matteline.contract.job import Job
from matteline.contract.plate import PlateInfo
from matteline.farm.submission import safe_name


@dataclass(frozen=True)
class ShotRequest:
    """One shot to render here or on a farm, in the user's words.

    Attributes:
        job: Plate, frames, output folder and settings.
        name: The shot's name; empty for the plate's own.
        has_own_folder: Whether the job's output folder is for this shot alone. Otherwise a shot among several gets
            a folder of its name below it.
    """

    job: Job
    name: str = ""
    has_own_folder: bool = False

    def name_apart(self, plate: PlateInfo, taken: Set[str]) -> str:
        """Choose a name for files that no other shot has, in any case of letters.

        Args:
            plate: The shot's plate.
            taken: Names of other shots, in small letters.
        """
        # A sequence may be named by its folder alone.
        place = plate.path if os.path.isdir(plate.path) else os.path.dirname(plate.path)
        folder = os.path.basename(place)
        # Plates of many shots are called alike, such as plate.####.exr; then the folder tells them apart.
        wanted = [self.name, plate.name, f"{folder}_{plate.name}"]
        names = [safe_name([each]) for each in wanted if each]
        numbered = (f"{names[-1]}_{number}" for number in range(2, len(taken) + 3))
        return next(each for each in (*names, *numbered) if each.lower() not in taken)
