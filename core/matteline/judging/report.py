"""Judging results where there is no truth, as a value that other programs can take up.

::

    from matteline.judging.report import Report, judge, report_file
    from matteline.judging.results import find_results

    [shot] = find_results(Path("mattes"))            # the shots of a folder of results
    report = judge(shot, plate)                      # reads every frame once; the plate is optional
    report.save(report_file(shot.folder, shot.name)) # mattes/report/<name>_report.json
    report = Report.load(path)                       # later, without the pictures

    for frame in report.frames:                      # every frame that should be there, ascending
        for mark in frame.marks:                     # () for most
            mark.kind, mark.severity, mark.sentence, mark.box

`mark.kind` is one of `marks.KINDS`, `mark.severity` is `broken` or `look`, `mark.sentence` is for people and
has the frame's number in it, `mark.box` is a `contract.plate.Window` in pixels of the display window, or
None.
`report.marked` are the frames with marks; `report.frame(1042)` finds one. Nothing here loads torch or Qt.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from matteline import __version__
from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.plate import Window
from matteline.judging.marks import KINDS, LEAST_CLIPPED, LEAST_SPOTS, Mark, find_marks
from matteline.judging.measure import Measures, measure
from matteline.judging.results import ShotResults
from matteline.judging.usual import OFTEN
from matteline.media.atomic import write_text
from matteline.media.plate import Plate

REPORT_VERSION = 1
REPORT_FOLDER = "report"
REPORT_BYTES = 1 << 28
"""Of a million frames, far more than a shot has."""

_BOXES = ("pop_box", "hole_box", "speck_box")


@dataclass(frozen=True)
class FrameReport:
    """One frame: its measures, and the reasons to look at it."""

    measures: Measures
    marks: tuple[Mark, ...] = ()

    @property
    def number(self) -> int:
        """The frame's number in the plate."""
        return self.measures.number


