"""Draw the pictures of docs/blender.md that need no window: run it by a Python that has bpy.

    python scripts/blender_pictures.py PACKAGE PLATE WORKER FOLDER

PACKAGE is a folder with the unpacked extension, PLATE the first picture of a drawn person (`matteline demo` writes
one), WORKER the matteline program, FOLDER receives the pictures.
"""

import importlib
import os
import sys
from typing import Any

import bpy

PACKAGE, PLATE, WORKER, FOLDER = sys.argv[-4:]
SIZE = (960, 540)
FRAME = 6


def main() -> None:
    """Render a matte of the clip, and the pictures with it."""
    os.environ["MATTELINE_WORKER"] = WORKER
    sys.path.insert(0, PACKAGE)
    importlib.import_module("matteline_blender").register()
    scene = new_scene()
    clip = bpy.data.movieclips.load(PLATE)
    scene.matteline.output = os.path.join(FOLDER, "mattes")
    assert clip and bpy.ops.matteline.render_clip() == {"FINISHED"}
    halo(scene)
    in_the_scene(scene)
    # bpy hangs on the way out while an add-on is registered.
    importlib.import_module("matteline_blender.worker").worker.close()
    os._exit(0)


def new_scene() -> bpy.types.Scene:
    """Return an empty scene that shows colours as they are."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.render.use_sequencer = False
    scene.view_settings.view_transform = "Standard"
    scene.frame_end = 12
    scene.frame_set(FRAME)
    return scene


def halo(scene: bpy.types.Scene) -> None:
    """Render the group's two pictures over blue."""
    tree = scene.compositing_node_group
    group = next(each for each in tree.nodes if each.bl_idname == "CompositorNodeGroup")
    over, output = tree.nodes.new("CompositorNodeAlphaOver"), tree.nodes["Group Output"]
    over.inputs["Background"].default_value = (0.01, 0.06, 0.3, 1)
    tree.links.new(over.outputs[0], output.inputs[0])
    for socket in ("Image", "Masked Plate"):
        tree.links.new(group.outputs[socket], over.inputs["Foreground"])
        save(scene, f"over_blue_{socket.split()[0].lower()}")
    tree.nodes.remove(over)


def in_the_scene(scene: bpy.types.Scene) -> None:
    """Render the person on a plane between lit objects, with a shadow."""
    bpy.ops.object.camera_add(location=(0, 0, 1.6), rotation=(1.5708, 0, 0))
    scene.camera = bpy.context.object
    add(bpy.ops.mesh.primitive_plane_add, (0, 0, 0), (0.35, 0.33, 0.3), size=60)
    add(bpy.ops.mesh.primitive_plane_add, (0, 9, 0), (0.2, 0.28, 0.33), size=60, rotation=(1.5708, 0, 0))
    add(bpy.ops.mesh.primitive_torus_add, (-2.2, 6.5, 2.2), (0.8, 0.3, 0.1), rotation=(1.2, 0.3, 0))
    add(bpy.ops.mesh.primitive_uv_sphere_add, (1.15, 3.2, 1.0), (0.1, 0.45, 0.25), radius=0.42, segments=64)
    bpy.ops.object.light_add(type="SUN", rotation=(0.7, -0.5, 0.2))
    bpy.context.object.data.energy, bpy.context.object.data.angle = 3.0, 0.05
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.4, 0.45, 0.5, 1)
    assert bpy.ops.matteline.add_plane(fit="CAMERA", depth=4.5) == {"FINISHED"}
    scene.render.engine, scene.render.use_compositing = "CYCLES", False
    scene.cycles.samples, scene.cycles.device = 48, "CPU"
    save(scene, "blender_scene")


def add(operator: Any, location: tuple[float, ...], colour: tuple[float, ...], **more: Any) -> None:
    """Add an object of a plain colour."""
    operator(location=location, **more)
    material = bpy.data.materials.new("plain")
    material.use_nodes = True
    material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*colour, 1)
    bpy.context.object.data.materials.append(material)
    bpy.ops.object.shade_smooth()


def save(scene: bpy.types.Scene, name: str) -> None:
    """Render the frame to a file."""
    scene.render.filepath = os.path.join(FOLDER, f"{name}.png")
    bpy.ops.render.render(write_still=True)


main()
