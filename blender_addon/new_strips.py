"""New strips that show results frame for frame over their source, whatever its timing."""

import os

import bpy

from . import compat, plate_source, png_movie
from .contract.errors import JobError, ReadError
from .contract.frames import FrameSet
from .jobs import as_blender_path, listing

# Adjustments that a copy has from its strip, and that a matte must not have.
_PLAIN_LOOK = {"color_saturation": 1.0, "color_multiply": 1.0, "blend_alpha": 1.0, "use_deinterlace": False}


def new_strip(context, scene, owner, strip, rendered, undo):
    """Add a strip with a result over its source strip; `undo` gets what takes it back.

    Raises:
        MattelineError: Results are missing, there is no channel left, or a movie cannot be written.
    """
    add = _add_retimed_copy if plate_source.is_retimed(strip) else _add_image_strip
    matte = add(context, scene, owner, strip, rendered, undo)
    # The artist's selection stays the plate.
    matte.select = False
    _copy_placement(matte, strip, rendered)
    return matte


def result_name(strip, rendered):
    """Return the name of a result's strip."""
    return f"{strip.name} {'cut-out' if rendered.request.target.result == 'CUTOUT' else 'matte'}"


def free_channel(owner, strip, first, last, above=None):
    """Return the next channel above a strip that is empty from the first to the last frame.

    Raises:
        JobError: There is none.
    """
    above = strip.channel if above is None else above
    # Channels with any strip that overlaps the range.
    taken = {
        each.channel
        for each in compat.strips(owner)
        if compat.handles(each)[0] <= last and compat.handles(each)[1] >= first
    }
    for channel in range(above + 1, int(strip.bl_rna.properties["channel"].hard_max) + 1):
        if channel not in taken:
            return channel
    raise JobError(f"There is no free channel above {strip.name}.", hint="Make room above it.")


def _add_image_strip(_context, scene, owner, strip, rendered, undo):
    """Add an image strip that names for every frame of the timeline the result that belongs there."""
    source = plate_source.strip_source(strip)
    timing = plate_source.strip_timing(scene, strip, source)
    paths = _ResultPaths(rendered, source)
    paths.check(timing.shown())
    # With handles, so that dragging the ends of the new strip shows them.
    first, files = _files_for(timing, paths)
    channel = free_channel(owner, strip, first, first + len(files) - 1)
    matte = compat.strips(owner).new_image(
        name=result_name(strip, rendered),
        filepath=as_blender_path(scene.matteline, files[0]),
        channel=channel,
        frame_start=first,
    )
    undo.callback(compat.strips(owner).remove, matte)
    # A single picture is a still that Blender holds for the whole strip.
    if len(set(files)) > 1:
        for path in files[1:]:
            matte.elements.append(os.path.basename(path))
    # After the elements, which set the strip's length.
    compat.set_handles(matte, timing.first, timing.last)
    return matte


def _files_for(timing, paths):
    """Return the new strip's first timeline frame and a file for each from there on, handles included."""
    start, end = timing.content
    first, last = timing.first, timing.last
    while first - 1 >= start and paths.exists(timing.picture(first - 1)):
        first -= 1
    while last + 1 <= end and paths.exists(timing.picture(last + 1)):
        last += 1
    return first, [paths.of(timing.picture(frame)) for frame in range(first, last + 1)]


