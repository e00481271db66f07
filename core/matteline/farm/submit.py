"""From requests to an engine: each shot planned, written as a farm job, and submitted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from matteline.contract.errors import JobError, MattelineError
from matteline.contract.farm_settings import MOST_FRAMES, FarmSettings
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.engine.existing import examine_results
from matteline.engine.outputs import existing_frames
from matteline.engine.plan import Plan, Resources
from matteline.engine.planner import portable_plan
from matteline.engine.recipe import recipe, recipe_mark, whole_plate_hashes
from matteline.farm.costs import cost_of
from matteline.farm.engines import configure_engine
from matteline.farm.farm_job import FarmJob
from matteline.farm.open_farm_job import states_beside
from matteline.farm.paths import PathMap
from matteline.farm.request import ShotRequest
from matteline.farm.submission import PreparedShot, Submission
from matteline.matting.weights.files import is_weights_name

FARM_FOLDER = "farm"
"""Beside the products: a folder for each shot's farm job and states, and one for what the engine takes."""

CHEAP_AREA = 0.5
"""A reduced picture of less than this share of the plate's area makes a first pass cheap; see docs/farm.md."""


@dataclass(frozen=True)
class SubmitResult:
    """The outcome of a submission.

    Attributes:
        submission: The shots, and what the engine was told.
        files: Files written for the engine.
        ids: Ids of the engine's jobs; empty where nothing was submitted.
    """

    submission: Submission
    files: tuple[Path, ...]
    ids: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome for programs: plain JSON values."""
        costs = [(shot, cost_of(shot)) for shot in self.submission.shots]
        return {
            "engine": self.submission.farm.engine,
            "shots": [
                {
                    "name": shot.farm_job.name,
                    "farm_job": str(shot.file),
                    "frames": cost.frames,
                    "tasks": cost.tasks,
                    "exact": shot.farm_job.farm.exact,
                    "extra_frames": cost.extra_frames,
                    "added_percent": round(100 * cost.share),
                }
                for shot, cost in costs
            ],
            "files": [str(each) for each in self.files],
            "jobs": list(self.ids),
        }


def prepare(
    requests: Sequence[ShotRequest], farm: FarmSettings, resources: Resources, path_map: PathMap = ()
) -> tuple[PreparedShot, ...]:
    """Plan every shot and decide how it is cut. Writes nothing.

    Args:
        requests: The shots. A job's `existing` decides for its shot: `resume` submits only what is missing.
        farm: How they are cut.
        resources: Weights and OCIO config of this machine.
        path_map: Beginnings of paths here, and what they are on other machines.

    Raises:
        JobError: A shot cannot be rendered as asked; it says which.
        MattelineError: As `engine.planner.plan` says.
    """
    prepared: list[PreparedShot] = []
    # Names of results by the record beside them, which no other shot may share.
    owners: dict[Path, str] = {}
    for request in requests:
        job = _absolute_job(request.job, farm)
        plan = portable_plan(job, resources)
        name = request.name_apart(plan.plate, {each.farm_job.name.lower() for each in prepared})
        if len(requests) > 1 and not request.has_own_folder:
            # Others may have results of the same names.
            folder = plan.outputs.folder / name
            outputs = replace(plan.outputs, folder=folder)
            plan = replace(plan, outputs=outputs, job=replace(plan.job, output=str(folder)))
        record = plan.outputs.record
        if record in owners:
            raise JobError(
                f"{owners[record]} and {name} would write the same results, {record}.",
                field="output",
                hint="Give them different outputs, or none, so that each gets a folder of its own.",
            )
        owners[record] = name
        there = existing_frames(plan.outputs, plan.frames) if request.job.existing == "refuse" else FrameSet()
        if there.ranges:
            raise JobError(
                f"{plan.outputs.folder} already holds results of {plan.outputs.name} for frames {there.brief}.",
                field="existing",
                hint="Submit only what is missing, overwrite them, or choose another output folder.",
                settings=("existing=resume", "existing=overwrite", "output"),
            )
        missing = None
        if request.job.existing == "resume":
            # Results of other settings count as missing, however whole they are.
            missing = plan.frames.minus(examine_results(plan, plan.frames).current)
        farm_job = make_farm_job(plan, name, farm, path_map)
        prepared.append(PreparedShot(farm_job, Path(job.output) / FARM_FOLDER / name, missing))
    return tuple(prepared)


def submit(
    shots: Sequence[PreparedShot],
    farm: FarmSettings,
    folder: Path,
    *,
    batch_name: str = "",
    user: str = "",
    engine_options: Mapping[str, str] = MappingProxyType({}),
    dry_run: bool = False,
) -> SubmitResult:
    """Write what machines and engine need, and submit it.

    Args:
        shots: From `prepare`.
        farm: Engine and its options.
        folder: Receives the engine's files, in `farm/submit.ENGINE`.
        batch_name: The name that all shots share in the engine's list; empty for the first one's.
        user: Login name of whoever submits, for engines that ask.
        engine_options: Options of this engine alone.
        dry_run: Write everything, submit nothing.

    Raises:
        JobError: The engine cannot do what is asked.
        WriteError: A file cannot be written.
        MattelineError: The engine's tools are missing, or refuse.
    """
    # First of all, so that a wrong option is found before anything is written.
    engine = configure_engine(farm.engine, engine_options)
    submission = Submission(farm, tuple(shots), batch_name or shots[0].farm_job.name, user)
    for shot in shots:
        write_farm_job(shot)
    place = Path(os.path.abspath(folder)) / FARM_FOLDER / f"submit.{farm.engine}"
    files = engine.write(submission, place)
    return SubmitResult(submission, files, () if dry_run else engine.submit(submission, place))


def write_farm_job(shot: PreparedShot) -> Path:
    """Write a farm job, and remove states beside it that were made for another.

    Raises:
        WriteError: The folder or the farm job cannot be written.
    """
    try:
        earlier = _made_with(FarmJob.read(shot.folder)) if shot.file.exists() else ()
    except MattelineError:
        # One that cannot be read says nothing of its states.
        earlier = ()
    if earlier != _made_with(shot.farm_job):
        # Before the new farm job is written: no machine must find it beside states of the old one.
        states = states_beside(shot.farm_job, shot.folder)
        states.remove(states.saved())
    return shot.farm_job.write(shot.folder)


def _made_with(farm_job: FarmJob) -> tuple[object, ...]:
    """Return what decides the states of a farm job."""
    settings = farm_job.job.settings
    # Cuts and focus are in no hash here, but states of others bear another mark, and a chunk would refuse them.
    return farm_job.state_hashes, settings.cuts, settings.focus


def make_farm_job(plan: Plan, name: str, farm: FarmSettings, path_map: PathMap = ()) -> FarmJob:
    """Make the farm job of a portable plan.

    Args:
        plan: From `portable_plan`.
        name: The shot's name, unique in its submission.
        farm: How it is cut; what is `auto` in it is decided here.
        path_map: As `FarmJob.path_map`.

    Raises:
        JobError: A value is not allowed.
        ReadError: The plate's files cannot be read.
    """
    from matteline.matting.devices import thread_count  # loads torch, so not before it is needed

    hashes, on_gpu = whole_plate_hashes(plan), plan.settings.device.partition(":")[0] in ("cuda", "mps")
    exact = farm.exact
    if exact == "auto":
        (width, height), canvas = plan.reduced_size, plan.plate.canvas
        is_cheap = width * height < CHEAP_AREA * canvas.width * canvas.height
        exact = "states" if is_cheap else "chain"
    return FarmJob(
        job=plan.job,
        name=name,
        farm=replace(
            farm,
            exact=exact,
            chunk=_whole_windows(farm.chunk, plan.batch),
            state_every=_whole_windows(farm.state_every, plan.batch),
        ),
        needs_gpu=on_gpu,
        threads=0 if on_gpu else thread_count(),
        path_map=path_map,
        weights_hash=hashes["weights"],
        plate_hash=hashes["plate"],
        settings_hash=hashes["settings"],
        recipe_mark=recipe_mark(plan),
        # With the frames, since they decide where the network starts.
        recipe={**recipe(plan), "frames": str(plan.frames)},
    )


def _whole_windows(frames: int, batch: int) -> int:
    """Round up to whole windows of the network: a state lies between two, and one cut in two computes double."""
    return min(-(-frames // batch), MOST_FRAMES // batch) * batch


def _absolute_job(job: Job, farm: FarmSettings) -> Job:
    """Return a job with its paths from the root, because the farm's machines start in other folders."""
    settings = job.settings
    is_path = {
        "alpha": settings.alpha != "network",
        "garbage": settings.garbage != "none",
        "holdout": settings.holdout != "none",
        "ocio": settings.ocio != "auto" and "://" not in settings.ocio,
        # Words such as the name of installed weights stay words.
        "weights": is_weights_name(settings.weights) and os.path.exists(settings.weights),
        "over": os.path.exists(settings.over),
    }
    paths: dict[str, Any] = {
        name: os.path.abspath(getattr(settings, name)) for name, wanted in is_path.items() if wanted
    }
    if farm.exact == "none":
        # So that the record and every result say how many frames the chunks were prerolled.
        paths["preroll"] = farm.chunk_preroll
    return replace(
        job,
        plate=os.path.abspath(job.plate),
        output=os.path.abspath(job.output),
        # What is there has been dealt with when the shot is submitted; a chunk looks for itself.
        existing="overwrite",
        settings=replace(settings, **paths),
    )
