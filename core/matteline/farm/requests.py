"""Clips named one by one, in a shot list, or in a timeline: what is submitted, before it is looked at."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.settings import MatteSettings, choices, parse_value

MAX_BYTES = 64 << 20
LISTS = (".csv", ".json", ".otio", ".otioz", ".otiod")


@dataclass(frozen=True)
class Request:
    """One clip to submit, in the user's words.

    Attributes:
        plate: As `Job.plate`.
        name: What it is called on the farm; empty for the plate's own name.
        frames: Frames to render; None for all.
        first_frame: As `Job.first_frame`.
        output: Folder for the results; empty for the submission's.
        settings: Settings of this clip alone, by field name.
    """

    plate: str
    name: str = ""
    frames: FrameSet | None = None
    first_frame: int | None = None
    output: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def settings_over(self, common: MatteSettings) -> MatteSettings:
        """The clip's settings: its own, the others in common. Raises `JobError`."""
        return replace(common, **self.settings)


def is_list(word: str) -> bool:
    """Whether a word names a shot list or a timeline rather than a plate."""
    return word.lower().endswith(LISTS)


def requests_in(path: Path, handles: int = 0) -> tuple[tuple[Request, ...], tuple[str, ...]]:
    """The clips of a shot list or timeline, and sentences about those that had to be left out.

    A CSV file has a line of headings, a JSON file is a list of objects; both know `plate`, `name`, `frames`,
    `first_frame`, `output` and the fields of `MatteSettings`. Relative paths start at the list's folder.

    Args:
        path: The list.
        handles: For timelines, frames added before and after what is seen, where the media has them.

    Raises:
        ReadError: The file cannot be read.
        JobError: It holds what no clip can have.
    """
    if path.suffix.lower().startswith(".otio"):
        # Its library is an extra that only timelines need.
        from matteline.farm.timelines import requests_of_timeline

        return requests_of_timeline(path, handles)
    rows = _csv(path) if path.suffix.lower() == ".csv" else _json(path)
    found = tuple(_request(row, path, number) for number, row in enumerate(rows, 1))
    if not found:
        raise JobError(f"The shot list {path} names no clip.", field="plate")
    return found, ()


def _request(row: Mapping[str, Any], path: Path, number: int) -> Request:
    values = {name: value for name, value in row.items() if value not in (None, "")}
    known = {"plate", "name", "frames", "first_frame", "output", *choices()}
    unknown = sorted(name for name in values if name not in known)
    where = f"Clip {number} of {path}"
    if unknown:
        raise JobError(f"{where} has '{unknown[0]}', which no clip can have.", field=str(unknown[0]))
    if not isinstance(values.get("plate"), str):
        raise JobError(f"{where} names no plate.", field="plate")
    return Request(
        plate=str(path.parent / values["plate"]),
        name=str(values.get("name", "")),
        frames=FrameSet.parse(str(values["frames"])) if "frames" in values else None,
        first_frame=_number(values.get("first_frame"), where),
        output=str(path.parent / str(values["output"])) if "output" in values else "",
        settings={name: _setting(name, value) for name, value in values.items() if name in choices()},
    )


def _setting(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return parse_value(name, value) if isinstance(value, str) else value


def _number(value: Any, where: str) -> int | None:
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        raise JobError(
            f"{where} has {value!r} as the number of its first frame.", field="first_frame"
        ) from None


def _csv(path: Path) -> Iterable[Mapping[str, Any]]:
    rows = list(csv.DictReader(io.StringIO(_text(path), newline=""), restkey="more"))
    if any("more" in row for row in rows):
        raise JobError(f"A line of {path} has more columns than its headings.", field="plate")
    return rows


def _json(path: Path) -> Iterable[Mapping[str, Any]]:
    try:
        rows = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise JobError(f"The shot list {path} is not JSON: {error}.", field="plate") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise JobError(f"The shot list {path} is not a list of objects.", field="plate")
    return rows


def _text(path: Path) -> str:
    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror or error}.", path=path) from None
    if len(data) > MAX_BYTES:
        raise ReadError(f"{path} is too large for a shot list.", path=path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ReadError(f"{path} is not text in UTF-8.", path=path, hint="Save it as UTF-8.") from None
