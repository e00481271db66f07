"""Placing of results in the sequencer: their strip is found again by name, and used as the artist asked."""

import os

import bpy

from . import compat, plate_source
from .contract.errors import JobError, ReadError
from .new_strips import free_channel, new_strip, result_name

MATTE = "Matte"


def place_on_strip(context, rendered, steps):
    """Put a result over its strip, wherever that is now; return the name of the new strip.

    Args:
        context: Blender's.
        rendered: A `jobs.RenderedJob` whose target is a strip.
        steps: `place_results.PlacementSteps`.

    Raises:
        MattelineError: The strip or some of the results are gone, or there is no channel left.
    """
    scene, owner, strip = _find_strip(rendered.request)
    earlier = _earlier_result(owner, strip, rendered)
    # The artist may have gone to another scene while it rendered.
    with compat.sequencing(context, scene):
        matte = new_strip(context, scene, owner, strip, rendered, steps.undo)
        result = rendered.request.target.result
        if result == "MASK":
            _add_mask(strip, matte, earlier, steps.undo)
        elif result == "CUTOUT":
            _set(strip, "mute", True, steps.undo)
    if earlier:
        steps.afterwards.append(lambda: _take_over(owner, matte, earlier))
    return matte.name


def _find_strip(request):
    """Return the target's scene, the editor or meta that holds its strip, and the strip."""
    target = request.target
    scene = bpy.data.scenes.get(target.scene)
    if scene is None or scene.sequence_editor is None:
        raise JobError(f"The scene {target.scene} is not there any more, or has no strips.")
    for owner, strip in _walk(scene.sequence_editor):
        # A strip may have been renamed and another one got its name meanwhile.
        if strip.name == target.name and _plate_of(strip) == request.job.plate:
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


def _plate_of(strip):
    if strip.type not in ("MOVIE", "IMAGE"):
        return None
    try:
        return plate_source.strip_source(strip).plate
    except (ReadError, JobError):
        return None


def _earlier_result(owner, strip, rendered):
    """Return the strip with an earlier result of the same job; None without one."""
    name = result_name(strip, rendered)
    for each in compat.strips(owner):
        if each.name == name and each.type in ("MOVIE", "IMAGE"):
            folder = bpy.path.abspath(each.filepath if each.type == "MOVIE" else each.directory)
            # Another job's result of that name is left alone.
            if os.path.normpath(folder).startswith(rendered.request.job.output):
                return each
    return None


def _take_over(owner, matte, earlier):
    """Put a new result in the place of an earlier one, which goes."""
    name, channel = earlier.name, earlier.channel
    compat.strips(owner).remove(earlier)
    matte.name = name
    if free_channel(owner, matte, *compat.handles(matte), above=channel - 1) == channel:
        matte.channel = channel


def _add_mask(strip, matte, earlier, undo):
    """Let a mask modifier of the strip use the matte: that of an earlier matte, or a new one."""
    # A muted matte still feeds the modifier, and is not drawn over the picture.
    matte.mute = True
    masks = (each for each in strip.modifiers if each.type == "MASK")
    modifier = earlier and next((each for each in masks if each.input_mask_strip == earlier), None)
    if not modifier:
        modifier = strip.modifiers.new(MATTE, "MASK")
        undo.callback(strip.modifiers.remove, modifier)
        modifier.input_mask_type = "STRIP"
    _set(modifier, "input_mask_strip", matte, undo)
    # The mask makes alpha, which Replace would ignore.
    _set(strip, "blend_type", "ALPHA_OVER", undo)


def _set(thing, name, value, undo):
    undo.callback(setattr, thing, name, getattr(thing, name))
    setattr(thing, name, value)
