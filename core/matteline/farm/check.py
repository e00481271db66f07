"""The check of a shot's results: every frame there, readable to its last pixel, and made as it was submitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from matteline.contract.errors import ReadError
from matteline.contract.events import Event
from matteline.contract.frames import FrameSet
from matteline.engine.existing import examine_results
from matteline.engine.output_claim import remove_leftovers
from matteline.engine.outputs import existing_frames
from matteline.farm.farm_job import FILE_NAME
from matteline.farm.open_farm_job import OpenFarmJob


@dataclass(frozen=True)
class CheckResult:
    """The state of a shot's frames.

    Attributes:
        name: The shot.
        frames: Frames that were submitted.
        absent: Frames of which a product is not there.
        damaged: Frames of which a product cannot be read to its last pixel, or has another size.
        foreign: Frames that are whole, but were made with other settings, model or release.
        wrong: Faults of frames that are whole and bear the right marks, such as "has another size than the plate",
            with the frames that have each.
    """

    name: str
    frames: FrameSet
    absent: FrameSet
    damaged: FrameSet
    foreign: FrameSet
    wrong: Mapping[str, FrameSet]

    @property
    def missing(self) -> FrameSet:
        """The frames that must be rendered again."""
        wrong = [each for frames in self.wrong.values() for each in frames.ranges]
        return FrameSet.joined((*self.absent.ranges, *self.damaged.ranges, *self.foreign.ranges, *wrong))

    def refuse_missing(self) -> None:
        """Refuse a shot that is not whole.

        Raises:
            ReadError: Frames are missing; it says which, and why.
        """
        reasons = (
            (self.absent, "are not there"),
            (self.damaged, "cannot be read"),
            (self.foreign, "were made with other settings"),
        )
        faults = [f"{frames.brief} {why}" for frames, why in reasons if frames.ranges]
        faults += [f"{frames.brief}: a file {why}" for why, frames in self.wrong.items()]
        if faults:
            raise ReadError(
                f"Of {self.name}, frames {'; frames '.join(faults)}.",
                frame=self.missing.first,
                hint=f"Render the chunk {self.missing.brief}, or submit the shot again with only what is missing.",
                settings=("existing=resume",),
            )


def check(opened: OpenFarmJob) -> CheckResult:
    """Read every result of a shot to its last pixel, and the recipe in it."""
    plan, frames = opened.plan, opened.farm_job.frames
    # Killed chunks leave temporary files, and no later render of the shot may come that would clear them away.
    remove_leftovers(plan.outputs)
    # Names first, since only what is there has to be read.
    some = existing_frames(plan.outputs, frames)
    # `existing_frames` counts a frame from its first product on; a frame that lacks one has to be rendered again.
    there = FrameSet.of(number for number in some if all(p.exists() for p in plan.outputs.paths(number)))
    found = examine_results(plan, there)
    wrong = [each for faulty in found.wrong.values() for each in faulty.ranges]
    damaged = there.minus(found.current).minus(found.stale).minus(FrameSet.joined(wrong))
    return CheckResult(opened.farm_job.name, frames, frames.minus(there), damaged, found.stale, found.wrong)


def make_missing_movies(opened: OpenFarmJob, *, again: bool = False) -> Iterator[Event]:
    """Make the movies of a shot whose frames are all there.

    Args:
        opened: From `open_to_check`.
        again: Whether movies that were made since the submission are made again.

    Raises:
        MattelineError: As `engine.make_movies.make_movies` says.
    """
    from matteline.engine.make_movies import make_movies  # loads torch, and most checks make no movie

    def is_new(file: Path) -> bool:
        # Every submission writes the farm job anew, so an older movie may show frames that have been replaced since.
        return file.exists() and file.stat().st_mtime >= (opened.folder / FILE_NAME).stat().st_mtime

    if again or not all(is_new(movie.path) for movie in opened.plan.movies):
        yield from make_movies(opened.plan)


def remove_states(opened: OpenFarmJob) -> int:
    """Remove the states of a shot that is whole; return how many there were."""
    # A later pick-up render has to make them again, so they go only when asked.
    states = opened.states.saved()
    opened.states.remove(states)
    if opened.states.folder.is_dir() and not any(opened.states.folder.iterdir()):
        opened.states.folder.rmdir()
    return len(states)
