"""Several shots rendered one after the other by one command: failures are counted, not fatal."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from matteline.cli.options import show_error
from matteline.contract.errors import JobError, MattelineError
from matteline.contract.job import Job

if TYPE_CHECKING:
    from matteline.farm.request import ShotRequest


class _Outcome(NamedTuple):
    name: str
    output: str
    error: MattelineError | None


def render_shots(
    plates: Sequence[str],
    template: Job,
    handles: int,
    first_frame: int | None,
    render_one: Callable[[Job], None],
    *,
    as_json: bool,
) -> int:
    """Render shots one after the other, each into a folder of its own, and print a summary.

    Args:
        plates: Plates, shot lists and timelines.
        template: Output folder, settings and frames of all shots that do not say otherwise.
        handles: Frames around the clips of timelines.
        first_frame: Number of the first picture of movies that are named directly.
        render_one: Renders one job, and shows its progress.
        as_json: Print one JSON object for each shot in place of words.

    Returns:
        The exit code: 0, or that of the first shot that failed.

    Raises:
        MattelineError: A list cannot be read. Nothing has been rendered then.
    """
    # It loads the farm's rooms, which a single plate does without.
    from matteline.farm.shot_list import collect_requests

    requests, notes = collect_requests(plates, template, handles=handles, first_frame=first_frame)
    if not requests:
        raise JobError("No plate is named.", field="plate", hint="Name plates, a shot list or a timeline.")
    for note in notes:
        click.echo(f"Note: {note}", err=True)
    outcomes: list[_Outcome] = []
    for number, request in enumerate(requests, 1):
        outcome = _render(
            request, template.output, number, len(requests), outcomes, render_one, as_json=as_json
        )
        outcomes.append(outcome)
    failed = [each for each in outcomes if each.error is not None]
    if not as_json:
        click.echo(
            f"{len(outcomes)} shots: {len(outcomes) - len(failed)} done, {len(failed)} failed.", err=True
        )
        for each in failed:
            click.echo(f"  {each.name}: {each.error}", err=True)
    return failed[0].error.exit_code if failed and failed[0].error is not None else 0


def _render(
    request: ShotRequest,
    output: str,
    number: int,
    total: int,
    before: Sequence[_Outcome],
    render_one: Callable[[Job], None],
    *,
    as_json: bool,
) -> _Outcome:
    from matteline.media.plate import open_plate

    job, name = request.job, request.name or request.job.plate
    try:
        with open_plate(job.plate, first_frame=job.first_frame) as plate:
            name = request.name_apart(plate.info, {each.name.lower() for each in before})
        folder = job.output if request.has_own_folder else str(Path(output) / name)
        job = replace(job, output=folder)
        if not as_json:
            click.echo(f"[{number}/{total}] {name}", err=True)
        render_one(job)
    except MattelineError as error:
        outcome = _Outcome(name, job.output, error)
        if not as_json:
            show_error(error)
    else:
        outcome = _Outcome(name, job.output, None)
    if as_json:
        failure = None if outcome.error is None else outcome.error.message
        click.echo(json.dumps({"event": "shot", "name": name, "output": outcome.output, "failed": failure}))
    return outcome
