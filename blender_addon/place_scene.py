"""Results in the 3D scene and in front of it: as a plane, as a camera's background, over the Render Layers."""

import math
import os

import bpy

from . import compat, plate_source
from .contract.errors import JobError
from .jobs import as_blender_path
from .place_nodes import GAP, first_frame, plate_of_group

OVER = "Person over Render"


def add_plane(context, rendered, fit, depth, height, shadow):
    """Add a result to a scene as an upright plane that shines by itself; return the object.

    Outside the frames that were rendered the plane cannot be seen.

    Args:
        context: Blender's.
        rendered: A `jobs.RenderedJob`.
        fit: `CAMERA` fills the active camera's frame and follows the camera; `CURSOR` stands on the 3D cursor,
            turned to the camera.
        depth: Distance from the camera where it fills the frame.
        height: Height of a plane that stands.
        shadow: True if it casts a shadow of its matte.

    Raises:
        MattelineError: There is no camera to fill, or the result has no colour or no fixed frames.
    """
    scene = context.scene
    camera = scene.camera
    if fit == "CAMERA" and camera is None:
        raise JobError(f"{scene.name} has no camera that a plane could fill.", hint="Add a camera.")
    material = _material(scene, rendered)
    aspect = rendered.size[0] / rendered.size[1]
    name = f"{rendered.request.target.name} plane"
    plane = bpy.data.objects.new(name, _mesh(name, aspect))
    plane.data.materials.append(material)
    context.collection.objects.link(plane)
    if hasattr(plane, "visible_shadow"):
        plane.visible_shadow = shadow
    if fit == "CAMERA":
        plane.parent = camera
        width, frame_height, distance = _camera_frame(scene, camera, depth)
        # The whole picture within the frame, as a camera sees its plate.
        scale = min(width / aspect, frame_height)
        plane.location, plane.scale = (0, 0, -distance), (scale, scale, 1)
    else:
        plane.location = scene.cursor.location
        # The mesh stands on its origin, in its own x and y.
        plane.rotation_euler = (math.pi / 2, 0, _heading(scene.cursor.location, camera))
        plane.scale = (height, height, 1)
        for vertex in plane.data.vertices:
            vertex.co.y += 0.5
    return plane


def set_camera_background(context, rendered):
    """Show a result in front of the active camera's view, in step with its strip or clip; return the camera.

    Raises:
        MattelineError: There is no camera, or the result has no file with colour and alpha.
    """
    scene = context.scene
    if scene.camera is None:
        raise JobError(f"{scene.name} has no camera.", hint="Add one.")
    if "rgba" not in rendered.files:
        raise JobError(
            "A camera's background needs colour and alpha in one file.",
            field="write",
            hint="Choose the product 'rgba' under Files, or render a strip as Cut-Out.",
            settings=("write",),
        )
    camera = scene.camera.data
    camera.show_background_images = True
    background = camera.background_images.new()
    background.image = _image(scene, rendered, "rgba")
    background.display_depth, background.alpha = "FRONT", 1.0
    _set_frames(background.image_user, rendered)
    return scene.camera


def composite_over_render(scene):
    """Put the matte's group over the Render Layers, and show that; return the Alpha Over node.

    What the artist had linked to the output is kept: the person goes over it.

    Raises:
        MattelineError: There is no matte's group, or no camera to render by.
    """
    tree = compat.compositor_tree(scene)
    groups = [each for each in tree.nodes if plate_of_group(each)] if tree else []
    if not groups:
        raise JobError(f"The compositor of {scene.name} has no matte.", hint="Use Render Matte first.")
    if scene.camera is None:
        raise JobError(f"{scene.name} has no camera, so it has nothing to render.", hint="Add one.")
    group = tree.nodes.active if tree.nodes.active in groups else groups[0]
    earlier = next((each for each in tree.nodes if each.label == OVER), None)
    if earlier is not None:
        return earlier
    output = compat.output_node(tree) or tree.nodes.new(compat.OUTPUT_NODE)
    shown = output.inputs[0].links[0].from_socket if output.inputs[0].links else None
    # The group or its plate is no background: the person would go over themselves.
    own = shown is not None and shown.node in (group, plate_of_group(group))
    back = _render_layers(tree, group).outputs["Image"] if shown is None or own else shown
    over = tree.nodes.new("CompositorNodeAlphaOver")
    over.label = OVER
    # By type, because names and places of the inputs differ between releases.
    below, above = [each for each in over.inputs if each.type == "RGBA"]
    tree.links.new(back, below)
    tree.links.new(group.outputs["Image"], above)
    tree.links.new(over.outputs[0], output.inputs[0])
    viewers = [each for each in tree.nodes if each.bl_idname == "CompositorNodeViewer"]
    for viewer in viewers or [tree.nodes.new("CompositorNodeViewer")]:
        tree.links.new(over.outputs[0], viewer.inputs[0])
    right = max(group.location.x + group.width, back.node.location.x + back.node.width) + GAP
    over.location = (right, group.location.y)
    for row, each in enumerate(
        [output, *(each for each in tree.nodes if each.bl_idname == "CompositorNodeViewer")]
    ):
        each.location = (right + over.width + GAP, group.location.y - 160 * row)
    return over


