"""A report as one HTML page: nothing in it comes from elsewhere, and nothing in it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

import numpy as np

from matteline import __version__
from matteline.contract.frames import FrameSet
from matteline.judging.chart import Chart, Line
from matteline.judging.marks import KINDS
from matteline.judging.measure import Measures
from matteline.judging.report import FrameReport, Report
from matteline.judging.results import ShotResults
from matteline.judging.thumbnails import thumbnails

MOST_ROWS = 200
"""Marked frames that are listed; more are counted."""
MOST_PICTURED = 60
"""Marked frames that are shown as pictures."""
SAMPLES = 8
"""Frames shown of the whole shot, evenly spread."""

_TITLES = {
    "missing": "missing",
    "unreadable": "damaged",
    "empty": "empty matte",
    "coverage": "coverage jumps",
    "pop": "comes and goes",
    "flicker": "flicker",
    "repeat": "repeats",
    "hole": "holes",
    "speck": "specks",
    "warm_up": "still settling",
    "clipped": "clipped",
}

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p,ul{margin:.3rem 0}.dim{opacity:.7}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.4rem .6rem;border-top:1px solid var(--line)}
td.n{font-variant-numeric:tabular-nums;white-space:nowrap;font-weight:bold}
tr.broken td.n{color:#d64545}
figure{display:inline-block;margin:0 .5rem .5rem 0}figcaption{font-size:.8rem;opacity:.7}
figure div{display:flex;gap:2px}img{display:block;outline:1px solid var(--line);background:var(--soft)}
.chips span{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 .7rem}
td.p{white-space:nowrap;text-align:right}
svg{display:block;width:100%;height:auto;margin:.3rem 0}
"""


def page(report: Report, shot: ShotResults) -> str:
    """The report of a shot as an HTML document; reads a few frames of it for thumbnails."""
    title = f"{report.name}: report"
    parts = [
        _head(report),
        _summary(report),
        "<h2>Over the shot</h2>",
        *_charts(report),
        *_rows(report, shot),
        *_samples(report, shot),
        f'<p class="dim">Made by Matteline {escape(__version__)}. Thresholds are taken from the shot itself; '
        "docs/judging.md says how.</p>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _head(report: Report) -> str:
    frames = FrameSet.of(frame.number for frame in report.frames)
    plate = f"plate {escape(report.plate)}" if report.plate else "without the plate"
    return (
        f'<h1>{escape(report.name)}</h1><p class="dim">{escape(report.folder)}, frames {frames}, {plate}</p>'
    )


def _summary(report: Report) -> str:
    marked = len(report.marked)
    words = (
        "Nothing stands out." if not marked else f"{marked} of {len(report.frames)} frames are worth a look."
    )
    counts = [(kind, report.count(kind)) for kind in KINDS]
    chips = "".join(f"<span>{_TITLES[kind]}: {count}</span>" for kind, count in counts if count)
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    return f'<p>{words}</p><p class="chips">{chips}</p><ul>{notes}</ul>'


def _charts(report: Report) -> Iterable[str]:
    yield _chart(
        report, "Alpha coverage, %", [("", lambda each: _times(each.coverage, 100))], "coverage", "empty"
    )
    changes: list[_Column] = [
        ("all of it", lambda each: each.change),
        ("where the plate stands still", lambda each: each.flicker),
    ]
    if not report.plate:
        changes = changes[:1]
    yield _chart(report, "Change of the matte, rms x 100", changes, "flicker", "warm_up", "repeat")
    yield _chart(report, "For one frame alone, rms x 100", [("", lambda each: each.pop)], "pop")
    yield _chart(
        report,
        "Small areas, % of the body",
        [("holes", lambda each: _times(each.holes, 100)), ("specks", lambda each: _times(each.specks, 100))],
        "hole",
        "speck",
    )
    if any(each.measures.clipped is not None for each in report.frames):
        columns: list[_Column] = [("", lambda each: _times(each.clipped, 100))]
        yield _chart(report, "Body at the file's limit, %", columns, "clipped")


_Column = tuple[str, Callable[[Measures], float | None]]


def _chart(report: Report, title: str, columns: Sequence[_Column], *kinds: str) -> str:
    numbers = [frame.number for frame in report.frames]
    lines = [Line(label, [value(frame.measures) for frame in report.frames]) for label, value in columns]
    marked = {frame.number for frame in report.frames if any(mark.kind in kinds for mark in frame.marks)}
    return Chart(title, numbers, lines, marked).svg()


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _rows(report: Report, shot: ShotResults) -> Iterable[str]:
    if not report.marked:
        return
    yield "<h2>Worth a look</h2><table>"
    for index, frame in enumerate(report.marked[:MOST_ROWS]):
        yield _row(frame, shot, pictured=index < MOST_PICTURED)
    yield "</table>"
    if (more := len(report.marked) - MOST_ROWS) > 0:
        yield f"<p>And {more} more, which the JSON file beside this page lists.</p>"


def _row(frame: FrameReport, shot: ShotResults, *, pictured: bool) -> str:
    broken = any(mark.severity == "broken" for mark in frame.marks)
    sentences = "".join(f"<p>{escape(mark.sentence)}</p>" for mark in frame.marks)
    pictures = _figure(shot, frame.number) if pictured else ""
    return (
        f'<tr id="f{frame.number}"{" class=broken" if broken else ""}><td class="n">{frame.number}</td>'
        f'<td>{sentences}</td><td class="p">{pictures}</td></tr>'
    )


def _samples(report: Report, shot: ShotResults) -> Iterable[str]:
    there = [frame.number for frame in report.frames if frame.measures.coverage is not None]
    if not there:
        return
    places = np.linspace(0, len(there) - 1, min(SAMPLES, len(there))).astype(int)
    yield "<h2>The shot</h2>"
    for place in dict.fromkeys(places):
        yield _figure(shot, there[place], f"Frame {there[place]}")


def _figure(shot: ShotResults, number: int, caption: str = "") -> str:
    """The matte and the person side by side; nothing where they cannot be read."""
    pictures = "".join(
        f'<img src="{address}" alt="Frame {number}, {words}" title="{words}">'
        for words, address in thumbnails(shot, number)
    )
    under = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"<figure><div>{pictures}</div>{under}</figure>" if pictures else ""
