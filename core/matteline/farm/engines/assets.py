"""The files a shot needs and makes, for engines that carry them to machines without the studio's disks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from matteline.contract.settings import choices
from matteline.farm.ticket import Ticket


@dataclass(frozen=True)
class Assets:
    """Absolute paths.

    Attributes:
        files: What is read, file by file.
        folders: What is read, whole folders.
        results: Folders that receive results; states lie in the ticket's own, and later steps read them.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...]
    results: tuple[str, ...]


def assets(ticket: Ticket, job_file: str) -> Assets:
    """What a ticket's commands read and write.

    Raises:
        ReadError: The plate is not there.
    """
    job = ticket.job
    named = [Path(each).absolute() for each in _named(ticket)]
    files = [str(Path(job_file).absolute()), *_plate_files(ticket)]
    files += [str(each) for each in named if each.is_file()]
    folders = [str(each if each.is_dir() else each.parent) for each in named if not each.is_file()]
    results = (str(Path(job_file).absolute().parent), str(Path(job.output).absolute()))
    return Assets(_once(files), _once(folders), _once(results))


def _plate_files(ticket: Ticket) -> list[str]:
    # Only now: the libraries that read pictures are not needed to submit anything else.
    from matteline.media.plate import open_plate

    with open_plate(ticket.job.plate, first_frame=ticket.job.first_frame) as plate:
        return [str(Path(plate.file(number)).absolute()) for number in plate.info.frames]


def _named(ticket: Ticket) -> Iterator[str]:
    """Settings that name a file, a folder or a pattern; words among them, such as `auto`, name none."""
    for name, choice in choices().items():
        value = getattr(ticket.job.settings, name)
        is_path = choice.kind == "path" or (name == "weights" and Path(value).is_file())
        if is_path and value not in choice.options and Path(value).parent.is_dir():
            yield value


def _once(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paths))
