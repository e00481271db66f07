"""Bringing results into the sequencer: frame for frame over their source, whatever its timing."""

import os

import bpy

from . import compat, footage, movie
from .contract.errors import JobError, ReadError
from .contract.frames import FrameSet
from .jobs import as_blender_path, listing

MATTE = "Matte"
_LOOK = {"color_saturation": 1.0, "color_multiply": 1.0, "blend_alpha": 1.0, "use_deinterlace": False}


def place_on_strip(context, rendered, steps):
    """Put a result over its strip, wherever that is now; returns the name of the new strip.

    Args:
        context: Blender's.
        rendered: A `jobs.Rendered` whose target is a strip.
        steps: `results.Steps`.

    Raises:
        MattelineError: The strip or some of the results are gone, or there is no channel left.
    """
    scene, owner, strip = _find(rendered.request)
    earlier = _earlier(owner, strip, rendered)
    place = _place_retimed if footage.is_retimed(strip) else _place_pictures
    matte = place(context, scene, owner, strip, rendered, steps.back)
    matte.select = False
    _RESULT[rendered.request.target.result](strip, matte, earlier, steps.back)
    if earlier:
        steps.then.append(lambda: _take_over(owner, matte, earlier))
    return matte.name


def _earlier(owner, strip, rendered):
    """The strip with an earlier result of the same job, if there is one."""
    name = f"{strip.name} {_word(rendered)}"
    for each in compat.strips(owner):
        if each.name == name and each.type in ("MOVIE", "IMAGE"):
            folder = bpy.path.abspath(each.filepath if each.type == "MOVIE" else each.directory)
            if os.path.normpath(folder).startswith(rendered.request.job.output):
                return each
    return None


def _take_over(owner, matte, earlier):
    name, channel = earlier.name, earlier.channel
    compat.strips(owner).remove(earlier)
    matte.name = name
    if free_channel(owner, matte, *compat.handles(matte), above=channel - 1) == channel:
        matte.channel = channel


def _find(request):
    target = request.target
    scene = bpy.data.scenes.get(target.scene)
    if scene is None or scene.sequence_editor is None:
        raise JobError(f"The scene {target.scene} is not there any more, or has no strips.")
    for owner, strip in _walk(scene.sequence_editor):
        if strip.name == target.name and _plate(strip) == request.job.plate:
            return scene, owner, strip
    raise JobError(
        f"The strip {target.name} is not in {target.scene} any more, or shows another file.",
        hint="The results are kept: bring the strip back and use Import Last Result.",
    )


def _walk(owner):
    for strip in compat.strips(owner):
        yield owner, strip
        if strip.type == "META":
            yield from _walk(strip)


def _plate(strip):
    if strip.type not in ("MOVIE", "IMAGE"):
        return None
    try:
        return footage.strip_footage(strip).plate
    except (ReadError, JobError):
        return None


def _place_pictures(_context, scene, owner, strip, rendered, undo):
    """A strip that names for every frame of the timeline the result that belongs there."""
    source = footage.strip_footage(strip)
    timing = footage.strip_timing(scene, strip, source)
    paths = _Paths(rendered, source)
    paths.must_exist(timing.shown())
    first, files = _files(timing, paths)
    channel = free_channel(owner, strip, first, first + len(files) - 1)
    matte = compat.strips(owner).new_image(
        name=f"{strip.name} {_word(rendered)}",
        filepath=as_blender_path(scene.matteline, files[0]),
        channel=channel,
        frame_start=first,
    )
    undo.callback(compat.strips(owner).remove, matte)
    if len(set(files)) > 1:
        for path in files[1:]:
            matte.elements.append(os.path.basename(path))
    compat.set_handles(matte, timing.first, timing.last)
    _dress(matte, strip, rendered)
    return matte


def _files(timing, paths):
    """The first timeline frame of the new strip, and a file for each from there: handles as far as they exist."""
    start, end = timing.content
    first, last = timing.first, timing.last
    while first - 1 >= start and paths.exists(timing.picture(first - 1)):
        first -= 1
    while last + 1 <= end and paths.exists(timing.picture(last + 1)):
        last += 1
    return first, [paths.of(timing.picture(frame)) for frame in range(first, last + 1)]


def _place_retimed(context, scene, owner, strip, rendered, undo):
    """A copy of the strip with another file: only Blender knows its retiming, and the copy has it too."""
    source = footage.strip_footage(strip)
    paths = _Paths(rendered, source)
    paths.must_exist(footage.trimmed_pictures(strip, source))
    channel = free_channel(owner, strip, *compat.handles(strip))
    swap = _swap_movie if strip.type == "MOVIE" else _swap_pictures
    replacement = swap(rendered, source, paths)
    matte = _duplicate(context, scene, owner, strip)
    undo.callback(compat.strips(owner).remove, matte)
    matte.channel = channel
    matte.name = f"{strip.name} {_word(rendered)}"
    matte.modifiers.clear()
    for name, value in _LOOK.items():
        setattr(matte, name, value)
    replacement(matte)
    _dress(matte, strip, rendered)
    return matte


