"""Placing of results in the compositor: a group with matte and foreground, beside the node of their plate."""

import os

import bpy

from . import compat
from .contract.errors import JobError, ReadError
from .contract.frames import FrameSet
from .edge_nodes import add_edge_inputs, add_edge_tools
from .jobs import as_blender_path, listing
from .place_people import PEOPLE, place_people

# Between two nodes, in points.
GAP = 60
LAYERS = "layers"
_PRODUCTS = {"alpha", "fgr", LAYERS, PEOPLE}


def place_nodes(_context, rendered, steps):
    """Show a result by a group node beside the node of its plate; return the group node's name.

    A group that shows an earlier result of the plate is updated in its place, with its links and values. The
    artist's links stay as they are. Only in a tree made here, because the scene had none, the group is what the
    scene renders.

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
    tree, plate, output = _plate_node(scene, target, undo)
    steps.notes += _notes(scene, plate, rendered)
    group = _group(scene, plate, rendered, undo)
    node = _group_node_of(tree, plate)
    if node is not None:
        _exchange(tree, node.node_tree, group, steps)
    else:
        node = _add_group_node(tree, group, plate, undo)
        tree.links.new(plate.outputs[0], node.inputs[0])
        if output is not None:
            _show(tree, node, output)
    if PEOPLE in rendered.files:
        place_people(tree, scene, plate, node, rendered, _scene_range(plate, rendered)[0], undo)
    return node.label


def _plate_node(scene, target, undo):
    """Return the tree, the node in it that shows a target's plate, and the output of a tree made here, or None.

    Raises:
        JobError: The node or clip is gone.
    """
    tree = compat.compositor_tree(scene)
    if target.kind == "NODE":
        # Nodes are known by name: their order changes as others come and go.
        plate = tree and tree.nodes.get(target.name)
        if not plate:
            raise JobError(
                f"The node {target.name} is not in the compositor any more.",
                hint="The results are kept: bring the node back and use Import Last Result.",
            )
        return tree, plate, None
    clip = bpy.data.movieclips.get(target.name)
    if clip is None:
        raise JobError(
            f"The clip {target.name} is not in this file any more.", hint="The results are kept on disk."
        )
    # Only a tree made here gets the group as its output; an artist's own links stay.
    output = None
    if tree is None:
        tree, output = compat.make_compositor_tree(scene)
        undo.callback(compat.drop_compositor_tree, scene)
    return tree, _clip_node(tree, clip, undo), output


def plate_of_group(node):
    """Return the node that shows the plate of a matte's group node; None for other nodes."""
    group = getattr(node, "node_tree", None)
    if group is None or not compat.tagged(group) or not node.inputs or not node.inputs[0].links:
        return None
    source = node.inputs[0].links[0].from_node
    return source if source.bl_idname in ("CompositorNodeImage", "CompositorNodeMovieClip") else None


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
                hint="Use Render Matte.",
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


def _group_node_of(tree, plate):
    """Return the node with an earlier result of a plate's node; None without one."""
    return next((each for each in tree.nodes if plate_of_group(each) == plate), None)


def _add_group_node(tree, group, plate, undo):
    node = tree.nodes.new("CompositorNodeGroup")
    undo.callback(tree.nodes.remove, node)
    node.node_tree = group
    node.label = group.name
    node.width = 200
    node.location = (plate.location.x + plate.width + GAP, plate.location.y)
    for each in tree.nodes:
        each.select = each == node
    tree.nodes.active = node
    return node


def _show(tree, node, output):
    """Let a new tree's output and a Viewer show a group node, from left to right."""
    viewers = (each for each in tree.nodes if each.bl_idname == "CompositorNodeViewer")
    viewer = next(viewers, None) or tree.nodes.new("CompositorNodeViewer")
    right = node.location.x + node.width + GAP
    output.location = (right, node.location.y)
    viewer.location = (right, node.location.y - 160)
    for shown in (output, viewer):
        tree.links.new(node.outputs["Image"], shown.inputs[0])


