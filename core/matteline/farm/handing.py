"""Handing clips over: tickets written, the engine's files written, and the engine told of them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from matteline.contract.farm_settings import FarmSettings
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.engine.plan import Resources
from matteline.farm.costs import costs_of
from matteline.farm.engines import engine
from matteline.farm.paths import PathMap
from matteline.farm.requests import Request
from matteline.farm.submission import Submission
from matteline.farm.submit import FARM_FOLDER, Options, Prepared, prepare, write

_ENGINES_OWN = {"pool": "default", "after": "nothing"}
"""Words that leave a choice to the engine; it is told nothing then."""


@dataclass(frozen=True)
class Handed:
    """What was handed over.

    Attributes:
        prepared: The clips.
        submission: What the engine was told.
        files: What was written for it.
        ids: Of its jobs; empty where nothing was submitted.
    """

    prepared: tuple[Prepared, ...]
    submission: Submission
    files: tuple[Path, ...]
    ids: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same for programs: plain JSON values."""
        return {
            "engine": self.submission.engine,
            "clips": [self._clip(index) for index in range(len(self.prepared))],
            "files": [str(each) for each in self.files],
            "jobs": list(self.ids),
        }

    def _clip(self, index: int) -> dict[str, Any]:
        ticket = self.prepared[index].ticket
        costs = costs_of(ticket, self.submission.frames(index))
        return {
            "name": ticket.name,
            "job": str(self.submission.job_file(index)),
            "frames": costs.frames,
            "tasks": costs.tasks,
            "exact": ticket.exact,
            "rolled": costs.rolled,
            "added_percent": round(100 * costs.share),
        }


def hand_over(
    prepared: Sequence[Prepared],
    farm: FarmSettings,
    folder: Path,
    *,
    batch_name: str = "",
    user: str = "",
    engine_options: Mapping[str, str] = MappingProxyType({}),
    dry_run: bool = False,
) -> Handed:
    """Write what machines and engine need, and submit it.

    Args:
        prepared: The clips, from `submit.prepare`.
        farm: What is asked of the engine.
        folder: Receives the engine's files, in `farm/submit.ENGINE`.
        batch_name: What all clips stand under in the engine's list; empty for the first one's name.
        user: Who submits, for engines that ask.
        engine_options: What only this engine knows.
        dry_run: Write everything, submit nothing.

    Raises:
        JobError: The engine cannot do what is asked.
        WriteError: A file cannot be written.
        MattelineError: The engine's tools are missing, or refuse.
    """
    chosen = engine(farm.engine, engine_options)
    submission = submission_of(prepared, farm, batch_name, user)
    for each in prepared:
        write(each)
    place = Path(os.path.abspath(folder)) / FARM_FOLDER / f"submit.{farm.engine}"
    files = chosen.write(submission, place)
    return Handed(tuple(prepared), submission, files, () if dry_run else chosen.submit(submission, place))


def submission_of(
    prepared: Sequence[Prepared], farm: FarmSettings, batch_name: str = "", user: str = ""
) -> Submission:
    """What the engine is told of the clips. Raises `JobError` where a number is not allowed."""
    return Submission(
        engine=farm.engine,
        tickets=tuple(each.ticket for each in prepared),
        folders=tuple(each.folder for each in prepared),
        batch_name=batch_name or prepared[0].ticket.name,
        user=user,
        priority=farm.priority,
        retries=farm.retries,
        gpu_memory_gib=farm.gpu_memory,
        target_seconds=farm.target_seconds,
        timeout_minutes=farm.timeout_minutes,
        only_missing=tuple(each.missing for each in prepared),
        command=tuple(shlex.split(farm.command, posix=os.name != "nt")),
        **{name: _told(name, getattr(farm, name)) for name in _ENGINES_OWN},
    )


def options_of(farm: FarmSettings, output: str, *, existing: str, path_map: PathMap = ()) -> Options:
    """How the clips are cut."""
    return Options(
        output=output,
        chunk_frames=farm.chunk,
        state_frames=farm.state_every,
        exact=farm.exact,
        preroll_frames=farm.chunk_preroll,
        path_map=path_map,
        existing=existing,
    )


def prepare_jobs(jobs: Sequence[Job], farm: FarmSettings, resources: Resources) -> tuple[Prepared, ...]:
    """Look at the clips of a host's jobs and settle them. Writes nothing. Raises as `prepare` does.

    Each keeps its own output folder and settings; what happens to existing results is the first one's choice.
    """
    first = jobs[0]
    options = options_of(farm, first.output, existing=first.existing)
    return prepare([request_of(each) for each in jobs], MatteSettings(), options, resources)


def request_of(job: Job) -> Request:
    """A host's job as a request of its own."""
    settings = {name: getattr(job.settings, name) for name in asdict(job.settings)}
    return Request(job.plate, "", job.frames, job.first_frame, os.path.abspath(job.output), settings)


def _told(name: str, word: str) -> str:
    return "" if word == _ENGINES_OWN[name] else word