def _swap_movie(rendered, source, paths):
    folder = os.path.dirname(os.path.dirname(paths.sample))
    stem = os.path.basename(paths.sample).rsplit(".", 2)[0]
    path = os.path.join(folder, f"{stem}.mov")
    every = [paths.of(index) if paths.exists(index) else None for index in range(len(source.numbers))]
    movie.bind(path, every, source.rate, rendered.size, alpha=paths.product == "rgba")

    def swap(matte):
        matte.filepath = as_blender_path(bpy.data.scenes[rendered.request.target.scene].matteline, path)

    return swap


def _swap_pictures(rendered, source, paths):
    def swap(matte):
        folder = os.path.dirname(paths.sample)
        matte.directory = as_blender_path(bpy.data.scenes[rendered.request.target.scene].matteline, folder)
        for index, element in enumerate(matte.elements):
            element.filename = os.path.basename(paths.of(index))

    return swap


def _duplicate(context, scene, owner, strip):
    editor = scene.sequence_editor
    selected = [each.name for each in compat.strips(owner) if each.select]
    before = {each.name for each in compat.strips(owner)}
    active, stack = editor.active_strip, list(editor.meta_stack)
    editor.display_stack(owner if owner != editor else None)
    try:
        for each in compat.strips(owner):
            each.select = each == strip
        editor.active_strip = strip
        with compat.sequencer_area(context, scene):
            bpy.ops.sequencer.duplicate()
        return next(each for each in compat.strips(owner) if each.name not in before)
    finally:
        for each in compat.strips(owner):
            each.select = each.name in selected
        editor.active_strip = active
        editor.display_stack(stack[-1] if stack else None)


def free_channel(owner, strip, first, last, above=None):
    """The next channel above a strip that is empty from the first to the last frame. Raises `JobError`."""
    above = strip.channel if above is None else above
    taken = {
        each.channel
        for each in compat.strips(owner)
        if compat.handles(each)[0] <= last and compat.handles(each)[1] >= first
    }
    for channel in range(above + 1, 33):
        if channel not in taken:
            return channel
    raise JobError(f"There is no free channel above {strip.name}.", hint="Make room above it.")


class _Paths:
    """The result of each picture of the footage."""

    def __init__(self, rendered, source):
        self.product = "rgba" if rendered.request.target.result == "CUTOUT" else "alpha"
        self.sample = rendered.files[self.product]
        self._rendered, self._source = rendered, source
        self._there = set(listing(os.path.dirname(self.sample)))

    def of(self, index):
        return self._rendered.path(self.product, self._source.numbers[index])

    def exists(self, index):
        return os.path.basename(self.of(index)) in self._there

    def must_exist(self, pictures):
        first, last = pictures
        missing = [index for index in range(first, last + 1) if not self.exists(index)]
        if missing:
            frames = FrameSet.of(self._source.numbers[index] for index in missing)
            raise ReadError(
                f"Frames {frames} of {self._rendered.request.target.name} have no matte in "
                f"{os.path.dirname(self.sample)}.",
                hint="The strip shows more than was rendered: use Render Missing Frames.",
            )


def _word(rendered):
    return "cut-out" if rendered.request.target.result == "CUTOUT" else "matte"


def _dress(matte, strip, rendered):
    """The place in the picture that the strip has: a mask works on what is seen, not on the file."""
    for name in ("scale_x", "scale_y", "offset_x", "offset_y", "rotation", "origin"):
        setattr(matte.transform, name, getattr(strip.transform, name))
    for name in ("min_x", "max_x", "min_y", "max_y"):
        setattr(matte.crop, name, getattr(strip.crop, name))
    if compat.FLIPS_BEFORE_MASK or rendered.request.target.result != "MASK":
        matte.use_flip_x, matte.use_flip_y = strip.use_flip_x, strip.use_flip_y
    matte.blend_type = "ALPHA_OVER"
    if rendered.request.target.result == "CUTOUT":
        matte.colorspace_settings.name = strip.colorspace_settings.name
        matte.alpha_mode = "PREMUL" if rendered.request.job.settings.format == "exr" else "STRAIGHT"
    else:
        # By its nature and not by a name: configs differ in what they call data.
        matte.colorspace_settings.is_data = True


def _mask(strip, matte, earlier, undo):
    # A muted matte still feeds the modifier, and is not drawn over the picture.
    matte.mute = True
    modifier = earlier and _modifier_of(strip, earlier)
    if not modifier:
        modifier = strip.modifiers.new(MATTE, "MASK")
        undo.callback(strip.modifiers.remove, modifier)
        modifier.input_mask_type = "STRIP"
    _set(modifier, "input_mask_strip", matte, undo)
    _set(strip, "blend_type", "ALPHA_OVER", undo)


def _modifier_of(strip, matte):
    masks = (each for each in strip.modifiers if each.type == "MASK")
    return next((each for each in masks if each.input_mask_strip == matte), None)


def _cut_out(strip, _cutout, _earlier_one, undo):
    _set(strip, "mute", True, undo)


def _matte_only(_strip, _matte, _earlier_one, _undo):
    """The strip stays as it is."""


def _set(thing, name, value, undo):
    undo.callback(setattr, thing, name, getattr(thing, name))
    setattr(thing, name, value)


_RESULT = {"MASK": _mask, "CUTOUT": _cut_out, "MATTE": _matte_only}
