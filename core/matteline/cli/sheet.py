"""`matteline sheet`: a contact sheet of results."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from matteline.contract.errors import JobError, MattelineError


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--shot", metavar="NAME", help="Only one shot of a folder that holds several. [all]")
@click.option(
    "--count",
    type=click.IntRange(1, 500),
    default=24,
    show_default=True,
    help="Frames, spread evenly over the shot.",
)
@click.option("-o", "--output", metavar="DIR", help="Folder for the sheets. [DIR/report]")
def sheet(folder: str, shot: str | None, count: int, output: str | None) -> None:
    """Make a contact sheet of the results in DIR: mattes, and the person over a checkerboard.

    Where `matteline report` has judged them before, the frames that are worth a look are added, with the spot
    boxed. The sheet is one HTML page that loads nothing from elsewhere.

    \b
    matteline sheet mattes               mattes/report/<name>_sheet.html
    matteline sheet mattes --count 60
    """
    from matteline.contract.files import write_text
    from matteline.judging import page
    from matteline.judging.report import Report, report_file
    from matteline.judging.results import find_results

    found = find_results(Path(folder))
    shots = [each for each in found if shot in (None, each.name)]
    if not shots:
        raise JobError(
            f"There is no shot '{shot}'.",
            field="shot",
            hint=f"The folder holds: {', '.join(each.name for each in found)}.",
        )
    for each in shots:
        report = None
        # A sheet needs no report, and one that cannot be read is as good as none.
        with suppress(MattelineError):
            report = Report.load(report_file(each.folder, each.name))
        beside = report_file(each.folder, each.name).with_name(f"{each.name}_sheet.html")
        path = Path(output) / beside.name if output else beside
        write_text(path, page.sheet(each, report, count))
        click.echo(f"Look at {path}.")
