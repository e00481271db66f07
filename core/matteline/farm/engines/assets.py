"""The files a shot needs and makes, for engines that carry them to machines without the studio's disks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matteline.contract.settings import choices
from matteline.farm.submission import PreparedShot


@dataclass(frozen=True)
class Assets:
    """Absolute paths.

    Attributes:
        files: Files that are read.
        folders: Folders of which everything is read.
        results: Folders that receive results; states lie in the farm job's own, and later steps read them.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...]
    results: tuple[str, ...]


def assets(shot: PreparedShot) -> Assets:
    """List what the tasks of a shot read and write.

    Raises:
        ReadError: The plate is not there.
    """
    # Only now: the libraries that read pictures are not needed to submit to other engines.
    from matteline.media.plate import open_plate

    job = shot.farm_job.job
    with open_plate(job.plate, first_frame=job.first_frame) as plate:
        plate_files = [str(Path(plate.file(number)).absolute()) for number in plate.info.frames]
    named = _named_paths(shot)
    farm_job = shot.file.absolute()
    files = [str(farm_job), *plate_files, *(str(each) for each in named if each.is_file())]
    # A hand-drawn sequence is named by a pattern, which is no file: its whole folder is taken.
    folders = [str(each if each.is_dir() else each.parent) for each in named if not each.is_file()]
    results = [str(farm_job.parent), str(Path(job.output).absolute())]
    # A movie holds every frame of its plate, and so is listed often.
    return Assets(*(tuple(dict.fromkeys(each)) for each in (files, folders, results)))


def _named_paths(shot: PreparedShot) -> list[Path]:
    """List the files, folders and patterns that settings name; words among them, such as `auto`, name none."""
    found = []
    for name, choice in choices().items():
        value = getattr(shot.farm_job.job.settings, name)
        # Weights are a name or a path.
        is_path = choice.kind == "path" or (name == "weights" and Path(value).is_file())
        if is_path and value not in choice.options and Path(value).parent.is_dir():
            found.append(Path(value).absolute())
    return found
