"""From requests to tickets: each clip looked at, settled, and written for the machines that render it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from matteline.contract.errors import JobError, MattelineError
from matteline.contract.files import make_folder
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.engine.existing import examine_results
from matteline.engine.outputs import existing_frames
from matteline.engine.plan import Plan, Resources
from matteline.engine.planner import portable_plan
from matteline.engine.recipe import recipe, recipe_mark, whole_plate_hashes
from matteline.farm.clip import states_beside
from matteline.farm.paths import PathMap
from matteline.farm.requests import Request
from matteline.farm.submission import safe_name
from matteline.farm.ticket import FILE_NAME, Ticket
from matteline.matting.weights.files import is_weights_name

FARM_FOLDER = "farm"
"""Beside the products: a folder for each clip's ticket and states, and one for what the engine takes."""

CHEAP_AREA = 0.5
"""A reduced picture of less than this share of the plate's area makes the first pass worth its while."""


@dataclass(frozen=True)
class Options:
    """What is asked of the farm for all clips of a submission.

    Attributes:
        output: Folder for the results of clips that name none.
        chunk_frames: Frames of a task.
        state_frames: Frames between states of the first pass.
        exact: As `Ticket.exact`; `auto` takes states, or a chain where the network sees nearly the whole
            plate, because the first pass would cost as much as the render.
        preroll_frames: As `Ticket.preroll_frames`.
        path_map: As `Ticket.path_map`.
        existing: As `Job.existing`; `resume` submits only what is missing.
    """

    output: str
    chunk_frames: int = 96
    state_frames: int = 16
    exact: str = "auto"
    preroll_frames: int = 24
    path_map: PathMap = ()
    existing: str = "refuse"


@dataclass(frozen=True)
class Prepared:
    """A clip ready for an engine.

    Attributes:
        ticket: What was decided.
        folder: Where its ticket lies, or will lie.
        missing: The frames to render; None for all.
        results: The record beside its results, which no other clip has.
    """

    ticket: Ticket
    folder: Path
    missing: FrameSet | None
    results: Path


def prepare(
    requests: Iterable[Request], common: MatteSettings, options: Options, resources: Resources
) -> tuple[Prepared, ...]:
    """Look at every clip and settle it. Writes nothing.

    Raises:
        JobError: A clip cannot be rendered as asked; it says which.
        MattelineError: As `engine.plan.plan` says.
    """
    wanted = list(requests)
    taken: set[str] = set()
    found: list[Prepared] = []
    for request in wanted:
        one = _prepared(request, common, options, resources, taken, alone=len(wanted) == 1)
        taken.add(one.ticket.name.lower())
        found.append(one)
    _refuse_shared_results(found)
    return tuple(found)


def _refuse_shared_results(prepared: Iterable[Prepared]) -> None:
    """Keep two clips from writing the same files."""
    places: dict[Path, str] = {}
    for one in prepared:
        place = one.results
        if place in places:
            raise JobError(
                f"{places[place]} and {one.ticket.name} would write the same results, {place}.",
                field="output",
                hint="Give them different outputs, or none, so that each gets a folder of its own.",
            )
        places[place] = one.ticket.name


def _prepared(
    request: Request,
    common: MatteSettings,
    options: Options,
    resources: Resources,
    taken: set[str],
    *,
    alone: bool,
) -> Prepared:
    plan = portable_plan(_job(request, common, options, alone), resources)
    name = _name(request, plan, taken)
    if not alone and not request.output:
        plan = _below(plan, name)
    _refuse_existing(plan, options)
    ticket = ticket_of(plan, name, options)
    base = Path(request.output or options.output)
    missing = (
        plan.frames.minus(examine_results(plan, plan.frames).current)
        if options.existing == "resume"
        else None
    )
    folder = Path(os.path.abspath(base)) / FARM_FOLDER / name
    return Prepared(ticket, folder, missing, plan.outputs.record)


def _job(request: Request, common: MatteSettings, options: Options, alone: bool) -> Job:
    settings = request.settings_over(common)
    if options.exact == "none":
        # So that the record and every result say how the chunks were settled.
        settings = replace(settings, preroll=options.preroll_frames)
    return Job(
        plate=os.path.abspath(request.plate),
        output=os.path.abspath(request.output or options.output),
        frames=request.frames,
        first_frame=request.first_frame,
        existing="overwrite",
        settings=_from_root(settings),
    )


