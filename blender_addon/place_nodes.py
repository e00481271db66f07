"""Placing of results in the compositor: a group with matte and foreground, beside the node of their plate."""

import os

import bpy

from . import compat
from .contract.errors import JobError, ReadError
from .contract.frames import FrameSet
from .jobs import as_blender_path, listing

# Between two nodes, in points.
GAP = 60
LAYERS = "layers"
_PRODUCTS = {"alpha", "fgr", LAYERS}


def place_nodes(_context, rendered, steps):
    """Add a group node with a result beside the node that shows its plate; return the node's name.

    The artist's links stay as they are. Only in a tree made here, because the scene had none, the group is
    what the scene renders.

    Args:
        rendered: A `jobs.RenderedJob` whose target is a clip or a node.
        steps: `place_results.PlacementSteps`.

    Raises:
        MattelineError: The scene, node or clip is gone.
    """
    target, undo = rendered.request.target, steps.undo
    scene = bpy.data.scenes.get(target.scene)
    if scene is None:
        raise JobError(f"The scene {target.scene} is not there any more.")
    _check_rendered(rendered)
    # Only a tree made here gets the group as its output; an artist's own links stay.
    tree, output = compat.compositor_tree(scene), None
    if target.kind == "NODE":
        # Nodes are known by name: their order changes as others come and go.
        plate = tree and tree.nodes.get(target.name)
        if not plate:
            raise JobError(
                f"The node {target.name} is not in the compositor any more.",
                hint="The results are kept: bring the node back and use Import Last Result.",
            )
    else:
        clip = bpy.data.movieclips.get(target.name)
        if clip is None:
            raise JobError(
                f"The clip {target.name} is not in this file any more.", hint="The results are kept on disk."
            )
        if tree is None:
            tree, output = compat.make_compositor_tree(scene)
            undo.callback(compat.drop_compositor_tree, scene)
        plate = _clip_node(tree, clip, undo)
    group = _group(scene, plate, rendered, undo)
    node = _add_group_node(tree, group, plate, undo)
    tree.links.new(plate.outputs[0], node.inputs[0])
    if output is not None:
        tree.links.new(node.outputs[0], output)
    return node.label


def first_frame(node, number, base):
    """Return the scene's frame at which a plate's node shows the picture with this number.

    Args:
        node: An Image or a Movie Clip node.
        number: Number of the picture in the plate.
        base: Number of the plate's first picture.
    """
    if node.bl_idname == "CompositorNodeMovieClip":
        return number - base + node.clip.frame_start - node.clip.frame_offset
    return number + node.frame_start - 1 - node.frame_offset


def _check_rendered(rendered):
    """Raise `ReadError` where a frame of a product is not on disk."""
    for product in _PRODUCTS & rendered.files.keys():
        there = set(listing(os.path.dirname(rendered.files[product])))
        frames = rendered.request.job.frames
        missing = FrameSet.of(
            each for each in frames if os.path.basename(rendered.path(product, each)) not in there
        )
        if missing.ranges:
            raise ReadError(
                f"Frames {missing} of {rendered.request.target.name} have not been rendered.",
                hint="Use Render Missing Frames, or Render Matte.",
            )


def _clip_node(tree, clip, undo):
    for node in tree.nodes:
        if node.bl_idname == "CompositorNodeMovieClip" and node.clip == clip:
            return node
    node = tree.nodes.new("CompositorNodeMovieClip")
    undo.callback(tree.nodes.remove, node)
    node.clip = clip
    # Below all other nodes. A new node's height is not known before it is drawn; 300 is that of an image.
    below = min((each.location.y - max(each.height, 300) for each in tree.nodes), default=0)
    node.location = (min((each.location.x for each in tree.nodes), default=0), below)
    return node


def _add_group_node(tree, group, plate, undo):
    node = tree.nodes.new("CompositorNodeGroup")
    undo.callback(tree.nodes.remove, node)
    node.node_tree = group
    node.label = group.name
    node.width = 200
    node.location = (plate.location.x + plate.width + GAP, plate.location.y - GAP)
    for each in tree.nodes:
        each.select = each == node
    tree.nodes.active = node
    return node


def _group(scene, plate, rendered, undo):
    group = bpy.data.node_groups.new(f"Matte {rendered.request.target.name}", "CompositorNodeTree")
    undo.callback(bpy.data.node_groups.remove, group)
    # Sockets before the nodes that stand for them, which are made with what is there.
    compat.add_group_socket(group, "Image", "INPUT", "NodeSocketColor")
    compat.add_group_socket(group, "Image", "OUTPUT", "NodeSocketColor")
    compat.add_group_socket(group, "Matte", "OUTPUT", "NodeSocketFloat")
    entry, leave = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    entry.location, leave.location = (0, 200), (800, 0)
    matte, fgr = _add_images(group, scene, plate, rendered, undo)
    group.links.new(matte, leave.inputs["Matte"])
    _masked(group, entry.outputs[0], matte, leave.inputs["Image"], (400, 200))
    if fgr is not None:
        compat.add_group_socket(group, "Foreground", "OUTPUT", "NodeSocketColor")
        _masked(group, fgr, matte, leave.inputs["Foreground"], (400, -200))
    return group


def _add_images(group, scene, plate, rendered, undo):
    """Add the results' Image nodes; return the sockets of matte and foreground, which may be None."""
    if LAYERS in rendered.files:
        node = _image_node(group, scene, plate, rendered, LAYERS, (0, 0), undo)
        node.image.colorspace_settings.name = _colour_space(plate)
        return node.outputs["Alpha"], node.outputs["fgr"]
    matte = _image_node(group, scene, plate, rendered, "alpha", (0, 0), undo)
    # A matte is a coverage, and is never colour-converted.
    matte.image.colorspace_settings.is_data = True
    if "fgr" not in rendered.files:
        return matte.outputs["Image"], None
    fgr = _image_node(group, scene, plate, rendered, "fgr", (0, -400), undo)
    fgr.image.colorspace_settings.name = _colour_space(plate)
    return matte.outputs["Image"], fgr.outputs["Image"]


def _masked(group, picture, matte, result, location):
    """Link a picture to a socket by way of a node that multiplies it by the matte."""
    node = group.nodes.new("CompositorNodeSetAlpha")
    node.location = location
    compat.multiply_by_mask(node)
    group.links.new(picture, node.inputs["Image"])
    group.links.new(matte, node.inputs["Alpha"])
    group.links.new(node.outputs["Image"], result)


def _image_node(group, scene, plate, rendered, product, location, undo):
    frames = rendered.request.job.frames
    path = rendered.path(product, frames.first)
    # A new image each time: a reloaded one would change under older groups.
    image = bpy.data.images.load(as_blender_path(scene.matteline, path))
    undo.callback(bpy.data.images.remove, image)
    image.name = os.path.basename(path)
    node = group.nodes.new("CompositorNodeImage")
    node.image, node.label, node.location = image, product, location
    if len(frames) > 1:
        image.source = "SEQUENCE"
        node.frame_duration = len(frames.hull)
        node.frame_start = first_frame(plate, frames.first, rendered.request.target.base)
        # Blender shows the file with number: scene frame - frame_start + 1 + frame_offset.
        node.frame_offset = frames.first - 1
        # Or the picture of the first frame would stay.
        node.use_auto_refresh = True
    return node


def _colour_space(plate):
    source = plate.clip if plate.bl_idname == "CompositorNodeMovieClip" else plate.image
    return source.colorspace_settings.name
