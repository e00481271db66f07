"""The pictures on disk that a strip, clip or node reads, and which it shows when. Only names and numbers."""

import math
import os
import re
from dataclasses import dataclass

import bpy

from . import compat
from .contract.errors import JobError, ReadError
from .contract.frames import FrameSet

# Name, frame number and extension; a hyphen is a sign at the start of the name or behind a separator.
_NUMBERED = re.compile(r"(.*?)((?:(?:(?<=[._-])|^)-)?[0-9]+)(\.[^.]*)", re.DOTALL)

# Strips that show pictures from disk.
STRIPS = ("MOVIE", "IMAGE", "MOVIECLIP")


@dataclass(frozen=True)
class PlateSource:
    """A plate as Blender reads it.

    Attributes:
        plate: Path of the movie, or of one picture of the sequence.
        numbers: The plate's frame number of each picture, in the order Blender counts them from 0.
        rate: Pictures per second of a movie, 0 for pictures.
    """

    plate: str
    numbers: "range | tuple[int, ...]"
    rate: float = 0.0

    def frames(self, first, last, handles=0):
        """Return the frames that pictures `first` to `last` span, and up to `handles` more at each side."""
        shown = self.numbers[first : last + 1]
        # A strip may show pictures in any order, and one of them several times.
        order = sorted(set(self.numbers))
        low, high = order.index(min(shown)), order.index(max(shown))
        return FrameSet.of(order[max(low - handles, 0) : high + handles + 1])


@dataclass(frozen=True)
class StripTiming:
    """The picture of its plate that a strip shows at each frame of the timeline.

    Attributes:
        first: First timeline frame of the strip.
        last: Last timeline frame of the strip.
        content: Timeline frames of its first and last picture, wherever its handles are.
        pictures: Number of pictures between its trims.
        skipped: Number of pictures trimmed off at the start.
        rate: Pictures for each frame of the timeline.
        reverse: True if it plays backwards.
        strobe: Times that each picture is shown.
    """

    first: int
    last: int
    content: "tuple[float, float]"
    pictures: int
    skipped: int = 0
    rate: float = 1.0
    reverse: bool = False
    strobe: float = 1.0

    def picture(self, frame):
        """Return the picture, counted from 0 in the untrimmed plate, that is shown at a timeline frame."""
        start, end = self.content
        # As Blender counts: position times rate, then the strobe, then the trim.
        into = max((end - frame if self.reverse else frame - start) * self.rate, 0)
        into = min(into, self.pictures - 1)
        if self.strobe > 1:
            into -= math.fmod(into, self.strobe)
        return self.skipped + (int(into + 0.5) if compat.ROUNDS_FRAMES else int(into))

    def shown(self):
        """Return the lowest and the highest picture that the strip shows."""
        pictures = [self.picture(frame) for frame in range(self.first, self.last + 1)]
        return min(pictures), max(pictures)


def strip_source(strip):
    """Return the plate of a movie, image or movie clip strip.

    Raises:
        ReadError: A file is not there, or cannot be opened.
        JobError: The pictures are not one numbered sequence, a stream other than the first is shown, or a clip is
            shown otherwise than it is.
    """
    if strip.type == "MOVIECLIP":
        return _source_of_clip_strip(strip)
    if strip.type == "IMAGE":
        # A // path of linked data is relative to the file that it is linked from.
        folder = bpy.path.abspath(strip.directory, library=strip.id_data.library)
        return _source_of_pictures(
            [os.path.join(folder, each.filename) for each in strip.elements], strip.name
        )
    if strip.stream_index:
        raise JobError(
            f"{strip.name} shows stream {strip.stream_index} of its movie; only the first can be matted.",
            hint="Extract that stream to a movie of its own.",
        )
    path = bpy.path.abspath(strip.filepath, library=strip.id_data.library)
    return movie_source(path, strip.name, strip.fps)


def _source_of_clip_strip(strip):
    if not compat.STRIPS_NAME_THEIR_CLIP:
        raise JobError(
            f"This release of Blender does not tell which clip {strip.name} shows.",
            hint="Render the clip in the Clip Editor, or add its file as a movie or image strip.",
        )
    clip = strip.clip
    if clip is None:
        raise JobError(f"{strip.name} shows no clip.", hint="Choose a clip for the strip.")
    if strip.stabilize2d or strip.undistort:
        raise JobError(
            f"{strip.name} shows its clip stabilised or undistorted, and a matte is of the clip as it is.",
            hint="Switch both off in the strip, or render the clip to a movie.",
        )
    if clip.frame_offset < 0:
        raise JobError(
            f"{strip.name} begins before the first picture of its clip.",
            hint=f"Set the offset of {clip.name} to 0 or more.",
        )
    return clip_source(clip)


