"""Shot lists (CSV, JSON) and timelines: many shots from one file."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from matteline.contract.errors import JobError, ReadError
from matteline.contract.files import read_limited
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import choices, parse_value
from matteline.farm.request import ShotRequest

MAX_BYTES = 64 << 20  # some hundred thousand shots
LISTS = (".csv", ".json", ".otio", ".otioz", ".otiod")

_OWN_FIELDS = ("plate", "name", "frames", "first_frame", "output")


def is_shot_list(path: str) -> bool:
    """Return whether a path is named as a shot list or a timeline rather than a plate."""
    return path.lower().endswith(LISTS)


def read_shot_list(
    path: Path, template: Job, handles: int = 0
) -> tuple[tuple[ShotRequest, ...], tuple[str, ...]]:
    """Read the shots of a shot list or timeline, and sentences about those that had to be left out.

    A CSV file has a line of headings, a JSON file is a list of objects; both may have `plate`, `name`, `frames`,
    `first_frame`, `output` and the fields of `MatteSettings`. Relative paths start at the list's folder.

    Args:
        path: The list.
        template: Values for whatever a shot does not say itself.
        handles: For timelines, frames added before and after what is seen, where the media has them.

    Raises:
        ReadError: The file cannot be read.
        JobError: It holds what no shot can have.
    """
    if path.suffix.lower().startswith(".otio"):
        # Its library is an extra that only timelines need.
        from matteline.farm.timelines import read_timeline

        return read_timeline(path, template, handles)
    requests = tuple(
        _request(row, path.parent, f"Shot {number} of {path}", template)
        for number, row in enumerate(_read_rows(path), 1)
    )
    if not requests:
        raise JobError(f"The shot list {path} names no shot.", field="plate")
    return requests, ()


def collect_requests(
    plates: Sequence[str], template: Job, *, handles: int = 0, first_frame: int | None = None
) -> tuple[list[ShotRequest], list[str]]:
    """List the shots of plates, shot lists and timelines, and sentences about those that had to be left out.

    Args:
        plates: Paths, of any of the three.
        template: Values for whatever a shot does not say itself.
        handles: As for `read_shot_list`.
        first_frame: Number of the first picture of movies that are named directly.

    Raises:
        As `read_shot_list`.
    """
    found: list[ShotRequest] = []
    notes: list[str] = []
    for plate in plates:
        # A plate may be called like a list; then there is no such file.
        if is_shot_list(plate) and os.path.exists(plate):
            listed, left_out = read_shot_list(Path(plate), template, handles)
            found += listed
            notes += left_out
        else:
            found.append(ShotRequest(replace(template, plate=plate, first_frame=first_frame)))
    return found, notes


def _request(row: Mapping[str, Any], folder: Path, label: str, template: Job) -> ShotRequest:
    # An empty cell of a table says nothing, so the template's value holds.
    values = {name: value for name, value in row.items() if value not in (None, "")}
    unknown = sorted(name for name in values if name not in (*_OWN_FIELDS, *choices()))
    if unknown:
        raise JobError(f"{label} has '{unknown[0]}', which no shot can have.", field=str(unknown[0]))
    if not isinstance(values.get("plate"), str):
        raise JobError(f"{label} names no plate.", field="plate")
    settings: dict[str, Any] = {}
    for name in choices():
        if name in values:
            value = values[name]
            # A table has text for everything, JSON only for what is text, and lists for several words.
            settings[name] = parse_value(name, value) if isinstance(value, str) else value
            settings[name] = tuple(value) if isinstance(value, list) else settings[name]
    try:
        first_frame = int(values["first_frame"]) if "first_frame" in values else None
    except (TypeError, ValueError):
        raise JobError(
            f"{label} has {values['first_frame']!r} as the number of its first frame.", field="first_frame"
        ) from None
    job = replace(
        template,
        plate=str(folder / values["plate"]),
        output=str(folder / str(values["output"])) if "output" in values else template.output,
        frames=FrameSet.parse(str(values["frames"])) if "frames" in values else template.frames,
        first_frame=first_frame,
        settings=replace(template.settings, **settings),
    )
    return ShotRequest(job, str(values.get("name", "")), has_own_folder="output" in values)


def _read_rows(path: Path) -> Iterable[Mapping[str, Any]]:
    """Read the shots of a list, each as a mapping of fields to values."""
    text = _read_text(path)
    if path.suffix.lower() == ".csv":
        # Line ends as they are: `csv` itself reads those inside of quotes.
        lines = list(csv.DictReader(io.StringIO(text, newline=""), restkey="more"))
        # A comma too many would shift values under the wrong headings.
        if any("more" in line for line in lines):
            raise JobError(f"A line of {path} has more columns than its headings.", field="plate")
        return lines
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise JobError(f"The shot list {path} is not JSON: {error}.", field="plate") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise JobError(f"The shot list {path} is not a list of objects.", field="plate")
    return rows


def _read_text(path: Path) -> str:
    try:
        data = read_limited(path, MAX_BYTES)
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror or error}.", path=path) from None
    if len(data) > MAX_BYTES:
        raise ReadError(f"{path} is too large for a shot list.", path=path)
    try:
        return data.decode("utf-8-sig")  # spreadsheets put a byte order mark in front
    except UnicodeDecodeError:
        raise ReadError(f"{path} is not text in UTF-8.", path=path, hint="Save it as UTF-8.") from None
