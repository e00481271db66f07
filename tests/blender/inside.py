"""What tests do inside Blender: runs under its own Python, takes calls and answers as JSON lines.

Not imported by the tests. `conftest.Blender` starts it with the add-on's folder as its only argument.
"""

import importlib
import json
import os
import sys
import time
import traceback

import bpy

LOADED_BEFORE = set(sys.modules)
PACKAGE = "matteline_blender"
WIDTH, HEIGHT = 64, 36


def addon(name):
    return importlib.import_module(f"{PACKAGE}.{name}")


# Scenes


def fresh(fps=24, size=(WIDTH, HEIGHT)):
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    if "sequencer_scene" in bpy.types.WorkSpace.bl_rna.properties:
        bpy.context.workspace.sequencer_scene = scene
    render = scene.render
    render.resolution_x, render.resolution_y = size
    render.resolution_percentage = 100
    render.fps, render.dither_intensity = fps, 0
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGBA"
    render.film_transparent = True
    scene.view_settings.view_transform = "Standard"
    if hasattr(render, "compositor_device"):
        render.compositor_device = "CPU"
    return scene


def sequencer(fps=24, output="", size=(WIDTH, HEIGHT)):
    """A scene with nothing but a background, which is muted."""
    scene = fresh(fps, size)
    scene.matteline.output = output
    scene.matteline.handles = 0
    scene.matteline.result = "MASK"
    editor = scene.sequence_editor_create()
    compat = addon("compat")
    new = compat.strips(editor).new_effect
    length = {"length": 200} if bpy.app.version >= (5, 0) else {"frame_end": 201}
    background = new(name="background", type="COLOR", channel=1, frame_start=1, **length)
    background.color = (0.2, 0.4, 0.6)
    background.mute = True
    return None


def _strips():
    return addon("compat").strips(bpy.context.scene.sequence_editor)


def strip(name):
    return next(
        each for each in addon("compat").strips_all(bpy.context.scene.sequence_editor) if each.name == name
    )


def add_movie(path, name="plate", channel=2, start=1, **values):
    made = _strips().new_movie(
        name=name, filepath=path, channel=channel, frame_start=start, fit_method="ORIGINAL"
    )
    return _prepare(made, values)


def add_movie_by_menu(path, name="plate", channel=2, start=1, **values):
    """As an artist does, so that the strip follows the scene's rate."""
    with addon("compat").sequencer_area(bpy.context, bpy.context.scene):
        add = bpy.ops.sequencer.movie_strip_add
        # Where the operator would go on to move its strip with the mouse.
        names = add.get_rna_type().properties.keys()
        more = {name: False for name in names if name.startswith("move_strips")}
        add(filepath=path, channel=channel, frame_start=start, sound=False, use_framerate=False, **more)
    made = next(each for each in _strips() if each.type == "MOVIE")
    made.name = name
    return _prepare(made, values)


def add_images(paths, name="plate", channel=2, start=1, **values):
    made = _strips().new_image(name=name, filepath=paths[0], channel=channel, frame_start=start)
    for path in paths[1:]:
        made.elements.append(os.path.basename(path))
    return _prepare(made, values)


def add_clip(path, name="plate", channel=2, start=1, **values):
    """A movie clip strip; `clip__x` sets a property of its clip."""
    made = _strips().new_clip(
        name=name, clip=bpy.data.movieclips.load(path), channel=channel, frame_start=start
    )
    return _prepare(made, values)


def _prepare(made, values):
    compat = addon("compat")
    made.blend_type = "ALPHA_OVER"
    trim = values.pop("trim", None)
    handles = values.pop("handles", None)
    for path, value in values.items():
        owner, _, name = path.rpartition("__")
        setattr(getattr(made, owner) if owner else made, name, value)
    if trim:
        names = ("animation_offset_start", "animation_offset_end")
        if hasattr(made, "content_trim_start"):
            names = ("content_trim_start", "content_trim_end")
        for name, value in zip(names, trim, strict=True):
            setattr(made, name, value)
    if handles:
        compat.set_handles(made, *handles)
    select([made.name])
    return list(compat.handles(made))


