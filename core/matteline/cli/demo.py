"""`matteline demo`: a drawn clip, matted, judged and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from matteline.cli.options import settings_from, settings_options
from matteline.cli.progress import PROGRESS, reporter
from matteline.cli.render import render_job
from matteline.contract.job import Job


@click.command()
@click.option("-o", "--output", metavar="DIR", default="matteline-demo", show_default=True, help="Folder for all of it.")
@click.option("--size", metavar="WxH", default="960x540", show_default=True, help="Size of the drawn clip.")
@click.option("--count", type=click.IntRange(4, 1000), default=24, show_default=True, help="Frames to draw.")
@click.option("--progress", type=click.Choice(PROGRESS), default="auto", help="A bar, JSON lines, or nothing.")
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
        ready = render_job(Job(plate, str(folder / "mattes"), existing="overwrite", settings=settings), report)
        verdict = judge(ready.outputs, folder, width, height, count)
    click.echo(f"Error against the drawn truth (MAD x 1000): {verdict.mad:.2f}, first frame {verdict.mad_first:.2f}.")
    click.echo(f"Look at {verdict.sheet}.")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and 64 <= int(width) <= 8192 and 64 <= int(height) <= 8192):
        raise click.BadParameter("Give width and height from 64 to 8192, such as 960x540.", param_hint="--size")
    return int(width), int(height)
