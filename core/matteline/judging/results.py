"""A folder of results: the shots in it, the frames that each has, and those that it should have.

The layout is that of `matteline render`: `<product>/<name>_<product>.<frame>.<ext>`, and beside it, in
`.matteline/<name>.json`, a record of how the results were made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matteline.contract.errors import JobError, MattelineError, ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.record import read_record, record_file
from matteline.contract.settings import PRODUCTS
from matteline.contract.shot_notes import read_notes, shot_notes_file
from matteline.media.naming import list_sequences
from matteline.media.plate import Plate, open_plate


@dataclass(frozen=True)
class ShotResults:
    """The results of one shot.

    Attributes:
        folder: Folder that `matteline render -o` was given.
        name: Name that the files of the results begin with.
        products: By product, the file of each frame that is there. Never empty.
        expected: Frames that should be there: those of the record, and all that any product has. Without a
            record all from the first to the last.
        plate: Plate that the results were made of, by the record; empty where it does not say.
        colour_space: Colour space of the plate, which is that of the foreground; empty where the record does
            not say.
        first_frame: Number of the plate's first picture where it is a movie, by the record.
        cuts: Frames that begin a shot of the plate, where its first look is kept beside the results.
        crossed_cuts: Those of them at which the latest render did not start the network anew.
    """

    folder: Path
    name: str
    products: Mapping[str, Mapping[int, Path]]
    expected: FrameSet
    plate: str = ""
    colour_space: str = ""
    first_frame: int | None = None
    cuts: tuple[int, ...] = ()
    crossed_cuts: tuple[int, ...] = ()

    @property
    def matte_product(self) -> str:
        """The product that alpha is read from; empty where none holds it."""
        return next((name for name in ("alpha", "rgba", "layers") if name in self.products), "")

    @property
    def colour_product(self) -> str:
        """The product that the person's colour is read from; empty where there is none."""
        return next((name for name in ("fgr", "rgba", "layers") if name in self.products), "")


def find_results(folder: Path) -> list[ShotResults]:
    """Return the shots whose results lie in a folder, by name.

    Raises:
        ReadError: The folder is not there, or a product of it cannot be listed.
        JobError: It holds no results with an alpha.
    """
    if not folder.is_dir():
        raise ReadError(f"The folder {folder} is not there.", path=folder, hint="Name a folder of results.")
    found: dict[str, dict[str, dict[int, Path]]] = {}
    # The layout of a render: a folder for each product.
    # Files of people hold ids, not pictures.
    for product in (*(each for each in PRODUCTS if each != "people"), "layers"):
        for name, files in _list_product(folder / product, product).items():
            found.setdefault(name, {})[product] = files
    shots = [_with_record(folder, name, products) for name, products in sorted(found.items())]
    # A foreground alone holds no matte to judge.
    shots = [shot for shot in shots if shot.matte_product]
    if not shots:
        raise JobError(
            f"{folder} holds no results with an alpha.",
            field="folder",
            hint="Name the output folder of a render: with alpha, rgba or layers in it.",
        )
    return shots


def open_plate_of(shot: ShotResults, given: str | None, first_frame: int | None) -> tuple[Plate | None, str]:
    """Open the plate that results were made of, or say in a sentence why it cannot be opened.

    Args:
        shot: The results.
        given: Path of the plate from the user; None takes that of the record.
        first_frame: The number of a movie's first picture; None takes the record's for the record's plate.

    Returns:
        The plate and "", or None and a sentence for the report's notes.

    Raises:
        ReadError: The plate that the user named cannot be read.
        JobError: It is no path, or lacks the frames of the results.
    """
    if given is not None:
        plate = open_plate(given, first_frame=first_frame)
        if misfit := _misfit(shot, plate):
            raise JobError(
                misfit,
                field="plate",
                hint="Name the plate of these results, and a movie's first frame number.",
                settings=("plate", "first_frame"),
            )
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
    return f"The plate {plate.info.path} has frames {plate.info.frames.brief}, the results {shot.expected.brief}."


def _list_product(folder: Path, product: str) -> dict[str, dict[int, Path]]:
    """Return, by shot, the files in the folder of one product."""
    if not folder.is_dir():
        return {}
    try:
        names = [each.name for each in folder.iterdir() if each.is_file()]
    except OSError as error:
        reason = error.strerror or "the system gives no reason"
        raise ReadError(f"The folder {folder} cannot be read: {reason}.", path=folder) from None
    found: dict[str, dict[int, Path]] = {}
    for files in list_sequences(str(folder), names):
        # `sh010_alpha.` becomes `sh010`.
        name = files.pattern.prefix.removesuffix(".").removesuffix(f"_{product}")
        found[name] = {number: folder / file for number, file in files.names.items()}
    return found


def _with_record(folder: Path, name: str, products: Mapping[str, Mapping[int, Path]]) -> ShotResults:
    """Return a shot with the facts of its record."""
    record = read_record(record_file(folder, name))
    existing = FrameSet.of(number for files in products.values() for number in files)
    latest = record.latest
    if latest is None:
        return ShotResults(folder, name, products, FrameSet((existing.hull,)))
    expected = FrameSet.joined([*existing.ranges, *record.frames.ranges])
    cuts, crossed = _cuts(folder, name, latest.read_job())
    return ShotResults(
        folder,
        name,
        products,
        expected,
        plate=latest.plate,
        colour_space=latest.colour_space,
        first_frame=latest.first_frame,
        cuts=tuple(cut for cut in cuts if cut in expected),
        crossed_cuts=tuple(cut for cut in crossed if cut in expected),
    )


def _cuts(folder: Path, name: str, job: Job | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the cuts that a first look found or an artist named, and those that the render went across."""
    try:
        notes = read_notes(shot_notes_file(folder, name))
    # Notes that cannot be read cost the report its cuts, and nothing else.
    except MattelineError:
        return (), ()
    # Notes outlive the render that they were taken for: a later one may go across their cuts.
    kept = () if job is not None and job.settings.cuts == "none" else notes.cuts
    return tuple(sorted({*notes.cuts, *notes.found_cuts})), tuple(
        cut for cut in notes.found_cuts if cut not in kept
    )