def _add_retimed_copy(context, scene, owner, strip, rendered, undo):
    """Add a copy of the strip with another file: only Blender knows its retiming, and the copy has it too."""
    source = plate_source.strip_source(strip)
    paths = _ResultPaths(rendered, source)
    paths.check(plate_source.trimmed_pictures(strip, source))
    channel = free_channel(owner, strip, *compat.handles(strip))
    # Before the strip is added, because writing a movie may fail.
    path = _write_movie(rendered, source, paths) if strip.type == "MOVIE" else os.path.dirname(paths.sample)
    matte = _duplicate(context, scene, owner, strip)
    undo.callback(compat.strips(owner).remove, matte)
    matte.channel = channel
    matte.name = result_name(strip, rendered)
    # The copy has the plate's modifiers too, the mask by an earlier result among them.
    matte.modifiers.clear()
    for name, value in _PLAIN_LOOK.items():
        setattr(matte, name, value)
    blender_path = as_blender_path(scene.matteline, path)
    if strip.type == "MOVIE":
        matte.filepath = blender_path
    else:
        matte.directory = blender_path
        for index, element in enumerate(matte.elements):
            element.filename = os.path.basename(paths.of(index))
    return matte


def _write_movie(rendered, source, paths):
    """Write the results as a movie of the plate's rate and length; return its path."""
    folder = os.path.dirname(os.path.dirname(paths.sample))
    stem = os.path.basename(paths.sample).rsplit(".", 2)[0]
    path = os.path.join(folder, f"{stem}.mov")
    # As many pictures as the plate has: the timing of the copy counts them.
    every = [paths.of(index) if paths.exists(index) else None for index in range(len(source.numbers))]
    alpha = paths.product == "rgba"
    png_movie.write_png_movie(path, every, source.rate, rendered.size, alpha=alpha)
    return path


def _duplicate(context, scene, owner, strip):
    """Duplicate a strip by Blender's operator; selection and the edited level are left as they were."""
    editor = scene.sequence_editor
    selected = [each.name for each in compat.strips(owner) if each.select]
    before = {each.name for each in compat.strips(owner)}
    active, stack = editor.active_strip, list(editor.meta_stack)
    # The operator works on the level that is shown.
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


def _copy_placement(matte, strip, rendered):
    """Give a result its strip's place in the picture: a mask works on what is seen, not on the file."""
    for name in ("scale_x", "scale_y", "offset_x", "offset_y", "rotation", "origin"):
        setattr(matte.transform, name, getattr(strip.transform, name))
    for name in ("min_x", "max_x", "min_y", "max_y"):
        setattr(matte.crop, name, getattr(strip.crop, name))
    # Later releases flip the masked strip as a whole, and its mask with it.
    if compat.FLIPS_BEFORE_MASK or rendered.request.target.result != "MASK":
        matte.use_flip_x, matte.use_flip_y = strip.use_flip_x, strip.use_flip_y
    # Or a cut-out would hide what is below it.
    matte.blend_type = "ALPHA_OVER"
    if rendered.request.target.result == "CUTOUT":
        matte.colorspace_settings.name = plate_source.strip_colour_space(strip)
        # As the worker writes the alpha of RGBA by `auto`, which strips always have.
        matte.alpha_mode = "PREMUL" if rendered.request.job.settings.format == "exr" else "STRAIGHT"
    else:
        # Not by a name, because configs call data differently.
        matte.colorspace_settings.is_data = True


class _ResultPaths:
    """The file of the result of each picture of a plate, counted from 0."""

    def __init__(self, rendered, source):
        self.product = "rgba" if rendered.request.target.result == "CUTOUT" else "alpha"
        self.sample = rendered.files[self.product]
        self._rendered, self._source = rendered, source
        # Asked once: a test of each file is slow on a network disk.
        self._there = set(listing(os.path.dirname(self.sample)))

    def of(self, index):
        return self._rendered.path(self.product, self._source.numbers[index])

    def exists(self, index):
        return os.path.basename(self.of(index)) in self._there

    def check(self, pictures):
        first, last = pictures
        missing = [index for index in range(first, last + 1) if not self.exists(index)]
        if missing:
            frames = FrameSet.of(self._source.numbers[index] for index in missing)
            raise ReadError(
                f"Frames {frames} of {self._rendered.request.target.name} have no matte in "
                f"{os.path.dirname(self.sample)}.",
                hint="The strip shows more than was rendered: Render Matte renders the rest.",
            )