def select(names):
    for each in addon("compat").strips_all(bpy.context.scene.sequence_editor):
        each.select = each.name in names
    bpy.context.scene.sequence_editor.active_strip = strip(names[0])


def wrap(names):
    """Put strips into a meta strip, as an artist does."""
    select(names)
    with addon("compat").sequencer_area(bpy.context, bpy.context.scene):
        bpy.ops.sequencer.meta_make()
    meta = next(each for each in _strips() if each.type == "META")
    select([meta.name])
    return meta.name


def open_meta(name):
    """Edit the inside of a meta strip, or what is outside of all."""
    bpy.context.scene.sequence_editor.display_stack(strip(name) if name else None)


def retime(name, segments):
    """Play a strip from frames on at speeds in percent: [[frame, speed], ...]; null is its start."""
    made = strip(name)
    select([name])
    with addon("compat").sequencer_area(bpy.context, bpy.context.scene):
        for frame, speed in segments:
            if frame is not None:
                bpy.ops.sequencer.retiming_key_add(timeline_frame=frame)
            bpy.ops.sequencer.retiming_segment_speed_set(speed=speed)
    return list(addon("compat").handles(made))


def add_effect(kind, name, channel, **values):
    """An effect over a strip."""
    source = strip(name)
    compat = addon("compat")
    first, last = compat.handles(source)
    new = compat.strips(bpy.context.scene.sequence_editor).new_effect
    word = "input1" if bpy.app.version >= (4, 5, 0) else "seq1"
    length = {"length": last - first + 1} if bpy.app.version >= (5, 0) else {"frame_end": last + 1}
    made = new(name=kind.lower(), type=kind, channel=channel, frame_start=first, **{word: source}, **length)
    made.blend_type = "ALPHA_OVER"
    for key, value in values.items():
        setattr(made, key, value)
    select([name])


def render(frames, folder, background):
    """Render frames of the scene to PNG files; returns them."""
    scene = bpy.context.scene
    for each in addon("compat").strips(scene.sequence_editor) if scene.sequence_editor else ():
        if each.name == "background":
            each.mute = not background
    paths = []
    for frame in frames:
        scene.frame_set(frame)
        scene.render.filepath = os.path.join(folder, f"{frame:04d}.png")
        bpy.ops.render.render(write_still=True)
        paths.append(scene.render.filepath)
    return paths


def compositor(kind, path, *, start=1, offset=0, duration=1, fps=24, output="", size=(WIDTH, HEIGHT)):
    """A scene whose compositor shows a plate by an `Image` or `MovieClip` node; returns the nodes' names."""
    scene = fresh(fps, size)
    scene.matteline.output = output
    scene.matteline.handles = 0
    tree, output = addon("compat").make_compositor_tree(scene)
    shown = output.inputs[0]
    if kind == "Image":
        plate = tree.nodes.new("CompositorNodeImage")
        plate.image = bpy.data.images.load(path)
        plate.image.source = "MOVIE" if path.endswith(".mkv") else "SEQUENCE"
        plate.frame_start, plate.frame_offset, plate.frame_duration = start, offset, duration
    else:
        plate = tree.nodes.new("CompositorNodeMovieClip")
        plate.clip = bpy.data.movieclips.load(path)
        plate.clip.frame_start, plate.clip.frame_offset = start, offset
    plate.name = "plate"
    tree.links.new(plate.outputs[0], shown)
    tree.nodes.active, plate.select = plate, True
    scene.render.use_sequencer = False
    return [plate.name, shown.node.name]


def show(node, socket):
    """Let the scene render a node's output."""
    tree = addon("compat").compositor_tree(bpy.context.scene)
    shown = next(
        each for each in tree.nodes if each.bl_idname in ("NodeGroupOutput", "CompositorNodeComposite")
    )
    found = next(each for each in tree.nodes if each.name == node or (each.label or "").startswith(node))
    tree.links.new(found.outputs[socket], shown.inputs[0])


