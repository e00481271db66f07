"""`matteline render`: one plate to alpha and foreground."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from matteline.cli.options import settings_from, settings_options
from matteline.cli.progress import PROGRESS, Reporter, reporter
from matteline.contract.errors import MattelineError
from matteline.contract.events import Event, Failed
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import STOCK

if TYPE_CHECKING:
    from matteline.contract.client import WorkerClient
    from matteline.engine.plan import Plan


Function = TypeVar("Function", bound=Callable[..., Any])


def job_options(function: Function) -> Function:
    """Decorate a command with the flags of a `Job`, beside its plate and its settings, and with `--dry-run`."""
    options = (
        click.option(
            "-o", "--output", metavar="DIR", required=True, help="Folder for the results; made if needed."
        ),
        click.option("--frames", metavar="A-B,…", help="Frames to render, by the plate's own numbers. [all]"),
        click.option("--first-frame", type=int, metavar="N", help="Number of a movie's first picture. [1]"),
        click.option(
            "--resume", "existing", flag_value="resume", help="Render only what is missing or unreadable."
        ),
        click.option(
            "--update",
            "existing",
            flag_value="update",
            help="Render what is missing, and again what was made with other settings or of another plate.",
        ),
        click.option(
            "--overwrite", "existing", flag_value="overwrite", help="Render all, and replace what is there."
        ),
        click.option("--dry-run", is_flag=True, help="Print the plan and stop."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command()
@click.argument("plates", nargs=-1, metavar="PLATE…")
@job_options
@click.option(
    "--shots",
    multiple=True,
    metavar="FILE",
    help="A shot list (.csv, .json) or a timeline (.otio): each of its shots is rendered into a folder of its own.",
)
@click.option("--handles", type=click.IntRange(0), default=0, help="Frames around a timeline's clips. [0]")
@click.option(
    "--stock",
    is_flag=True,
    help="The published network's own pixels, for comparison: no preroll, nothing brightened, its own edges and "
    "foreground. Flags that are given besides it still count.",
)
@click.option("--progress", type=click.Choice(PROGRESS), default="auto", help="Bar, JSON lines, or nothing.")
@click.option("--devices", metavar="A,B,…", help="Several devices of one kind, such as cuda:0,cuda:1.")
@settings_options
def render(
    plates: tuple[str, ...],
    output: str,
    dry_run: bool,
    progress: str,
    devices: str | None,
    stock: bool,
    shots: tuple[str, ...],
    **values: Any,
) -> int:
    """Turn PLATE into alpha and foreground below DIR.

    PLATE is a movie, an image sequence (plate.####.exr, plate.%04d.exr, one file of it, or a folder that
    holds just one), or a single image. Results are DIR/<product>/<name>_<product>.<frame>.<ext>, under the
    plate's own frame numbers. Of several plates each gets a folder of its name in DIR; one that fails does not
    stop the others, and a summary says which.

    \b
    matteline render plate.####.exr -o mattes
    matteline render sh010.mov sh020.mov plates/sh030 -o mattes
    matteline render --shots cut.otio --handles 8 -o mattes --resume
    matteline render shot.mov -o mattes --first-frame 1001 --frames 1010-1020
    matteline render shot.mov -o previews --write rgba --format png
    matteline render plate.####.exr -o mattes --resume          after an interruption, or a longer range
    matteline render plate.####.exr -o mattes --choke 1 --update   only what comes out differently
    matteline render plate.####.exr -o mattes --devices cuda:0,cuda:1
    """
    if stock:
        values.update({name: str(value) for name, value in STOCK.items() if values[name] is None})
    named = [each.strip() for each in devices.split(",")] if devices else []

    def render_one(job: Job) -> None:
        with reporter(progress) as report:
            if len(named) > 1:
                _render_on(job, named, report, dry_run=dry_run)
            else:
                render_job(job_for(job, named[0]) if named else job, report, dry_run=dry_run)

    from matteline.farm.shot_list import is_shot_list

    if len(plates) == 1 and not shots and not is_shot_list(plates[0]):
        render_one(job_of(plates[0], output, values))
        return 0
    from matteline.cli.render_shots import render_shots

    template = job_of("", output, {**values, "first_frame": None})
    handles, first_frame = values["handles"], values["first_frame"]
    return render_shots(
        (*plates, *shots), template, handles, first_frame, render_one, as_json=progress == "json"
    )


def job_of(plate: str, output: str, values: dict[str, Any]) -> Job:
    """Return the job that a command's values describe. Raises `JobError`."""
    settings = settings_from(values)
    frames = values["frames"]
    return Job(
        plate=plate,
        output=output,
        frames=None if frames is None else FrameSet.parse(frames),
        first_frame=values["first_frame"],
        existing=values["existing"] or "refuse",
        settings=settings,
    )


def render_job(job: Job, report: Reporter, *, dry_run: bool = False) -> Plan:
    """Plan a job, show the plan, and render it unless only the plan is wanted.

    Raises:
        MattelineError: As `plan` and `run` do; the reporter has been told of it.
    """
    # Imported here, as in all commands: torch takes seconds to load, and `--help` must not wait for it.
    from matteline.api import plan, run

    try:
        with report.busy("Reading the plate"):
            ready = plan(job)
        report.plan(ready)
        if not dry_run:
            _follow(run(ready), report)
        return ready
    except MattelineError as error:
        report.event(Failed.of(error))
        raise


def job_for(job: Job, device: str) -> Job:
    """The same job on another device."""
    return replace(job, settings=replace(job.settings, device=device))


def _render_on(job: Job, devices: list[str], report: Reporter, *, dry_run: bool) -> None:
    """The same on several devices at once, with the pixels of one."""
    from matteline.api import resources
    from matteline.engine.planner import portable_plan
    from matteline.farm.multi_device import common_device_kind, render_on_devices

    try:
        with report.busy("Reading the plate"):
            ready = portable_plan(job_for(job, common_device_kind(devices)), resources())
        report.plan(ready)
        if not dry_run:
            _follow(render_on_devices(ready, devices, _worker), report)
    except MattelineError as error:
        report.event(Failed.of(error))
        raise


def _worker() -> WorkerClient:
    from matteline.contract.client import WorkerClient

    return WorkerClient([sys.executable, "-m", "matteline", "worker"], environ=os.environ)


def _follow(events: Iterator[Event], report: Reporter) -> None:
    # Closed on any way out, so that an interrupt ends threads and keeps only whole files.
    with closing(events):  # type: ignore[type-var]
        for event in events:
            report.event(event)
