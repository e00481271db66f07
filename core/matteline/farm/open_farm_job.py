"""A farm job opened on this machine: its plan here, compared with what was submitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from matteline.contract.errors import JobError, StateError
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.engine.checkpoints import StateFiles
from matteline.engine.plan import Plan, Resources
from matteline.engine.planner import plan, portable_plan
from matteline.engine.recipe import recipe, whole_plate_hashes
from matteline.farm.farm_job import FarmJob
from matteline.farm.paths import PathMap, replace_beginning

STATES_FOLDER = "states"

# Words of a recipe that are paths: they differ between machines, and what lies there is compared instead.
_PATHS = ("plate", "alpha", "garbage", "holdout", "ocio")


@dataclass(frozen=True)
class OpenFarmJob:
    """A farm job on this machine.

    Attributes:
        farm_job: What was submitted.
        folder: Its folder.
        plan: The plan of the whole shot here, found to give the pixels that were submitted.
    """

    farm_job: FarmJob
    folder: Path
    plan: Plan

    @property
    def states(self) -> StateFiles:
        """The states of the first pass, all of them kept."""
        return states_beside(self.farm_job, self.folder)

    def submitted(self, frames: FrameSet) -> FrameSet:
        """Return those of the frames that were submitted: an engine's task may reach over a gap.

        Raises:
            JobError: None was.
        """
        submitted = frames.minus(frames.minus(self.farm_job.frames))
        if not submitted.ranges:
            raise JobError(
                f"Frames {frames.brief} are none of {self.farm_job.name}, which has {self.farm_job.frames.brief}.",
                field="frames",
                hint="Ask for frames that were submitted.",
                settings=("frames",),
            )
        return submitted


def states_beside(farm_job: FarmJob, folder: Path) -> StateFiles:
    """Return the state files of a farm job that lies in a folder."""
    return StateFiles(folder / STATES_FOLDER, farm_job.name, farm_job.farm.state_every)


def open_to_render(path: Path, resources: Resources, *, device: str = "", rules: PathMap = ()) -> OpenFarmJob:
    """Open a farm job to render from it.

    Args:
        path: The farm job's file, or its folder.
        resources: Weights and OCIO config of this machine.
        device: One of several of the farm job's kind, such as `cuda:1`; empty for the first.
        rules: Where an engine has put folders on this machine; they come before the farm job's own map.

    Raises:
        StateError: Plate, model, settings or release are others than were submitted.
        DeviceError: The device that was asked for is not here. Another is never taken in its place.
        MattelineError: As `FarmJob.read` and `engine.planner.plan` say.
    """
    farm_job = FarmJob.read(path)
    job = _job_here(farm_job, device, rules)
    return _checked(OpenFarmJob(farm_job, folder_of(path), plan(job, resources)))


def open_to_check(path: Path, resources: Resources, *, rules: PathMap = ()) -> OpenFarmJob:
    """Open a farm job to check its results, or to make movies of them: no device is needed for that.

    Raises:
        As `open_to_render`, but for the device.
    """
    farm_job = FarmJob.read(path)
    job = _job_here(farm_job, "", rules)
    # The one step that makes movies, after all frames are there.
    with_movies = replace(job, settings=replace(job.settings, movies=farm_job.job.settings.movies))
    return _checked(OpenFarmJob(farm_job, folder_of(path), portable_plan(with_movies, resources)))


def folder_of(path: Path) -> Path:
    """Return the folder of a farm job, given its file or the folder itself."""
    return path if path.is_dir() else path.parent


def _job_here(farm_job: FarmJob, device: str, rules: PathMap) -> Job:
    """Return the job with its paths as they are on this machine."""

    def here(path: str) -> str:
        return farm_job.on_this_machine(replace_beginning(path, rules))

    job = farm_job.job
    names = ("weights", "alpha", "garbage", "holdout", "ocio", "over")
    paths: dict[str, Any] = {name: here(getattr(job.settings, name)) for name in names}
    # Only the last step makes movies, so only it needs their encoders.
    settings = replace(job.settings, **paths, movies=(), device=device or job.settings.device)
    # A chunk sorts the results that are there by itself, so the plan must not refuse them.
    return replace(
        job, plate=here(job.plate), output=here(job.output), existing="overwrite", settings=settings
    )


def _checked(opened: OpenFarmJob) -> OpenFarmJob:
    """Compare the plan here with what was submitted, and refuse where pixels would differ."""
    farm_job, hashes = opened.farm_job, whole_plate_hashes(opened.plan)
    submitted, here = farm_job.recipe, {**recipe(opened.plan), "frames": str(opened.plan.frames)}
    # Everything at once, rather than one difference after another.
    others = [
        f"{name} ({submitted.get(name)}, here {here.get(name)})"
        # Nobody was told apart yet at the submission: the first machine that needs people finds them for all.
        for name in sorted({*submitted, *here} - {*_PATHS, "people_files"})
        if submitted.get(name) != here.get(name)
    ]
    # The hash of the settings holds the config's content, of which the recipe knows only the path.
    if not others and hashes["settings"] != farm_job.settings_hash:
        others.append(f"OCIO config ({opened.plan.space.config.source} has changed)")
    if hashes["plate"] != farm_job.plate_hash:
        others.append(f"plate (the files of {opened.plan.plate.path} have changed)")
    if others:
        raise StateError(
            f"{farm_job.name} cannot be rendered as it was submitted: another {', '.join(others)}.",
            path=opened.folder,
            hint="Put back what was changed, or submit the shot again.",
        )
    return opened
