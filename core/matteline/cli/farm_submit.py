"""`matteline farm submit`: clips to a render farm."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matteline.cli.options import settings_from, settings_options
from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job

if TYPE_CHECKING:
    from matteline.farm.requests import Request
    from matteline.farm.submission import Submission
    from matteline.farm.submit import Options, Prepared

_ENGINES = "openjd, deadlinecloud, deadline10, opencue, flamenco, afanasy"


@click.command()
@click.argument("plates", nargs=-1, metavar="PLATE…")
@click.option("--engine", required=True, metavar="NAME", help=f"Who renders: {_ENGINES}.")
@click.option("-o", "--out", metavar="DIR", help="Folder for the results, on a disk that all machines see.")
@click.option("--job", "job_file", type=click.Path(path_type=Path), metavar="FILE", help="A host's job.")
@click.option("--frames", metavar="A-B,…", help="Frames to render, by the plate's own numbers. [all]")
@click.option("--first-frame", type=int, metavar="N", help="Number of a movie's first picture. [1]")
@click.option("--handles", type=click.IntRange(0), default=0, help="Frames around a timeline's clips. [0]")
@click.option("--chunk", "chunk_frames", type=click.IntRange(1), default=96, help="Frames a task. [96]")
@click.option("--state-every", type=click.IntRange(1), default=16, help="Frames from state to state. [16]")
@click.option(
    "--exact",
    type=click.Choice(["auto", "states", "chain", "none"]),
    default="auto",
    help="How chunks get the pixels of one unbroken render: from states of a first pass, each from the one "
    "before, or not at all, with a preroll. [auto]",
)
@click.option("--chunk-preroll", type=click.IntRange(0), default=24, help="For --exact none. [24 frames]")
@click.option("--target-seconds", type=int, default=0, help="Let the engine fit chunks to this time. [0: no]")
@click.option("--priority", type=int, default=50, help="0 to 100. [50]")
@click.option("--retries", type=int, default=2, help="How often a failed task is tried again. [2]")
@click.option("--timeout-minutes", type=int, default=0, help="After which a task is ended. [engine's]")
@click.option("--pool", default="", help="Pool, group, queue or tag. [engine's]")
@click.option("--gpu-memory", type=float, default=0.0, metavar="GIB", help="What a task needs. [engine's]")
@click.option("--after", default="", metavar="ID", help="A job of the engine that must end first.")
@click.option("--batch-name", default="", help="What all clips stand under. [the first clip]")
@click.option("--path-map", multiple=True, metavar="FROM=TO", help="The same folder on other machines.")
@click.option("--command", default="matteline", help="How workers call matteline. [matteline]")
@click.option("--engine-option", multiple=True, metavar="NAME=VALUE", help="What only this engine knows.")
@click.option("--only-missing", "existing", flag_value="resume", help="Only frames that are not right.")
@click.option("--overwrite", "existing", flag_value="overwrite", help="Replace results of other settings.")
@click.option("--dry-run", is_flag=True, help="Write the folder, submit nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def submit(plates: tuple[str, ...], job_file: Path | None, **values: Any) -> None:
    r"""Hand clips to a render farm.

    PLATE is a plate as for 'render', a shot list (.csv or .json) or a timeline (.otio). Tickets, states and
    what the engine takes go to DIR/farm.

    \b
    matteline farm submit plate.####.exr --engine openjd -o mattes --dry-run
    matteline farm submit shots.csv --engine opencue -o mattes --device cuda --pool gpu
    matteline farm submit cut.otio --handles 8 --engine deadline10 -o mattes --path-map 'Z:\show=/mnt/show'
    """
    settings = settings_from(values)
    host = _host_job(job_file)
    if host is not None:
        settings = host.settings
    requests, notes = _requests(plates, host, values)
    out = values["out"] or (host.output if host else None) or next((r.output for r in requests), "")
    if not out:
        raise JobError("No folder for the results is named.", field="output", hint="Name one with --out DIR.")
    _hand_over(requests, settings, _options(out, values), values, notes)


def _hand_over(
    requests: list[Request], settings: Any, options: Options, values: dict[str, Any], notes: list[str]
) -> None:
    from matteline.api import surroundings
    from matteline.farm.engines import engine
    from matteline.farm.submit import FARM_FOLDER, prepare, write

    chosen = engine(values["engine"], dict(_pair(each) for each in values["engine_option"]))
    prepared = prepare(requests, settings, options, surroundings())
    submission = _submission(prepared, values)
    for each in prepared:
        write(each)
    folder = Path(os.path.abspath(options.output)) / FARM_FOLDER / f"submit.{values['engine']}"
    files = chosen.write(submission, folder)
    ids = () if values["dry_run"] else chosen.submit(submission, folder)
    _tell(prepared, submission, notes, [str(each) for each in files], ids, as_json=values["as_json"])


def _host_job(path: Path | None) -> Job | None:
    if path is None:
        return None
    try:
        return Job.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"The job {path} cannot be read: {error}.", path=path) from None


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


def _options(out: str, values: dict[str, Any]) -> Options:
    from matteline.farm.submit import Options

    return Options(
        output=out,
        chunk_frames=values["chunk_frames"],
        state_frames=values["state_every"],
        exact=values["exact"],
        preroll_frames=values["chunk_preroll"],
        path_map=tuple(_pair(each) for each in values["path_map"]),
        existing=values["existing"] or "refuse",
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise JobError(
            f"'{text}' is not of the form A=B.", hint="Write it as --path-map 'Z:\\show=/mnt/show'."
        )
    return name.strip(), value.strip()


def _submission(prepared: tuple[Prepared, ...], values: dict[str, Any]) -> Submission:
    from matteline.farm.submission import Submission

    return Submission(
        engine=values["engine"],
        tickets=tuple(each.ticket for each in prepared),
        folders=tuple(each.folder for each in prepared),
        batch_name=values["batch_name"] or prepared[0].ticket.name,
        priority=values["priority"],
        retries=values["retries"],
        pool=values["pool"],
        gpu_memory_gib=values["gpu_memory"],
        target_seconds=values["target_seconds"],
        timeout_minutes=values["timeout_minutes"],
        after=values["after"],
        only_missing=tuple(each.missing for each in prepared),
        command=tuple(shlex.split(values["command"], posix=os.name != "nt")),
    )


def _tell(
    prepared: tuple[Prepared, ...],
    submission: Submission,
    notes: list[str],
    files: list[str],
    ids: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    clips = [_costs(each, submission, index) for index, each in enumerate(prepared)]
    if as_json:
        click.echo(json.dumps({"clips": clips, "files": files, "jobs": list(ids), "notes": notes}))
        return
    for clip in clips:
        click.echo(
            f"{clip['name']}: {clip['frames']} frames in {clip['tasks']} tasks, exact by {clip['exact']}; "
            "each task loads the model, unless a session keeps it; "
            f"rolling over {clip['rolled']} frames adds about {clip['added_percent']}% of a render"
        )
    for words in notes:
        click.echo(f"Note: {words}")
    for file in files:
        click.echo(f"Wrote {file}")
    click.echo(f"Submitted {', '.join(ids)}" if ids else "Nothing was submitted.")


def _costs(one: Prepared, submission: Submission, index: int) -> dict[str, Any]:
    from matteline.farm.costs import costs_of

    costs = costs_of(one.ticket, submission.frames(index))
    return {
        "name": one.ticket.name,
        "job": str(submission.job_file(index)),
        "frames": costs.frames,
        "tasks": costs.tasks,
        "exact": one.ticket.exact,
        "rolled": costs.rolled,
        "added_percent": round(100 * costs.share),
    }
