"""Findings that an artist has looked at and accepted: a file beside the report, so that all who open it agree."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from matteline.contract.files import read_limited, write_text

_LARGEST_BYTES = 1 << 22


def accepted_file(folder: Path, shot: str) -> Path:
    """Return the file of a shot's accepted findings; it need not exist."""
    # Judging loads the readers of images and movies; the window opens without them.
    from matteline.judging.report import REPORT_FOLDER

    return folder / REPORT_FOLDER / f"{shot}_accepted.json"


def read_accepted(folder: Path, shot: str) -> frozenset[tuple[int, str]]:
    """Return the frame and kind of each accepted finding; none where there is no file, or none that is right."""
    path = accepted_file(folder, shot)
    try:
        data = json.loads(read_limited(path, _LARGEST_BYTES)) if path.is_file() else []
        return frozenset((int(number), str(kind)) for number, kind in data)
    # JSON that is nested deeply enough ends in a RecursionError.
    except (OSError, ValueError, TypeError, RecursionError):
        return frozenset()


def write_accepted(folder: Path, shot: str, accepted: Iterable[tuple[int, str]]) -> None:
    """Write accepted findings, whole or not at all. Raises `WriteError`."""
    write_text(accepted_file(folder, shot), json.dumps(sorted(accepted)))
