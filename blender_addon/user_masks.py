"""Blender's masks as garbage and hold-out mattes: Blender itself draws a picture for each frame of the plate."""

import filecmp
import os
import tempfile
from contextlib import contextmanager
from dataclasses import replace

import bpy

from . import compat

# The settings, and the properties that name a mask for them.
MASKS = {"garbage": "garbage_mask", "holdout": "holdout_mask"}


def with_masks(context, values, targeted, shown_at):
    """Return a job with the masks that the panel names, drawn for its frames.

    Pictures that come out as they were keep their files, so that nothing is rendered again because of them.

    Args:
        context: Blender's.
        values: The scene's `matteline` properties.
        targeted: A `TargetedJob`.
        shown_at: Maps numbers of the plate's frames to the scene's frames at which they are shown: a mask moves
            with the scene. Numbers that are never shown are not masked.
    """
    settings = {}
    for name, property_name in MASKS.items():
        mask = getattr(values, property_name)
        if mask is None or not all(targeted.size):
            continue
        folder = os.path.join(targeted.job.output, "masks")
        os.makedirs(folder, exist_ok=True)
        frames = [(number, shown_at(number)) for number in targeted.job.frames]
        _draw(context, mask, targeted.size, frames, os.path.join(folder, name))
        settings[name] = os.path.join(folder, f"{name}.####.png")
    if not settings:
        return targeted
    job = replace(targeted.job, settings=replace(targeted.job.settings, **settings))
    return replace(targeted, job=job)


def _draw(context, mask, size, frames, stem):
    """Write a mask at the scene's frames to `STEM.NUMBER.png`, at the plate's own size whatever the scene's is."""
    manager, shown, now = context.window_manager, context.scene, context.scene.frame_current
    manager.progress_begin(0, len(frames))
    # On the same disk as the masks, so that the replacement is a rename.
    with _mask_scene(mask, size) as scene, tempfile.TemporaryDirectory(dir=os.path.dirname(stem)) as folder:
        for done, (number, frame) in enumerate(frames):
            # The one moves a mask's points, the other its animated properties: those belong to what is shown.
            scene.frame_set(frame)
            shown.frame_set(frame)
            scene.render.filepath = os.path.join(folder, "mask.png")
            bpy.ops.render.render(scene=scene.name, write_still=True)
            path = f"{stem}.{number:04d}.png"
            if not os.path.exists(path) or not filecmp.cmp(scene.render.filepath, path, shallow=False):
                os.replace(scene.render.filepath, path)
            manager.progress_update(done)
    shown.frame_set(now)
    manager.progress_end()


@contextmanager
def _mask_scene(mask, size):
    """Lend a scene whose render is a mask, as 8-bit grey that no view transform changes."""
    scene = bpy.data.scenes.new("Matteline mask")
    try:
        render = scene.render
        render.resolution_x, render.resolution_y = size
        render.resolution_percentage = 100
        # Dither would add noise to the grey, and a sequencer hides what the compositor makes.
        render.dither_intensity, render.use_sequencer = 0.0, False
        render.image_settings.file_format = "PNG"
        render.image_settings.color_mode, render.image_settings.color_depth = "BW", "8"
        scene.view_settings.view_transform = "Raw"
        # A date in the file would make it another one each time.
        for name in (each.identifier for each in render.bl_rna.properties):
            if name.startswith("use_stamp_"):
                setattr(render, name, False)
        tree, output = compat.make_compositor_tree(scene)
        for node in [each for each in tree.nodes if each != output]:
            tree.nodes.remove(node)
        node = tree.nodes.new("CompositorNodeMask")
        node.mask = mask
        tree.links.new(node.outputs[0], output.inputs[0])
        yield scene
    finally:
        compat.drop_compositor_tree(scene)
        bpy.data.scenes.remove(scene)
