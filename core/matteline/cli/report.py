"""`matteline report`: what is worth a look in a folder of results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from matteline.cli.counting import counting
from matteline.cli.progress import PROGRESS
from matteline.contract.errors import JobError

if TYPE_CHECKING:
    from matteline.judging.report import Report
    from matteline.judging.results import ShotResults

_SAID = 10
"""Marks that are printed; the page has all."""


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--plate", metavar="PLATE", help="What the results were made of. [what their record says]")
@click.option("--first-frame", type=int, metavar="N", help="Number of a movie's first picture. [1]")
@click.option("--shot", metavar="NAME", help="One shot of a folder that holds several. [all]")
@click.option("-o", "--output", metavar="DIR", help="Folder for the pages. [DIR/report]")
@click.option("--progress", type=click.Choice(PROGRESS), default="auto", help="Bar, JSON lines, or nothing.")
def report(
    folder: str,
    plate: str | None,
    first_frame: int | None,
    shot: str | None,
    output: str | None,
    progress: str,
) -> None:
    """Judge the results in DIR, where there is no truth to hold them against.

    Every frame is read. Those worth a look are listed with a reason: missing or damaged, an empty matte,
    coverage that jumps, flicker where the plate stands still, holes, specks, a matte that repeats or still
    settles, colour at the file's limit.

    \b
    DIR/report/<name>_report.html    a page with plots and thumbnails, for people
    DIR/report/<name>_report.json    the same figures and reasons, for programs
    """
    from matteline.judging.results import find_results

    shots = _chosen(find_results(Path(folder)), shot)
    if len(shots) > 1 and (plate is not None or first_frame is not None):
        raise JobError(
            f"{folder} holds {len(shots)} shots, and a plate is of one.",
            field="plate",
            hint=f"Name the shot with --shot: {', '.join(each.name for each in shots)}.",
        )
    for each in shots:
        _report(each, plate, first_frame, Path(output) if output else None, progress)


def _chosen(shots: list[ShotResults], name: str | None) -> list[ShotResults]:
    chosen = [each for each in shots if name in (None, each.name)]
    if not chosen:
        raise JobError(
            f"There is no shot '{name}'.",
            field="shot",
            hint=f"The folder holds: {', '.join(each.name for each in shots)}.",
        )
    return chosen


def _report(
    shot: ShotResults, plate: str | None, first_frame: int | None, output: Path | None, progress: str
) -> None:
    from matteline.judging.page import page
    from matteline.judging.report import judge, report_file
    from matteline.judging.results import open_plate_of
    from matteline.media.atomic import write_text

    opened, note = open_plate_of(shot, plate, first_frame)
    with counting(progress, f"Judging {shot.name}", len(shot.expected)) as tell:
        found = judge(shot, opened, tell=tell, notes=(note,) if note else ())
        usual = {kind: report_file(shot.folder, shot.name, kind) for kind in ("html", "json")}
        paths = {kind: output / path.name if output else path for kind, path in usual.items()}
        found.save(paths["json"])
        write_text(paths["html"], page(found, shot))
    if progress != "json":
        _say(found, paths["html"])


def _say(found: Report, path: Path) -> None:
    marked = found.marked
    click.echo(f"{found.name}: {len(marked)} of {len(found.frames)} frames are worth a look.")
    for note in found.notes:
        click.echo(f"  {note}")
    sentences = [mark.sentence for frame in marked for mark in frame.marks]
    for sentence in sentences[:_SAID]:
        click.echo(f"  {sentence}")
    if len(sentences) > _SAID:
        click.echo(f"  And {len(sentences) - _SAID} more.")
    click.echo(f"Look at {path}.")
