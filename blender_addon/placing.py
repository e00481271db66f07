"""Bringing results into the sequencer: found again by name, and put to use as the artist asked."""

import os

import bpy

from . import compat, footage
from .contract.errors import JobError, ReadError
from .new_strips import free_channel, new_strip, result_name

MATTE = "Matte"


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
    with compat.sequencing(context, scene):
        matte = new_strip(context, scene, owner, strip, rendered, steps.back)
        _RESULT[rendered.request.target.result](strip, matte, earlier, steps.back)
    if earlier:
        steps.then.append(lambda: _take_over(owner, matte, earlier))
    return matte.name


def _earlier(owner, strip, rendered):
    """The strip with an earlier result of the same job, if there is one."""
    name = result_name(strip, rendered)
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
