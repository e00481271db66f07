"""A request in the user's words, and its JSON form."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Optional

from matteline.contract.choices import check_values, setting
from matteline.contract.errors import JobError
from matteline.contract.frames import FrameSet
from matteline.contract.settings import MatteSettings

# Raised only when a field changes its meaning: fields that are added have defaults, and older jobs stay readable.
JOB_VERSION = 1
EXISTING = ("refuse", "resume", "update", "overwrite")
NO_JOB = "Give a job that Matteline or one of its plug-ins has written."


@dataclass(frozen=True)
class Job:
    """One shot to matte. Nothing in it has been checked against the disk yet; `engine.plan` does that.

    Attributes:
        plate: A movie, an image, a folder with one sequence, or a pattern such as `plate.####.exr`.
        output: The folder that receives one folder per product.
        frames: Frames to render, by their numbers in the plate; None renders all.
        first_frame: Renumbers a movie so that its first picture has this number; None counts from 1.
        existing: Treatment of results that are already there, a choice like the settings'.
        settings: How the matte is made and delivered.
    """

    plate: str
    output: str
    frames: Optional[FrameSet] = None
    first_frame: Optional[int] = None
    existing: str = setting(
        "refuse",
        label="Existing results",
        kind="choice",
        options=EXISTING,
        group="output",
        affects="nothing",
        help="Treatment of results that are already there: 'refuse' stops; 'resume' renders what is missing or "
        "unreadable; 'update' also renders again what was made with other settings or of another plate; "
        "'overwrite' renders all.",
    )
    settings: MatteSettings = field(default_factory=MatteSettings)

    def __post_init__(self) -> None:
        check_values(self)
        # An empty name is an unset variable of a script, and would be the current folder.
        # And systems end a path at a NUL.
        if not self.output.strip() or "\0" in self.output:
            raise JobError(
                "The output folder is not named.",
                field="output",
                hint="Name a folder; '.' is the current one.",
                settings=("output",),
            )

    def to_json(self) -> str:
        """The job as one JSON object with its version."""
        data = asdict(self)
        # Ranges as artists write them: a list of a movie's numbers would be megabytes.
        data["frames"] = None if self.frames is None else str(self.frames)
        return json.dumps({"version": JOB_VERSION, **data}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Read what `to_json` wrote; fields left out take their defaults.

        Raises:
            JobError: Not JSON, another version, an unknown field or a value that is not allowed.
        """
        data = _object(text)
        version = data.pop("version", None)
        if version != JOB_VERSION:
            raise JobError(
                f"The job has version {version}; this matteline reads version {JOB_VERSION}.",
                field="version",
                hint="Update matteline and its host plug-in to the same release.",
            )
        settings = _fields(MatteSettings, data.pop("settings", {}))
        # JSON has lists alone, and settings compare as tuples.
        listed = {name: tuple(value) for name, value in settings.items() if isinstance(value, list)}
        return cls(**_job_values(data), settings=MatteSettings(**{**settings, **listed}))


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise JobError(f"The job is not JSON: {error}.", hint=NO_JOB) from None
    if not isinstance(data, dict):
        raise JobError("The job is not a JSON object.", hint=NO_JOB)
    return data


def _job_values(data: dict[str, Any]) -> dict[str, Any]:
    values = _fields(Job, data)
    for name in ("plate", "output"):
        if not isinstance(values.get(name), str):
            raise JobError(f"The job does not say its {name}.", field=name)
    first = values.get("first_frame")
    if first is not None and not (isinstance(first, int) and not isinstance(first, bool)):
        raise JobError(f"The number of the first frame cannot be {first!r}.", field="first_frame")
    if values.get("frames") is not None:
        values["frames"] = FrameSet.parse(str(values["frames"]))
    return values


def _fields(kind: Any, data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise JobError(f"{kind.__name__} is not a JSON object.")
    known = {each.name for each in fields(kind)}
    for name in data:
        # Refused rather than ignored: a setting that a plug-in believes in must not be left out without a word.
        if name not in known:
            raise JobError(
                f"The job has a field '{name}' that this matteline does not know.",
                field=name,
                hint="Update matteline and its host plug-in to the same release.",
            )
    return dict(data)
