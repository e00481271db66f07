"""A ticket opened on this machine: its plan here, held against what was submitted."""

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
from matteline.farm.paths import PathMap, moved
from matteline.farm.ticket import Ticket

STATES_FOLDER = "states"

_PATHS = ("plate", "garbage", "holdout", "ocio")
"""Words of a recipe that are paths: they differ between machines, and what lies there is compared instead."""


@dataclass(frozen=True)
class Clip:
    """One clip of the farm, on this machine.

    Attributes:
        ticket: What was submitted.
        folder: Where it lies.
        plan: The whole clip's plan here, found to give the pixels that were submitted.
    """

    ticket: Ticket
    folder: Path
    plan: Plan

    @property
    def states(self) -> StateFiles:
        """The states of the first pass, all of them kept."""
        return states_beside(self.ticket, self.folder)

    def wanted(self, frames: FrameSet) -> FrameSet:
        """Those of the frames that were submitted: an engine's task may reach over a gap.

        Raises:
            JobError: None was.
        """
        wanted = frames.minus(frames.minus(self.ticket.frames))
        if not wanted.ranges:
            raise JobError(
                f"Frames {frames} are none of {self.ticket.name}, which has {self.ticket.frames}.",
                field="frames",
                hint="Ask for frames that were submitted.",
            )
        return wanted


def states_beside(ticket: Ticket, folder: Path) -> StateFiles:
    """The states of a ticket that lies in a folder."""
    return StateFiles(folder / STATES_FOLDER, ticket.name, ticket.state_frames)


def open_clip(job_file: Path, resources: Resources, *, device: str = "", rules: PathMap = ()) -> Clip:
    """Open a ticket to render from it.

    Args:
        job_file: The ticket, or its folder.
        resources: What the environment says.
        device: One of several of the ticket's kind, such as `cuda:1`; empty for the first.
        rules: Where an engine has put folders on this machine; they come before the ticket's own map.

    Raises:
        StateError: Plate, model, settings or release are others than were submitted.
        DeviceError: The device that was asked for is not here. Another is never taken in its place.
        MattelineError: As `Ticket.read` and `engine.plan.plan` say.
    """
    ticket, folder = _read(job_file)
    job = replace(_here(ticket, device, rules), existing="overwrite")
    return _agreed(Clip(ticket, folder, plan(job, resources)))


def open_finished(job_file: Path, resources: Resources, *, rules: PathMap = ()) -> Clip:
    """Open a ticket to look at its results, or to make movies of them: no device is needed for that.

    Raises:
        As `open_clip`, but for the device.
    """
    ticket, folder = _read(job_file)
    job = replace(_here(ticket, "", rules), existing="overwrite")
    movies = replace(job.settings, movies=ticket.job.settings.movies)
    return _agreed(Clip(ticket, folder, portable_plan(replace(job, settings=movies), resources)))


def _read(job_file: Path) -> tuple[Ticket, Path]:
    return Ticket.read(job_file), job_file if job_file.is_dir() else job_file.parent


def _here(ticket: Ticket, device: str, rules: PathMap) -> Job:
    """The job with its paths as they are on this machine."""

    def here(path: str) -> str:
        return ticket.mapped(moved(path, rules))

    job = ticket.job
    names = ("weights", "garbage", "holdout", "ocio", "over")
    paths: dict[str, Any] = {name: here(getattr(job.settings, name)) for name in names}
    # Only the last step makes movies, so only it needs their encoders.
    settings = replace(job.settings, **paths, movies=(), device=device or job.settings.device)
    return replace(job, plate=here(job.plate), output=here(job.output), settings=settings)


def _agreed(clip: Clip) -> Clip:
    others = _others(clip)
    if others:
        raise StateError(
            f"{clip.ticket.name} cannot be rendered as it was submitted: another {', '.join(others)}.",
            path=clip.folder,
            hint="Put back what was changed, or submit the clip again.",
        )
    return clip


def _others(clip: Clip) -> list[str]:
    """What differs from the submission, each in words."""
    submitted, here, hashes = clip.ticket.recipe, recipe(clip.plan), whole_plate_hashes(clip.plan)
    others = [
        f"{name} ({submitted.get(name)}, here {here.get(name)})"
        for name in sorted({*submitted, *here} - set(_PATHS))
        if submitted.get(name) != here.get(name)
    ]
    if not others and hashes["settings"] != clip.ticket.settings:
        others.append(f"OCIO config ({clip.plan.space.config.source} has changed)")
    if hashes["plate"] != clip.ticket.plate:
        others.append(f"plate (the files of {clip.plan.plate.path} have changed)")
    return others
