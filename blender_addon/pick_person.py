"""Picking of a person by a click on the picture: a hint of who is where, and the person to keep."""

from typing import ClassVar

import bpy

from . import requests
from .contract.errors import JobError, MattelineError
from .contract.people import PeopleHints, PointHint
from .preview_image import previewed
from .wording import error_text

_EVERYONE = "everyone"


class MATTELINE_OT_pick_person(bpy.types.Operator):
    """Click a person in a clip or in the last preview, to keep that one; a name may be given to several clicks."""

    bl_idname = "matteline.pick_person"
    bl_label = "Pick Person"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    person: bpy.props.StringProperty(
        name="Name",
        description="The name that the person gets, in the Cryptomatte and under Keep",
        default="person1",
    )
    add: bpy.props.BoolProperty(
        name="Keep Others Too",
        description="Add the person to those who are kept already. Off keeps this one alone",
    )
    place: bpy.props.FloatVectorProperty(
        name="Place",
        description="The point of the picture, from its lower left corner, as a part of its width and height",
        size=2,
        min=0.0,
        max=1.0,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context):
        """Run only where a clip or the last preview is shown."""
        cls.poll_message_set("Open the clip in the Clip Editor, or Preview Frame in an Image Editor")
        return _kind(context) is not None

    def invoke(self, context, _event):
        """Wait for the click."""
        context.window.cursor_modal_set("EYEDROPPER")
        context.workspace.status_text_set("Click a person. Right Mouse or Esc: cancel")
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """Take the click in the editor's picture; let everything else through."""
        if event.type in ("RIGHTMOUSE", "ESC"):
            self._end(context)
            return {"CANCELLED"}
        if event.type != "LEFTMOUSE" or event.value != "PRESS":
            # So the artist can still zoom, pan and change the frame before the click.
            return {"PASS_THROUGH"}
        self._end(context)
        region = next(each for each in context.area.regions if each.type == "WINDOW")
        # Both editors count a picture from 0 to 1, from its lower left corner.
        x, y = region.view2d.region_to_view(event.mouse_x - region.x, event.mouse_y - region.y)
        if not (0 <= x < 1 and 0 <= y < 1):
            self.report({"WARNING"}, "That was outside the picture")
            return {"CANCELLED"}
        self.place = x, y
        return self.execute(context)

    def execute(self, context):
        """Write the hint into the scene's settings."""
        try:
            self.report({"INFO"}, _pick(context, self.person, self.place, self.add))
        except MattelineError as error:
            self.report({"ERROR"}, error_text(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def _end(self, context):
        context.window.cursor_modal_restore()
        context.workspace.status_text_set(None)


def _kind(context):
    """Return `CLIP` or `IMAGE` for the editor whose picture can be picked from; None for others."""
    space = context.space_data
    if space is not None and space.type == "IMAGE_EDITOR":
        return "IMAGE" if space.image is not None and previewed(space.image) else None
    return "CLIP" if requests.open_clip(context) else None


def _pick(context, name, place, add):
    """Add the hint, keep the person, and write people; return a sentence. Raises `MattelineError`."""
    if _kind(context) == "IMAGE":
        image = context.space_data.image
        shown = previewed(image)
        scene, number, size = bpy.data.scenes.get(shown["scene"]), shown["frame"], tuple(image.size)
        if scene is None:
            raise JobError(
                "The scene of this preview is not there any more.", hint="Use Preview Frame again."
            )
    else:
        scene = context.scene
        number, size = requests.clip_frame(context)
    matte = scene.matteline.matte
    # Blender counts upwards; hints count from the top.
    x, y = place[0] * size[0], (1 - place[1]) * size[1]
    hint = PointHint(number, round(x, 1), round(y, 1), name)
    before = matte.hints.strip()
    hints = PeopleHints.parse(before).hints if before not in ("", "none") else ()
    matte.hints = PeopleHints((*hints, hint)).words
    # Beside the word for everyone a name would change nothing.
    kept = (
        [each for each in matte.keep.split(",") if each.strip() not in ("", _EVERYONE, hint.name)]
        if add
        else []
    )
    matte.keep = ",".join((*kept, hint.name))
    # So that the Cryptomatte node has everyone, whoever is kept now.
    matte.write = matte.write | {"people"}
    return f"{hint.name} is kept, at frame {number}. Render Matte tells people apart."


def register():
    """Add the operator."""
    bpy.utils.register_class(MATTELINE_OT_pick_person)


def unregister():
    """Remove it."""
    bpy.utils.unregister_class(MATTELINE_OT_pick_person)
