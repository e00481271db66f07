"""Placing of results in the sequencer: their strip is found again by name, and used as the artist asked."""

import bpy

from . import compat, plate_source
from .contract.errors import JobError, ReadError
from .new_strips import free_channel, new_strip

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
    earlier = _earlier_results(owner, strip)
    result = rendered.request.target.result
    # The artist may have gone to another scene while it rendered.
    with compat.sequencing(context, scene):
        matte = new_strip(context, scene, owner, strip, rendered, steps.undo)
        # What `out_of_step` compares with later.
        compat.tag(matte, **_position(strip, matte), plate=strip.name, result=result)
        if result == "MASK":
            _add_mask(strip, matte, steps.undo)
        # A cut-out mutes its plate, and whatever takes its place needs the plate again.
        if result == "CUTOUT" or any(compat.tagged(each)["result"] == "CUTOUT" for each in earlier):
            _set(strip, "mute", result == "CUTOUT", steps.undo)
    if earlier:
        steps.afterwards.append(lambda: _take_over(owner, strip, matte, earlier))
    return matte.name


def out_of_step(scene):
    """Yield a sentence for each strip that no longer shows what its result was placed for.

    A change of the scene's rate changes the timing of a movie, but not of the pictures of its matte; a strip that
    is moved or slipped leaves its matte where it was. All this is known without reading a file.
    """
    if scene is None or scene.sequence_editor is None:
        return
    everything = list(compat.strips_all(scene.sequence_editor))
    by_name = {each.name: each for each in everything}
    for matte in everything:
        placed = compat.tagged(matte)
        plate = by_name.get(placed.get("plate"))
        if plate is None:
            continue
        if any(placed[key] != value for key, value in _position(plate, matte).items()):
            yield f"{plate.name} and its matte are out of step: use Render Matte"
            continue
        (first, last), (start, end) = compat.handles(plate), compat.content(matte)
        still = matte.type == "IMAGE" and len(matte.elements) == 1
        if not still and (first < start or last > end):
            yield f"{plate.name} shows frames without a matte: use Render Matte"


def _position(plate, matte):
    """Return what decides which picture of the matte lies over which picture of its plate."""
    start, end = compat.content(plate)
    return {
        "offset": round(float(compat.content(matte)[0] - start), 3),
        "length": round(float(end - start), 3),
        "trims": list(compat.trims(plate)),
        "reverse": int(plate.use_reverse_frames),
        # Blender makes a 0, which a new strip may have, a 1 once it draws it.
        "strobe": round(max(float(plate.strobe), 1.0), 3),
        "keys": len(getattr(plate, "retiming_keys", ())),
    }


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
    if strip.type not in plate_source.STRIPS:
        return None
    try:
        return plate_source.strip_source(strip).plate
    except (ReadError, JobError):
        return None


def _earlier_results(owner, strip):
    """Return the strips with earlier results of a strip, of whatever kind."""
    found = [each for each in compat.strips(owner) if compat.tagged(each).get("plate") == strip.name]
    (first, last) = compat.handles(strip)
    # Halves of a result that was cut along with its plate bear the name of the whole; each half has its own place.
    near = [each for each in found if compat.handles(each)[0] <= last and compat.handles(each)[1] >= first]
    return near or found[:1]


def _take_over(owner, strip, matte, earlier):
    """Put a new result in the place of earlier ones, which go, and so do their masks."""
    channel = min(each.channel for each in earlier)
    result = compat.tagged(matte)["result"]
    same = [each.name for each in earlier if compat.tagged(each)["result"] == result]
    if result != "MASK":
        for modifier in _masks(strip):
            strip.modifiers.remove(modifier)
    others = [each for each in compat.strips(owner) if each != strip]
    # The other half of a plate that was cut alone may still be masked by the whole result.
    used = [mask.input_mask_strip for other in others for mask in _masks(other)]
    for each in earlier:
        if each not in used:
            compat.strips(owner).remove(each)
    # Until now the name was taken.
    matte.name = same[0] if same else matte.name
    if free_channel(owner, matte, *compat.handles(matte), above=channel - 1) == channel:
        matte.channel = channel


def _masks(strip):
    """Return the modifiers by which a strip is masked by a result."""
    masks = [each for each in getattr(strip, "modifiers", ()) if each.type == "MASK"]
    # By name, too: in 4.2 the mask of a strip that was cut may point to another strip once one is added.
    return [
        each
        for each in masks
        if each.name == MATTE or (each.input_mask_strip and compat.tagged(each.input_mask_strip))
    ]


def _add_mask(strip, matte, undo):
    """Let a mask modifier of the strip use the matte: that of an earlier matte, or a new one."""
    # A muted matte still feeds the modifier, and is not drawn over the picture.
    matte.mute = True
    modifier = next(iter(_masks(strip)), None)
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
