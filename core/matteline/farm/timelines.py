"""The clips of an OpenTimelineIO timeline: which frames of which plate are seen, handles included."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlparse

from matteline.contract.errors import JobError, MattelineError, ReadError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.farm.requests import Request


def requests_of_timeline(path: Path, handles: int) -> tuple[tuple[Request, ...], tuple[str, ...]]:
    """One request for each plate of a timeline, of all its frames that are seen, and what was left out.

    Frames of a clip are those that it shows, transitions included, of the plate itself where it is retimed.
    A plate that is used several times is one request.

    Args:
        path: An `.otio`, `.otioz` or `.otiod` file.
        handles: Frames added before and after, where the plate has them.

    Raises:
        MattelineError: OpenTimelineIO is not installed.
        ReadError: The file cannot be read.
        JobError: It shows no plate.
    """
    otio = _library()
    plates: dict[str, list[FrameRange]] = {}
    names: dict[str, str] = {}
    notes: list[str] = []
    for clip in _clips(otio, path):
        plate = _plate(otio, clip.media_reference, path.parent)
        if plate is None:
            notes.append(f"{clip.name or 'A clip'} was left out: its media is no file.")
            continue
        plates.setdefault(plate, []).append(_frames(otio, clip, handles))
        names.setdefault(plate, clip.name or "")
    if not plates:
        raise JobError(f"The timeline {path} shows no plate that is a file.", field="plate")
    found = (Request(each, names[each], FrameSet.joined(ranges)) for each, ranges in plates.items())
    return tuple(found), tuple(notes)


def _library() -> ModuleType:
    try:
        return importlib.import_module("opentimelineio")
    except ImportError:
        raise MattelineError(
            "Timelines need the Python package opentimelineio, which is not installed.",
            hint='Install it with: pip install "matteline[farm]"',
        ) from None


def _clips(otio: ModuleType, path: Path) -> Iterator[Any]:
    try:
        timeline = otio.adapters.read_from_file(str(path))
    except (otio.exceptions.OTIOError, OSError, ValueError) as error:
        raise ReadError(f"The timeline {path} cannot be read: {error}.", path=path) from None
    if not isinstance(timeline, otio.schema.Timeline):
        raise ReadError(f"{path} holds no timeline.", path=path)
    for track in timeline.video_tracks():
        yield from track.find_clips()


def _plate(otio: ModuleType, media: Any, folder: Path) -> str | None:
    """The plate as `Job.plate` names it; None where the media is no file."""
    if isinstance(media, otio.schema.ImageSequenceReference):
        digits = "#" * max(media.frame_zero_padding, 1)
        base = _path(media.target_url_base)
        if base is None:
            return None
        return str(folder / base / f"{media.name_prefix}{digits}{media.name_suffix}")
    if isinstance(media, otio.schema.ExternalReference):
        file = _path(media.target_url)
        return None if file is None else str(folder / file)
    return None


def _path(url: str) -> str | None:
    parts = urlparse(url)
    if len(parts.scheme) == 1 or not parts.scheme:
        return url  # a drive letter is no scheme
    if parts.scheme != "file":
        return None
    path = unquote(parts.path)
    return path[1:] if path[2:3] == ":" else path


def _frames(otio: ModuleType, clip: Any, handles: int) -> FrameRange:
    """The frames of the plate that a clip shows, by the plate's own numbers, clamped to what it has."""
    seen = clip.visible_range()
    first = seen.start_time.to_frames()
    last = first + round((seen.duration.to_frames() - 1) * _speed(otio, clip))
    least, most = min(first, last) - handles, max(first, last) + handles
    there = _available(otio, clip, seen.start_time.rate)
    if there is not None:
        least, most = max(least, there.first), min(most, there.last)
    shift = _number_of_first(otio, clip.media_reference) - (there.first if there is not None else least)
    return FrameRange(least + shift, max(most, least) + shift)


def _speed(otio: ModuleType, clip: Any) -> float:
    speed = 1.0
    for effect in clip.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= effect.time_scalar
    return speed


def _available(otio: ModuleType, clip: Any, rate: float) -> FrameRange | None:
    try:
        there = clip.available_range()
    except otio.exceptions.CannotComputeAvailableRangeError:
        return None
    first = there.start_time.rescaled_to(rate).to_frames()
    return FrameRange(first, first + max(there.duration.rescaled_to(rate).to_frames(), 1) - 1)


def _number_of_first(otio: ModuleType, media: Any) -> int:
    """The number in the plate of the first frame that the media has: a movie counts from 1."""
    return int(media.start_frame) if isinstance(media, otio.schema.ImageSequenceReference) else 1
