"""`matteline farm submit`: clips to a render farm."""

from __future__ import annotations

import json
import os
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
    from matteline.farm.handing import Handed
    from matteline.farm.requests import Request


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
@click.option("--job", "job_file", type=click.Path(path_type=Path), metavar="FILE", help="A host's job.")
@click.option("--frames", metavar="A-B,…", help="Frames to render, by the plate's own numbers. [all]")
@click.option("--first-frame", type=int, metavar="N", help="Number of a movie's first picture. [1]")
@click.option("--handles", type=click.IntRange(0), default=0, help="Frames around a timeline's clips. [0]")
@click.option("--only-missing", "existing", flag_value="resume", help="Only frames that are not right.")
@click.option("--overwrite", "existing", flag_value="overwrite", help="Replace results of other settings.")
@click.option("--batch-name", default="", help="What all clips stand under. [the first clip]")
@click.option("--path-map", multiple=True, metavar="FROM=TO", help="The same folder on other machines.")
@click.option("--engine-option", multiple=True, metavar="NAME=VALUE", help="What only this engine knows.")
@click.option("--dry-run", is_flag=True, help="Write the folder, submit nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@options_of(FarmSettings)
@settings_options
def submit(plates: tuple[str, ...], job_file: Path | None, **values: Any) -> None:
    """Hand clips to a render farm.

    PLATE is a plate as for 'render', a shot list (.csv or .json) or a timeline (.otio). Tickets, states and
    what the engine takes go to DIR/farm.

    \b
    matteline farm submit plate.####.exr --engine openjd -o mattes --dry-run
    matteline farm submit shots.csv --engine opencue -o mattes --device cuda --pool gpu
    matteline farm submit cut.otio --handles 8 --engine deadline10 -o mattes --path-map 'Z:\\show=/mnt/show'
    """
    settings, farm = settings_from(values), taken_from(values, FarmSettings)
    host = None if job_file is None else read_job_file(job_file)
    if host is not None:
        settings = host.settings
    requests, notes = _requests(plates, host, values)
    out = values["output"] or (host.output if host else None) or next((r.output for r in requests), "")
    if not out:
        raise JobError("No folder for the results is named.", field="output", hint="Name one with -o DIR.")
    _tell(_handed(requests, settings, farm, out, values), notes, as_json=values["as_json"])


def _handed(
    requests: list[Request], settings: MatteSettings, farm: FarmSettings, out: str, values: dict[str, Any]
) -> Handed:
    from matteline.api import login, resources
    from matteline.farm.handing import hand_over, options_of
    from matteline.farm.submit import prepare

    path_map = tuple(_pair(each) for each in values["path_map"])
    options = options_of(farm, out, existing=values["existing"] or "refuse", path_map=path_map)
    return hand_over(
        prepare(requests, settings, options, resources()),
        farm,
        Path(out),
        batch_name=values["batch_name"],
        user=login(),
        engine_options=dict(_pair(each) for each in values["engine_option"]),
        dry_run=values["dry_run"],
    )


def _requests(
    plates: tuple[str, ...], host: Job | None, values: dict[str, Any]
) -> tuple[list[Request], list[str]]:
    from matteline.farm.requests import Request, is_list, requests_in

    frames = None if values["frames"] is None else FrameSet.parse(values["frames"])
    found: list[Request] = []
    notes: list[str] = []
    if host is not None:
        found.append(Request(host.plate, "", host.frames, host.first_frame))
    for plate in plates:
        if is_list(plate) and os.path.exists(plate):
            listed, left_out = requests_in(Path(plate), values["handles"])
            found += [replace(each, frames=each.frames or frames) for each in listed]
            notes += left_out
        else:
            found.append(Request(plate, "", frames, values["first_frame"]))
    if not found:
        raise JobError("No plate is named.", field="plate", hint="Name plates, a shot list or a timeline.")
    return found, notes


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise JobError(
            f"'{text}' is not of the form A=B.", hint="Write it as --path-map 'Z:\\show=/mnt/show'."
        )
    return name.strip(), value.strip()


def _tell(handed: Handed, notes: list[str], *, as_json: bool) -> None:
    told = handed.to_dict()
    if as_json:
        click.echo(json.dumps({**told, "notes": notes}))
        return
    for clip in told["clips"]:
        click.echo(
            f"{clip['name']}: {counted(clip['frames'], 'frame')} in {counted(clip['tasks'], 'task')}, "
            f"exact by {clip['exact']}; "
            "each task loads the model, unless a session keeps it; "
            f"rolling over {counted(clip['rolled'], 'frame')} adds about "
            f"{clip['added_percent']}% of a render"
        )
    for words in notes:
        click.echo(f"Note: {words}")
    for file in told["files"]:
        click.echo(f"Wrote {file}")
    click.echo(f"Submitted {', '.join(handed.ids)}" if handed.ids else "Nothing was submitted.")
