"""New strips that show results frame for frame over their source, whatever its timing."""

import os

import bpy

from . import compat, footage, movie
from .contract.errors import JobError, ReadError
from .contract.frames import FrameSet
from .jobs import as_blender_path, listing

_PLAIN_LOOK = {"color_saturation": 1.0, "color_multiply": 1.0, "blend_alpha": 1.0, "use_deinterlace": False}


def new_strip(context, scene, owner, strip, rendered, undo):
    """Add a strip with a result over its source; takes a step back if it fails.

    Raises:
        MattelineError: Results are missing, there is no channel left, or a movie cannot be written.
    """
    add = _copy_of_retimed if footage.is_retimed(strip) else _strip_of_pictures
    matte = add(context, scene, owner, strip, rendered, undo)
    matte.select = False
    _dress(matte, strip, rendered)
    return matte


def result_name(strip, rendered):
    """What a result's strip is called."""
    return f"{strip.name} {'cut-out' if rendered.request.target.result == 'CUTOUT' else 'matte'}"


def free_channel(owner, strip, first, last, above=None):
    """The next channel above a strip that is empty from the first to the last frame. Raises `JobError`."""
    above = strip.channel if above is None else above
    taken = {
        each.channel
        for each in compat.strips(owner)
        if compat.handles(each)[0] <= last and compat.handles(each)[1] >= first
    }
    for channel in range(above + 1, int(strip.bl_rna.properties["channel"].hard_max) + 1):
        if channel not in taken:
            return channel
    raise JobError(f"There is no free channel above {strip.name}.", hint="Make room above it.")


def _strip_of_pictures(_context, scene, owner, strip, rendered, undo):
    """A strip that names for every frame of the timeline the result that belongs there."""
    source = footage.strip_footage(strip)
    timing = footage.strip_timing(scene, strip, source)
    paths = _Paths(rendered, source)
    paths.must_exist(timing.shown())
    first, files = _files(timing, paths)
    channel = free_channel(owner, strip, first, first + len(files) - 1)
    matte = compat.strips(owner).new_image(
        name=result_name(strip, rendered),
        filepath=as_blender_path(scene.matteline, files[0]),
        channel=channel,
        frame_start=first,
    )
    undo.callback(compat.strips(owner).remove, matte)
    if len(set(files)) > 1:
        for path in files[1:]:
            matte.elements.append(os.path.basename(path))
    compat.set_handles(matte, timing.first, timing.last)
    return matte


def _files(timing, paths):
    """The new strip's first timeline frame, and a file for each from there, with what handles there are."""
    start, end = timing.content
    first, last = timing.first, timing.last
    while first - 1 >= start and paths.exists(timing.picture(first - 1)):
        first -= 1
    while last + 1 <= end and paths.exists(timing.picture(last + 1)):
        last += 1
    return first, [paths.of(timing.picture(frame)) for frame in range(first, last + 1)]


def _copy_of_retimed(context, scene, owner, strip, rendered, undo):
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
    matte.name = result_name(strip, rendered)
    matte.modifiers.clear()
    for name, value in _PLAIN_LOOK.items():
        setattr(matte, name, value)
    replacement(matte)
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