def show_over(socket, colour):
    """Let the scene render an output of the matte's group over a colour, scene-linear."""
    tree = addon("compat").compositor_tree(bpy.context.scene)
    group = next(each for each in tree.nodes if (each.label or "").startswith("Matte"))
    over = tree.nodes.new("CompositorNodeAlphaOver")
    below, above = [each for each in over.inputs if each.type == "RGBA"]
    below.default_value = (*colour, 1)
    tree.links.new(group.outputs[socket], above)
    tree.links.new(over.outputs[0], addon("compat").output_node(tree).inputs[0])


def open_clip(path, start=1, offset=0, output="", size=(WIDTH, HEIGHT)):
    """A scene without compositor, and a clip."""
    scene = fresh(size=size)
    scene.matteline.output = output
    clip = bpy.data.movieclips.load(path)
    clip.frame_start, clip.frame_offset = start, offset
    scene.render.use_sequencer = False
    return clip.name


def add_camera():
    """A camera at the origin that looks along y, as cameras stand on a floor."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.rotation_euler = (1.5707963, 0, 0)
    scene.collection.objects.link(camera)
    scene.camera = camera


def add_cube():
    """A large cube far in front of the camera."""
    bpy.ops.mesh.primitive_cube_add(size=40, location=(0, 60, 0))


def show_3d(compositor=False, world=None):
    """Let renders be of the 3D scene, with few samples; before a world of one colour, where one is given."""
    scene = bpy.context.scene
    if world:
        scene.render.film_transparent = False
        scene.world = bpy.data.worlds.new("colour")
        scene.world.use_nodes = True
        scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (*world, 1)
    scene.render.engine, scene.cycles.samples, scene.cycles.device = "CYCLES", 8, "CPU"
    # The installed release may be built without a denoiser.
    scene.cycles.pixel_filter_type, scene.cycles.use_denoising = "BOX", False
    scene.render.use_sequencer, scene.render.use_compositing = False, compositor
    scene.render.threads_mode, scene.render.threads = "FIXED", 2


def kinds_of_nodes():
    return [each.bl_idname for each in addon("compat").compositor_tree(bpy.context.scene).nodes]


def add_mask(setting, corners=((0, 0), (0.5, 0), (0.5, 1), (0, 1))):
    """A mask over a part of the picture whose opacity in percent is the scene's frame; it is the panel's choice."""
    mask = bpy.data.masks.new("roto")
    layer = mask.layers.new(name="layer")
    spline = layer.splines.new()
    spline.points.add(len(corners) - len(spline.points))
    for point, corner in zip(spline.points, corners, strict=True):
        point.handle_type = "VECTOR"
        point.co = point.handle_left = point.handle_right = corner
    spline.use_cyclic = True
    for frame in range(0, 101):
        layer.alpha = frame / 100
        layer.keyframe_insert("alpha", frame=frame)
    setattr(bpy.context.scene.matteline, setting, mask)


# What the add-on is asked


def requests_for(kind="STRIP"):
    """The jobs that a render would ask for: name of the target, frames, plate, output."""
    found = addon("requests").request_for(kind, bpy.context).jobs
    return [
        {
            "name": each.target.name,
            "frames": str(each.job.frames),
            "plate": each.job.plate,
            "output": each.job.output,
            "write": list(each.job.settings.write),
            "format": each.job.settings.format,
        }
        for each in found
    ]


def pretend_rendered(kind, files, size):
    """Make what is selected the last result, with files that the test wrote: a dict for each request."""
    jobs, worker = addon("jobs"), addon("worker")
    asked = addon("requests").request_for(kind, bpy.context).jobs
    rendered = [
        jobs.RenderedJob(request, each, tuple(size)) for request, each in zip(asked, files, strict=True)
    ]
    jobs.save_last(worker.own_folder(), rendered)


def operator(name, **values):
    """Call one of the add-on's operators; what it returns, or the sentence that it reports."""
    try:
        return list(getattr(bpy.ops.matteline, name)(**values))
    except RuntimeError as error:
        return str(error)


