"""`matteline report`: results judged without a truth."""

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

# Findings that are printed; the page has all.
_MOST_PRINTED = 10


@click.command()
@click.argument("folder", metavar="DIR")
@click.option(
    "--plate", metavar="PLATE", help="Plate that the results were made of. [the one in their record]"
)
@click.option("--first-frame", type=int, metavar="N", help="Frame number of a movie's first picture. [1]")
@click.option("--shot", metavar="NAME", help="Judge one shot of a folder that holds several. [all]")
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
    coverage that jumps, flicker where the plate stands still, holes, specks, a repeated matte, a start that
    has not settled, a cut that the network went across, colour at the file's limit.

    \b
    DIR/report/<name>_report.html    a page with plots and thumbnails, for people
    DIR/report/<name>_report.json    the same figures and reasons, for programs
    """
    from matteline.judging.results import find_results

    found = find_results(Path(folder))
    shots = [each for each in found if shot in (None, each.name)]
    if not shots:
        raise JobError(
            f"There is no shot '{shot}'.",
            field="shot",
            hint=f"The folder holds: {', '.join(each.name for each in found)}.",
        )
    if len(shots) > 1 and (plate is not None or first_frame is not None):
        raise JobError(
            f"{folder} holds {len(shots)} shots, and a plate is of one.",
            field="plate",
            hint=f"Name the shot with --shot: {', '.join(each.name for each in shots)}.",
        )
    for each in shots:
        _report(each, plate, first_frame, Path(output) if output else None, progress)


def _report(
    shot: ShotResults, plate: str | None, first_frame: int | None, output: Path | None, progress: str
) -> None:
    from matteline.contract.files import write_text
    from matteline.judging.page import page
    from matteline.judging.report import judge, report_file
    from matteline.judging.results import open_plate_of

    opened, note = open_plate_of(shot, plate, first_frame)
    with counting(progress, f"Judging {shot.name}", len(shot.expected)) as on_frame:
        found = judge(shot, opened, on_frame=on_frame, notes=(note,) if note else ())
        beside = {kind: report_file(shot.folder, shot.name, kind) for kind in ("html", "json")}
        paths = {kind: output / path.name if output else path for kind, path in beside.items()}
        found.save(paths["json"])
        write_text(paths["html"], page(found, shot))
    if progress != "json":
        _print_summary(found, paths["html"])


def _print_summary(found: Report, path: Path) -> None:
    click.echo(f"{found.name}: {len(found.flagged)} of {len(found.frames)} frames are worth a look.")
    for note in found.notes:
        click.echo(f"  {note}")
    sentences = [finding.sentence for frame in found.flagged for finding in frame.findings]
    for sentence in sentences[:_MOST_PRINTED]:
        click.echo(f"  {sentence}")
    if len(sentences) > _MOST_PRINTED:
        click.echo(f"  And {len(sentences) - _MOST_PRINTED} more.")
    click.echo(f"Look at {path}.")
