"""Differences between Blender's versions: the only file that knows more than one name for anything."""

import math
from contextlib import contextmanager

import bpy

# From 5.0 on the sequencer shows a scene of its own choice.
HAS_SEQUENCER_SCENE = "sequencer_scene" in bpy.types.WorkSpace.bl_rna.properties
# Property options that let a path begin with //; from 4.5 on this has to be asked for.
RELATIVE_PATHS = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()
# Before 5.0 a strip's flip is done before its modifiers, and so before its mask.
FLIPS_BEFORE_MASK = bpy.app.version < (5, 0, 0)
# Before 4.0 a strip shows the picture below a fractional position, from then on the nearest.
ROUNDS_FRAMES = bpy.app.version >= (4, 0, 0)
# In 4.2 and earlier a movie clip strip has no property for its clip.
STRIPS_NAME_THEIR_CLIP = any(
    "clip" in getattr(bpy.types, name).bl_rna.properties
    for name in ("MovieClipStrip", "MovieClipSequence")
    if hasattr(bpy.types, name)
)
# Name of the custom property by which the add-on knows what it made.
_TAG = "matteline"


def sequencer_scene(context):
    """Return the scene that the sequencer shows; None where none is chosen, from 5.0 on."""
    if HAS_SEQUENCER_SCENE:
        return getattr(context, "sequencer_scene", None) or context.workspace.sequencer_scene
    return context.scene


def strips(owner):
    """Return the strips directly in a sequence editor or a meta strip."""
    return owner.strips if hasattr(owner, "strips") else owner.sequences


def strips_all(editor):
    """Return the strips of a sequence editor, those inside metas included."""
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def handles(strip):
    """Return the first and last timeline frame that a strip covers."""
    # Blender's right handle is the first frame behind the strip.
    return int(_either(strip, "left_handle", "frame_final_start")), int(
        _either(strip, "right_handle", "frame_final_end")
    ) - 1


def set_handles(strip, first, last):
    """Let a strip cover the timeline frames `first` to `last`."""
    # The left one first: moving the right one alone could not pass it.
    _set_either(strip, "left_handle", "frame_final_start", first)
    _set_either(strip, "right_handle", "frame_final_end", last + 1)


def content(strip):
    """Return the timeline frames of a strip's first and last picture, which may be fractions."""
    end = _either(strip, "right_handle", "frame_final_end") + _either(
        strip, "right_handle_offset", "frame_offset_end"
    )
    return _either(strip, "content_start", "frame_start"), end - 1


def trims(strip):
    """Return the number of pictures of the source that are cut off at its start and at its end."""
    return int(_either(strip, "content_trim_start", "animation_offset_start")), int(
        _either(strip, "content_trim_end", "animation_offset_end")
    )


def tag(thing, **values):
    """Remember values in a strip or node group that the add-on made, beyond this session of Blender."""
    thing[_TAG] = values


def tagged(thing):
    """Return what `tag` remembered; empty where the add-on did not make it."""
    found = thing.get(_TAG)
    return found.to_dict() if hasattr(found, "to_dict") else {}


def level(editor):
    """Return the editor, or the meta strip whose inside is being edited."""
    return editor.meta_stack[-1] if len(editor.meta_stack) else editor


@contextmanager
def sequencing(context, scene):
    """Have the sequencer show a scene: without one, 5.0 and 5.1 crash when a strip gets a modifier."""
    if not HAS_SEQUENCER_SCENE:
        yield
        return
    # Background Blender has a window, too, but the context may not name it.
    workspace = _window(context).workspace
    was = workspace.sequencer_scene
    workspace.sequencer_scene = scene
    try:
        yield
    finally:
        workspace.sequencer_scene = was