def _exchange(tree, earlier, group, steps):
    """Put a group in the place of an earlier one, in every node of a tree that shows that one."""
    nodes = [each for each in tree.nodes if getattr(each, "node_tree", None) == earlier]
    for node in nodes:
        # Blender keeps links and values by sockets' identifiers, which an older release numbered otherwise.
        outputs = [(link.from_socket.name, link.to_socket) for out in node.outputs for link in out.links]
        values = {each.name: each.default_value for each in node.inputs if each.type == "VALUE"}
        sources = [(each.name, link.from_socket) for each in node.inputs for link in each.links]
        node.node_tree = group
        for name, value in values.items():
            if name in node.inputs:
                node.inputs[name].default_value = value
        for name, source in sources:
            if name in node.inputs:
                tree.links.new(source, node.inputs[name])
        for name, target in outputs:
            if name in node.outputs:
                tree.links.new(node.outputs[name], target)
        steps.undo.callback(setattr, node, "node_tree", earlier)
    steps.afterwards.append(lambda: _remove_group(earlier, group))


def _remove_group(earlier, group):
    """Remove an earlier group with its pictures, unless something else uses it; the new one gets its name."""
    if earlier.users:
        return
    name = earlier.name
    images = [each.image for each in earlier.nodes if each.bl_idname == "CompositorNodeImage"]
    bpy.data.node_groups.remove(earlier)
    for image in images:
        if image is not None and not image.users:
            bpy.data.images.remove(image)
    # Only now: while the earlier group had the name, Blender gave this one a number.
    group.name = name


def _group(scene, plate, rendered, undo):
    group = bpy.data.node_groups.new(f"Matte {rendered.request.target.name}", "CompositorNodeTree")
    undo.callback(bpy.data.node_groups.remove, group)
    compat.tag(group, plate=rendered.request.job.plate)
    # Sockets before the nodes that stand for them, which are made with what is there. Always the same ones, so
    # that a group can take the place of another.
    compat.add_group_socket(group, "Image", "INPUT", "NodeSocketColor")
    add_edge_inputs(group)
    for name, kind in (("Image", "Color"), ("Matte", "Float"), ("Masked Plate", "Color")):
        compat.add_group_socket(group, name, "OUTPUT", f"NodeSocket{kind}")
    entry, leave = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    entry.location, leave.location = (0, 300), (1600, 0)
    matte, fgr = _add_images(group, scene, plate, rendered, undo)
    matte = _empty_outside(group, matte, plate, rendered)
    matte = add_edge_tools(group, matte, entry, (450, 0))
    group.links.new(matte, leave.inputs["Matte"])
    # Where the foreground was rendered, the picture is free of the background's colour in soft edges.
    _masked(group, entry.outputs[0] if fgr is None else fgr, matte, leave.inputs["Image"], (1300, 200))
    _masked(group, entry.outputs[0], matte, leave.inputs["Masked Plate"], (1300, -200))
    return group


def _notes(scene, plate, rendered):
    """Return what the artist should know of a result that a scene is to show."""
    notes, editor = [], scene.sequence_editor
    if scene.render.use_sequencer and editor and len(compat.strips(editor)):
        notes.append(f"A render of {scene.name} shows its strips, not the nodes, until Sequencer is off.")
    first, last = _scene_range(plate, rendered)
    inside = first <= scene.frame_start and scene.frame_end <= last
    if len(rendered.request.job.frames) > 1 and not inside:
        notes.append(
            f"The matte has frames {first} to {last} of {scene.name}, which goes from {scene.frame_start} to "
            f"{scene.frame_end}: at the others it is empty."
        )
    return notes


def _scene_range(plate, rendered):
    """Return the scene's frames at which a plate's node shows the first and the last frame of a result."""
    frames, base = rendered.request.job.frames, rendered.request.target.base
    return first_frame(plate, frames.first, base), first_frame(plate, frames.last, base)


def _empty_outside(group, matte, plate, rendered):
    """Return the matte, made 0 at the scene's frames that were not rendered: Blender holds the last file there."""
    # A still is shown at every frame.
    if len(rendered.request.job.frames) == 1:
        return matte
    first, last = _scene_range(plate, rendered)
    inside = compat.add_math(group, "MULTIPLY", matte, 1.0)
    inside.node.label, inside.node.location = f"Frames {first} to {last}", (250, 0)
    compat.drive_by_frame(inside.node.inputs[1], first, last)
    return inside


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
        start = first_frame(plate, frames.first, rendered.request.target.base)
        compat.show_numbers(node, frames.first, frames.last, start)
    return node


def _colour_space(plate):
    source = plate.clip if plate.bl_idname == "CompositorNodeMovieClip" else plate.image
    return source.colorspace_settings.name
