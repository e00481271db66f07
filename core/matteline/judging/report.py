"""Reports: results judged where there is no truth, as a value that other programs can use.

::

    from matteline.judging.report import Report, judge, report_file
    from matteline.judging.results import find_results

    [shot] = find_results(Path("mattes"))            # the shots of a folder of results
    report = judge(shot, plate)                      # reads every frame once; the plate is optional
    report.save(report_file(shot.folder, shot.name)) # mattes/report/<name>_report.json
    report = Report.load(path)                       # later, without the pictures

    for frame in report.frames:                      # every frame that should be there, ascending
        for finding in frame.findings:               # () for most
            finding.kind, finding.severity, finding.sentence, finding.box

`finding.kind` is one of `findings.KINDS`, `finding.severity` is `broken` or `look`, `finding.sentence` is for
people and has the frame's number in it, `finding.box` is a `contract.plate.Window` in pixels of the display
window, or None. `report.flagged` are the frames with findings; `report.frame(1042)` returns one. Nothing here
loads torch or Qt.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from matteline import __version__
from matteline.contract.errors import JobError, ReadError
from matteline.contract.files import read_limited, write_text
from matteline.contract.frames import FrameSet
from matteline.contract.plate import Window
from matteline.judging.findings import KINDS, LEAST_CLIPPED, LEAST_SMALL_AREAS, Finding, find_faults
from matteline.judging.measure import Measures, measure
from matteline.judging.outliers import FREQUENT_SHARE
from matteline.judging.results import ShotResults
from matteline.media.plate import Plate

# By version, the key under which the findings of a frame lie.
REPORT_VERSION = 2
_FINDINGS_KEY = {1: "marks", 2: "findings"}
# The size of a report of a million frames, far more than a shot has. A larger file is not read.
REPORT_FOLDER = "report"
REPORT_BYTES = 1 << 28
_REMAKE = "Make the report again."


@dataclass(frozen=True)
class FrameReport:
    """One frame: its measures, and the reasons to look at it."""

    measures: Measures
    findings: tuple[Finding, ...] = ()

    @property
    def number(self) -> int:
        """The frame's number in the plate."""
        return self.measures.number