def _from_root(settings: MatteSettings) -> MatteSettings:
    """The settings with their paths from the root, because workers start in other folders."""
    is_path = {
        "garbage": settings.garbage != "none",
        "holdout": settings.holdout != "none",
        "ocio": settings.ocio != "auto" and "://" not in settings.ocio,
        "weights": is_weights_name(settings.weights) and os.path.exists(settings.weights),
        "over": os.path.exists(settings.over),
    }
    paths: dict[str, Any] = {
        name: os.path.abspath(getattr(settings, name)) for name, wanted in is_path.items() if wanted
    }
    return replace(settings, **paths)


def _name(request: Request, plan: Plan, taken: set[str]) -> str:
    """A name for files that no other clip of the submission has."""
    folder = os.path.basename(os.path.dirname(plan.plate.path))
    wanted = [request.name, plan.plate.name, f"{folder}_{plan.plate.name}"]
    names = [safe_name([each]) for each in wanted if each]
    numbered = (f"{names[-1]}_{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (*names, *numbered) if each.lower() not in taken)


def _below(plan: Plan, name: str) -> Plan:
    """Give a clip a folder of its own, because others may have results of the same names."""
    folder = plan.outputs.folder / name
    outputs = replace(plan.outputs, folder=folder)
    return replace(plan, outputs=outputs, job=replace(plan.job, output=str(folder)))


def _refuse_existing(plan: Plan, options: Options) -> None:
    there = existing_frames(plan.outputs, plan.frames) if options.existing == "refuse" else FrameSet()
    if there.ranges:
        raise JobError(
            f"{plan.outputs.folder} already holds results of {plan.outputs.name} for frames {there}.",
            field="existing",
            hint="Submit what is missing with --only-missing, replace them with --overwrite, "
            "or choose another folder.",
        )


def ticket_of(plan: Plan, name: str, options: Options) -> Ticket:
    """The ticket of a settled plan. Raises `JobError` where a number is not allowed."""
    from matteline.matting.devices import thread_count  # loads torch, so not before it is needed

    hashes, on_gpu = whole_plate_hashes(plan), plan.settings.device.partition(":")[0] in ("cuda", "mps")
    return Ticket(
        job=plan.job,
        name=name,
        chunk_frames=_in_windows(options.chunk_frames, plan.batch),
        state_frames=_in_windows(options.state_frames, plan.batch),
        exact=_exact(plan, options),
        preroll_frames=options.preroll_frames,
        needs_gpu=on_gpu,
        threads=0 if on_gpu else thread_count(),
        path_map=options.path_map,
        weights=hashes["weights"],
        plate=hashes["plate"],
        settings=hashes["settings"],
        mark=recipe_mark(plan),
        recipe=recipe(plan),
    )


def _in_windows(frames: int, batch: int) -> int:
    """Whole windows of the network: a state lies between two, and a window cut in two computes double."""
    return -(-frames // batch) * batch


def _exact(plan: Plan, options: Options) -> str:
    if options.exact != "auto":
        return options.exact
    width, height = plan.reduced_size
    canvas = plan.plate.canvas
    cheap = width * height < CHEAP_AREA * canvas.width * canvas.height
    return "states" if cheap else "chain"


def write(prepared: Prepared) -> Path:
    """Write a ticket, and remove states beside it that were made for another.

    Raises:
        WriteError: The folder or the ticket cannot be written.
    """
    ticket, folder = prepared.ticket, prepared.folder
    make_folder(folder)
    if _hashes_there(folder) != ticket.hashes:
        states = states_beside(ticket, folder)
        states.remove(states.saved())
    return ticket.write(folder)


def _hashes_there(folder: Path) -> Mapping[str, str]:
    """What the states of an earlier submission were made with; nothing where that cannot be told."""
    try:
        return Ticket.read(folder).hashes if (folder / FILE_NAME).exists() else {}
    except MattelineError:
        return {}
