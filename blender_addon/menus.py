"""The operators' entries in Blender's own menus."""

import bpy

from . import compat


def _strip_menu(self, _context):
    self.layout.separator()
    self.layout.operator("matteline.render_strip", icon="MOD_MASK")


def _clip_menu(self, _context):
    self.layout.separator()
    self.layout.operator("matteline.render_clip", icon="MOD_MASK")
    self.layout.operator("matteline.pick_person", icon="EYEDROPPER")


def _image_menu(self, _context):
    self.layout.separator()
    self.layout.operator("matteline.pick_person", icon="EYEDROPPER")


def _node_menu(self, context):
    if context.space_data.tree_type == "CompositorNodeTree":
        self.layout.separator()
        self.layout.operator("matteline.render_node", icon="MOD_MASK")
        self.layout.operator("matteline.add_nodes", icon="NODETREE")
        self.layout.operator("matteline.composite_over_render", icon="NODE_COMPOSITING")


def _add_menu(self, _context):
    self.layout.separator()
    self.layout.operator("matteline.add_plane", text="Matte as Plane", icon="MOD_MASK")


def _status_bar(self, context):
    now = context.window_manager.matteline
    if now.running:
        # Drawn from what is so now, in every window and workspace: nothing can be left behind in one of them.
        compat.draw_progress(self.layout, now.fraction, now.words)
        self.layout.operator("matteline.cancel", text="", icon="X", emboss=False)


_ENTRIES = (
    ("STATUSBAR_HT_header", _status_bar),
    ("SEQUENCER_MT_strip", _strip_menu),
    ("SEQUENCER_MT_context_menu", _strip_menu),
    ("CLIP_MT_clip", _clip_menu),
    ("IMAGE_MT_image", _image_menu),
    ("NODE_MT_node", _node_menu),
    ("NODE_MT_context_menu", _node_menu),
    # Where Blender adds pictures to a scene.
    ("VIEW3D_MT_image_add", _add_menu),
)


def register():
    """Add the entries."""
    for menu, draw in _ENTRIES:
        getattr(bpy.types, menu).append(draw)


def unregister():
    """Remove them."""
    for menu, draw in reversed(_ENTRIES):
        getattr(bpy.types, menu).remove(draw)
