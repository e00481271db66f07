"""The record beside the results of a shot: the renders that made them, by the mark that each result carries.

Any door may read it, to open results with their plate and settings; the engine writes it. It is a file that may
lie on a shared disk, so nothing in it is believed further than its own type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

from matteline.contract.errors import MattelineError
from matteline.contract.files import read_limited, write_text
from matteline.contract.frames import NO_FRAMES, FrameSet
from matteline.contract.job import Job

RECORD_FOLDER = ".matteline"
"""Folder for everything beside the results that is not a result."""

VERSION = 2
MAX_BYTES = 4 << 20
"""A record takes two kilobytes for each recipe; a larger file is something else."""


@dataclass(frozen=True)
class RenderRecord:
    """One recipe's renders of a shot.

    Attributes:
        frames: All frames that were asked for.
        recipe: What decided the pixels, plain JSON values by the settings' names.
        job: The latest job as `Job.to_json` writes it, parsed.
    """

    frames: FrameSet
    recipe: dict[str, Any]
    job: dict[str, Any]

    @property
    def plate(self) -> str:
        """The path of the plate; empty where the record does not say."""
        plate = self.recipe.get("plate")
        return plate if isinstance(plate, str) else ""

    @property
    def first_frame(self) -> Optional[int]:
        """The number of a movie's first picture; None for images."""
        first = self.recipe.get("first_frame")
        # Not isinstance: True is an int as well, and no frame number.
        return first if type(first) is int else None

    @property
    def colour_space(self) -> str:
        """The plate's colour space, which is that of the foreground; empty where the record does not say."""
        space = self.recipe.get("colour_space")
        return space if isinstance(space, str) else ""

    def read_job(self) -> Optional[Job]:
        """Return the latest job; None where this release cannot read it."""
        try:
            return Job.from_json(json.dumps(self.job))
        except MattelineError:
            return None


@dataclass(frozen=True)
class Record:
    """The renders of one shot's results, by their recipes' marks, the latest last."""

    renders: Mapping[str, RenderRecord] = field(default_factory=dict)

    @property
    def latest(self) -> Optional[RenderRecord]:
        """The latest render; None where nothing is recorded."""
        return list(self.renders.values())[-1] if self.renders else None

    @property
    def frames(self) -> FrameSet:
        """All frames that any render asked for."""
        return FrameSet.joined(each for render in self.renders.values() for each in render.frames.ranges)

    def with_render(self, mark: str, render: RenderRecord) -> Record:
        """Return the record with another render as its latest; frames of the same recipe are added up."""
        before = self.renders.get(mark)
        frames = FrameSet.joined((*render.frames.ranges, *(before.frames.ranges if before else ())))
        others = {name: each for name, each in self.renders.items() if name != mark}
        # Moved to the end: the latest render is the one that doors offer to open or continue.
        return Record({**others, mark: RenderRecord(frames, render.recipe, render.job)})


def record_file(folder: Path, shot: str) -> Path:
    """Return the file of a shot's record; it need not exist."""
    return folder / RECORD_FOLDER / f"{shot}.json"


def read_record(path: Path) -> Record:
    """Read a record; an empty one where there is no file, or none that can be believed."""
    try:
        text = read_limited(path, MAX_BYTES)
        data = json.loads(text) if len(text) <= MAX_BYTES else None
    except (OSError, ValueError, RecursionError):
        return Record()
    renders = data.get("renders") if isinstance(data, dict) and data.get("version") == VERSION else None
    if not isinstance(renders, dict):
        return Record()
    found = {mark: _render_record(entry) for mark, entry in renders.items()}
    return Record({mark: each for mark, each in found.items() if each is not None})


def write_record(path: Path, record: Record) -> None:
    """Write a record, whole or not at all. Raises `WriteError`."""
    renders = {mark: {**asdict(each), "frames": str(each.frames)} for mark, each in record.renders.items()}
    write_text(path, json.dumps({"version": VERSION, "renders": renders}, indent=1, ensure_ascii=False))


def _render_record(entry: object) -> Optional[RenderRecord]:
    if not isinstance(entry, dict):
        return None
    recipe, job, frames = entry.get("recipe"), entry.get("job"), entry.get("frames")
    if not (isinstance(recipe, dict) and isinstance(job, dict) and isinstance(frames, str)):
        return None
    try:
        return RenderRecord(FrameSet.parse(frames) if frames else NO_FRAMES, recipe, job)
    except MattelineError:
        return None
