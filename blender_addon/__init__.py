"""Matteline in Blender: mattes of people for strips, clips and nodes, without green screens or rotoscoping.

This add-on translates what Blender shows into jobs and follows the matteline worker, which renders them in a
process and a Python of its own. It loads nothing but the standard library into Blender.
"""

bl_info = {
    "name": "Matteline",
    "author": "The Matteline authors",
    "description": "Render mattes of people for strips, clips and nodes",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "Sequencer > Strip, Clip Editor > Clip, Compositor > Node; Matteline tab of their sidebars",
    "category": "Sequencer",
}

from . import (  # noqa: E402
    environment,
    menus,
    models,
    operators,
    panels,
    pick_person,
    preferences,
    scene_operators,
    settings,
)

# In the order they are registered: panels draw settings and operators, which must be there before.
_PARTS = (settings, preferences, operators, scene_operators, pick_person, models, environment, panels, menus)


def register():
    """Add Matteline to Blender."""
    for part in _PARTS:
        part.register()


def unregister():
    """Remove Matteline from Blender, and end the worker."""
    for part in reversed(_PARTS):
        part.unregister()
