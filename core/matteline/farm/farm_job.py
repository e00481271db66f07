"""A farm job: one shot with everything decided that makes its pixels, in a file that every machine reads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from matteline.contract.errors import JobError, ReadError
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.files import read_limited, write_text
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import wants_look
from matteline.farm.paths import PathMap, map_path

FARM_JOB_VERSION = 2
FILE_NAME = "farm_job.json"
MAX_BYTES = 8 << 20
"""A farm job with a hundred thousand single frames is smaller."""

# Farm jobs lie on shared disks, where anybody may edit them, so every value is held against a limit.
MOST_FRAMES = 10_000_000
MOST_THREADS = 1024
# In bytes. File systems take 255, and the names of states and results add numbers and endings to a shot's.
LONGEST_NAME = 200
# Linux takes no longer path in a call.
LONGEST_PATH = 4096

_HASH = re.compile("[0-9a-f]{0,64}")
_SUBMIT_AGAIN = "Submit the shot again."


@dataclass(frozen=True)
class FarmJob:
    """One shot on the farm. Lies as `farm_job.json` in a folder of its own, the recurrent states beside it.

    Attributes:
        job: What to render. Its frames are named, and every setting that decides pixels is resolved: refiner,
            kind of device, precision, batch, exposure, denoising. An `auto` ratio stays: it follows from the
            plate's size and the weights.
        name: The shot's name, part of file names and unique in its submission.
        farm: How the shot is cut: `exact` is decided, `chunk` and `state_every` are multiples of the batch.
        needs_gpu: Whether a machine without a GPU must refuse.
        threads: Threads that compute where there is no GPU, because sums are rounded as they are shared out;
            0 on a GPU.
        path_map: Beginnings of paths as submitted, and what they are on other machines.
        weights_hash: SHA-256 of the weights file.
        plate_hash: Fingerprint of the plate's files.
        settings_hash: SHA-256 of what the states depend on beside plate and weights.
        recipe_mark: Mark in every result, by which results of other recipes are told apart.
        recipe: Everything that decides pixels, by which a machine can name what differs there.

    Raises:
        JobError: A value is not allowed.
    """

    job: Job
    name: str
    farm: FarmSettings
    needs_gpu: bool
    threads: int
    path_map: PathMap
    weights_hash: str
    plate_hash: str
    settings_hash: str
    recipe_mark: str
    recipe: Mapping[str, Any]

    def __post_init__(self) -> None:
        ranges = self.job.frames.ranges if self.job.frames is not None else ()
        # Not by len(), which cannot count what a file may claim.
        count = sum(each.last - each.first + 1 for each in ranges)
        checks = (
            ("frames", 0 < count <= MOST_FRAMES),
            ("plate", _is_path(self.job.plate)),
            ("output", _is_path(self.job.output)),
            ("name", is_file_name(self.name)),
            # Each machine does as it is told here; choosing is over.
            ("exact", self.farm.exact != "auto"),
            ("threads", 0 <= self.threads <= MOST_THREADS),
            ("path_map", all(_is_path(each) for rule in self.path_map for each in rule)),
            *(
                (name, _HASH.fullmatch(getattr(self, name)) is not None)
                for name in ("weights_hash", "plate_hash", "settings_hash", "recipe_mark")
            ),
        )
        for name, allowed in checks:
            if not allowed:
                raise JobError(
                    f"A farm job cannot have this value of '{name}'.", field=name, hint=_SUBMIT_AGAIN
                )

    @property
    def frames(self) -> FrameSet:
        """All frames that were asked for."""
        assert self.job.frames is not None
        return self.job.frames

    @property
    def needs_states(self) -> bool:
        """True where a first pass must save states before any chunk; then a chunk may begin anywhere."""
        return self.farm.exact == "states"

    @property
    def needs_first_pass(self) -> bool:
        """True where one machine must do something before any chunk: save states, or take the first look.

        In a chain the first chunk takes the look.
        """
        return self.needs_states or (not self.is_chain and wants_look(self.job.settings))

    @property
    def is_chain(self) -> bool:
        """True where each chunk must wait for the one before it."""
        return self.farm.exact == "chain"

    @property
    def state_hashes(self) -> dict[str, str]:
        """Hashes that a saved state must have been made with."""
        return {"plate": self.plate_hash, "weights": self.weights_hash, "settings": self.settings_hash}

    def chunks(self) -> tuple[FrameRange, ...]:
        """Return all frames, cut into unbroken ranges at multiples of the chunk's length."""
        return self.chunks_of(self.frames)

    def chunks_of(self, frames: FrameSet) -> tuple[FrameRange, ...]:
        """Return some of the frames, such as those that are missing, cut at the same numbers as all of them."""
        chunks: list[FrameRange] = []
        for whole in frames.ranges:
            first = whole.first
            while first <= whole.last:
                # At multiples, so that a chunk's borders do not depend on which frames are asked for.
                last = min((first // self.farm.chunk + 1) * self.farm.chunk - 1, whole.last)
                chunks.append(FrameRange(first, last))
                first = last + 1
        return tuple(chunks)

    def on_this_machine(self, path: str) -> str:
        """Return a path as submitted, as it is on this machine."""
        return map_path(path, self.path_map)

    def write(self, folder: Path) -> Path:
        """Write `farm_job.json`, whole or not at all; makes the folder. Raises `WriteError`."""
        return write_text(folder / FILE_NAME, self.to_json())

    def to_json(self) -> str:
        """Return the farm job as one JSON object with its version."""
        data = {each.name: getattr(self, each.name) for each in fields(self)}
        data["job"] = json.loads(self.job.to_json())
        data["farm"] = asdict(self.farm)
        # Escaped to ASCII, as json does by itself: what of a path is no Unicode comes back byte for byte.
        return json.dumps({"version": FARM_JOB_VERSION, **data}, indent=1)

    @classmethod
    def read(cls, path: Path) -> FarmJob:
        """Read what `write` wrote; a folder stands for the farm job in it.

        Raises:
            ReadError: There is no such file.
            JobError: It is no farm job, of another version, or holds what is not allowed.
        """
        file = path / FILE_NAME if path.is_dir() else path
        data = _read_object(file)
        version = data.pop("version", None)
        if version != FARM_JOB_VERSION:
            raise JobError(
                f"The farm job {file} has version {version!r:.20}; this matteline reads version {FARM_JOB_VERSION}.",
                field="version",
                hint="Install the same release of matteline on all machines of the farm.",
            )
        types = get_type_hints(cls)
        for name in (*types, *data):
            if name not in data:
                raise _no_farm_job(file, f"lacks the field '{name}'")
            # Compared exactly: True is an int to isinstance.
            if name not in types or type(data[name]) is not _JSON_TYPES.get(types[name], types[name]):
                raise _no_farm_job(file, f"has the field '{name:.40}' as it cannot be")
        # Values are checked by whoever makes the objects below; here only what they could not be made of.
        rules = data["path_map"]
        if not all(isinstance(rule, list) and [type(each) for each in rule] == [str, str] for rule in rules):
            raise _no_farm_job(file, "has a path map that is not pairs of words")
        values = {
            **data,
            "job": Job.from_json(json.dumps(data["job"])),
            "farm": FarmSettings.from_data(data["farm"]),
            "path_map": tuple((source, target) for source, target in rules),
        }
        return cls(**values)


# Types of JSON for fields that have none of their own.
_JSON_TYPES: Mapping[Any, type] = {Job: dict, FarmSettings: dict, PathMap: list, Mapping[str, Any]: dict}


def is_file_name(name: str) -> bool:
    """Return whether a name can be part of a file name on every system without leading to another folder."""
    # A colon leads to another drive on Windows.
    return (
        name not in ("", ".", "..")
        and not set(name) & set("/\\:\0")
        # A name that is no Unicode holds lone surrogates, which strict UTF-8 does not encode.
        and len(name.encode("utf-8", "surrogatepass")) <= LONGEST_NAME
    )


def _is_path(path: str) -> bool:
    # Systems end a path at a NUL, so another file than the one named would be opened.
    return 0 < len(path) <= LONGEST_PATH and "\0" not in path


def _read_object(file: Path) -> dict[str, Any]:
    try:
        text = read_limited(file, MAX_BYTES)
    except OSError as error:
        raise ReadError(
            f"The farm job {file} cannot be read: {error.strerror or error}.",
            path=file,
            hint="Check that its disk is mounted on this machine, or submit the shot again.",
        ) from None
    if len(text) > MAX_BYTES:
        raise _no_farm_job(file, "is too large")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise _no_farm_job(file, "is not JSON") from None
    if not isinstance(data, dict):
        raise _no_farm_job(file, "is not a JSON object")
    return data


def _no_farm_job(file: Path, why: str) -> JobError:
    return JobError(f"{file} is no farm job: it {why}.", field="farm_job", hint=_SUBMIT_AGAIN)
