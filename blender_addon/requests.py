"""From what is selected in Blender to what is asked of the worker; and why not, in a sentence."""

import os

import bpy

from . import compat, footage
from .contract.errors import JobError
from .contract.frames import FrameSet
from .jobs import Request, Target, node_job, strip_job
from .nodes import first_frame


def scene_of(kind, context):
    """The scene whose settings hold for strips, clips or nodes."""
    return compat.sequencer_scene(context) if kind == "STRIP" else context.scene


def why_not(kind, context):
    """Why nothing can be rendered for strips, a clip or a node now; empty when it can."""
    return _WHY_NOT[kind](context)


def requests_for(kind, context):
    """Jobs for the selected strips, the open clip or the active node.

    Raises:
        MattelineError: Something about them, or about the settings, is wrong.
    """
    return _REQUESTS[kind](context)


def _why_no_strips(context):
    scene = compat.sequencer_scene(context)
    if scene is None:
        return "Choose a scene for the sequencer"
    if scene.sequence_editor is None or not list(_selected(scene.sequence_editor)):
        return "Select at least one movie or image strip"
    return ""


def _why_no_clip(context):
    return "" if _open_clip(context) else "Open a clip in the Clip Editor"


def _why_no_node(context):
    tree = compat.compositor_tree(context.scene)
    if tree is None:
        return "This scene has no compositing nodes"
    edited = getattr(context.space_data, "edit_tree", None)
    if edited is not None and edited != tree:
        return "Leave the node group first"
    return "" if _plate_node(tree) else "Select an Image or Movie Clip node that shows the plate"


def _strips(context):
    scene = compat.sequencer_scene(context)
    return [_strip(scene, strip) for strip in _selected(scene.sequence_editor)]


def _selected(editor):
    """The selected movie and image strips, and those inside selected metas."""
    for strip in compat.strips(compat.level(editor)):
        if strip.select:
            yield from _media(strip)


def _media(strip):
    if strip.type in ("MOVIE", "IMAGE"):
        yield strip
    elif strip.type == "META":
        for child in compat.strips(strip):
            yield from _media(child)


def _strip(scene, strip):
    values = scene.matteline
    _may_be_replaced(scene, strip, values.result)
    source = footage.strip_footage(strip)
    if footage.is_retimed(strip):
        frames = source.frames(*footage.trimmed_pictures(strip, source))
    else:
        frames = source.frames(*footage.strip_timing(scene, strip, source).shown(), values.handles)
    job = strip_job(values, source, frames, strip.name, values.result)
    size = strip.elements[0].orig_width, strip.elements[0].orig_height
    return Request(job, Target("STRIP", scene.name, strip.name, result=values.result), size)


def _may_be_replaced(scene, strip, result):
    """What an effect makes of a strip it makes of a mask on it too, but not of a strip beside it."""
    for each in compat.strips_all(scene.sequence_editor):
        inputs = (getattr(each, "input_1", None), getattr(each, "input_2", None))
        if result != "MASK" and strip in inputs:
            raise JobError(
                f"{strip.name} feeds the effect {each.name}, which would not see this result.",
                field="result",
                hint="Choose the result 'Matte and mask'.",
            )


def _clip(context):
    clip, scene = _open_clip(context), context.scene
    source = _clip_footage(clip)
    start = clip.frame_start - clip.frame_offset
    target = Target("CLIP", scene.name, clip.name, base=source.numbers[0])
    return [_with_nodes(scene, target, source, source.numbers, start - target.base, tuple(clip.size))]


def _node(context):
    scene = context.scene
    node = _plate_node(compat.compositor_tree(scene))
    if node.bl_idname == "CompositorNodeMovieClip":
        source = _clip_footage(node.clip)
        shown = source.numbers
    else:
        source = _image_footage(node)
        shown = range(node.frame_offset + 1, node.frame_offset + 1 + max(node.frame_duration, 1))
        shown = shown if len(source.numbers) > 1 else source.numbers
    target = Target("NODE", scene.name, node.name, base=source.numbers[0])
    picture = node.clip if node.bl_idname == "CompositorNodeMovieClip" else node.image
    return [_with_nodes(scene, target, source, shown, first_frame(node, 0, target.base), tuple(picture.size))]


def _with_nodes(scene, target, source, shown, offset, size):
    """A request whose result is nodes; `offset` leads from a picture's number to the scene's frame."""
    values, name = scene.matteline, target.name
    numbers = [each for each in shown if each in source.numbers]
    if values.span == "SCENE" and len(source.numbers) > 1:
        numbers = [each for each in numbers if scene.frame_start <= each + offset <= scene.frame_end]
    if not numbers:
        raise JobError(
            f"No frame of {name} falls between the scene's start and end.",
            field="frames",
            hint="Set Range to Whole clip, or change the scene's frames.",
        )
    handles = values.handles if values.span == "SCENE" else 0
    first, last = source.numbers.index(numbers[0]), source.numbers.index(numbers[-1])
    frames = source.frames(first, last, handles)
    return Request(node_job(values, source, FrameSet((frames.hull,)), name), target, size)


def _open_clip(context):
    clip = getattr(context, "edit_movieclip", None)
    # Without windows there is no editor: a file with one clip leaves no doubt.
    only = bpy.app.background and len(bpy.data.movieclips) == 1
    return clip or (bpy.data.movieclips[0] if only else None)


def _clip_footage(clip):
    path = bpy.path.abspath(clip.filepath, library=clip.library)
    if clip.source == "MOVIE":
        return footage.movie_footage(path, clip.name)
    return footage.sequence_footage(path, clip.frame_duration, clip.name)


def _image_footage(node):
    image = node.image
    path = bpy.path.abspath(image.filepath, library=image.library)
    if image.source == "MOVIE":
        return footage.movie_footage(path, image.name)
    if image.source == "FILE":
        return footage.sequence_footage(path, 1, image.name)
    first = footage.sequence_footage(path, 1, image.name)
    # The node counts from the file numbers themselves, whichever file was loaded.
    start = node.frame_offset + 1
    shown = range(start, start + max(node.frame_duration, 1))
    return footage.Footage(os.path.normpath(first.plate), shown)


def _plate_node(tree):
    node = tree.nodes.active
    if node is None or not node.select:
        return None
    if node.bl_idname == "CompositorNodeMovieClip":
        return node if node.clip else None
    image = node.image if node.bl_idname == "CompositorNodeImage" else None
    return node if image and image.source in ("FILE", "SEQUENCE", "MOVIE") and image.filepath else None


_WHY_NOT = {"STRIP": _why_no_strips, "CLIP": _why_no_clip, "NODE": _why_no_node}
_REQUESTS = {"STRIP": _strips, "CLIP": _clip, "NODE": _node}