def _render_layers(tree, group):
    """Return the tree's Render Layers node, a new one below the plate where there is none."""
    node = next((each for each in tree.nodes if each.bl_idname == "CompositorNodeRLayers"), None)
    if node is None:
        node = tree.nodes.new("CompositorNodeRLayers")
    if not any(each.links for each in node.outputs):
        plate = plate_of_group(group)
        node.location = (plate.location.x, plate.location.y - 400)
    # It was muted while nothing showed it.
    node.mute = False
    return node


def _mesh(name, aspect):
    """Return a rectangle of height 1 around its origin, with the picture upright on it."""
    mesh = bpy.data.meshes.new(name)
    x = aspect / 2
    mesh.from_pydata([(-x, -0.5, 0), (x, -0.5, 0), (x, 0.5, 0), (-x, 0.5, 0)], [], [(0, 1, 2, 3)])
    layer = mesh.uv_layers.new(name="UVMap")
    for loop, place in zip(layer.data, ((0, 0), (1, 0), (1, 1), (0, 1)), strict=True):
        loop.uv = place
    return mesh


def _material(scene, rendered):
    """Return a material that shines with the result's colour where its matte is, and is empty elsewhere."""
    material = bpy.data.materials.new(f"{rendered.request.target.name} matte")
    material.use_nodes = True
    # From 4.2 on one property decides what two decided before.
    if hasattr(material, "surface_render_method"):
        material.surface_render_method = "BLENDED"
    else:
        material.blend_method, material.shadow_method = "BLEND", "HASHED"
    tree = material.node_tree
    tree.nodes.clear()
    new, link = tree.nodes.new, tree.links.new
    colour, alpha = _textures(tree, scene, rendered)
    emission, empty = new("ShaderNodeEmission"), new("ShaderNodeBsdfTransparent")
    inside, mix, output = new("ShaderNodeMath"), new("ShaderNodeMixShader"), new("ShaderNodeOutputMaterial")
    inside.operation = "MULTIPLY"
    first, last = _scene_range(rendered)
    if len(rendered.request.job.frames) > 1:
        compat.drive_by_frame(inside.inputs[1], first, last)
    else:
        inside.inputs[1].default_value = 1.0
    link(colour, emission.inputs["Color"])
    link(alpha, inside.inputs[0])
    link(inside.outputs[0], mix.inputs[0])
    link(empty.outputs[0], mix.inputs[1])
    link(emission.outputs[0], mix.inputs[2])
    link(mix.outputs[0], output.inputs["Surface"])
    for column, nodes in enumerate(((), (emission, empty, inside), (mix,), (output,))):
        for row, node in enumerate(nodes):
            node.location = (320 * column, -180 * row)
    return material


def _textures(tree, scene, rendered):
    """Add the result's Image Texture nodes; return the sockets of its straight colour and of its matte."""
    if "rgba" in rendered.files:
        both = _texture(tree, scene, rendered, "rgba", 0)
        return both.outputs["Color"], both.outputs["Alpha"]
    if not {"fgr", "alpha"} <= rendered.files.keys():
        raise JobError(
            "A plane needs the foreground's colour and the matte in files of their own, or 'rgba'.",
            field="write",
            hint="Choose 'alpha' and 'fgr' under Files, with the separate layout.",
            settings=("write", "layout"),
        )
    colour = _texture(tree, scene, rendered, "fgr", 0)
    alpha = _texture(tree, scene, rendered, "alpha", -300)
    return colour.outputs["Color"], alpha.outputs["Color"]


