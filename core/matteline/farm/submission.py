"""A submission: the shots on their way to one engine, and what the engine is told of them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matteline.contract.errors import JobError
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.frames import FrameRange, FrameSet
from matteline.farm.farm_job import FILE_NAME, FarmJob


@dataclass(frozen=True)
class PreparedShot:
    """A shot ready for an engine.

    Attributes:
        farm_job: The shot with everything decided.
        folder: The folder of the farm job and its states.
        missing: The frames to render; None for all.
    """

    farm_job: FarmJob
    folder: Path
    missing: FrameSet | None = None

    @property
    def file(self) -> Path:
        """The file of the farm job."""
        return self.folder / FILE_NAME

    @property
    def frames(self) -> FrameSet:
        """The frames to render."""
        return self.farm_job.frames if self.missing is None else self.missing

    @property
    def chunks(self) -> tuple[FrameRange, ...]:
        """The frames to render as tasks, one unbroken range each; none where nothing is missing."""
        return self.farm_job.chunks_of(self.frames)


@dataclass(frozen=True)
class Submission:
    """Shots on their way to one engine.

    Attributes:
        farm: Engine and options as the user chose them, for all shots alike.
        shots: The shots.
        batch_name: The name that they share in the engine's list.
        user: Login name of whoever submits; empty where that is not known.
    """

    farm: FarmSettings
    shots: tuple[PreparedShot, ...]
    batch_name: str
    user: str = ""

    @property
    def command(self) -> tuple[str, ...]:
        """The words by which the farm's machines call matteline.

        Raises:
            JobError: A quote in the setting is not closed.
        """
        try:
            # Not as POSIX shells do it on Windows, where backslashes are part of paths.
            return tuple(shlex.split(self.farm.command, posix=os.name != "nt"))
        except ValueError as error:
            raise JobError(
                f"The command {self.farm.command!r} cannot be split into words: {error}.",
                field="command",
                hint="Close its quotes.",
                settings=("command",),
            ) from None

    @property
    def pool(self) -> str:
        """The engine's pool, group, queue or tag; empty for its default."""
        return "" if self.farm.pool == "default" else self.farm.pool

    @property
    def after(self) -> str:
        """Id of an engine's job that must end first; empty for none."""
        return "" if self.farm.after == "nothing" else self.farm.after


def safe_name(words: Sequence[str]) -> str:
    """Make a name for files and job lists of words: letters, digits, `_`, `-` and `.` stay."""
    # Letters of any language stay: names of shots are read by people.
    text = "_".join(word for word in words if word)
    # Not at the ends: a dot in front hides a folder, a minus looks like an option, Windows drops a last dot.
    kept = "".join(each if each.isalnum() or each in "_-." else "_" for each in text).strip("._-")
    return kept[:100] or "shot"
