"""The Matteline tab in the sidebars of sequencer, clip editor and compositor."""

from typing import ClassVar

import bpy

from . import compat, requests
from .contract.farm_settings import farm_choices
from .contract.settings import choices
from .option_words import title
from .place_strips import out_of_step
from .preferences import preferred
from .settings import NUMBER, number_property
from .user_masks import MASKS

_GROUPS = tuple(dict.fromkeys(choice.group for choice in choices().values()))
_TITLES = {"output": "Files"}
_SPACES = {"STRIP": "SEQUENCE_EDITOR", "CLIP": "CLIP_EDITOR", "NODE": "NODE_EDITOR"}


class _Panel:
    bl_region_type = "UI"
    bl_category = "Matteline"
    kind = ""

    @classmethod
    def poll(cls, context):
        """Draw where there is a scene with settings; of node editors only in the compositor's."""
        wrong_tree = cls.kind == "NODE" and context.space_data.tree_type != "CompositorNodeTree"
        return not wrong_tree and requests.scene_of(cls.kind, context) is not None

    def _values(self, context):
        return requests.scene_of(self.kind, context).matteline


class _MainPanel(_Panel):
    def draw(self, context):
        """Draw what is rendered and where to, and the buttons."""
        layout, values = self.layout, self._values(context)
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(values, "result" if self.kind == "STRIP" else "span")
        layout.prop(values, "handles")
        layout.prop(values, "output")
        layout.prop(values, "existing")
        name = self.kind.lower()
        row = layout.row(align=True)
        # The one button that everybody needs.
        row.scale_y = 1.4
        row.operator(f"matteline.render_{name}", icon="RENDER_ANIMATION")
        row = layout.row(align=True)
        row.operator(f"matteline.preview_{name}", text="Preview Frame", icon="IMAGE_DATA")
        row.operator(f"matteline.plan_{name}", text="Plan")
        now = context.window_manager.matteline
        if now.running:
            row = layout.row(align=True)
            compat.draw_progress(row, now.fraction, now.words)
            row.operator("matteline.cancel", text="", icon="X")
        for each in now.queue:
            split = layout.split(factor=0.4)
            split.label(text=each.name)
            split.label(text=each.words)
        scene = requests.scene_of(self.kind, context)
        for warning in out_of_step(scene) if self.kind == "STRIP" and not now.running else ():
            layout.label(text=warning, icon="ERROR")
        row = layout.row(align=True)
        row.operator("matteline.import_last", icon="IMPORT")
        row.operator("matteline.open_folder", text="Open Folder", icon="FILE_FOLDER")


class _SettingsPanel(_Panel):
    bl_options: ClassVar = {"DEFAULT_CLOSED"}
    group = ""

    def draw(self, context):
        """Draw the settings of one group."""
        layout, values = self.layout, self._values(context)
        layout.use_property_split, layout.use_property_decorate = True, False
        for name, choice in choices().items():
            if choice.group != self.group:
                continue
            _draw_setting(layout, values.matte, name)
            if name in MASKS:
                # Beside the file that it takes the place of.
                layout.prop(values, MASKS[name])


class _ScenePanel(_Panel):
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, _context):
        """Draw the buttons that bring the last result into the 3D scene."""
        column = self.layout.column()
        column.operator("matteline.add_plane", text="Add as Plane", icon="MESH_PLANE")
        column.operator("matteline.camera_background", text="Camera Background", icon="CAMERA_DATA")
        if self.kind != "STRIP":
            column.operator("matteline.composite_over_render", text="Composite over Render")


class _FarmPanel(_Panel):
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        """Draw where the preferences ask for it: who has no farm has no use for its settings."""
        return preferred(context, "show_farm", default=False) and super().poll(context)

    def draw(self, context):
        """Draw the settings of a render farm, and the buttons."""
        layout, values = self.layout, self._values(context).farm
        layout.use_property_split, layout.use_property_decorate = True, False
        for name in farm_choices():
            _draw_setting(layout, values, name)
        layout.operator(f"matteline.submit_{self.kind.lower()}", text="Submit to Farm", icon="EXPORT")
        layout.operator(f"matteline.write_job_{self.kind.lower()}", text="Write Job File")


def _draw_setting(layout, values, name):
    layout.prop(values, name)
    # The number is shown only where it counts.
    if getattr(values, name) == NUMBER:
        layout.prop(values, number_property(name))


class _PlanPanel(_Panel):
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context):
        """Draw the plan that was made last."""
        rows = context.window_manager.matteline.plan
        if not rows:
            self.layout.label(text="Press Plan to see what a render would do")
        for row in rows:
            split = self.layout.split(factor=0.25)
            split.label(text=row.name)
            split.label(text=row.words)


def _panel_class(base, suffix, kind, label, **words):
    """Return a panel for one editor; one with a suffix stands inside the main one."""
    # Blender wants panels named so.
    name = f"MATTELINE_PT_{kind.lower()}{suffix}"
    parent = {"bl_parent_id": f"MATTELINE_PT_{kind.lower()}"} if suffix else {}
    words = {
        "kind": kind,
        "bl_idname": name,
        "bl_label": label,
        "bl_space_type": _SPACES[kind],
        **parent,
        **words,
    }
    return type(name, (base, bpy.types.Panel), words)


_CLASSES = [
    made
    for kind in _SPACES
    for made in (
        _panel_class(_MainPanel, "", kind, "Matteline"),
        *(
            _panel_class(_SettingsPanel, f"_{group}", kind, _TITLES.get(group, title(group)), group=group)
            for group in _GROUPS
            # Strips have their own kind of files.
            if (kind, group) != ("STRIP", "output")
        ),
        _panel_class(_ScenePanel, "_scene", kind, "Into the Scene"),
        _panel_class(_FarmPanel, "_farm", kind, "Farm"),
        _panel_class(_PlanPanel, "_plan", kind, "Plan"),
    )
]


def register():
    """Add the panels."""
    for each in _CLASSES:
        bpy.utils.register_class(each)


def unregister():
    """Remove them."""
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
