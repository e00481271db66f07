"""The add-on's preferences: the matteline program that renders."""

import os

import bpy

from .compat import RELATIVE_PATHS


def chosen_worker(context):
    """Return the program named in the preferences; empty to look through the usual places."""
    # Blender's --addons enables an add-on without an entry in the preferences.
    entry = context.preferences.addons.get(__package__)
    chosen = entry.preferences.worker if entry and entry.preferences else ""
    # The variable is for Blender without preferences, as on farms.
    return bpy.path.abspath(chosen) if chosen else os.environ.get("MATTELINE_WORKER", "")


class MattelinePreferences(bpy.types.AddonPreferences):
    """The add-on's preferences."""

    bl_idname = __package__

    worker: bpy.props.StringProperty(
        name="Worker",
        description="The matteline program, or the folder of the Python environment that it is installed in. "
        "Empty looks on PATH and in the usual places",
        subtype="FILE_PATH",
        options=RELATIVE_PATHS,
    )

    def draw(self, context):
        """Draw the path, the button that checks it, and the worker's answer."""
        self.layout.prop(self, "worker")
        row = self.layout.row()
        row.operator("matteline.check")
        row.label(text=context.window_manager.matteline.worker)


def register():
    """Add the preferences."""
    bpy.utils.register_class(MattelinePreferences)


def unregister():
    """Remove them."""
    bpy.utils.unregister_class(MattelinePreferences)