def notes_of_last():
    """What the add-on says when it places the last result again."""
    jobs, worker = addon("jobs"), addon("worker")
    return addon("place_results").place_results(bpy.context, jobs.load_last(worker.own_folder()))


def values(**wanted):
    """Set properties of the scene's `matteline`; `matte__x` is `matte.x`."""
    for path, value in wanted.items():
        owner, _, name = path.rpartition("__")
        target = bpy.context.scene.matteline
        setattr(
            getattr(target, owner) if owner else target,
            name,
            set(value) if isinstance(value, list) else value,
        )


def cancel_midway(kind="STRIP"):
    """Give a render up after its first frame, as the modal operator does."""
    worker, asked = addon("worker").worker, addon("requests").request_for(kind, bpy.context)
    client = worker.client()
    render = addon("render_sequence").RenderSequence(client, asked)
    while not render.words.startswith("Rendering: "):
        render.step()
        time.sleep(0.005)
    render.cancel()
    while not render.done:
        render.step()
        time.sleep(0.005)
    worker.close()
    return {"cancelled": render.cancelled, "rendered": len(render.rendered), "client": client.alive}


def strips_now():
    """All strips, as far as tests care."""
    compat = addon("compat")
    return {
        each.name: {
            "type": each.type,
            "channel": each.channel,
            "handles": list(compat.handles(each)),
            "mute": each.mute,
            "select": each.select,
            "modifiers": [modifier.type for modifier in each.modifiers],
        }
        for each in compat.strips_all(bpy.context.scene.sequence_editor)
    }


def data_now():
    """How many of each kind of data there is, and the nodes and links: to see that nothing is left behind."""
    kinds = ("images", "movieclips", "node_groups", "scenes", "texts")
    tree = addon("compat").compositor_tree(bpy.context.scene)
    nodes = sorted(each.name for each in tree.nodes) if tree else None
    links = (
        sorted(f"{x.from_node.name}>{x.to_node.name}.{x.to_socket.name}" for x in tree.links)
        if tree
        else None
    )
    return {**{kind: len(getattr(bpy.data, kind)) for kind in kinds}, "nodes": nodes, "links": links}


def evaluate(expression):
    """For the odd thing: an expression with bpy in it."""
    return eval(expression, {"bpy": bpy, "strip": strip, "addon": addon, "os": os, "sys": sys})


def execute(statements):
    """For the odd thing: statements with bpy in them."""
    exec(statements, {"bpy": bpy, "strip": strip, "addon": addon, "os": os, "sys": sys})


def save(path):
    bpy.ops.wm.save_as_mainfile(filepath=path)


def register(folder):
    sys.path.insert(0, folder)
    importlib.import_module(PACKAGE).register()


def unregister():
    importlib.import_module(PACKAGE).unregister()


def loaded():
    """Modules loaded since Blender was, outside the add-on."""
    return sorted(each for each in set(sys.modules) - LOADED_BEFORE if not each.startswith(PACKAGE))


def leftovers():
    """Everything of the add-on's that Blender still knows."""
    found = [name for name in dir(bpy.types) if "matteline" in name.lower()]
    found += [
        name
        for owner in (bpy.types.Scene, bpy.types.WindowManager)
        for name in dir(owner)
        if name == "matteline"
    ]
    found += [name for name in dir(bpy.ops.matteline)]
    for menu in ("SEQUENCER_MT_strip", "CLIP_MT_clip", "NODE_MT_node", "NODE_MT_context_menu"):
        draws = getattr(bpy.types, menu).draw
        found += [
            each.__module__
            for each in getattr(draws, "_draw_funcs", ())
            if each.__module__.startswith(PACKAGE)
        ]
    return found


def serve():
    # Blender prints what it likes, also from C: the protocol gets the real output to itself.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        call = json.loads(line)
        try:
            answer = {"result": globals()[call["call"]](**call["values"])}
        except Exception:
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()
    # bpy hangs or crashes on the way out while anything is registered.
    if PACKAGE in sys.modules:
        addon("worker").worker.close()
    os._exit(0)


if __name__ == "__main__":
    serve()
