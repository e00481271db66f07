"""The clips of an OpenTimelineIO timeline: which frames of which plate are seen, handles included."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlparse

from matteline.contract.errors import JobError, MattelineError, ReadError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.messages import how_to_install
from matteline.farm.request import ShotRequest


def read_timeline(path: Path, template: Job, handles: int) -> tuple[tuple[ShotRequest, ...], tuple[str, ...]]:
    """Return one request for each plate of a timeline, of all its frames that are seen, and what was left out.

    Frames of a clip are those that it shows, transitions included, of the plate itself where it is retimed.
    A plate that is used several times is one request.

    Args:
        path: An `.otio`, `.otioz` or `.otiod` file.
        template: Output folder and settings of every shot.
        handles: Frames added before and after, where the plate has them.

    Raises:
        MattelineError: OpenTimelineIO is not installed.
        ReadError: The file cannot be read.
        JobError: It shows no plate.
    """
    try:
        otio = importlib.import_module("opentimelineio")
    except ImportError:
        raise MattelineError(
            "Timelines need the Python package opentimelineio, which is not installed.",
            hint=how_to_install("farm"),
        ) from None
    ranges: dict[str, list[FrameRange]] = {}
    names: dict[str, str] = {}
    notes: list[str] = []
    for clip in _clips(otio, path):
        plate = _plate_path(otio, clip.media_reference, path.parent)
        if plate is None:
            notes.append(f"{clip.name or 'A clip'} was left out: its media is no file.")
            continue
        ranges.setdefault(plate, []).append(_frames(otio, clip, handles))
        # The first clip's name stands for all that use the plate.
        names.setdefault(plate, clip.name or "")
    if not ranges:
        raise JobError(f"The timeline {path} shows no plate that is a file.", field="plate")
    requests = (
        ShotRequest(replace(template, plate=plate, frames=FrameSet.joined(shown)), names[plate])
        for plate, shown in ranges.items()
    )
    return tuple(requests), tuple(notes)


def _clips(otio: ModuleType, path: Path) -> Iterator[Any]:
    try:
        timeline = otio.adapters.read_from_file(str(path))
    except (otio.exceptions.OTIOError, OSError, ValueError) as error:
        raise ReadError(f"The timeline {path} cannot be read: {error}.", path=path) from None
    if not isinstance(timeline, otio.schema.Timeline):
        raise ReadError(f"{path} holds no timeline.", path=path)
    for track in timeline.video_tracks():
        yield from track.find_clips()


def _plate_path(otio: ModuleType, media: Any, folder: Path) -> str | None:
    """Return the plate as `Job.plate` names it; None where the media is no file."""
    if isinstance(media, otio.schema.ImageSequenceReference):
        digits = "#" * max(media.frame_zero_padding, 1)
        base = _path_of_url(media.target_url_base)
        if base is None:
            return None
        return str(folder / base / f"{media.name_prefix}{digits}{media.name_suffix}")
    if isinstance(media, otio.schema.ExternalReference):
        file = _path_of_url(media.target_url)
        return None if file is None else str(folder / file)
    return None


def _path_of_url(url: str) -> str | None:
    parts = urlparse(url)
    if len(parts.scheme) == 1 or not parts.scheme:
        return url  # a drive letter is no scheme
    if parts.scheme != "file":
        return None
    path = unquote(parts.path)
    return path[1:] if path[2:3] == ":" else path  # file:///Z:/show is Z:/show


def _frames(otio: ModuleType, clip: Any, handles: int) -> FrameRange:
    """Return the frames of the plate that a clip shows, by the plate's own numbers, within what it has."""
    seen = clip.visible_range()
    speed = 1.0
    # Freeze frames are time warps of speed 0.
    for effect in clip.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= effect.time_scalar
    first = seen.start_time.to_frames()
    # From the first of n frames to the last there are n - 1 steps.
    last = first + round((seen.duration.to_frames() - 1) * speed)
    # A clip that runs backwards ends before it begins.
    least, most = min(first, last) - handles, max(first, last) + handles
    there = _available(clip, seen.start_time.rate, otio)
    if there is not None:
        least, most = max(least, there.first), min(most, there.last)
    # Media time may start at a timecode such as 86400; the plate's frames count from its own first number.
    media = clip.media_reference
    is_sequence = isinstance(media, otio.schema.ImageSequenceReference)
    number_of_first = int(media.start_frame) if is_sequence else 1
    shift = number_of_first - (there.first if there is not None else least)
    return FrameRange(least + shift, max(most, least) + shift)


def _available(clip: Any, rate: float, otio: ModuleType) -> FrameRange | None:
    """Return the frames that a clip's media has, in the clip's rate; None where the timeline does not say."""
    try:
        there = clip.available_range()
    except otio.exceptions.CannotComputeAvailableRangeError:
        return None
    first = there.start_time.rescaled_to(rate).to_frames()
    return FrameRange(first, first + max(there.duration.rescaled_to(rate).to_frames(), 1) - 1)
