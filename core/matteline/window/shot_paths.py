"""Names and folders of shots, from the paths of their plates."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from matteline.contract.record import read_record, record_file
from matteline.media.movie import MOVIE_EXTENSIONS
from matteline.media.naming import IMAGE_EXTENSIONS, is_image

# Of the system's dialog for files.
PLATE_FILTER: Final = "Plates ({patterns});;All files (*)".format(
    patterns=" ".join(f"*{suffix}" for suffix in sorted({*IMAGE_EXTENSIONS, *MOVIE_EXTENSIONS}))
)

_NUMBER: Final = re.compile(r"[._-]*(#+|%\d*d|\d+)$")

# The output folder and the plate's name, which the names of a shot's results are made of.
OutputClaim = tuple[str, str]


def bare_name(plate: str) -> str:
    """Return a plate's name without frame numbers and suffix: `plate` for `sh010/plate.####.exr`."""
    path = os.path.abspath(plate)
    name = os.path.basename(path)
    stem = name if os.path.isdir(path) else os.path.splitext(name)[0]
    if not is_image(name):
        return stem
    # Without the frame number or its place holder, and what separates it from the name.
    return _NUMBER.sub("", stem) or stem


def output_claim(output: str, plate: str) -> OutputClaim:
    """Return what no other shot may share: two shots in one folder need plates of different names."""
    return os.path.normcase(os.path.abspath(output)), bare_name(plate)


def suggested_output(plate: str, taken: Collection[OutputClaim] = ()) -> str:
    """Return a folder for a plate's results that no other shot has.

    Beside the folder of a sequence, never in it: `sh010/plate_mattes` for `sh010/plate/plate.####.exr`; and
    beside a movie. Folders with results of another plate are passed over.

    Args:
        plate: Path of the plate.
        taken: The folders and names of other shots.
    """
    path, name = os.path.abspath(plate), bare_name(plate)
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    above = os.path.dirname(folder)
    # What lies at the top of a disk stays there: nobody writes beside it.
    if (_is_sequence(path) and os.path.dirname(above) != above) or folder == path:
        folder = above
    tries = itertools.chain([f"{name}_mattes"], (f"{name}_mattes_{count}" for count in itertools.count(2)))
    return next(
        output
        for output in (os.path.join(folder, each) for each in tries)
        if output_claim(output, plate) not in taken and not _holds_others(output, plate)
    )


def _is_sequence(path: str) -> bool:
    return os.path.isdir(path) or (is_image(path) and bool(_NUMBER.search(os.path.splitext(path)[0])))


def _holds_others(output: str, plate: str) -> bool:
    """Tell whether a folder's record says that results of this name were made of another plate."""
    made_of = read_record(record_file(Path(output), bare_name(plate))).latest
    if made_of is None or not made_of.plate:
        return False
    return os.path.normcase(os.path.dirname(os.path.abspath(made_of.plate))) != os.path.normcase(
        plate if os.path.isdir(plate) else os.path.dirname(os.path.abspath(plate))
    )
