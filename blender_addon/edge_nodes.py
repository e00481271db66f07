"""Choke, soften and levels of a matte as Blender's own nodes, so that they follow a slider without a render.

They do what `matteline render` does with the same values, in the same order: points, choke, soften. A node group
cannot loop, so the live choke reaches `REACH` pixels; a larger one is a setting of the render.
"""

import math

import bpy

from . import compat
from .contract.settings import choices
from .option_words import title, tooltip

REACH = 3
EDGE_TOOLS = ("black_point", "white_point", "choke", "soften")
# Of a blur that is three standard deviations wide, as Blender draws its Gaussian, in radii of the soften tool.
_BLUR_PER_RADIUS = 1.5
_CHOKE = "Matteline Choke"


def add_edge_inputs(group):
    """Give a node group an input for each edge tool, with the bounds and words of the setting."""
    for name in EDGE_TOOLS:
        choice = choices()[name]
        least, most = (-REACH, REACH) if name == "choke" else (choice.minimum, choice.maximum)
        compat.add_group_socket(
            group,
            title(choice.label),
            "INPUT",
            "NodeSocketFloat",
            min_value=least,
            max_value=most,
            default_value=1.0 if name == "white_point" else 0.0,
            description=tooltip(choice.help),
        )


def add_edge_tools(group, matte, entry, location):
    """Link a matte through the edge tools.

    Args:
        group: A node group with the inputs of `add_edge_inputs`.
        matte: The output socket of the matte.
        entry: The group's input node.
        location: Place of the first node.

    Returns:
        The output socket of the matte as the group's inputs want it.
    """
    values = {name: entry.outputs[title(choices()[name].label)] for name in EDGE_TOOLS}
    above = compat.add_math(group, "SUBTRACT", matte, values["black_point"])
    range_ = compat.add_math(group, "SUBTRACT", values["white_point"], values["black_point"])
    stretched = compat.add_math(group, "DIVIDE, clamped", above, range_)
    choke = group.nodes.new("CompositorNodeGroup")
    choke.node_tree = _choke_group()
    group.links.new(stretched, choke.inputs["Matte"])
    group.links.new(values["choke"], choke.inputs["Pixels"])
    size = compat.add_math(group, "MULTIPLY", values["soften"], _BLUR_PER_RADIUS)
    blur = compat.add_gaussian_blur(
        group, choke.outputs[0], size, _BLUR_PER_RADIUS * choices()["soften"].maximum
    )
    x, y = location
    for column, node in enumerate((above.node, stretched.node, choke, blur.node)):
        node.location = (x + 200 * column, y)
    range_.node.location, size.node.location = (x, y - 180), (x + 400, y - 180)
    return blur


def _choke_group():
    """Return the node group that moves a matte's edge, which all mattes of a file share."""
    for group in bpy.data.node_groups:
        # By its reach, so that the group of a release with another one is not taken for this.
        if compat.tagged(group).get("choke") == REACH:
            return group
    group = bpy.data.node_groups.new(_CHOKE, "CompositorNodeTree")
    compat.tag(group, choke=REACH)
    for name, direction in (("Matte", "INPUT"), ("Pixels", "INPUT"), ("Matte", "OUTPUT")):
        compat.add_group_socket(group, name, direction, "NodeSocketFloat")
    entry, leave = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    matte, pixels = entry.outputs["Matte"], entry.outputs["Pixels"]
    # The bounds of a socket hold for what is typed, not for a value that is linked or animated.
    radius = compat.add_math(group, "MINIMUM", compat.add_math(group, "ABSOLUTE", pixels), float(REACH))
    # A node cannot be skipped, but a tiny picture costs nothing: a choke of 0 is worked out on a hundredth.
    used = compat.add_math(group, "GREATER_THAN", radius, 1e-3)
    worked_on = compat.add_scale(group, matte, compat.add_math(group, "MAXIMUM", used, 0.01))
    # Inwards is outwards of the complement: 1 - matte, which the outside of the picture does not belong to, so that
    # a person cut by the frame is not eaten from there.
    inwards = compat.add_math(group, "GREATER_THAN", pixels, 0.0)
    shown = compat.add_math(group, "ABSOLUTE", compat.add_math(group, "SUBTRACT", worked_on, inwards))
    grown = _grown(group, shown, radius)
    choked = compat.add_math(group, "ABSOLUTE", compat.add_math(group, "SUBTRACT", grown, inwards))
    # The matte comes first, because the first picture decides the size.
    change = compat.add_math(group, "MULTIPLY", compat.add_math(group, "SUBTRACT", matte, choked), used)
    # Where nothing is choked the change is 0, so that the matte passes as it was rendered.
    group.links.new(compat.add_math(group, "SUBTRACT", matte, change), leave.inputs[0])
    for column, node in enumerate(group.nodes):
        node.location = (180 * (column % 40), -200 * (column // 40))
    leave.location = (180 * 41, 0)
    return group


def _grown(group, matte, radius):
    """Return the greatest value within a disc: at whole pixels inside it, and at places on its rim."""
    best = matte
    for x, y in _rim(group, radius):
        best = compat.add_math(group, "MAXIMUM", best, compat.add_translate(group, matte, x, y))
    for distance, places in _whole_pixels().items():
        # The last digits of a radius that was typed as a whole number do not count.
        reached = compat.add_math(group, "GREATER_THAN", radius, distance - 1e-4)
        inside = compat.add_math(group, "MULTIPLY", matte, reached)
        for x, y in places:
            best = compat.add_math(group, "MAXIMUM", best, compat.add_translate(group, inside, x, y))
    return best


def _rim(group, radius):
    """Return the places on the rim of a disc, as pairs of an output socket or a number.

    They are those of `matteline.matting.edges.choke`: the ends of chords at whole distances from the middle, and
    the diagonals. A chord that the radius does not reach falls onto the end of the axis.
    """
    squared = compat.add_math(group, "MULTIPLY", radius, radius)
    diagonal = compat.add_math(group, "MULTIPLY", radius, math.sqrt(0.5))
    pairs = [(radius, 0.0), (0.0, radius), (diagonal, diagonal)]
    for distance in range(1, REACH):
        along = compat.add_math(group, "MINIMUM", radius, float(distance))
        rest = compat.add_math(group, "SUBTRACT", squared, compat.add_math(group, "MULTIPLY", along, along))
        # Rounding may take the rest below 0, which has no root.
        across = compat.add_math(group, "SQRT", compat.add_math(group, "MAXIMUM", rest, 0.0))
        pairs += [(across, along), (along, across)]
    places = []
    for x, y in pairs:
        # On an axis the other sign is the same place.
        left, down = (compat.add_math(group, "MULTIPLY", each, -1.0) if each else 0.0 for each in (x, y))
        places += dict.fromkeys((one, other) for one in (x, left) for other in (y, down))
    return places


def _whole_pixels():
    """Return the places of whole pixels in the largest disc but its middle, by their distance from it."""
    places = {}
    for x in range(-REACH, REACH + 1):
        for y in range(-REACH, REACH + 1):
            if 0 < math.hypot(x, y) <= REACH:
                places.setdefault(math.hypot(x, y), []).append((float(x), float(y)))
    return places
