"""The last preview as a picture of the file, shown in an Image Editor."""

import os
import shutil

import bpy

from . import compat, worker

PREVIEW = "Matteline Preview"


def previewed(image):
    """Return `scene` and `frame`, the plate's, that a picture is a preview of; empty where it is none."""
    return compat.tagged(image)


def show_preview(context, path, scene, number):
    """Show a preview: in an Image Editor that is open, or in a window of its own.

    Args:
        context: Blender's.
        path: The worker's file of it, which the worker deletes some previews later.
        scene: The scene whose settings made it.
        number: The plate's frame.
    """
    kept = os.path.join(worker.own_folder(), f"preview{os.path.splitext(path)[1]}")
    shutil.copyfile(path, kept)
    image = bpy.data.images.get(PREVIEW)
    if image is None:
        image = bpy.data.images.load(kept)
        image.name = PREVIEW
    image.filepath = kept
    # The name is the same each time, and Blender would show what it has read before.
    image.reload()
    compat.tag(image, scene=scene.name, frame=number)
    # Without a window there is nobody to show it to.
    if bpy.app.background:
        return
    editors = [
        area
        for window in context.window_manager.windows
        for area in window.screen.areas
        if area.type == "IMAGE_EDITOR"
    ]
    (editors[0] if editors else compat.new_editor(context, "IMAGE_EDITOR")).spaces.active.image = image
