"""Whether a clip is whole: every frame there, readable to its last pixel, and made as it was submitted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from matteline.contract.errors import ReadError
from matteline.contract.events import Event
from matteline.contract.frames import FrameSet
from matteline.engine.existing import examine_results
from matteline.engine.outputs import existing_frames
from matteline.engine.plan import Plan
from matteline.farm.clip import Clip
from matteline.farm.ticket import FILE_NAME


@dataclass(frozen=True)
class Verdict:
    """What a check found of a clip's frames.

    Attributes:
        name: The clip.
        frames: Those that were submitted.
        absent: Those of which a product is not there.
        damaged: Those of which a product cannot be read to its last pixel, or has another size.
        foreign: Those that are whole, but were made with other settings, model or release.
    """

    name: str
    frames: FrameSet
    absent: FrameSet
    damaged: FrameSet
    foreign: FrameSet

    @property
    def missing(self) -> FrameSet:
        """The frames that must be rendered again."""
        return FrameSet.joined((*self.absent.ranges, *self.damaged.ranges, *self.foreign.ranges))

    def refuse_holes(self) -> None:
        """Let a whole clip pass.

        Raises:
            ReadError: Frames are missing; it says which, and why.
        """
        reasons = (
            (self.absent, "are not there"),
            (self.damaged, "cannot be read"),
            (self.foreign, "were made with other settings"),
        )
        words = [f"{frames} {why}" for frames, why in reasons if frames.ranges]
        if words:
            raise ReadError(
                f"Of {self.name}, frames {'; frames '.join(words)}.",
                frame=self.missing.first,
                hint=f"Render them: matteline farm chunk --frames={self.missing}, or submit --only-missing.",
            )


def check(clip: Clip) -> Verdict:
    """Read every result of a clip to its last pixel, and what it says of how it was made."""
    plan, frames = clip.plan, clip.ticket.frames
    there = _all_products(plan, frames)
    found = examine_results(plan, there)
    unreadable = there.minus(found.current).minus(found.stale)
    return Verdict(clip.ticket.name, frames, frames.minus(there), unreadable, found.stale)


def _all_products(plan: Plan, frames: FrameSet) -> FrameSet:
    """Those of the frames of which every product is there, whole or not."""
    some = existing_frames(plan.outputs, frames)
    return FrameSet.of(number for number in some if all(p.exists() for p in plan.outputs.paths(number)))


def finish(clip: Clip, *, again: bool = False) -> Iterator[Event]:
    """Make the movies of a clip whose frames are all there.

    Args:
        clip: From `open_finished`.
        again: Whether movies that were made since the submission are made again.

    Raises:
        MattelineError: As `engine.assemble.assemble` says.
    """
    # It loads torch, and most checks make no movie.
    from matteline.engine.make_movies import make_movies

    if again or any(not _is_new(clip, movie.path) for movie in clip.plan.movies):
        yield from make_movies(clip.plan)


def _is_new(clip: Clip, file: Path) -> bool:
    """Whether a movie was made since the clip was submitted."""
    return file.exists() and file.stat().st_mtime >= (clip.folder / FILE_NAME).stat().st_mtime


def clean(clip: Clip) -> int:
    """Remove the states of a clip that is whole; how many there were."""
    states = clip.states.saved()
    clip.states.remove(states)
    if clip.states.folder.is_dir() and not any(clip.states.folder.iterdir()):
        clip.states.folder.rmdir()
    return len(states)
