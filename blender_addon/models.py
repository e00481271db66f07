"""Operators that list the models there are, and fetch one once its licence is agreed to."""

import textwrap
from typing import ClassVar

import bpy

from .contract.errors import JobError
from .render_sequence import fetch, networks
from .worker_operator import WorkerOperator

# Characters of a dialog's line, at the width that it is given.
_LINE = 78
_DIALOG_WIDTH = 520


def may_go_online():
    """Return False where the user has switched Blender's online access off; it is a setting from 4.2 on."""
    return getattr(bpy.app, "online_access", True)


class MATTELINE_OT_list_models(WorkerOperator, bpy.types.Operator):
    """List the models that are installed, and those that can be fetched."""

    bl_idname = "matteline.list_models"
    bl_label = "List Matte Models"

    @classmethod
    def poll(cls, context):
        """Run only while no render is going on."""
        cls.poll_message_set("A render is going on")
        return not context.window_manager.matteline.running

    def ask(self, context, client):
        """Ask the worker for its networks."""
        return networks(client)

    def bring_in(self, context, asked):
        """Show them in the preferences."""
        rows = context.window_manager.matteline.models
        rows.clear()
        for each in asked.message["networks"]:
            row = rows.add()
            row.name, row.quality, row.licence = each["name"], each["quality"], each["licence"]
            row.installed, row.automatic = each["installed"], each["automatic"]
            row.problem = each["problem"]
            row.megabytes = max(round((each["size"] or 0) / 1e6), 1)
        return asked.answer


class MATTELINE_OT_use_model(bpy.types.Operator):
    """Make this model the default of all scenes that name none."""

    bl_idname = "matteline.use_model"
    bl_label = "Use Matte Model"
    bl_options: ClassVar = {"INTERNAL"}

    model: bpy.props.StringProperty()

    def execute(self, context):
        """Set the preference."""
        context.preferences.addons[__package__].preferences.model = self.model
        return {"FINISHED"}


class MATTELINE_OT_fetch_model(bpy.types.Operator):
    """Fetch this model, once you agree to the terms that its authors gave it."""

    bl_idname = "matteline.fetch_model"
    bl_label = "Fetch Matte Model"
    bl_options: ClassVar = {"INTERNAL"}

    model: bpy.props.StringProperty()
    # SKIP_SAVE, or the dialog would begin with the answer that was given to another model's terms.
    agreed: bpy.props.BoolProperty(name="I have read this and agree", options={"SKIP_SAVE"})
    place: bpy.props.StringProperty(
        name="From File",
        description="The model's file or a folder that holds it. Empty downloads it",
        subtype="FILE_PATH",
    )

    def invoke(self, context, _event):
        """Show the terms, and ask."""
        return context.window_manager.invoke_props_dialog(self, width=_DIALOG_WIDTH)

    def draw(self, context):
        """Draw the terms, the question, and where the model comes from."""
        row = context.window_manager.matteline.models.get(self.model)
        column = self.layout.column(align=True)
        for line in textwrap.wrap(row.licence if row else "", _LINE):
            column.label(text=line)
        self.layout.prop(self, "agreed")
        self.layout.prop(self, "place")
        if not may_go_online():
            self.layout.label(
                text="Online access is off in Blender's preferences: choose a file", icon="INFO"
            )

    def execute(self, _context):
        """Start the download, which goes on in the background."""
        # A dialog's own operator must not go on as a modal one: Blender frees it with the dialog.
        call = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        return bpy.ops.matteline.download_model(
            call, model=self.model, agreed=self.agreed, place=bpy.path.abspath(self.place)
        )


class MATTELINE_OT_download_model(WorkerOperator, bpy.types.Operator):
    """Install a model, and list the models again."""

    bl_idname = "matteline.download_model"
    bl_label = "Download Matte Model"
    bl_options: ClassVar = {"INTERNAL"}

    model: bpy.props.StringProperty()
    agreed: bpy.props.BoolProperty()
    place: bpy.props.StringProperty()

    def check(self, context):
        """Refuse to go online where the user does not want Blender to. Raises `JobError`."""
        if not self.place and not may_go_online():
            raise JobError(
                "Online access is off in Blender's preferences.",
                hint="Switch it on, or choose the model's file.",
            )

    def ask(self, context, client):
        """Ask the worker to fetch it; without an agreement it refuses, and shows the terms."""
        return fetch(client, self.model, agreed=self.agreed, place=self.place)

    def bring_in(self, context, asked):
        """Mark it as installed."""
        row = context.window_manager.matteline.models.get(self.model)
        # A script may fetch a model that was never listed.
        if row:
            row.installed = True
        return asked.answer


_CLASSES = (
    MATTELINE_OT_list_models,
    MATTELINE_OT_use_model,
    MATTELINE_OT_fetch_model,
    MATTELINE_OT_download_model,
)


def register():
    """Add the operators."""
    for each in _CLASSES:
        bpy.utils.register_class(each)


def unregister():
    """Remove them."""
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