def _texture(tree, scene, rendered, product, y):
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image, node.label, node.location = _image(scene, rendered, product), product, (0, y)
    # A repeated picture would show the opposite edge in the outermost pixels.
    node.extension = "EXTEND"
    _set_frames(node.image_user, rendered)
    return node


def _image(scene, rendered, product):
    path = rendered.path(product, rendered.request.job.frames.first)
    if not os.path.isfile(path):
        raise JobError(f"{path} is not there.", hint="Use Render Matte.")
    image = bpy.data.images.load(as_blender_path(scene.matteline, path))
    if len(rendered.request.job.frames) > 1:
        image.source = "SEQUENCE"
    if product == "alpha":
        # A matte is a coverage, and is never colour-converted.
        image.colorspace_settings.is_data = True
    else:
        plate = _plate(rendered.request.target)
        is_strip = rendered.request.target.kind == "STRIP"
        image.colorspace_settings.name = (
            plate_source.strip_colour_space(plate) if is_strip else plate.colorspace_settings.name
        )
    return image


def _set_frames(user, rendered):
    """Let an image user show a result in step with the strip, clip or node that it was made of."""
    frames = rendered.request.job.frames
    if len(frames) == 1:
        return
    compat.show_numbers(user, frames.first, frames.last, _scene_range(rendered)[0])


def _scene_range(rendered):
    """Return the scene's frames at which a result's first and last frame are shown.

    Raises:
        JobError: The strip, clip or node is gone, or a strip has no fixed frames.
    """
    target, frames = rendered.request.target, rendered.request.job.frames
    plate = _plate(target)
    if target.kind == "STRIP":
        offset = _strip_offset(bpy.data.scenes[target.scene], plate)
    elif target.kind == "CLIP":
        offset = plate.frame_start - plate.frame_offset - target.base
    else:
        node = compat.compositor_tree(bpy.data.scenes[target.scene]).nodes[target.name]
        offset = first_frame(node, 0, target.base)
    return frames.first + offset, frames.last + offset


def _plate(target):
    """Return the strip, clip or image that a result was made of. Raises `JobError` where it is gone."""
    scene, found = bpy.data.scenes.get(target.scene), None
    if target.kind == "CLIP":
        found = bpy.data.movieclips.get(target.name)
    elif scene and target.kind == "STRIP" and scene.sequence_editor:
        every = compat.strips_all(scene.sequence_editor)
        found = next((each for each in every if each.name == target.name), None)
    elif scene and target.kind == "NODE":
        tree = compat.compositor_tree(scene)
        node = tree and tree.nodes.get(target.name)
        found = node and (node.clip if node.bl_idname == "CompositorNodeMovieClip" else node.image)
    if not found:
        raise JobError(f"{target.name} is not in this file any more.", hint="Use Render Matte again.")
    return found


def _strip_offset(scene, strip):
    """Return what leads from a number of a strip's plate to the timeline's frame."""
    source = plate_source.strip_source(strip)
    timing = None if plate_source.is_retimed(strip) else plate_source.strip_timing(scene, strip, source)
    if timing is None or timing.rate != 1 or timing.reverse or timing.strobe > 1:
        raise JobError(
            f"{strip.name} plays at a speed of its own, which only the sequencer can follow.",
            hint="Open its file in the Clip Editor, and render it there.",
        )
    return round(timing.content[0]) - source.numbers[timing.skipped]


def _camera_frame(scene, camera, depth):
    """Return width and height of what a camera sees at a distance, and the distance."""
    corners = camera.data.view_frame(scene=scene)
    width = max(each.x for each in corners) - min(each.x for each in corners)
    height = max(each.y for each in corners) - min(each.y for each in corners)
    # Corners of a perspective camera lie at a distance of their own; an orthographic one has the same everywhere.
    scale = 1.0 if camera.data.type == "ORTHO" else depth / -corners[0].z
    return width * scale, height * scale, depth


def _heading(place, camera):
    """Return the turn about the upright axis that makes a plane face the camera; 0 without one."""
    if camera is None:
        return 0.0
    towards = camera.matrix_world.translation - place
    # A plane that was raised from the floor faces -y.
    return math.atan2(towards.x, -towards.y)
