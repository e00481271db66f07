"""`matteline look`: cuts and people of a plate, found before a render."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import click

from matteline.cli.options import some_settings_options, taken_from
from matteline.cli.progress import PROGRESS, reporter
from matteline.contract.errors import JobError
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings

if TYPE_CHECKING:
    from matteline.contract.shot_notes import Segment, ShotNotes

# The settings that decide what the look sees, and what follows from it.
_SETTINGS = (
    "cuts",
    "focus",
    "weights",
    "device",
    "missing",
    "colour_space",
    "ocio",
    "exposure",
    "denoise",
    "network_view",
)


@click.command()
@click.argument("plate")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    help="Folder of the results: the notes are kept there, and render uses them.",
)
@click.option("--first-frame", type=int, metavar="N", help="Number of a movie's first picture. [1]")
@click.option("--json", "as_json", is_flag=True, help="Print the notes as one JSON object.")
@click.option("--progress", type=click.Choice(PROGRESS), default="auto", help="Bar, JSON lines, or nothing.")
@some_settings_options(*_SETTINGS)
def look(
    plate: str, output: str | None, first_frame: int | None, as_json: bool, progress: str, **values: Any
) -> None:
    """Find the cuts and the people of PLATE.

    `render` does this by itself and keeps the notes beside its results; this command shows them, before or after
    a render. For each shot it prints how many people there are, the parts of the plate that the network will be
    shown, and the looked frames whose alpha is most unsure and flickers most.

    \b
    matteline look plate.####.exr               print a table, keep nothing
    matteline look plate.####.exr -o mattes     keep the notes for `render -o mattes`
    matteline look plate.####.exr --json        everything that was found, for programs
    """
    from matteline.api import plan
    from matteline.engine.look import take_look

    settings = taken_from(values, MatteSettings)
    job = Job(
        plate,
        # A job has to name a folder; without -o nothing is kept in it.
        output or tempfile.gettempdir(),
        first_frame=first_frame,
        # Results that are there are not touched, and must not refuse the plan.
        existing="overwrite",
        settings=settings,
    )
    with reporter("none" if as_json else progress) as report:
        with report.busy("Reading the plate"):
            ready = plan(job)
        notes = ready.notes if output else None
        if notes is None:
            if settings.cuts != "auto" and settings.focus == "plate":
                raise JobError(
                    "There is nothing to look for: the cuts are given, and the network sees the whole plate.",
                    field="cuts",
                    settings=("cuts=auto", "focus=auto"),
                    hint="Let cuts or people be looked for.",
                )
            steps = take_look(ready, save=output is not None)
            while notes is None:
                try:
                    report.event(next(steps))
                except StopIteration as end:
                    notes = end.value
    click.echo(notes.to_json() if as_json else "\n".join(_table(notes)))


def _table(notes: ShotNotes) -> list[str]:
    lines = [
        f"Frames {notes.frames}, {notes.width}x{notes.height}",
        f"Cuts   {', '.join(map(str, notes.cuts)) or 'none'}",
    ]
    for segment in notes.segments:
        looked = [each for each in notes.looked if each.number in segment.frames]
        lines += ["", f"{segment.frames}"]
        if looked:
            most = max(len(each.people) for each in looked)
            lines.append(
                f"  People    {most or 'nobody'}{' apart, or in groups that touch' if most > 1 else ''}"
            )
        lines.append(f"  Network   {_seen(segment)}")
        if looked and most:
            unsure = max(looked, key=lambda each: each.unsure)
            flicker = max(looked, key=lambda each: each.flicker)
            lines.append(f"  Unsure    {unsure.unsure:.1%} of the people at most, in frame {unsure.number}")
            lines.append(
                f"  Flicker   {flicker.flicker:.1%} where the plate stands still, in frame {flicker.number}"
            )
    return lines


def _seen(segment: Segment) -> str:
    """Word what the network sees of a segment: its regions, where they lie in its first frame, and how reduced."""
    parts = [
        f"{region.width}x{region.height} at {region.places[0][1]},{region.places[0][2]}"
        f"{' moving' if len(region.places) > 1 else ''} at ratio {region.ratio:.3g}"
        for region in segment.regions
    ]
    return "; ".join(parts) or "the whole plate"
