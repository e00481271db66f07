"""Results that are already there: which of them are whole, and which were made as a plan would make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.record import read_record
from matteline.engine.outputs import Product, complete_frames
from matteline.engine.plan import Plan
from matteline.engine.provenance import PLATE_FILE, RECIPE, SEGMENT
from matteline.engine.recipe import (
    differences,
    plate_file_fingerprints,
    recipe,
    recipe_mark,
    segment_mark,
)
from matteline.engine.result_faults import find_wrong_results
from matteline.media.channels import SEARCH_COLOUR, search_matte
from matteline.media.image import read_header
from matteline.media.source_file import SourceFile


@dataclass(frozen=True)
class ExistingResults:
    """The results of a plan's frames that are already there.

    Attributes:
        current: Frames that are whole and were made by the plan's recipe of the plate's files as they are now.
        other_plate: Whole frames made by the plan's recipe, but after a file of the plate that has changed.
        other_segment: Whole frames made by the plan's recipe, but with other cuts or regions.
        other_recipe: Whole frames of other recipes, by their marks; the mark is empty where a file has none.
        wrong: Faults of frames that are whole and bear the right marks, with the frames that have each.
    """

    current: FrameSet
    other_plate: FrameSet
    other_segment: FrameSet
    other_recipe: dict[str, FrameSet]
    wrong: dict[str, FrameSet]

    @property
    def stale(self) -> FrameSet:
        """Whole frames that would come out differently now."""
        ranges = [each for frames in self.other_recipe.values() for each in frames.ranges]
        return FrameSet.joined([*self.other_plate.ranges, *self.other_segment.ranges, *ranges])


def examine_results(plan: Plan, frames: FrameSet) -> ExistingResults:
    """Read the results of some frames to their last pixel, and sort them by how they were made."""
    whole = complete_frames(plan.outputs, plan.plate, frames)
    mark, marks = recipe_mark(plan), {number: _metadata(plan, number) for number in whole}
    own = FrameSet.of(number for number, made in marks.items() if made.recipe == mark)
    others: dict[str, list[int]] = {}
    for number in whole.minus(own):
        others.setdefault(marks[number].recipe, []).append(number)
    other_segment = FrameSet.of(n for n in own if marks[n].segment != segment_mark(plan, n))
    own = own.minus(other_segment)
    changed = _after_changed_files(plan, own, lambda number: marks[number].plate_file)
    by_recipe = {recipe_of: FrameSet.of(numbers) for recipe_of, numbers in others.items()}
    own = own.minus(changed)
    # Only those that would be kept: the others are refused or rendered again, whatever is in them.
    wrong = find_wrong_results(plan, own)
    faulty = FrameSet.joined([each for found in wrong.values() for each in found.ranges])
    return ExistingResults(own.minus(faulty), changed, other_segment, by_recipe, wrong)


def refuse_stale(plan: Plan, found: ExistingResults) -> None:
    """Refuse to mix results of two recipes or plates in one folder.

    Raises:
        JobError: Some of the results would come out differently now; the sentence says why.
    """
    if not found.stale.ranges:
        return
    # The plate first, then cuts, then settings: the first is what an artist is least likely to expect.
    if found.other_plate.ranges:
        frames, why = found.other_plate, "were made of files of the plate that have changed since"
    elif found.other_segment.ranges:
        frames, why = found.other_segment, "were made with other cuts or another focus"
    else:
        mark, frames = next(iter(found.other_recipe.items()))
        recorded = read_record(plan.outputs.record).renders.get(mark)
        why = "do not say how they were made"
        if recorded is not None:
            why = f"were made with other settings ({'; '.join(differences(recorded.recipe, recipe(plan)))})"
        elif mark:
            why = "were made with other settings, of which nothing is recorded"
    raise JobError(
        f"The results in {plan.outputs.folder} cannot be resumed: frames {frames.brief} {why}.",
        field="existing",
        hint="Update to render these frames again, use the settings of before, or choose another output folder.",
        settings=("existing=update", "output"),
    )


class _Marks(NamedTuple):
    """The marks that all products of a frame share; empty where they differ."""

    recipe: str = ""
    plate_file: str = ""
    segment: str = ""


def _metadata(plan: Plan, number: int) -> _Marks:
    found = {
        _marks_of(product, plan.outputs.path(product, number), number) for product in plan.outputs.products
    }
    # One product made otherwise is enough to make the frame another's: products of a frame belong together.
    return found.pop() if len(found) == 1 else _Marks()


def _marks_of(product: Product, path: Path, number: int) -> _Marks:
    # A file of people has no colour channels.
    search = search_matte(product.channels[0]) if product.name == "people" else SEARCH_COLOUR
    try:
        attributes = dict(read_header(SourceFile(path.name, str(path), number), search).header.attributes)
    except ReadError:
        # Another machine may have replaced or removed it since it was listed.
        return _Marks()
    return _Marks(*(str(attributes.get(name, "")) for name in (RECIPE, PLATE_FILE, SEGMENT)))


def _after_changed_files(plan: Plan, frames: FrameSet, made_of: Callable[[int], str]) -> FrameSet:
    """Return the frames from the first changed file of each run on: the state carries the change onwards."""
    fingerprint = plate_file_fingerprints(plan)
    changed = [number for number in frames if made_of(number) != fingerprint(number)]
    # Each span of the plan is one run of the state, so a change in one never reaches another.
    reached = [
        FrameRange(min(number for number in changed if number in span.frames), span.frames.last)
        for span in plan.spans
        if any(number in span.frames for number in changed)
    ]
    return FrameSet.of(number for number in frames if any(number in each for each in reached))
