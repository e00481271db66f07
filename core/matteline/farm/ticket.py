"""One clip on the farm: a job in which all that decides pixels is decided, in a file for every machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from matteline.contract.errors import JobError, ReadError
from matteline.contract.files import replacing
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.farm.paths import PathMap, mapped

TICKET_VERSION = 1
FILE_NAME = "job.json"
EXACT = ("states", "chain", "none")
MAX_BYTES = 8 << 20
"""A ticket with a hundred thousand single frames is smaller; more is no ticket of ours."""

_SUBMIT_AGAIN = "Submit the clip again."


@dataclass(frozen=True)
class Ticket:
    """One clip on the farm. `job.json` in a folder of its own; the recurrent states lie beside it.

    Attributes:
        job: What to render. Its frames are named, and every setting that decides pixels is settled: ratio,
            refiner, kind of device, precision, batch, exposure, denoising.
        name: The clip's name, safe in file names and unique in its submission.
        chunk_frames: How many frames a task renders; chunks are cut at multiples of it.
        state_frames: Frames between the states that the first pass writes.
        exact: How chunks get the pixels of one unbroken run: `states` from a first pass, `chain` from the
            chunk before, or `none`: they do not, and each is settled by a preroll.
        preroll_frames: For `none`, frames shown to the network before each chunk.
        needs_gpu: Whether a machine without a GPU must refuse.
        threads: Threads that compute where there is no GPU, because sums are rounded as they are shared out;
            0 on a GPU.
        path_map: Beginnings of paths as submitted, and what they are on other machines.
        weights: SHA-256 of the weights file.
        plate: Fingerprint of the plate's files.
        settings: SHA-256 of what the states depend on beside plate and weights.
        mark: What every result says of how it was made, so that others are not taken for it.
        recipe: The record that lies beside the results, the same whoever writes it.
    """

    job: Job
    name: str
    chunk_frames: int = 96
    state_frames: int = 16
    exact: str = "states"
    preroll_frames: int = 24
    needs_gpu: bool = False
    threads: int = 0
    path_map: PathMap = ()
    weights: str = ""
    plate: str = ""
    settings: str = ""
    mark: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.job.frames is None or not self.job.frames.ranges:
            raise JobError("A clip on the farm has no frames.", field="frames")
        if self.exact not in EXACT:
            raise JobError(
                f"Chunks cannot be made exact by '{self.exact}'.",
                field="exact",
                hint=f"Choose from: {', '.join(EXACT)}.",
            )
        for name, least in (("chunk_frames", 1), ("state_frames", 1), ("preroll_frames", 0), ("threads", 0)):
            if getattr(self, name) < least:
                raise JobError(
                    f"{name} cannot be {getattr(self, name)}.",
                    field=name,
                    hint=f"Give a number of at least {least}.",
                )

    @property
    def frames(self) -> FrameSet:
        """All frames that were asked for."""
        assert self.job.frames is not None
        return self.job.frames

    @property
    def steps(self) -> tuple[str, ...]:
        """What runs, in this order, as verbs of `matteline farm`: `states` where needed, `chunk`, `check`."""
        return ("states", "chunk", "check") if self.exact == "states" else ("chunk", "check")

    @property
    def ordered(self) -> bool:
        """Whether each chunk must wait for the one before it."""
        return self.exact == "chain"

    @property
    def hashes(self) -> dict[str, str]:
        """What a saved state must have been made with."""
        return {"plate": self.plate, "weights": self.weights, "settings": self.settings}

    def chunks(self) -> tuple[FrameRange, ...]:
        """All frames, cut into unbroken ranges at multiples of `chunk_frames`."""
        return self.chunks_of(self.frames)

    def chunks_of(self, frames: FrameSet) -> tuple[FrameRange, ...]:
        """The same for some of the frames, such as those that are missing."""
        return tuple(part for each in frames.ranges for part in _cut(each, self.chunk_frames))

    def mapped(self, path: str) -> str:
        """A path as submitted, as it is on this machine."""
        return mapped(path, self.path_map)

    def write(self, folder: Path) -> Path:
        """Write `job.json`, whole or not at all, into a folder that exists. Raises `WriteError`."""
        path = folder / FILE_NAME
        with replacing(path) as temporary:
            temporary.write_text(self.to_json(), encoding="utf-8")
        return path

    def to_json(self) -> str:
        """The ticket as one JSON object with its version."""
        data = {each.name: getattr(self, each.name) for each in fields(self)}
        data["job"] = json.loads(self.job.to_json())
        return json.dumps({"version": TICKET_VERSION, **data}, indent=1)

    @classmethod
    def read(cls, path: Path) -> Ticket:
        """Read what `write` wrote; a folder stands for the ticket in it.

        Raises:
            ReadError: There is no such file.
            JobError: It is no ticket, of another version, or holds what is not allowed.
        """
        file = path / FILE_NAME if path.is_dir() else path
        return cls(**_values(_data(file), file))


def _cut(whole: FrameRange, length: int) -> Iterator[FrameRange]:
    first = whole.first
    while first <= whole.last:
        last = min((first // length + 1) * length - 1, whole.last)
        yield FrameRange(first, last)
        first = last + 1


def _data(file: Path) -> dict[str, Any]:
    try:
        with open(file, "rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ReadError(
            f"The ticket {file} cannot be read: {error.strerror or error}.",
            path=file,
            hint="Check that its disk is mounted on this machine, or submit the clip again.",
        ) from None
    if len(text) > MAX_BYTES:
        raise _no_ticket(file, "is too large")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise _no_ticket(file, "is not JSON") from None
    if not isinstance(data, dict):
        raise _no_ticket(file, "is not a JSON object")
    return data


def _values(data: dict[str, Any], file: Path) -> dict[str, Any]:
    version = data.pop("version", None)
    if version != TICKET_VERSION:
        raise JobError(
            f"The ticket {file} has version {version!r}; this matteline reads version {TICKET_VERSION}.",
            field="version",
            hint="Install the same release of matteline on all machines of the farm.",
        )
    for name, value in data.items():
        # Compared exactly: True is an int to isinstance.
        if name not in _TYPES or type(value) is not _TYPES[name]:
            raise _no_ticket(file, f"has the field '{name}' as it cannot be")
    if "job" not in data or "name" not in data:
        raise _no_ticket(file, "lacks a job or a name")
    job = Job.from_json(json.dumps(data["job"]))
    return {**data, "job": job, "path_map": _path_map(data.get("path_map", []), file)}


_TYPES: Mapping[str, type] = {
    "job": dict,
    "name": str,
    "chunk_frames": int,
    "state_frames": int,
    "exact": str,
    "preroll_frames": int,
    "needs_gpu": bool,
    "threads": int,
    "path_map": list,
    "weights": str,
    "plate": str,
    "settings": str,
    "mark": str,
    "recipe": dict,
}


def _path_map(pairs: list[Any], file: Path) -> PathMap:
    for each in pairs:
        if not (isinstance(each, list) and len(each) == 2 and all(isinstance(word, str) for word in each)):
            raise _no_ticket(file, "has a path map that is not pairs of words")
    return tuple((source, target) for source, target in pairs)


def _no_ticket(file: Path, why: str) -> JobError:
    return JobError(f"{file} is no ticket: it {why}.", field="job", hint=_SUBMIT_AGAIN)
