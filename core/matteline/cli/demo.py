"""`matteline demo`: a drawn clip, matted, judged and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from matteline.cli.options import settings_from, settings_options
from matteline.cli.progress import PROGRESS, reporter
from matteline.cli.render import render_job
from matteline.contract.errors import JobError
from matteline.contract.job import Job


@click.command()
@click.option(
    "-o", "--output", metavar="DIR", default="matteline-demo", help="Folder for all. [matteline-demo]"
)
@click.option("--size", metavar="WxH", default="960x540", help="Size of the drawn clip. [960x540]")
@click.option("--count", type=click.IntRange(4, 1000), default=24, help="Frames to draw. [24]")
@click.option(
    "--progress", type=click.Choice(PROGRESS), default="auto", help="A bar, JSON lines, or nothing."
)
@settings_options
def demo(output: str, size: str, count: int, progress: str, **values: Any) -> None:
    """Draw a clip of a person with hair before a busy background, and matte it.

    The clip's alpha is exactly known, so the error of the matte is printed beside a contact sheet to look at.
    The clip is rendered just as `matteline render` renders a plate, so this also shows that all works here.

    \b
    DIR/plate/              the drawn clip
    DIR/mattes/             alpha, fgr and rgba
    DIR/contact_sheet.png   plate, matte, foreground, truth and error of a few frames
    """
    from matteline.engine.demo import draw_plate, judge

    width, height = _size(size)
    folder = Path(output)
    settings = settings_from({**values, "format": "png", "write": "alpha,fgr,rgba"})
    with reporter(progress) as report:
        with report.busy(f"Drawing {count} frames"):
            plate = draw_plate(folder / "plate", width, height, count)
        job = Job(plate, str(folder / "mattes"), existing="overwrite", settings=settings)
        outputs = render_job(job, report).outputs
        with report.busy("Holding the mattes against the truth"):
            verdict = judge(outputs, folder, width, height, count)
    click.echo(
        f"Error against the truth, MAD x 1000: {verdict.mad:.2f}; of the first frame {verdict.mad_first:.2f}."
    )
    click.echo(f"Look at {verdict.sheet}.")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and 64 <= int(width) <= 8192 and 64 <= int(height) <= 8192):
        raise JobError(
            f"'{text}' is not a size.",
            field="size",
            hint="Give width and height from 64 to 8192, as 960x540.",
        )
    return int(width), int(height)
