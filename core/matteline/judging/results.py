"""A folder of results: which shots lie in it, which of their frames are there, and which should be.

The layout is that of `matteline render`: `<product>/<name>_<product>.<frame>.<ext>`, and beside it, in
`.matteline/<name>.json`, how the results were made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.settings import PRODUCTS
from matteline.media.naming import sequences_in
from matteline.media.plate import Plate, open_plate

RECORD_FOLDER = ".matteline"
RECORD_BYTES = 1 << 20
"""A record is a few kilobytes; what is larger is something else."""

_PRODUCTS = (*PRODUCTS, "layers")


@dataclass(frozen=True)
class ShotResults:
    """The results of one shot.

    Attributes:
        folder: What `matteline render -o` named.
        name: What the results are named after.
        products: By product, the file of each frame that is there. Never empty.
        expected: Frames that should be there: those of the record, and all that any product has. Without a
            record all from the first to the last.
        plate: What they were made of, by the record; empty where it does not say.
        colour_space: The plate's, which is that of the foreground; empty where the record does not say.
        first_frame: The number of the plate's first picture where it is a movie, by the record.
    """

    folder: Path
    name: str
    products: Mapping[str, Mapping[int, Path]]
    expected: FrameSet
    plate: str = ""
    colour_space: str = ""
    first_frame: int | None = None

    @property
    def matte_product(self) -> str:
        """The product that alpha is read from; empty where none holds it."""
        return next((name for name in ("alpha", "rgba", "layers") if name in self.products), "")

    @property
    def colour_product(self) -> str:
        """The product that the person's colour is read from; empty where there is none."""
        return next((name for name in ("fgr", "rgba", "layers") if name in self.products), "")


def find_results(folder: Path) -> list[ShotResults]:
    """The shots whose results lie in a folder, by name.

    Raises:
        ReadError: The folder is not there, or a product of it cannot be listed.
        JobError: It holds no results with an alpha.
    """
    if not folder.is_dir():
        raise ReadError(f"The folder {folder} is not there.", path=folder, hint="Name a folder of results.")
    found: dict[str, dict[str, dict[int, Path]]] = {}
    for product in _PRODUCTS:
        for name, files in _of_product(folder / product, product).items():
            found.setdefault(name, {})[product] = files
    shots = [_shot(folder, name, products) for name, products in sorted(found.items())]
    shots = [shot for shot in shots if shot.matte_product]
    if not shots:
        raise JobError(
            f"{folder} holds no results with an alpha.",
            field="folder",
            hint="Name the folder that 'matteline render -o' was given: with alpha, rgba or layers in it.",
        )
    return shots


def open_plate_of(shot: ShotResults, given: str | None, first_frame: int | None) -> tuple[Plate | None, str]:
    """The plate that results were made of, if it can be had, and a sentence if it cannot.

    Args:
        shot: The results.
        given: The plate by the user's words; None takes that of the record.
        first_frame: The number of a movie's first picture; None takes the record's for the record's plate.

    Raises:
        ReadError: The plate that the user named cannot be read.
        JobError: It is no path, or lacks the frames of the results.
    """
    if given is not None:
        plate = open_plate(given, first_frame=first_frame)
        if misfit := _misfit(shot, plate):
            raise JobError(misfit, field="plate", hint="Give a movie's first number with --first-frame.")
        return plate, ""
    if not shot.plate:
        return None, "No record says what the plate is, so flicker is judged by the matte alone."
    try:
        plate = open_plate(shot.plate, first_frame=shot.first_frame if first_frame is None else first_frame)
    except (ReadError, JobError):
        return None, f"The plate {shot.plate} is not there, so flicker is judged by the matte alone."
    misfit = _misfit(shot, plate)
    return (None, f"{misfit} Flicker is judged by the matte alone.") if misfit else (plate, "")


def _misfit(shot: ShotResults, plate: Plate) -> str:
    if plate.info.frames.hull.first <= shot.expected.first and shot.expected.last <= plate.info.frames.last:
        return ""
    return f"The plate {plate.info.path} has frames {plate.info.frames}, the results {shot.expected}."


def _of_product(folder: Path, product: str) -> dict[str, dict[int, Path]]:
    """By shot, the files of one product's folder."""
    if not folder.is_dir():
        return {}
    try:
        names = [each.name for each in folder.iterdir() if each.is_file()]
    except OSError as error:
        reason = error.strerror or "the system gives no reason"
        raise ReadError(f"The folder {folder} cannot be read: {reason}.", path=folder) from None
    found: dict[str, dict[int, Path]] = {}
    for files in sequences_in(str(folder), names):
        name = files.pattern.prefix.removesuffix(".").removesuffix(f"_{product}")
        found[name] = {number: folder / file for number, file in files.names.items()}
    return found


def _shot(folder: Path, name: str, products: Mapping[str, Mapping[int, Path]]) -> ShotResults:
    record = _record(folder / RECORD_FOLDER / f"{name}.json")
    there = FrameSet.of(number for files in products.values() for number in files)
    meant = _frames(record.get("frames"))
    expected = FrameSet.joined([*there.ranges, *meant.ranges]) if meant else FrameSet((there.hull,))
    plate, space = (str(record.get(word) or "") for word in ("plate", "colour"))
    return ShotResults(folder, name, products, expected, plate, space, _whole(record.get("first_frame")))


def _record(path: Path) -> dict[str, object]:
    """What the record says; nothing where there is none, or what lies there is none."""
    try:
        if path.stat().st_size > RECORD_BYTES:
            return {}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _whole(value: object) -> int | None:
    return value if type(value) is int else None


def _frames(words: object) -> FrameSet:
    try:
        return FrameSet.parse(words) if isinstance(words, str) else FrameSet()
    except JobError:
        return FrameSet()
