"""Segments of a plan: which frames the network sees in the same way, kept steady when a plate grows.

Regions are chosen once for a shot. Frames that come later join its last segment where its regions hold everybody in
them, so that results which are there already stay right; else they begin a segment of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from matteline.contract.frames import FrameRange
from matteline.contract.shot_notes import LookedFrame, Region, Segment, ShotNotes
from matteline.engine.focus import choose_segments


def segment_of(segments: Iterable[Segment], number: int) -> Segment:
    """Return the segment that a frame belongs to."""
    return next(segment for segment in segments if number in segment.frames)


def plan_segments(
    unbroken: Iterable[FrameRange], shots: Sequence[FrameRange], notes: ShotNotes | None, *, regions: bool
) -> tuple[Segment, ...]:
    """Lay the segments of notes over the ranges of a plate.

    Args:
        unbroken: Ranges of frames without a gap.
        shots: The same ranges, split at cuts.
        notes: Notes of the first look; None where none was taken.
        regions: False leaves regions out: the network sees the whole plate.
    """
    if notes is None or not regions:
        return tuple(Segment(shot) for shot in shots)
    segments = []
    for whole in unbroken:
        for shot in (each for each in shots if each.first in whole):
            inside = [_trimmed(each, shot) for each in notes.segments]
            segments += _filled_up([each for each in inside if each is not None], shot)
    return tuple(segments)


def keep_segments(
    old: Iterable[Segment], notes: ShotNotes, longer_side: int, *, always: bool
) -> tuple[Segment, ...]:
    """Choose the segments of notes that cover more frames, or have other cuts, than those that there were.

    Args:
        old: The segments that there were; empty to choose anew.
        notes: Cuts and people of all frames; segments in it do not count.
        longer_side: Of the picture that the weights were made for, in pixels.
        always: True shows the network regions also where the whole plate would do.
    """
    old = list(old)
    segments: list[Segment] = []
    for shot in notes.shots:
        kept = [each for each in (_trimmed(segment, shot) for segment in old) if each is not None]
        if not kept:
            segments.append(_chosen(notes, shot, longer_side, always))
            continue
        head = kept[0].frames.first - 1
        if head >= shot.first:
            kept = _grown(kept, FrameRange(shot.first, head), notes, longer_side, always, before=True)
        tail = kept[-1].frames.last + 1
        if tail <= shot.last:
            kept = _grown(kept, FrameRange(tail, shot.last), notes, longer_side, always, before=False)
        segments += kept
    return tuple(segments)


def _grown(
    kept: list[Segment],
    more: FrameRange,
    notes: ShotNotes,
    longer_side: int,
    always: bool,
    *,
    before: bool,
) -> list[Segment]:
    """Add frames to the first or last segment of a shot, or as a segment of their own."""
    beside = kept[0] if before else kept[-1]
    looked = [each for each in notes.looked if each.number in more]
    if _holds(beside, looked, before):
        whole = FrameRange(min(more.first, beside.frames.first), max(more.last, beside.frames.last))
        regions = tuple(_from_frame(region, whole.first) for region in beside.regions)
        grown = Segment(whole, regions)
        return [grown, *kept[1:]] if before else [*kept[:-1], grown]
    own = _chosen(notes, more, longer_side, always)
    return [own, *kept] if before else [*kept, own]


def _holds(segment: Segment, looked: Iterable[LookedFrame], before: bool) -> bool:
    """Tell if the regions of a segment, where they lie at its nearer end, hold all people of other frames."""
    # The whole plate is shown, so everybody is in it.
    if not segment.regions:
        return True
    end = segment.frames.first if before else segment.frames.last
    windows = [region.window(end) for region in segment.regions]
    return all(any(window.contains(box) for window in windows) for each in looked for box in each.people)


def _chosen(notes: ShotNotes, frames: FrameRange, longer_side: int, always: bool) -> Segment:
    part = replace(
        notes,
        frames=frames,
        cuts=(),
        found_cuts=(),
        looked=tuple(each for each in notes.looked if each.number in frames),
        segments=(),
    )
    (segment,) = choose_segments(part, longer_side, always=always)
    return segment


def _trimmed(segment: Segment, bounds: FrameRange) -> Segment | None:
    """Return the part of a segment within a range; None where nothing of it is."""
    first, last = max(segment.frames.first, bounds.first), min(segment.frames.last, bounds.last)
    if last < first:
        return None
    regions = tuple(_up_to(_from_frame(region, first), last) for region in segment.regions)
    return Segment(FrameRange(first, last), regions)


def _from_frame(region: Region, first: int) -> Region:
    """Return the region as it lies from a frame on."""
    if first <= region.places[0][0]:
        return replace(region, places=((first, *region.places[0][1:]), *region.places[1:]))
    window = region.window(first)
    later = tuple(place for place in region.places if place[0] > first)
    return replace(region, places=((first, window.x, window.y), *later))


def _up_to(region: Region, last: int) -> Region:
    return replace(region, places=tuple(place for place in region.places if place[0] <= last))


def _filled_up(segments: list[Segment], shot: FrameRange) -> list[Segment]:
    """Add segments that show the whole plate where the notes say nothing."""
    filled: list[Segment] = []
    next_frame = shot.first
    for segment in segments:
        if segment.frames.first > next_frame:
            filled.append(Segment(FrameRange(next_frame, segment.frames.first - 1)))
        filled.append(segment)
        next_frame = segment.frames.last + 1
    if next_frame <= shot.last:
        filled.append(Segment(FrameRange(next_frame, shot.last)))
    return filled
