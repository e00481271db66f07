"""Jobs for what is selected in Blender, or the reason in a sentence why there are none."""

import os
from dataclasses import replace

import bpy

from . import compat, plate_source
from .contract.errors import JobError, MattelineError
from .contract.frames import FrameSet
from .jobs import Request, Target, TargetedJob, node_job, strip_job
from .place_nodes import first_frame, plate_of_group
from .user_masks import MASKS, with_masks
from .wording import error_text

# Strips whose pictures come from Blender itself.
_UNSUPPORTED = {
    "SCENE": "scene strip",
    "MASK": "mask strip",
    "MULTICAM": "multicam strip",
}


def scene_of(kind, context):
    """Return the scene whose settings hold for strips, clips or nodes."""
    return compat.sequencer_scene(context) if kind == "STRIP" else context.scene


def why_not(kind, context):
    """Return why nothing can be rendered for strips, a clip or a node now; empty when something can."""
    if kind == "STRIP":
        scene = compat.sequencer_scene(context)
        if scene is None:
            return "Choose a scene for the sequencer"
        if scene.sequence_editor is None or not list(_selected_strips(scene.sequence_editor)):
            return "Select at least one movie, image or movie clip strip"
        return ""
    if kind == "CLIP":
        return "" if open_clip(context) else "Open a clip in the Clip Editor"
    tree = compat.compositor_tree(context.scene)
    if tree is None:
        return "This scene has no compositing nodes"
    # The active node of the compositor is not the one that is seen inside a group.
    edited = getattr(context.space_data, "edit_tree", None)
    if edited is not None and edited != tree:
        return "Leave the node group first"
    return "" if _plate_node(tree) else "Select an Image or Movie Clip node that shows the plate"


def request_for(kind, context):
    """Return the `Request` of the selected strips, of the open clip or of the active node.

    Of several strips, those that cannot be rendered are refused one by one.

    Raises:
        MattelineError: Nothing can be rendered.
    """
    if kind != "STRIP":
        targeted = _clip_request(context) if kind == "CLIP" else _node_request(context)
        return Request((_masked(kind, context, targeted),))
    scene = compat.sequencer_scene(context)
    jobs, refused, notices, errors = [], [], [], []
    for strip in _selected_strips(scene.sequence_editor):
        if strip.type in _UNSUPPORTED:
            refused.append(
                f"{strip.name} is a {_UNSUPPORTED[strip.type]}: render it to a movie, and use that."
            )
            continue
        try:
            result = scene.matteline.result
            effect = _effect_over(scene.sequence_editor, strip) if result == "CUTOUT" else None
            targeted = _strip_request(scene, strip, "MASK" if effect else result)
            jobs.append(_masked_strip(context, scene, strip, targeted))
        except MattelineError as error:
            refused.append(f"{strip.name}: {error_text(error)}")
            errors.append(error)
            continue
        if effect:
            notices.append(
                f"{strip.name} has a mask, because the effect {effect.name} would not see another strip."
            )
    # The error itself still has its field and its hint, and its only strip needs no name.
    if not jobs and len(errors) == 1 == len(refused):
        raise errors[0]
    if not jobs:
        raise JobError(" ".join(refused))
    return Request(tuple(jobs), tuple(refused), tuple(notices))


