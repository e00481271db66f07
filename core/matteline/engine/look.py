"""The first look of a plan: taken where it is needed, kept beside the results, and extended where the plate grew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from matteline.contract.errors import MattelineError, ReadError
from matteline.contract.events import Event, Looking
from matteline.contract.frames import FrameRange
from matteline.contract.settings import WHOLE_RUN_FRAMES, wants_regions
from matteline.contract.shot_notes import ShotNotes, read_notes, shot_notes_file, write_notes
from matteline.engine.fingerprint import PlateFingerprint
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan
from matteline.engine.recipe import look_settings
from matteline.media.plate import open_plate

if TYPE_CHECKING:
    from matteline.matting.rvm.inference import Network

WHOLE_PLATE_FRAMES = 2000
"""Plates up to this long are looked over whole, longer ones round the frames that are asked for."""

BLOCK_FRAMES = 256
"""Long plates are looked over in blocks of frames whose numbers are multiples of this, so that ranges share them."""

SAVE_EVERY_FRAMES = 240
"""Frames between saves of an unfinished look, which an interrupted one continues from."""


def notes_file(plan: Plan) -> Path:
    """Return the file of a plan's notes; it need not exist."""
    return shot_notes_file(plan.outputs.folder, plan.outputs.name)


def frames_to_look_over(plan: Plan) -> FrameRange:
    """Return the frames that the notes of a plan must cover."""
    whole = FrameRange(plan.unbroken[0].first, plan.unbroken[-1].last)
    if len(whole) <= WHOLE_PLATE_FRAMES:
        return whole
    # A run may begin so far before the first frame asked for, and a cut is judged by what is around it.
    first = (plan.frames.first - WHOLE_RUN_FRAMES - BLOCK_FRAMES) // BLOCK_FRAMES * BLOCK_FRAMES
    last = -(-(plan.frames.last + BLOCK_FRAMES) // BLOCK_FRAMES) * BLOCK_FRAMES
    return FrameRange(max(whole.first, first), min(whole.last, last))


def load_notes(plan: Plan) -> ShotNotes | None:
    """Return the notes beside the results where they cover the plan and were made with its settings."""
    notes, needed = _usable(plan, notes_file(plan)), frames_to_look_over(plan)
    if notes is None or needed.first not in notes.frames or needed.last not in notes.frames:
        return None
    return notes if dict(notes.hashes).get("choices") == _choices(plan) else None


def take_look(
    plan: Plan,
    *,
    network: Network | None = None,
    between_frames: Callable[[], None] = do_nothing,
    save: bool = True,
) -> Generator[Event, None, ShotNotes]:
    """Look over the plate, but for the frames that earlier notes cover; returns the notes.

    Args:
        plan: A plan that needs notes.
        network: The plan's network, for callers that keep one loaded; by default it is loaded here.
        between_frames: Called before each frame; what it raises ends the look.
        save: False keeps nothing on disk, and uses nothing that is there.

    Raises:
        WriteError: The notes cannot be written.
    """
    from matteline.engine.segments import keep_segments  # loads torch, as all that follows

    file = notes_file(plan)
    partial = file.with_name(f"{file.name}.partial")
    old = _usable(plan, file) if save else None
    begun = _usable(plan, partial) if save else None
    # What was looked at for cuts alone says nothing of people.
    if wants_regions(plan.settings):
        old, begun = (each if each is not None and each.looked else None for each in (old, begun))
    # An unfinished look may have come further than the notes of an earlier, shorter range.
    known = max(
        (each for each in (old, begun) if each is not None), key=lambda each: len(each.frames), default=None
    )
    needed = frames_to_look_over(plan)
    if known is not None:
        together = FrameRange(min(needed.first, known.frames.first), max(needed.last, known.frames.last))
        # Frames before those that are known, or far from them, are looked over with all that follow.
        known = known if known.frames.first <= needed.first <= known.frames.last + 1 else None
        needed = together if known is not None else needed
    seen = yield from _look_over(plan, needed, known, network, between_frames, partial if save else None)
    asked = plan.settings.cut_frames()
    inside = [cut for cut in asked or () if cut in seen.frames and cut != seen.frames.first]
    seen = seen if asked is None else replace(seen, cuts=tuple(inside), edited=True)
    # Other choices begin anew; the same ones keep the regions of frames that are rendered already.
    kept = old is not None and dict(old.hashes).get("choices") == _choices(plan)
    segments = keep_segments(
        old.segments if kept and old is not None else (),
        seen,
        plan.weights.longer_side,
        always=wants_regions(plan.settings) and plan.settings.focus == "people",
    )
    notes = replace(seen, segments=segments, hashes=_hashes(plan, seen.frames))
    if save:
        write_notes(file, notes)
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return notes


def _look_over(
    plan: Plan,
    frames: FrameRange,
    known: ShotNotes | None,
    network: Network | None,
    between_frames: Callable[[], None],
    partial: Path | None,
) -> Generator[Event, None, ShotNotes]:
    """Look over frames, continuing from notes of the first of them; the notes have no segments yet."""
    from matteline.engine.cuts import DELAY_FRAMES
    from matteline.engine.first_look import LEAD_IN_FRAMES, gather_notes, look_over
    from matteline.engine.look_input import Looker

    begin = join_at = frames.first
    if known is not None:
        if known.frames.last >= frames.last:
            return _joined(known, known, known.frames.first)
        # The last frames are judged again: what comes after them was not known.
        join_at = max(known.frames.last - DELAY_FRAMES, known.frames.first + 1)
        begin = max(frames.first, join_at - LEAD_IN_FRAMES)
    canvas, steps = plan.plate.canvas, []
    looker = Looker(plan, network)
    matte = looker.alpha if wants_regions(plan.settings) else None
    # The render names a frame that cannot be read when it gets there, and keeps those before it.
    with (
        suppress(ReadError),
        looker.inputs(FrameRange(begin, frames.last), between_frames) as inputs,
    ):
        for step in look_over(inputs, matte, canvas.width, canvas.height):
            steps.append(step)
            yield Looking(len(steps), frames.last - begin + 1)
            if partial is not None and len(steps) % SAVE_EVERY_FRAMES == 0:
                so_far = _joined(known, gather_notes(steps, canvas.width, canvas.height), join_at)
                write_notes(partial, replace(so_far, hashes=_hashes(plan, so_far.frames)))
    if not steps:
        return known or ShotNotes(frames, canvas.width, canvas.height)
    seen = _joined(known, gather_notes(steps, canvas.width, canvas.height), join_at)
    # Frames behind one that cannot be read count as covered, or every plan would ask for another look.
    return replace(seen, frames=FrameRange(seen.frames.first, frames.last))


def _joined(known: ShotNotes | None, found: ShotNotes, at: int) -> ShotNotes:
    """Join notes of the frames before `at` with those of the frames from there on; cuts are those that were found."""
    if known is None:
        return found
    cuts = (*(cut for cut in known.found_cuts if cut < at), *(cut for cut in found.found_cuts if cut >= at))
    looked = {each.number: each for each in known.looked if each.number < at}
    looked.update((each.number, each) for each in found.looked if each.number >= at)
    return replace(
        found,
        frames=FrameRange(known.frames.first, found.frames.last),
        cuts=cuts,
        found_cuts=cuts,
        looked=tuple(looked.values()),
        segments=(),
        edited=False,
    )


def _usable(plan: Plan, file: Path) -> ShotNotes | None:
    """Read notes of a plate that is still the same as far as they go, made with the same network and picture."""
    if not file.exists():
        return None
    try:
        notes = read_notes(file)
        canvas = plan.plate.canvas
        # Choices of cuts and focus change nothing of what was seen: only the segments are chosen anew.
        made_from = {name: value for name, value in _hashes(plan, notes.frames) if name != "choices"}
    except MattelineError:
        return None
    same_size = (notes.width, notes.height) == (canvas.width, canvas.height)
    saved = dict(notes.hashes)
    return notes if same_size and all(saved.get(name) == made_from[name] for name in made_from) else None


def _hashes(plan: Plan, frames: FrameRange) -> tuple[tuple[str, str], ...]:
    with open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate:
        fingerprint = PlateFingerprint(plate).of_frames(frames)
    settings = hashlib.sha256(json.dumps(look_settings(plan), sort_keys=True).encode()).hexdigest()
    words = {
        "plate": fingerprint,
        "weights": plan.weights.sha256,
        "settings": settings,
        "choices": _choices(plan),
    }
    return tuple(sorted(words.items()))


def _choices(plan: Plan) -> str:
    settings = plan.settings
    focus = settings.focus if wants_regions(plan.settings) else "plate"
    return f"cuts {settings.cuts}, focus {focus}, {plan.weights.longer_side} pixels"