@dataclass(frozen=True)
class Report:
    """The judgement of one shot's results.

    Attributes:
        name: Name of the shot.
        folder: Folder of its results.
        plate: Path of the plate that they were compared with; empty where it could not be read.
        frames: Every frame that should be there, ascending.
        notes: Sentences on the shot as a whole.
    """

    name: str
    folder: str
    plate: str
    frames: tuple[FrameReport, ...]
    notes: tuple[str, ...] = ()

    @property
    def flagged(self) -> tuple[FrameReport, ...]:
        """The frames that are worth a look."""
        return tuple(frame for frame in self.frames if frame.findings)

    def frame(self, number: int) -> FrameReport | None:
        """Return the frame of a number; None where the report has none."""
        return next((frame for frame in self.frames if frame.number == number), None)

    def numbers_with(self, kind: str) -> FrameSet:
        """Return the numbers of the frames that have a finding of a kind."""
        return FrameSet.of(
            frame.number for frame in self.frames if any(each.kind == kind for each in frame.findings)
        )

    def to_json(self) -> str:
        """Return the report as one JSON object with its version."""
        data = {
            "version": REPORT_VERSION,
            "matteline": __version__,
            "name": self.name,
            "folder": self.folder,
            "plate": self.plate,
            "notes": list(self.notes),
            "frames": [
                {**asdict(frame.measures), "findings": [asdict(each) for each in frame.findings]}
                for frame in self.frames
            ],
        }
        # Python would write NaN, which is no JSON and which other programs refuse.
        return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)

    def save(self, path: Path) -> None:
        """Write the report, whole or not at all. Raises `WriteError`."""
        write_text(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> Report:
        """Read what `save` wrote, in this version or an earlier one.

        Raises:
            ReadError: It is not there, or no report.
            JobError: It is one of a version that is not known here.
        """
        no_report = ReadError(f"{path} is no report.", path=path, hint=_REMAKE)
        try:
            text = read_limited(path, REPORT_BYTES)
            data = json.loads(text) if len(text) <= REPORT_BYTES else None
        except OSError as error:
            raise ReadError(f"{path} cannot be read: {error.strerror}.", path=path) from None
        except (ValueError, RecursionError):
            raise no_report from None
        if not isinstance(data, dict):
            raise no_report
        version = data.get("version")
        if version not in list(_FINDINGS_KEY):  # a list, because what a file holds may not be hashable
            raise JobError(
                f"{path} is a report of version {version}, not {REPORT_VERSION}.",
                field="version",
                hint=_REMAKE,
            )
        try:
            frames = tuple(_frame_from_json(each, _FINDINGS_KEY[version]) for each in data["frames"])
            name, folder, plate = (str(data[each]) for each in ("name", "folder", "plate"))
            return cls(name, folder, plate, frames, tuple(map(str, data["notes"])))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise no_report from None


def judge(
    shot: ShotResults,
    plate: Plate | None = None,
    *,
    on_frame: Callable[[int], None] = lambda done: None,
    notes: tuple[str, ...] = (),
) -> Report:
    """Measure every frame of a shot's results and return which are worth a look.

    Nothing about single frames raises: what is missing or damaged is what a report is for. Memory holds three
    frames, and the figures of all.

    Args:
        shot: The results.
        plate: The plate that they were made of, under the same numbers; None judges the mattes alone.
        on_frame: Called after every frame with the number of frames done.
        notes: Sentences to stand before the report's own notes.
    """
    measures = []
    for done, each in enumerate(measure(shot, plate), 1):
        measures.append(each)
        on_frame(done)
    frames = tuple(map(FrameReport, measures, find_faults(measures, shot.crossed_cuts)))
    found = Report(shot.name, str(shot.folder), plate.info.path if plate else "", frames)
    if shot.cuts:
        frames_word = "frame" if len(shot.cuts) == 1 else "frames"
        notes = (*notes, f"The plate is cut before {frames_word} {', '.join(map(str, shot.cuts))}.")
    return Report(found.name, found.folder, found.plate, frames, (*notes, *_notes(found)))


def report_file(folder: Path, name: str, extension: str = "json") -> Path:
    """Return the path of a shot's report: `folder/report/<name>_report.<extension>`."""
    return folder / REPORT_FOLDER / f"{name}_report.{extension}"


def _notes(report: Report) -> list[str]:
    """Return sentences on the shot as a whole, and on what is too frequent to be told frame by frame."""
    notes = []
    measures = [each.measures for each in report.frames]
    coverage = [each.coverage for each in measures if each.coverage is not None]
    # Less than that is noise.
    if coverage and max(coverage) < 0.001:
        notes.append("Nobody was found in any frame.")
    for kind in ("missing", "unreadable"):
        if numbers := report.numbers_with(kind):
            frames = f"Frames {numbers.brief} are" if len(numbers) > 1 else f"Frame {numbers} is"
            notes.append(f"{frames} {KINDS[kind]}.")
    clipped = sorted(each.clipped or 0.0 for each in measures)
    if (median := clipped[len(clipped) // 2]) >= LEAST_CLIPPED:
        notes.append(
            f"In half of the frames {100 * median:.1f} % of the body or more is at the file's limit."
        )
    for words, areas in (
        ("gaps or small holes in the body", [each.holes for each in measures]),
        ("specks beside the body", [each.specks for each in measures]),
    ):
        frequent = sum((share or 0.0) > LEAST_SMALL_AREAS for share in areas)
        if frequent > FREQUENT_SHARE * len(report.frames):
            notes.append(f"{frequent} frames have {words}; only those that stand out are marked.")
    repeats = sum(each.repeats for each in measures)
    if repeats and not report.numbers_with("repeat"):
        notes.append(f"{repeats} frames repeat the frame before, as after a change of frame rate.")
    return notes


def _frame_from_json(data: dict[str, Any], findings_key: str) -> FrameReport:
    """Return a frame from its JSON. Raises `KeyError`, `TypeError` or `ValueError` where it is none."""
    known = {each.name for each in fields(Measures)}
    # Measures of a later release are left out.
    values = {name: value for name, value in data.items() if name in known}
    values |= {name: _box_from_json(values.get(name)) for name in ("pop_box", "hole_box", "speck_box")}
    values |= {name: tuple(values[name]) for name in ("missing", "broken")}
    findings = []
    for each in data[findings_key]:
        if each["kind"] not in KINDS:
            raise ValueError(each["kind"])
        box = _box_from_json(each["box"])
        findings.append(Finding(each["kind"], str(each["sentence"]), str(each["severity"]), box))
    return FrameReport(Measures(**values), tuple(findings))


def _box_from_json(data: dict[str, Any] | None) -> Window | None:
    return None if data is None else Window(*(int(data[each]) for each in ("x", "y", "width", "height")))
