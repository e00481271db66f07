"""The one thing to set up: which matteline program renders."""

import os

import bpy

from .compat import RELATIVE_PATHS


def chosen_worker(context):
    """The program named in the preferences; empty where the usual places are to be looked through."""
    # Blender's --addons enables an add-on without an entry in the preferences.
    entry = context.preferences.addons.get(__package__)
    chosen = entry.preferences.worker if entry and entry.preferences else ""
    return bpy.path.abspath(chosen) if chosen else os.environ.get("MATTELINE_WORKER", "")


class MattelinePreferences(bpy.types.AddonPreferences):
    """Where the worker is."""

    bl_idname = __package__

    worker: bpy.props.StringProperty(
        name="Worker",
        description="The matteline program, or the folder of the Python environment that it is installed in. "
        "Empty looks on PATH and in the usual places",
        subtype="FILE_PATH",
        options=RELATIVE_PATHS,
    )

    def draw(self, context):
        """Path, button, answer."""
        self.layout.prop(self, "worker")
        row = self.layout.row()
        row.operator("matteline.check")
        row.label(text=context.window_manager.matteline.worker)


def register():
    """Add the preferences."""
    bpy.utils.register_class(MattelinePreferences)


def unregister():
    """Take them away again."""
    bpy.utils.unregister_class(MattelinePreferences)