@contextmanager
def sequencer_area(context, scene):
    """Lend operators a sequencer that shows `scene`; where there is none, the largest editor becomes one."""
    window = _window(context)
    area = next((each for each in window.screen.areas if each.type == "SEQUENCE_EDITOR"), None)
    borrowed = None if area else max(window.screen.areas, key=lambda each: each.width * each.height)
    # Not `type`: that of all node editors is the same.
    was = borrowed and borrowed.ui_type
    try:
        if borrowed:
            borrowed.type, area = "SEQUENCE_EDITOR", borrowed
        # Operators check the region that they are called in.
        region = next(each for each in area.regions if each.type == "WINDOW")
        with (
            sequencing(context, scene),
            context.temp_override(window=window, area=area, region=region, scene=scene),
        ):
            yield
    finally:
        if borrowed:
            borrowed.ui_type = was


def new_editor(context, kind):
    """Open a window with one editor of a type; return its area."""
    bpy.ops.wm.window_new()
    area = context.window_manager.windows[-1].screen.areas[0]
    area.type = kind
    return area


def _window(context):
    return context.window or context.window_manager.windows[0]


def compositor_tree(scene):
    """Return the scene's compositor tree; None where it has none."""
    if hasattr(scene, "compositing_node_group"):
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def make_compositor_tree(scene):
    """Give a scene a compositor tree; return it, and the node that shows what the scene renders.

    The node is None where the scene had nodes that were only switched off: those are the artist's. A Render Layers
    node, which Blender adds by itself, is kept and muted: it cannot render without a camera.
    """
    if hasattr(scene, "compositing_node_group"):
        tree = bpy.data.node_groups.new(f"{scene.name} Compositing", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
        return tree, tree.nodes.new("NodeGroupOutput")
    artists = scene.node_tree is not None and len(scene.node_tree.nodes) > 0
    scene.use_nodes = True
    tree = scene.node_tree
    if artists:
        return tree, None
    # Blender itself links its Render Layers to the output, which is to show the matte's group instead.
    tree.links.clear()
    for node in tree.nodes:
        node.mute = node.bl_idname == "CompositorNodeRLayers"
    return tree, output_node(tree) or tree.nodes.new("CompositorNodeComposite")


# The node that shows what a scene renders.
OUTPUT_NODE = (
    "CompositorNodeComposite" if hasattr(bpy.types, "CompositorNodeComposite") else "NodeGroupOutput"
)


def output_node(tree):
    """Return the node of a compositor tree that shows what the scene renders; None without one."""
    kinds = ("NodeGroupOutput", "CompositorNodeComposite")
    found = [each for each in tree.nodes if each.bl_idname in kinds]
    # Several may be there; one of them is the one that counts.
    # A Composite node, of releases before 5.0, has no such property.
    return next((each for each in found if getattr(each, "is_active_output", True)), None)


def drop_compositor_tree(scene):
    """Undo `make_compositor_tree`."""
    if hasattr(scene, "compositing_node_group"):
        bpy.data.node_groups.remove(scene.compositing_node_group)
    else:
        scene.node_tree.nodes.clear()
        scene.use_nodes = False


def add_group_socket(tree, name, direction, kind, **values):
    """Give a node group an `INPUT` or `OUTPUT` of a socket type, with a default value, bounds and a description."""
    if hasattr(tree, "interface"):
        socket = tree.interface.new_socket(name, in_out=direction, socket_type=kind)
    else:
        socket = (tree.inputs if direction == "INPUT" else tree.outputs).new(kind, name)
    for key, value in values.items():
        setattr(socket, key, value)


def add_math(tree, operation, *operands):
    """Add a Math node, clamped to 0..1 where its operation ends in `, clamped`; return its output.

    Args:
        tree: A compositor tree.
        operation: Blender's name of it, such as `SUBTRACT`.
        operands: A number or an output socket for each input.
    """
    # From 5.0 on the compositor uses the shaders' node.
    kind = "CompositorNodeMath" if hasattr(bpy.types, "CompositorNodeMath") else "ShaderNodeMath"
    node = tree.nodes.new(kind)
    node.operation, _, clamped = operation.partition(", ")
    node.use_clamp = bool(clamped)
    # A Math node always has three inputs, of which most operations use fewer.
    for operand, socket in zip(operands, node.inputs, strict=False):
        if isinstance(operand, bpy.types.NodeSocket):
            tree.links.new(operand, socket)
        else:
            socket.default_value = operand
    return node.outputs[0]


def drive_by_frame(socket, first, last):
    """Let a socket be 1 at the scene's frames from `first` to `last`, and 0 at all others."""
    driver = socket.driver_add("default_value").driver
    # Plain arithmetic, which Blender evaluates without Python, also where scripts of files are not trusted.
    driver.type, driver.expression = "SCRIPTED", f"(frame >= {first}) * (frame <= {last})"


def show_numbers(user, first, last, start):
    """Let a node or image user show the files of a sequence.

    Args:
        user: Whatever has `frame_start`, `frame_offset` and `frame_duration`.
        first: Number of the first file.
        last: Number of the last file.
        start: The scene's frame that shows the first one.
    """
    # Blender shows the file with number: scene frame - frame_start + 1 + frame_offset. The part before the
    # offset is kept between 0 and the duration, so 0 stands for the first file: before 4.5 a file that is
    # missing makes the whole picture opaque black.
    user.frame_duration, user.frame_start, user.frame_offset = last - first, start + 1, first
    # Or the picture of the first frame would stay.
    user.use_auto_refresh = True


def add_translate(tree, picture, x, y):
    """Add a Translate node that moves a picture by pixels and parts of pixels; return its output.

    What comes in from outside the picture is 0.

    Args:
        tree: A compositor tree.
        picture: An output socket.
        x: Pixels to the right, a number or an output socket.
        y: Pixels upwards, likewise.
    """
    node = tree.nodes.new("CompositorNodeTranslate")
    # Before 4.2 nothing chooses the interpolation, which is bilinear.
    if "interpolation" in node.bl_rna.properties:
        # Spelt 'Bilinear' before 4.5.
        items = node.bl_rna.properties["interpolation"].enum_items
        node.interpolation = next(each.identifier for each in items if each.identifier.lower() == "bilinear")
    tree.links.new(picture, node.inputs["Image"])
    for name, value in (("X", x), ("Y", y)):
        if isinstance(value, bpy.types.NodeSocket):
            tree.links.new(value, node.inputs[name])
        else:
            node.inputs[name].default_value = value
    return node.outputs[0]


def add_scale(tree, picture, factor):
    """Add a Scale node that makes a picture smaller by a factor, an output socket; return its output."""
    node = tree.nodes.new("CompositorNodeScale")
    # Later releases have an input for it, which is relative unless it is set.
    if "Type" not in node.inputs:
        node.space = "RELATIVE"
    tree.links.new(picture, node.inputs["Image"])
    for name in ("X", "Y"):
        tree.links.new(factor, node.inputs[name])
    return node.outputs[0]


def add_gaussian_blur(tree, picture, size, most):
    """Add a Blur node with a Gaussian; return its output.

    Args:
        tree: A compositor tree.
        picture: An output socket.
        size: Output socket of the distance in pixels at which the Gaussian ends, three standard deviations.
        most: The largest size that will be asked for.
    """
    node = tree.nodes.new("CompositorNodeBlur")
    if "Type" not in node.inputs:
        node.filter_type = "GAUSS"
    tree.links.new(picture, node.inputs["Image"])
    if node.inputs["Size"].type == "VALUE":
        # Before 4.5 the size is a fraction of a whole number of pixels.
        node.size_x = node.size_y = math.ceil(most)
        size = add_math(tree, "DIVIDE", size, math.ceil(most))
        size.node.location = (0, -400)
    tree.links.new(size, node.inputs["Size"])
    return node.outputs[0]


def multiply_by_mask(node):
    """Set a Set Alpha node to multiply colour and alpha by its mask."""
    if "Type" in node.inputs:
        node.inputs["Type"].default_value = "Apply Mask"
    else:
        node.mode = "APPLY"


def draw_progress(layout, fraction, words):
    """Draw a bar with words on it; only the words where Blender has no bar."""
    if hasattr(layout, "progress"):
        layout.progress(factor=fraction, text=words)
    else:
        layout.label(text=words, icon="TIME")


def _either(thing, new, old):
    return getattr(thing, new) if hasattr(thing, new) else getattr(thing, old)


def _set_either(thing, new, old, value):
    setattr(thing, new if hasattr(thing, new) else old, value)
