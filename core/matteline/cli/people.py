"""`matteline people`: list who is in a plate."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from matteline.cli.options import settings_from, settings_options
from matteline.cli.progress import PROGRESS, Reporter, reporter
from matteline.contract.errors import MattelineError
from matteline.contract.events import Failed
from matteline.contract.job import Job

if TYPE_CHECKING:
    from matteline.engine.people_list import ListedPerson
    from matteline.engine.plan import Plan


@click.command()
@click.argument("plate")
@click.option(
    "-o", "--output", metavar="DIR", help="Folder of the results: a render there uses what was found."
)
@click.option("--first-frame", type=int, metavar="N", help="Number of a movie's first picture. [1]")
@click.option("--sheet", metavar="PNG", help="Write a contact sheet with everyone in a colour.")
@click.option(
    "--save-hints", metavar="JSON", help="Write the hints to a file, for --hints of other commands."
)
@click.option("--progress", type=click.Choice(PROGRESS), default="auto", help="Bar, JSON lines, or nothing.")
@settings_options
def people(
    plate: str,
    output: str | None,
    first_frame: int | None,
    sheet: str | None,
    save_hints: str | None,
    progress: str,
    **values: Any,
) -> None:
    """List the people in PLATE: their names, frames and boxes.

    The network's own features tell people apart wherever they are apart in the picture; hints help where they
    never are, and give names. What was found is kept below DIR and used by renders with the same hints:

    \b
    matteline people shot.mov --sheet people.png
    matteline people shot.mov -o mattes --point 1060:812,440:anna --point 1060:300,420:ben
    matteline render shot.mov -o mattes --write people --point 1060:812,440:anna …
    matteline render shot.mov -o mattes --keep anna --point 1060:812,440:anna …
    """
    settings = settings_from(values)
    with reporter(progress) as report, TemporaryDirectory() as nowhere:
        # A job has to name a folder; without -o nothing is kept in it.
        job = Job(plate, output or nowhere, first_frame=first_frame, settings=settings)
        plan = _found(job, report, save=output is not None)
        _write_more(plan, sheet, save_hints)
        _print(plan, progress)


def _found(job: Job, report: Reporter, *, save: bool) -> Plan:
    from matteline.api import plan
    from matteline.engine.people_list import listing_job
    from matteline.engine.prepare import prepare

    try:
        with report.busy("Reading the plate"):
            ready = plan(listing_job(job))
        with closing(prepare(ready, save=save)) as events:
            while True:
                try:
                    report.event(next(events))
                except StopIteration as ending:
                    found: Plan = ending.value
                    return found
    except MattelineError as error:
        report.event(Failed.of(error))
        raise


def _write_more(plan: Plan, sheet: str | None, save_hints: str | None) -> None:
    from matteline.contract.files import write_text
    from matteline.engine.people_list import write_people_sheet

    if save_hints:
        write_text(Path(save_hints), plan.hints.to_json() + "\n")
    if sheet:
        write_people_sheet(Path(sheet), plan)


def _print(plan: Plan, progress: str) -> None:
    from matteline.engine.people_list import list_people

    listed = list_people(plan)
    if progress == "json":
        click.echo(json.dumps({"event": "people", "people": [each.data() for each in listed]}))
        return
    for each in listed:
        click.echo(f"{each.name:<12} {each.colour:<8} {_words(each)}")
    click.echo(f"{len(listed)} {'person' if len(listed) == 1 else 'people'}.")


def _words(person: ListedPerson) -> str:
    best = person.best_frame
    if best is None:
        return "never seen apart"
    box = person.boxes[best]
    where = f"largest in {best} at {box.x},{box.y} {box.width}x{box.height}"
    return f"frames {person.frames} ({len(person.boxes)}), {where}"
