"""A report as one HTML page that loads nothing from elsewhere and runs no script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import jinja2
import numpy as np
from markupsafe import Markup

from matteline import __version__
from matteline.contract.frames import FrameSet
from matteline.judging.chart import Chart, Line
from matteline.judging.findings import BROKEN, KINDS
from matteline.judging.measure import Measures
from matteline.judging.report import FrameReport, Report
from matteline.judging.results import ShotResults
from matteline.judging.thumbnails import LARGE_SIDE, Thumbnails, thumbnails

# Flagged frames that are listed; more are counted.
MOST_ROWS = 200
# Flagged frames that are shown as pictures, which are most of the page's size.
MOST_PICTURED = 60
# Frames shown of the whole shot, evenly spread.
SAMPLES = 8


def page(report: Report, shot: ShotResults) -> str:
    """Return the report of a shot as an HTML document; reads a few frames of it for thumbnails."""
    flagged = sorted(report.flagged, key=_rank)
    with_matte = [each.number for each in report.frames if each.measures.coverage is not None]
    sampled = _spread(with_matte, SAMPLES)
    return _template("page.html").render(
        report=report,
        frames=FrameSet.of(frame.number for frame in report.frames),
        counts=[(title, len(report.numbers_with(kind))) for kind, title in KINDS.items()],
        charts=[Markup(chart.svg()) for chart in _charts(report)],
        rows=[
            (
                frame,
                is_broken(frame),
                thumbnails(shot, frame.number, LARGE_SIDE) if index < MOST_PICTURED else Thumbnails(),
            )
            for index, frame in enumerate(flagged[:MOST_ROWS])
        ],
        unlisted=len(flagged) - MOST_ROWS,
        samples=[(number, thumbnails(shot, number)) for number in sampled],
        version=__version__,
    )


def sheet(shot: ShotResults, report: Report | None, count: int) -> str:
    """Return a contact sheet of a shot as an HTML document: frames spread over it, and those to look at.

    Args:
        shot: The results.
        report: Their report, whose flagged frames are boxed and added; None without one.
        count: Frames that are spread over the shot.
    """
    numbers = [number for number in shot.expected if number in shot.products[shot.matte_product]]
    flagged = {} if report is None else {frame.number: frame for frame in report.flagged}
    also = sorted(flagged.values(), key=_rank)[:MOST_PICTURED]
    shown = sorted({*_spread(numbers, count), *(frame.number for frame in also)})
    return _template("sheet.html").render(
        shot=shot,
        missing=shot.expected.minus(FrameSet.of(numbers)),
        frames=[(number, flagged.get(number), thumbnails(shot, number, LARGE_SIDE)) for number in shown],
        version=__version__,
    )


def is_broken(frame: FrameReport) -> bool:
    """Tell if a file of the frame is missing or damaged."""
    return any(finding.severity == BROKEN for finding in frame.findings)


def _rank(frame: FrameReport) -> tuple[bool, int, int]:
    """Sort key of flagged frames: broken ones first, then those with the most reasons, then by number."""
    return not is_broken(frame), -len(frame.findings), frame.number


def _spread(numbers: Sequence[int], count: int) -> list[int]:
    places = np.linspace(0, len(numbers) - 1, min(count, len(numbers))).astype(int)
    return list(dict.fromkeys(numbers[place] for place in places))


def _template(name: str) -> jinja2.Template:
    # Names and sentences hold whatever a file is called, so everything but our own charts is escaped.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("matteline", "judging"),
        autoescape=True,
        # A name that the page lacks is an error, not an empty place.
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


# The label of a line, and its value for a frame.
_Column = tuple[str, Callable[[Measures], float | None]]


def _charts(report: Report) -> Iterator[Chart]:
    def chart(title: str, columns: Sequence[_Column], kinds: Iterable[str]) -> Chart:
        numbers = [frame.number for frame in report.frames]
        lines = [Line(label, [value(each.measures) for each in report.frames]) for label, value in columns]
        marked = {number for kind in kinds for number in report.numbers_with(kind)}
        return Chart(title, numbers, lines, marked, gaps=report.numbers_with("missing"))

    yield chart("Alpha coverage, %", [("", lambda each: _percent(each.coverage))], ["coverage", "empty"])
    changes: list[_Column] = [("all of it", lambda each: each.change)]
    if report.plate:
        changes.append(("where the plate stands still", lambda each: each.flicker))
    yield chart("Change of the matte, rms x 100", changes, ["flicker", "warm_up", "repeat"])
    yield chart("For one frame alone, rms x 100", [("", lambda each: each.pop)], ["pop"])
    areas: list[_Column] = [
        ("holes", lambda each: _percent(each.holes)),
        ("specks", lambda each: _percent(each.specks)),
    ]
    yield chart("Small areas, % of the body", areas, ["hole", "speck"])
    if any(each.measures.clipped is not None for each in report.frames):
        clipped: list[_Column] = [("", lambda each: _percent(each.clipped))]
        yield chart("Body at the file's limit, %", clipped, ["clipped"])


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
