"""The add-on's preferences: the matteline program that renders."""

import os

import bpy

from .compat import RELATIVE_PATHS


def chosen_worker(context):
    """Return the program named in the preferences; empty to look through the usual places."""
    chosen = preferred(context, "worker", "")
    # The variable is for Blender without preferences, as on farms.
    return bpy.path.abspath(chosen) if chosen else os.environ.get("MATTELINE_WORKER", "")


def preferred(context, name, default):
    """Return a preference; the default where add-ons have none."""
    # Blender's --addons enables an add-on without an entry in the preferences.
    entry = context.preferences.addons.get(__package__)
    return getattr(entry.preferences, name) if entry and entry.preferences else default


def _forget_answer(_preferences, context):
    """Take back what another worker answered."""
    context.window_manager.matteline.worker = ""


def _draw_models(layout, context):
    """Draw the list of models, with what they are worth and how to get them."""
    status = context.window_manager.matteline
    layout.operator("matteline.list_models", text="List Models", icon="FILE_REFRESH")
    for each in status.models:
        box = layout.box()
        row = box.row()
        automatic = " (Auto takes this one)" if each.automatic else ""
        row.label(text=f"{each.name}, {each.megabytes} MB{automatic}")
        if each.problem:
            row.label(text=each.problem, icon="ERROR")
        elif each.installed:
            row.operator("matteline.use_model", text="Use").model = each.name
        else:
            row.operator("matteline.fetch_model", text="Fetch", icon="IMPORT").model = each.name
        if each.quality:
            box.label(text=each.quality[:1].upper() + each.quality[1:])


class MattelinePreferences(bpy.types.AddonPreferences):
    """The add-on's preferences."""

    bl_idname = __package__

    worker: bpy.props.StringProperty(
        name="Worker",
        description="The matteline program, or the folder of the Python environment that it is installed in. "
        "Empty looks on PATH and in the usual places",
        subtype="FILE_PATH",
        options=RELATIVE_PATHS,
        update=_forget_answer,
    )
    model: bpy.props.StringProperty(
        name="Default Model",
        description="The model of scenes whose own Model is Auto. Empty takes the best that is installed",
    )
    show_farm: bpy.props.BoolProperty(
        name="Show Render Farm",
        description="Show a panel to submit mattes to a render farm",
    )

    def draw(self, context):
        """Draw the path, the button that checks it, and the worker's answer."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "worker")
        row = layout.row()
        row.operator("matteline.check", text="Check")
        row.label(text=context.window_manager.matteline.worker)
        row = layout.row()
        row.operator("matteline.make_environment", text="Make Environment...", icon="PACKAGE")
        row.operator("matteline.stop_environment", text="Stop", icon="X")
        layout.prop(self, "model")
        _draw_models(layout, context)
        layout.prop(self, "show_farm")


def register():
    """Add the preferences."""
    bpy.utils.register_class(MattelinePreferences)


def unregister():
    """Remove them."""
    bpy.utils.unregister_class(MattelinePreferences)
