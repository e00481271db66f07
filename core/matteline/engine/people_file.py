"""The people of a plate as a file beside its results: names, and everyone's shares of every frame.

A zip archive of `people.json` and one packed entry a frame, so that its checksums tell damage.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from matteline.contract.errors import ReadError
from matteline.contract.files import make_folder, replacing
from matteline.contract.people import check_person_name
from matteline.people import FrameShares, Person

VERSION: Final = 1
_TABLE: Final = "people.json"
_MOST_BYTES: Final = 1 << 24  # of one entry: a frame of dozens of people packs into some kilobytes
_SAME_TIME: Final = (1980, 1, 1, 0, 0, 0)  # or else no two files of the same people would be alike


@dataclass(frozen=True)
class FoundPeople:
    """The people of a plate.

    Attributes:
        people: Everyone, in the order of their shares.
        frames: Frame number to everyone's packed shares; see `FrameShares.to_bytes`.
        missed: Hints, in words, where the network saw nobody.
        hashes: Everything that these people were found from, by name.
    """

    people: tuple[Person, ...]
    frames: Mapping[int, bytes]
    missed: tuple[str, ...]
    hashes: Mapping[str, str]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of everyone."""
        return tuple(person.name for person in self.people)

    @property
    def mark(self) -> str:
        """Word for everything that these people were found from, the same on all machines."""
        return hashlib.sha256(json.dumps(dict(self.hashes), sort_keys=True).encode()).hexdigest()[:16]

    def shares(self, number: int) -> FrameShares:
        """Return everyone's shares of a frame.

        Raises:
            ReadError: They are damaged, or not there.
        """
        try:
            return FrameShares.from_bytes(self.frames[number])
        except (KeyError, ValueError):
            raise ReadError(
                f"Nothing is known of the people in frame {number}.",
                frame=number,
                hint="Remove the .people file from the folder .matteline beside the results, and render again.",
            ) from None


def write_people(path: Path, found: FoundPeople) -> None:
    """Write people as a file, whole or not at all. Raises `WriteError`."""
    table = {
        "version": VERSION,
        "people": [asdict(person) for person in found.people],
        "missed": list(found.missed),
        "hashes": dict(found.hashes),
    }
    make_folder(path.parent)
    # Stored as they are: shares come packed.
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(zipfile.ZipInfo(_TABLE, _SAME_TIME), json.dumps(table, ensure_ascii=False))
        for number, data in found.frames.items():
            archive.writestr(zipfile.ZipInfo(str(number), _SAME_TIME), data)


def read_people(path: Path) -> FoundPeople:
    """Read what `write_people` wrote.

    Raises:
        ReadError: It is not there, damaged, or of another release.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # Before anything is read, since a damaged entry may claim any size.
            if any(entry.file_size > _MOST_BYTES for entry in archive.infolist()):
                raise ValueError("an entry is too large")
            frames = {int(name): archive.read(name) for name in archive.namelist() if name != _TABLE}
            return _found(json.loads(archive.read(_TABLE)), frames)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, RecursionError) as error:
        raise ReadError(
            f"The people of a plate cannot be read from {path.name}: {error}.",
            path=path,
            hint="Remove the file, and they are found again.",
        ) from None


def _found(table: Any, frames: Mapping[int, bytes]) -> FoundPeople:
    if table["version"] != VERSION:
        raise ValueError(f"it has version {table['version']!r}, not {VERSION}")
    people = tuple(
        Person(check_person_name(each["name"]), int(each["first"]), bool(each["hinted"]))
        for each in table["people"]
    )
    hashes = {str(name): str(value) for name, value in table["hashes"].items()}
    return FoundPeople(people, frames, tuple(map(str, table["missed"])), hashes)