@dataclass(frozen=True)
class Report:
    """What was found in the results of one shot.

    Attributes:
        name: Of the shot.
        folder: Where its results lie.
        plate: What they were compared with; empty where it was not at hand.
        frames: Every frame that should be there, ascending.
        notes: Sentences on the shot as a whole.
    """

    name: str
    folder: str
    plate: str
    frames: tuple[FrameReport, ...]
    notes: tuple[str, ...] = ()

    @property
    def marked(self) -> tuple[FrameReport, ...]:
        """The frames that are worth a look."""
        return tuple(frame for frame in self.frames if frame.marks)

    def frame(self, number: int) -> FrameReport | None:
        """The frame of a number; None where the report has none."""
        return next((frame for frame in self.frames if frame.number == number), None)

    def count(self, kind: str) -> int:
        """How many frames have a mark of a kind."""
        return sum(any(mark.kind == kind for mark in frame.marks) for frame in self.frames)

    def to_json(self) -> str:
        """The report as one JSON object with its version."""
        data = {
            "version": REPORT_VERSION,
            "matteline": __version__,
            "name": self.name,
            "folder": self.folder,
            "plate": self.plate,
            "notes": list(self.notes),
            "frames": [
                {**asdict(frame.measures), "marks": [asdict(mark) for mark in frame.marks]}
                for frame in self.frames
            ],
        }
        return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)

    def save(self, path: Path) -> None:
        """Write the report, whole or not at all. Raises `WriteError`."""
        write_text(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> Report:
        """Read what `save` wrote.

        Raises:
            ReadError: It is not there, or no report.
            JobError: It is one of another version.
        """
        data = _read(path)
        if data.get("version") != REPORT_VERSION:
            raise JobError(
                f"{path} is a report of version {data.get('version')}, not {REPORT_VERSION}.",
                field="version",
                hint="Make the report again with 'matteline report'.",
            )
        try:
            frames = tuple(_frame(each) for each in data["frames"])
            name, folder, plate = (str(data[each]) for each in ("name", "folder", "plate"))
            return cls(name, folder, plate, frames, tuple(map(str, data["notes"])))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _no_report(path) from None


def judge(
    shot: ShotResults,
    plate: Plate | None = None,
    *,
    tell: Callable[[int], None] = lambda done: None,
    notes: tuple[str, ...] = (),
) -> Report:
    """Look at every frame of a shot's results and say which are worth a look.

    Nothing about single frames raises: what is missing or damaged is what a report is for. Memory holds three
    frames, and the figures of all.

    Args:
        shot: The results.
        plate: What they were made of, under the same numbers; None judges the mattes alone.
        tell: Hears after every frame how many are done.
        notes: Sentences to begin the report's own with.
    """
    measures = []
    for done, each in enumerate(measure(shot, plate), 1):
        measures.append(each)
        tell(done)
    frames = tuple(map(FrameReport, measures, find_marks(measures)))
    found = Report(shot.name, str(shot.folder), plate.info.path if plate else "", frames)
    return Report(found.name, found.folder, found.plate, frames, (*notes, *_notes(found)))


def report_file(folder: Path, name: str, extension: str = "json") -> Path:
    """Where the report of a shot lies, or will lie: `folder/report/<name>_report.<extension>`."""
    return folder / REPORT_FOLDER / f"{name}_report.{extension}"


def _notes(report: Report) -> list[str]:
    notes = []
    covered = [each.measures.coverage for each in report.frames if each.measures.coverage is not None]
    if covered and max(covered) < 0.001:
        notes.append("Nobody was found in any frame.")
    for kind, words in (("missing", "missing"), ("unreadable", "damaged")):
        numbers = FrameSet.of(
            each.number for each in report.frames if any(mark.kind == kind for mark in each.marks)
        )
        if numbers:
            frames = f"Frames {numbers} are" if len(numbers) > 1 else f"Frame {numbers} is"
            notes.append(f"{frames} {words}.")
    clipped = sorted(each.measures.clipped or 0.0 for each in report.frames)
    if (middle := clipped[len(clipped) // 2]) >= LEAST_CLIPPED:
        notes.append(
            f"In half of the frames {100 * middle:.1f} % of the body or more is at the file's limit."
        )
    for kind, words in (("holes", "gaps or small holes in the body"), ("specks", "specks beside the body")):
        often = _often(report, kind)
        if often > OFTEN * len(report.frames):
            notes.append(f"{often} frames have {words}; only those that stand out are marked.")
    repeats = sum(each.measures.repeats for each in report.frames)
    if repeats and not report.count("repeat"):
        notes.append(f"{repeats} frames repeat the frame before, as after a change of frame rate.")
    return notes


def _often(report: Report, measure: str) -> int:
    """How many frames have enough of a measure to be marked, if it were rare."""
    return sum((getattr(each.measures, measure) or 0.0) > LEAST_SPOTS for each in report.frames)


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > REPORT_BYTES:
            raise _no_report(path)
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror}.", path=path) from None
    except ValueError:
        raise _no_report(path) from None
    if not isinstance(data, dict):
        raise _no_report(path)
    return data


def _no_report(path: Path) -> ReadError:
    return ReadError(f"{path} is no report.", path=path, hint="Make it again with 'matteline report'.")


def _frame(data: dict[str, Any]) -> FrameReport:
    known = {each.name for each in fields(Measures)}
    values = {name: value for name, value in data.items() if name in known}
    values.update({name: _box(values.get(name)) for name in _BOXES})
    values.update({name: tuple(values[name]) for name in ("missing", "broken")})
    return FrameReport(Measures(**values), tuple(_mark(each) for each in data["marks"]))


def _mark(data: dict[str, Any]) -> Mark:
    if data["kind"] not in KINDS:
        raise ValueError(data["kind"])
    return Mark(data["kind"], str(data["sentence"]), str(data["severity"]), _box(data["box"]))


def _box(data: dict[str, Any] | None) -> Window | None:
    return None if data is None else Window(*(int(data[each]) for each in ("x", "y", "width", "height")))
