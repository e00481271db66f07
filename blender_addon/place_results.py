"""Placing of results in Blender, all of them or none, as one step to undo."""

from contextlib import ExitStack

import bpy

from .place_nodes import place_nodes
from .place_strips import place_on_strip

_PLACE = {"STRIP": place_on_strip, "CLIP": place_nodes, "NODE": place_nodes}


class PlacementSteps:
    """The steps of a placement.

    Attributes:
        undo: An `ExitStack` of callbacks that take the placement back, if a later one fails.
        afterwards: Functions to call when all placements have succeeded.
        notes: Sentences that the user should read, once each.
    """

    def __init__(self):
        self.undo = ExitStack()
        self.afterwards = []
        self.notes = []


def place_results(context, rendered):
    """Put results where they belong; return a sentence about them.

    Raises:
        MattelineError: One of them cannot be placed; then none is.
    """
    steps = PlacementSteps()
    with steps.undo:
        names = [_PLACE[each.request.target.kind](context, each, steps) for each in rendered]
        # All of them have succeeded: nothing is to be taken back.
        steps.undo.pop_all()
    # Removing an older result is the one step that cannot be taken back.
    for step in steps.afterwards:
        step()
    # Background Blender keeps no undo.
    if not bpy.app.background:
        bpy.ops.ed.undo_push(message="Render Matte")
    return " ".join((f"Added {', '.join(names)}.", *dict.fromkeys(steps.notes)))