def preview_for(kind, context):
    """Return the job of the strip, clip or node under the playhead, and the frame of its plate shown there.

    Raises:
        MattelineError: Nothing can be rendered, or nothing is shown at the scene's frame.
    """
    now = scene_of(kind, context).frame_current
    if kind == "STRIP":
        scene = compat.sequencer_scene(context)
        strips = [each for each in _selected_strips(scene.sequence_editor) if each.type not in _UNSUPPORTED]
        shown = [each for each in strips if compat.handles(each)[0] <= now <= compat.handles(each)[1]]
        if not shown:
            raise JobError(f"No selected strip shows a picture at frame {now}.", hint="Move the playhead.")
        if plate_source.is_retimed(shown[-1]):
            raise JobError(
                f"{shown[-1].name} is retimed, and Blender does not tell which of its frames it shows.",
                hint="Open its file in the Clip Editor, and preview it there.",
            )
        source = plate_source.strip_source(shown[-1])
        number = source.numbers[plate_source.strip_timing(scene, shown[-1], source).picture(now)]
        # A preview shows colour and alpha, whatever Result in the panel says.
        targeted = _of_one_frame(_strip_request(scene, shown[-1], "CUTOUT"), number)
        return _masked_strip(context, scene, shown[-1], targeted), number
    targeted = _clip_request(context) if kind == "CLIP" else _node_request(context)
    frames = targeted.job.frames
    number = now - _scene_offset(kind, context, targeted.target.base)
    number = min(max(number, frames.first), frames.last)
    return _masked(kind, context, _of_one_frame(targeted, number)), number


def clip_frame(context):
    """Return the frame of the open clip's plate that the scene's frame shows, and the plate's size.

    Raises:
        MattelineError: The clip's files are not there, or nothing is shown now.
    """
    targeted = _clip_request(context)
    frames = targeted.job.frames
    number = context.scene.frame_current - _scene_offset("CLIP", context, targeted.target.base)
    if number not in frames:
        raise JobError(
            f"{targeted.target.name} shows no picture at frame {context.scene.frame_current}.",
            hint="Move the playhead.",
        )
    return number, tuple(targeted.size)


def _of_one_frame(targeted, number):
    return replace(targeted, job=replace(targeted.job, frames=FrameSet.of((number,))))


def _masked(kind, context, targeted):
    """Return the job of a clip or node with the panel's masks, which move with the scene."""
    offset = _scene_offset(kind, context, targeted.target.base)
    return with_masks(context, context.scene.matteline, targeted, lambda number: number + offset)


def _masked_strip(context, scene, strip, targeted):
    """Return the job of a strip with the panel's masks.

    Raises:
        JobError: The strip is retimed, so that only Blender knows what it shows when.
    """
    values = scene.matteline
    if not any(getattr(values, name) for name in MASKS.values()):
        return targeted
    if plate_source.is_retimed(strip):
        raise JobError(
            f"{strip.name} is retimed, so its masks cannot follow its frames.",
            hint="Open its file in the Clip Editor, and render it there.",
        )
    source = plate_source.strip_source(strip)
    timing = plate_source.strip_timing(scene, strip, source)
    start, end = (round(each) for each in timing.content)
    shown = {}
    # Handles lie within the content, beyond the strip's ends. Of several frames that show a picture the first counts.
    for frame in range(min(start, timing.first), max(end, timing.last) + 1):
        shown.setdefault(source.numbers[timing.picture(frame)], frame)
    # A picture that is skipped by a higher rate is shown at no frame: the nearest before it counts.
    known = sorted(shown)
    return with_masks(
        context,
        values,
        targeted,
        lambda number: shown[max((each for each in known if each <= number), default=known[0])],
    )


def _scene_offset(kind, context, base):
    """Return what leads from a number of a clip's or node's plate to the scene's frame."""
    if kind == "NODE":
        return first_frame(_plate_node(compat.compositor_tree(context.scene)), 0, base)
    clip = open_clip(context)
    return clip.frame_start - clip.frame_offset - base


def _selected_strips(editor):
    """Yield the selected strips that show pictures from elsewhere, and those inside selected metas."""
    # Inside a meta that is being edited, only its own strips can be selected.
    for strip in compat.strips(compat.level(editor)):
        if strip.select:
            yield from _picture_strips(strip)


def _picture_strips(strip):
    # A result that is selected along with its plate is not a plate.
    if strip.type in (*plate_source.STRIPS, *_UNSUPPORTED) and not compat.tagged(strip):
        yield strip
    elif strip.type == "META":
        for child in compat.strips(strip):
            yield from _picture_strips(child)


