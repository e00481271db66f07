"""One clip on the farm: a job with everything decided that decides pixels, in a file that any machine can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.media.atomic import replacing

TICKET_VERSION = 1
FILE_NAME = "job.json"
EXACT = ("states", "chain", "none")
MAX_BYTES = 8 << 20
"""A ticket with a hundred thousand single frames is smaller; more is no ticket of ours."""


@dataclass(frozen=True)
class Ticket:
    """One clip on the farm. `job.json` in a folder of its own; the recurrent states lie beside it.

    Attributes:
        job: What to render. Its frames are named, and every setting that decides pixels is settled: ratio,
            refiner, kind of device, precision, batch, colour space, exposure, denoising.
        name: The clip's name, safe in file names and unique in its submission.
        chunk_frames: How many frames a task renders; chunks are cut at multiples of it.
        state_frames: Frames between the states that the first pass writes.
        exact: How chunks get the pixels of one unbroken run: `states` from a first pass, `chain` from the
            chunk before, or `none`: they do not, and each is settled by a preroll.
        preroll_frames: For `none`, frames shown to the network before each chunk.
        needs_gpu: Whether a machine without a CUDA GPU must refuse.
        path_map: Beginnings of paths as submitted, and what they are on other machines.
        weights: SHA-256 of the weights file.
        plate: Fingerprint of the plate's files.
        settings: SHA-256 of all that decides pixels beside plate and weights; every result carries it.
        recipe: The record that lies beside the results, the same whoever writes it.
    """

    job: Job
    name: str
    chunk_frames: int = 96
    state_frames: int = 16
    exact: str = "states"
    preroll_frames: int = 24
    needs_gpu: bool = False
    path_map: tuple[tuple[str, str], ...] = ()
    weights: str = ""
    plate: str = ""
    settings: str = ""
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
        for name in ("chunk_frames", "state_frames"):
            if getattr(self, name) < 1:
                raise JobError(f"{name} is {getattr(self, name)}; at least 1 is needed.", field=name)

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

    def mapped(self, path: str, exists: Any = None) -> str:
        """A path as submitted, as it is on this machine."""
        return mapped(path, self.path_map, exists)

    def write(self, folder: Path) -> Path:
        """Write `job.json`, whole or not at all, into a folder that exists.

        Raises:
            WriteError: It cannot be written.
        """
        path = folder / FILE_NAME
        with replacing(path) as temporary:
            temporary.write_text(self.to_json(), encoding="utf-8")
        return path

    def to_json(self) -> str:
        """The ticket as one JSON object with its version."""
        data = {each.name: getattr(self, each.name) for each in fields(self)}
        data["job"] = json.loads(self.job.to_json())
        return json.dumps({"version": TICKET_VERSION, **data}, ensure_ascii=False, indent=1)

    @classmethod
    def read(cls, path: Path) -> Ticket:
        """Read what `write` wrote; a folder stands for the ticket in it.

        Raises:
            ReadError: There is no such file, or it is no ticket.
            JobError: It is of another version, or holds what is not allowed.
        """
        file = path / FILE_NAME if path.is_dir() else path
        return _from_data(cls, _data(file), file)


def _cut(whole: FrameRange, length: int) -> Iterator[FrameRange]:
    first = whole.first
    while first <= whole.last:
        last = min((first // length + 1) * length - 1, whole.last)
        yield FrameRange(first, last)
        first = last + 1


def mapped(path: str, path_map: tuple[tuple[str, str], ...], exists: Any = None) -> str:
    """Replace the beginning of a path by the first rule that fits; as it is where none does.

    A rule fits whole folder names only, and `\\` and `/` are alike in it, because a path from Windows is to be
    found on Linux and the other way round. A path that `exists` says is here already stays as it is.
    """
    if exists is not None and exists(path):
        return path
    for source, target in path_map:
        rest = _below(path, source)
        if rest is not None:
            slash = "\\" if "\\" in target and "/" not in target else "/"
            return target.rstrip("/\\") + (slash + rest.replace("\\", slash) if rest else "")
    return path


def _below(path: str, source: str) -> str | None:
    """What follows `source` in a path; None where the path does not lie there."""
    begin, whole = source.replace("\\", "/").rstrip("/"), path.replace("\\", "/")
    windows = len(source) > 1 and (source[1] == ":" or source.startswith("\\\\"))
    same = whole[: len(begin)].lower() == begin.lower() if windows else whole.startswith(begin)
    if not same or whole[len(begin) : len(begin) + 1] not in ("", "/"):
        return None
    return whole[len(begin) :].lstrip("/")


def _data(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise _no_ticket(file, "is too large for one")
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReadError(
            f"The ticket {file} cannot be read: {error.strerror or error}.",
            path=file,
            hint="Check that the disk is mounted on this machine, or submit the clip again.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise _no_ticket(file, f"is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise _no_ticket(file, "is not a JSON object")
    return data


def _from_data(kind: type[Ticket], data: dict[str, Any], file: Path) -> Ticket:
    version = data.pop("version", None)
    if version != TICKET_VERSION:
        raise JobError(
            f"The ticket {file} has version {version}; this matteline reads version {TICKET_VERSION}.",
            field="version",
            hint="Install the same release of matteline on all machines of the farm.",
        )
    data["job"] = Job.from_json(json.dumps(data.get("job")))
    unknown = sorted(data.keys() - {each.name for each in fields(kind)})
    if unknown:
        raise _no_ticket(file, f"has a field '{unknown[0]}' that this matteline does not know")
    for name, allowed in _TYPES.items():
        if name in data and (
            not isinstance(data[name], allowed) or isinstance(data[name], bool) > (allowed is bool)
        ):
            raise _no_ticket(file, f"has {data[name]!r} for {name}")
    data["path_map"] = _path_map(data.get("path_map", []), file)
    try:
        return kind(**data)
    except TypeError:
        raise _no_ticket(file, "lacks a field") from None


_TYPES: Mapping[str, type] = {
    "name": str,
    "chunk_frames": int,
    "state_frames": int,
    "exact": str,
    "preroll_frames": int,
    "needs_gpu": bool,
    "weights": str,
    "plate": str,
    "settings": str,
    "recipe": dict,
}


def _path_map(data: Any, file: Path) -> tuple[tuple[str, str], ...]:
    pairs = data if isinstance(data, list) else [data]
    if not all(
        isinstance(each, list) and len(each) == 2 and all(isinstance(e, str) for e in each) for each in pairs
    ):
        raise _no_ticket(file, "has a path map that is not pairs of words")
    return tuple((source, target) for source, target in pairs)


def _no_ticket(file: Path, why: str) -> JobError:
    return JobError(f"{file} {why}, so it is no ticket.", field="job", hint="Submit the clip again.")
