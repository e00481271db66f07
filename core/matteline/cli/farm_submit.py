"""`matteline farm submit`: shots to a render farm."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matteline.cli.options import options_of, settings_from, settings_options, taken_from
from matteline.contract.errors import JobError
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.job_file import read_job_file
from matteline.contract.messages import counted
from matteline.contract.settings import MatteSettings

if TYPE_CHECKING:
    from matteline.farm.request import ShotRequest
    from matteline.farm.submit import SubmitResult


@click.command()
@click.argument("plates", nargs=-1, metavar="PLATE…")
@click.option(
    "-o",
    "--output",
    "--out",
    "output",
    metavar="DIR",
    help="Folder for the results, on a disk that all machines see.",
)
@click.option(
    "--job",
    "job_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A job that a host program has written; its settings hold for all shots.",
)
@click.option("--frames", metavar="A-B,…", help="Frames to render, by the plate's own numbers. [all]")
@click.option("--first-frame", type=int, metavar="N", help="Number of a movie's first picture. [1]")
@click.option("--handles", type=click.IntRange(0), default=0, help="Frames around a timeline's clips. [0]")
@click.option(
    "--only-missing",
    "--resume",
    "existing",
    flag_value="resume",
    help="Submit only frames that are missing, unreadable, or of other settings.",
)
@click.option("--overwrite", "existing", flag_value="overwrite", help="Replace results that are there.")
@click.option(
    "--batch-name", default="", help="Name of the submission in the engine's list. [the first shot]"
)
@click.option(
    "--path-map",
    multiple=True,
    metavar="FROM=TO",
    help="A folder here, and what it is called on other machines; as often as needed.",
)
@click.option(
    "--engine-option",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of one engine alone; docs/farm_engines.md lists them.",
)
@click.option("--dry-run", is_flag=True, help="Write the farm jobs and the engine's files, submit nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@options_of(FarmSettings)
@settings_options
def submit(plates: tuple[str, ...], job_file: Path | None, **values: Any) -> None:
    """Submit shots to a render farm.

    PLATE is a plate as for 'render', a shot list (.csv or .json) or a timeline (.otio). Farm jobs, states and
    the engine's files go to DIR/farm.

    \b
    matteline farm submit plate.####.exr --engine openjd -o mattes --dry-run
    matteline farm submit shots.csv --engine opencue -o mattes --device cuda --pool gpu
    matteline farm submit cut.otio --handles 8 --engine deadline10 -o mattes --path-map 'Z:\\show=/mnt/show'
    """
    from matteline.api import login, resources
    from matteline.farm.submit import prepare
    from matteline.farm.submit import submit as submit_shots

    settings, farm = settings_from(values), taken_from(values, FarmSettings)
    host = None if job_file is None else read_job_file(job_file)
    requests, notes = _requests(plates, host, settings, values)
    shots = prepare(requests, farm, resources(), tuple(_pair(each) for each in values["path_map"]))
    result = submit_shots(
        shots,
        farm,
        Path(values["output"] or requests[0].job.output),
        batch_name=values["batch_name"],
        user=login(),
        engine_options=dict(_pair(each) for each in values["engine_option"]),
        dry_run=values["dry_run"],
    )
    _print_result(result, notes, as_json=values["as_json"])


def _requests(
    plates: Sequence[str], host: Job | None, settings: MatteSettings, values: dict[str, Any]
) -> tuple[list[ShotRequest], list[str]]:
    """Return the shots that were named, and notes about those that had to be left out."""
    from matteline.farm.request import ShotRequest
    from matteline.farm.shot_list import collect_requests

    template = Job(
        plate="",
        output=values["output"] or (host.output if host else ""),
        frames=None if values["frames"] is None else FrameSet.parse(values["frames"]),
        existing=values["existing"] or "refuse",
        # A job from a host has its own settings, and flags beside it would contradict them without a word.
        settings=host.settings if host else settings,
    )
    found, notes = collect_requests(
        plates, template, handles=values["handles"], first_frame=values["first_frame"]
    )
    if host is not None:
        found.insert(0, ShotRequest(replace(host, output=template.output, existing=template.existing)))
    if not found:
        raise JobError("No plate is named.", field="plate", hint="Name plates, a shot list or a timeline.")
    output = template.output or found[0].job.output
    if not output:
        raise JobError(
            "No folder for the results is named.", field="output", hint="Name one.", settings=("output",)
        )
    return [replace(each, job=replace(each.job, output=each.job.output or output)) for each in found], notes


def _pair(text: str) -> tuple[str, str]:
    # Split at the first one only: values of engines, such as environments, hold more of them.
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise JobError(
            f"'{text}' is not of the form A=B.", hint="Write it as --path-map 'Z:\\show=/mnt/show'."
        )
    return name.strip(), value.strip()


def _print_result(result: SubmitResult, notes: Sequence[str], *, as_json: bool) -> None:
    data = result.to_dict()
    if as_json:
        click.echo(json.dumps({**data, "notes": list(notes)}))
        return
    for shot in data["shots"]:
        click.echo(
            f"{shot['name']}: {counted(shot['frames'], 'frame')} in {counted(shot['tasks'], 'task')}, "
            f"exact by {shot['exact']}; "
            "each task loads the model, unless a session keeps it; "
            f"{counted(shot['extra_frames'], 'extra frame')} shown to the network without a matte "
            f"add about {shot['added_percent']}% of a render"
        )
    for note in notes:
        click.echo(f"Note: {note}")
    for file in data["files"]:
        click.echo(f"Wrote {file}")
    click.echo(f"Submitted {', '.join(result.ids)}" if result.ids else "Nothing was submitted.")
