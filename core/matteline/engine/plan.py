"""A plan: a job with every choice made, and the machine's own defaults that a plan is made with.

`planner` makes plans, `describe` puts them into words, `recipe` tells which results belong together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matteline.colour.space import PlateSpace
from matteline.contract.frames import NO_FRAMES, FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.people import NO_HINTS, PeopleHints
from matteline.contract.plate import PlateInfo
from matteline.contract.settings import MatteSettings, wants_look
from matteline.contract.shot_notes import Segment, ShotNotes
from matteline.engine.conditioning import Conditioning
from matteline.engine.movie_plan import MoviePlan
from matteline.engine.outputs import Outputs
from matteline.engine.timeline import Span
from matteline.engine.user_mattes import UserMatte
from matteline.matting.rvm.reduction import reduced_size
from matteline.matting.weights.find import FoundWeights
from matteline.media.writer import estimate_bytes

if TYPE_CHECKING:
    from matteline.engine.people_file import FoundPeople  # loads torch


def wants_people(settings: MatteSettings) -> bool:
    """Tell if people have to be told apart before a render."""
    return wants_chosen_people(settings) or "people" in settings.write


def wants_chosen_people(settings: MatteSettings) -> bool:
    """Tell if alpha is to show some people only."""
    return settings.kept_names() is not None or bool(settings.left_out_names())


def split_at_cuts(unbroken: Iterable[FrameRange], cuts: Iterable[int]) -> tuple[FrameRange, ...]:
    """Split ranges before the frames that begin a shot."""
    shots = []
    for each in unbroken:
        firsts = [each.first, *sorted({cut for cut in cuts if cut in each and cut != each.first})]
        lasts = [*(first - 1 for first in firsts[1:]), each.last]
        shots += [FrameRange(first, last) for first, last in zip(firsts, lasts, strict=True)]
    return tuple(shots)


@dataclass(frozen=True)
class Resources:
    """Resources of this machine that the doors find and hand down: nothing below a door reads the environment.

    Attributes:
        weight_folders: Folders searched for weights, in this order.
        ocio: The OCIO config that the environment names, None for the built-in one.
    """

    weight_folders: tuple[Path, ...] = ()
    ocio: str | None = None


@dataclass(frozen=True)
class Plan:
    """A job with every choice made.

    Attributes:
        job: The request that this answers, in the user's words.
        settings: The job's settings with numbers and names in place of `auto`, so that another machine that
            gets them makes the same pixels. The colour space stays as the user gave it; see `space`.
        plate: The plate as found.
        frames: The frames that were asked for; all lie in the plate's range.
        unbroken: Ranges of the plate's frames without a gap; gaps count as frames where they are filled.
        segments: Frames that the network sees in the same way, and the regions that it sees; they cover
            `unbroken`, and no run of the network crosses from one to the next.
        spans: Parts of runs of the network to do; empty when a resume finds everything done.
        weights: The weights found; `NO_WEIGHTS` where alpha comes from another tool.
        outputs: Folder, names and encoding of the results.
        space: The plate's colour space, and why it was chosen.
        movies: Movies to make when all frames are complete.
        user_mattes: The mattes that the artist named.
        notes: The notes of the first look over the plate; None where none is needed, or not made yet.
        hints: Hints that say who is where.
        people: The people of the plate; None where they are not wanted, or not told apart yet.
        stale: Frames whose results are there, but would come out differently now; they are rendered again.
    """

    job: Job
    settings: MatteSettings
    plate: PlateInfo
    frames: FrameSet
    unbroken: tuple[FrameRange, ...]
    segments: tuple[Segment, ...]
    spans: tuple[Span, ...]
    weights: FoundWeights
    outputs: Outputs
    space: PlateSpace
    movies: tuple[MoviePlan, ...] = ()
    user_mattes: tuple[UserMatte, ...] = ()
    notes: ShotNotes | None = None
    hints: PeopleHints = NO_HINTS
    people: FoundPeople | None = None
    stale: FrameSet = NO_FRAMES

    @property
    def uses_network(self) -> bool:
        """False where alpha comes from another tool, and only edges, foreground and files are made."""
        return self.settings.alpha == "network"

    @property
    def needs_look(self) -> bool:
        """True where a first look over the plate has to come before anything else is decided."""
        return self.notes is None and wants_look(self.settings)

    @property
    def cuts(self) -> tuple[int, ...]:
        """Frames that begin a shot: those of the notes, or else those that the settings name."""
        return self.notes.cuts if self.notes is not None else self.settings.cut_frames() or ()

    @property
    def needs_people(self) -> bool:
        """True where the people of the plate have to be told apart before a frame is rendered."""
        return self.people is None and wants_people(self.settings)

    @property
    def shots(self) -> tuple[FrameRange, ...]:
        """Ranges of frames between cuts and gaps, in order."""
        return split_at_cuts(self.unbroken, self.cuts)

    @property
    def render(self) -> FrameSet:
        """The frames that will be written by this run."""
        return FrameSet.joined(each for span in self.spans for each in span.render.ranges)

    @property
    def conditioning(self) -> Conditioning:
        """Exposure, denoising and view of the network's picture."""
        return Conditioning.of(self.settings)

    @property
    def downsample_ratio(self) -> float:
        """Size of the network's picture as a fraction of the plate."""
        return float(self.settings.downsample_ratio)

    @property
    def batch(self) -> int:
        """Frames that the network encodes at once."""
        return int(self.settings.batch)

    @property
    def reduced_size(self) -> tuple[int, int]:
        """Width and height of the picture that the network works on, in pixels."""
        canvas = self.plate.canvas
        return reduced_size(canvas.width, canvas.height, self.downsample_ratio)

    @property
    def disk_bytes(self) -> int:
        """Rough size of what will be written."""
        canvas = self.plate.canvas
        frame = sum(
            estimate_bytes(
                canvas.width,
                canvas.height,
                len(product.channels),
                product.encoding,
                matte=product.is_matte,
            )
            for product in self.outputs.products
        )
        movies = sum(movie.disk_bytes(self.plate, len(self.frames)) for movie in self.movies)
        return frame * len(self.render) + movies