def clip_source(clip):
    """Return the plate of a movie clip. Raises `ReadError`."""
    path = bpy.path.abspath(clip.filepath, library=clip.library)
    if clip.source == "MOVIE":
        return movie_source(path, clip.name)
    return sequence_source(path, clip.frame_duration, clip.name)


def strip_size(strip):
    """Return width and height of the plate of a strip, in pixels; zeros where Blender has not read it yet."""
    if strip.type == "MOVIECLIP":
        return tuple(strip.clip.size)
    return strip.elements[0].orig_width, strip.elements[0].orig_height


def strip_colour_space(strip):
    """Return the name of the colour space in which a strip's plate is read."""
    owner = strip.clip if strip.type == "MOVIECLIP" else strip
    return owner.colorspace_settings.name


def movie_source(path, name, rate=0.0):
    """Return a movie as a plate: its pictures, counted from 1. Raises `ReadError`."""
    _check_exists(path, name)
    # A clip counts the movie's own pictures; what a strip counts depends on Blender's version and its rate.
    clip = bpy.data.movieclips.load(path)
    try:
        # Removed again at once: the clip is only asked.
        count, rate = clip.frame_duration, rate or clip.fps
    finally:
        bpy.data.movieclips.remove(clip)
    # Blender loads what is no movie without an error, and finds no picture in it.
    if count < 1:
        raise ReadError(
            f"{path}, the footage of {name}, cannot be opened: Blender finds no movie in it.", path=path
        )
    return PlateSource(os.path.normpath(path), range(1, count + 1), rate)


def sequence_source(path, count, name):
    """Return a numbered sequence as a plate, from this picture on. Raises `ReadError` and `JobError`."""
    _check_exists(path, name)
    match = _NUMBERED.fullmatch(os.path.basename(path))
    if not match:
        return PlateSource(os.path.normpath(path), (1,))
    first = int(match[2])
    return PlateSource(os.path.normpath(path), range(first, first + max(count, 1)))


def strip_timing(scene, strip, source):
    """Return the timing of a strip that is not retimed: that of others Blender does not tell.

    Raises:
        JobError: Its trims leave nothing to show.
    """
    first, last = compat.handles(strip)
    start, end = trimmed_pictures(strip, source)
    pictures = end - start + 1
    return StripTiming(
        first=first,
        last=last,
        content=compat.content(strip),
        pictures=pictures,
        skipped=start,
        rate=_pictures_per_frame(scene, strip, pictures),
        reverse=strip.use_reverse_frames,
        strobe=strip.strobe,
    )


def is_retimed(strip):
    """Tell whether a strip has retiming keys, so that only Blender knows which picture it shows when."""
    return len(getattr(strip, "retiming_keys", ())) > 0


def trimmed_pictures(strip, source):
    """Return the first and last picture that a strip can show, however it is retimed.

    Raises:
        JobError: Its trims leave nothing, as where the file has become shorter.
    """
    start, end = compat.trims(strip)
    if strip.type == "MOVIECLIP":
        # A clip's own offset counts in a strip, its start frame does not.
        start += strip.clip.frame_offset
    last = len(source.numbers) - end - 1
    if last < start:
        raise JobError(
            f"{strip.name} shows nothing: more is trimmed than its file's {len(source.numbers)} frames.",
            field="frames",
            hint="Reload the strip if its file has changed.",
        )
    return start, last


def _pictures_per_frame(scene, strip, pictures):
    rate = getattr(strip, "speed_factor", 1.0)
    if strip.type != "MOVIE" or rate != 1.0 or not strip.fps:
        return rate
    # A movie added through the menu follows the scene's rate. No property says so, but its length does.
    start, end = compat.content(strip)
    length = end - start + 1
    matched = strip.fps / (scene.render.fps / scene.render.fps_base)
    # A frame and a half, because Blender rounds a strip's length at both ends.
    follows = abs(length - pictures / matched) < 1.5 and abs(length - pictures) >= 1
    return matched if abs(matched - 1) > 1e-3 and follows else 1.0


def _source_of_pictures(paths, name):
    for path in paths:
        _check_exists(path, name)
    matches = [_NUMBERED.fullmatch(os.path.basename(path)) for path in paths]
    if len(paths) == 1 and not matches[0]:
        return PlateSource(os.path.normpath(paths[0]), (1,))
    # Everything but the number has to be the same.
    families = {match and (match[1], match[3]) for match in matches}
    if len(families) > 1 or None in families:
        raise JobError(
            f"The pictures of {name} are not one numbered sequence.",
            field="plate",
            hint="Give the strip pictures that differ only in the number before the extension.",
        )
    return PlateSource(os.path.normpath(paths[0]), tuple(int(match[2]) for match in matches))


def _check_exists(path, name):
    if not os.path.isfile(path):
        raise ReadError(
            f"{path}, the footage of {name}, is not there.",
            path=path,
            hint="Point the strip or clip to its file again.",
        )