def _effect_over(editor, strip):
    """Return an effect that a strip feeds, which sees the strip's mask, but no other strip beside it."""
    for each in compat.strips_all(editor):
        if strip in (getattr(each, "input_1", None), getattr(each, "input_2", None)):
            return each
    return None


def _strip_request(scene, strip, result):
    values = scene.matteline
    source = plate_source.strip_source(strip)
    if plate_source.is_retimed(strip):
        # Any picture between its trims may be shown.
        frames = source.frames(*plate_source.trimmed_pictures(strip, source))
    else:
        frames = source.frames(*plate_source.strip_timing(scene, strip, source).shown(), values.handles)
    job = strip_job(values, source, frames, strip.name, result)
    target = Target("STRIP", scene.name, strip.name, result=result)
    return TargetedJob(job, target, plate_source.strip_size(strip))


def _clip_request(context):
    clip, scene = open_clip(context), context.scene
    source = plate_source.clip_source(clip)
    # Blender's own arithmetic of a clip's first picture.
    start = clip.frame_start - clip.frame_offset
    target = Target("CLIP", scene.name, clip.name, base=source.numbers[0])
    return _nodes_request(scene, target, source, source.numbers, start - target.base, tuple(clip.size))


def _node_request(context):
    scene = context.scene
    node = _plate_node(compat.compositor_tree(scene))
    if node.bl_idname == "CompositorNodeMovieClip":
        picture = node.clip
        source = plate_source.clip_source(picture)
        shown = source.numbers
    else:
        picture = node.image
        source = _image_source(node)
        shown = range(node.frame_offset + 1, node.frame_offset + 1 + max(node.frame_duration, 1))
        # A still is shown at any frame.
        shown = shown if len(source.numbers) > 1 else source.numbers
    target = Target("NODE", scene.name, node.name, base=source.numbers[0])
    return _nodes_request(
        scene, target, source, shown, first_frame(node, 0, target.base), tuple(picture.size)
    )


def _nodes_request(scene, target, source, shown, offset, size):
    """Return a request whose result is nodes; `offset` leads from a picture's number to the scene's frame."""
    values, name = scene.matteline, target.name
    # A node may be set to frames that its footage has not.
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
    # Handles reach beyond the range, but never beyond the plate.
    first, last = source.numbers.index(numbers[0]), source.numbers.index(numbers[-1])
    frames = source.frames(first, last, handles)
    return TargetedJob(node_job(values, source, FrameSet((frames.hull,)), name), target, size)


def open_clip(context):
    """Return the clip of the Clip Editor; without windows, the only one of the file. None where there is none."""
    clip = getattr(context, "edit_movieclip", None)
    # Without windows there is no editor: a file with one clip leaves no doubt.
    only = bpy.app.background and len(bpy.data.movieclips) == 1
    return clip or (bpy.data.movieclips[0] if only else None)


def _image_source(node):
    image = node.image
    path = bpy.path.abspath(image.filepath, library=image.library)
    if image.source == "MOVIE":
        return plate_source.movie_source(path, image.name)
    first = plate_source.sequence_source(path, 1, image.name)
    if image.source == "FILE":
        return first
    # The node counts from the file numbers themselves, whichever file was loaded.
    start = node.frame_offset + 1
    shown = range(start, start + max(node.frame_duration, 1))
    return plate_source.PlateSource(os.path.normpath(first.plate), shown)


def _plate_node(tree):
    """Return the active node if it is selected and shows a plate, or the plate's node of a matte's group."""
    node = tree.nodes.active
    if node is None or not node.select:
        return None
    node = plate_of_group(node) or node
    if node.bl_idname == "CompositorNodeMovieClip":
        return node if node.clip else None
    image = node.image if node.bl_idname == "CompositorNodeImage" else None
    return node if image and image.source in ("FILE", "SEQUENCE", "MOVIE") and image.filepath else None
