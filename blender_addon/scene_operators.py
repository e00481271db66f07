"""Operators that bring a rendered matte into the 3D scene."""

from typing import ClassVar

import bpy

from . import worker
from .contract.errors import MattelineError
from .jobs import load_last
from .place_scene import add_plane, composite_over_render, set_camera_background
from .wording import error_text


class _SceneOperator:
    """An operator that places the result that was rendered last."""

    bl_options: ClassVar = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """Run only while no render is going on."""
        cls.poll_message_set("A render is going on")
        return not context.window_manager.matteline.running

    def place(self, context, rendered):
        """Place a result; return a sentence. Raises `MattelineError`."""
        raise NotImplementedError

    def execute(self, context):
        """Place the result that was rendered last."""
        try:
            rendered = load_last(worker.own_folder())
            if not rendered:
                raise MattelineError("Nothing has been rendered yet.", hint="Use Render Matte first.")
            self.report({"INFO"}, self.place(context, rendered[-1]))
        except MattelineError as error:
            self.report({"ERROR"}, error_text(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MATTELINE_OT_add_plane(_SceneOperator, bpy.types.Operator):
    """Add the last result to the scene as a plane that shines by itself, in step with its strip or clip."""

    bl_idname = "matteline.add_plane"
    bl_label = "Add Matte as Plane"

    fit: bpy.props.EnumProperty(
        name="Place",
        description="Where the plane is put",
        items=[
            ("CAMERA", "Fill the Camera", "Fill the active camera's frame, and follow the camera"),
            ("CURSOR", "At the 3D Cursor", "Stand on the 3D cursor, turned to the active camera"),
        ],
    )
    depth: bpy.props.FloatProperty(
        name="Depth",
        description="Distance from the camera: what is nearer hides the person, what is farther is hidden",
        default=5.0,
        min=0.001,
        subtype="DISTANCE",
    )
    height: bpy.props.FloatProperty(
        name="Height",
        description="Height of the picture that stands on the 3D cursor",
        default=2.0,
        min=0.001,
        subtype="DISTANCE",
    )
    shadow: bpy.props.BoolProperty(
        name="Cast Shadow", description="Let the person cast a shadow on the scene", default=True
    )

    def place(self, context, rendered):
        """Add the plane, and make it the active object."""
        plane = add_plane(
            context, rendered, self.fit, depth=self.depth, height=self.height, shadow=self.shadow
        )
        for each in context.selected_objects:
            each.select_set(False)
        plane.select_set(True)
        context.view_layer.objects.active = plane
        return f"Added {plane.name}. With the view transform Standard it has the plate's own colours."


class MATTELINE_OT_camera_background(_SceneOperator, bpy.types.Operator):
    """Show the last result in front of the active camera's view, in step with its strip or clip."""

    bl_idname = "matteline.camera_background"
    bl_label = "Set Matte as Camera Background"

    def place(self, context, rendered):
        """Add the background picture."""
        return f"{set_camera_background(context, rendered).name} shows {rendered.request.target.name}."


class MATTELINE_OT_composite_over_render(bpy.types.Operator):
    """Put the person over the Render Layers, or over what the compositor shows now."""

    bl_idname = "matteline.composite_over_render"
    bl_label = "Composite Matte over Render"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context):
        """Add the Alpha Over node, and show it."""
        try:
            composite_over_render(context.scene)
        except MattelineError as error:
            self.report({"ERROR"}, error_text(error))
            return {"CANCELLED"}
        return {"FINISHED"}


CLASSES = (MATTELINE_OT_add_plane, MATTELINE_OT_camera_background, MATTELINE_OT_composite_over_render)


def register():
    """Add the operators."""
    for each in CLASSES:
        bpy.utils.register_class(each)


def unregister():
    """Remove them."""
    for each in reversed(CLASSES):
        bpy.utils.unregister_class(each)
