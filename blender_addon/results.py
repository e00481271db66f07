"""Bringing results into Blender, all of them or none, as one step to undo."""

from contextlib import ExitStack

import bpy

from .compat import strips
from .nodes import place_nodes
from .placing import place_on_strip

_PLACE = {"STRIP": place_on_strip, "CLIP": place_nodes, "NODE": place_nodes}


class Steps:
    """What takes a placement back, and what is left to do when all of them have succeeded."""

    def __init__(self):
        self.back = ExitStack()
        self.then = []


def bring_in(context, rendered):
    """Put results where they belong; returns a sentence about them.

    Raises:
        MattelineError: One of them cannot be placed; then none is.
    """
    steps = Steps()
    with steps.back:
        names = [_PLACE[each.request.target.kind](context, each, steps) for each in rendered]
        steps.back.pop_all()
    for step in steps.then:
        step()
    if not bpy.app.background:
        bpy.ops.ed.undo_push(message="Render Matte")
    return f"Added {', '.join(names)}.{_overruled(rendered)}"


def _overruled(rendered):
    """A word of warning where what was added will not be seen."""
    for target in (each.request.target for each in rendered):
        scene = bpy.data.scenes[target.scene]
        editor = scene.sequence_editor
        if target.kind != "STRIP" and scene.render.use_sequencer and editor and len(strips(editor)):
            return f" A render of {scene.name} shows its strips, not the nodes, until Sequencer is off."
    return ""
