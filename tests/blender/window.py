"""A session in Blender's window, from opening a clip to the finished composite. Runs inside Blender.

Timers never fire without a window, and modal operators do not run; so what an artist does is tried here. Each
step is a generator that waits by yielding. The argument behind `--` is JSON, and so is what was found.
"""

import json
import os
import sys
import time
import traceback

import bpy

GIVEN = json.loads(sys.argv[sys.argv.index("--") + 1])
FOUND = {}
TICK_SECONDS = 0.1
PATIENCE_SECONDS = 300


def session():
    """All steps, one after another."""
    yield from install()
    yield from sequencer_render()
    yield from undo_and_redo()
    yield from preview_a_frame()
    yield from undo_during_a_job()
    yield from keep_on_at_escape_and_cancel_by_the_cross()
    yield from load_a_file_during_a_job()
    yield from compositor_render()


def install():
    bpy.ops.preferences.addon_install(filepath=GIVEN["archive"])
    bpy.ops.preferences.addon_enable(module="matteline_blender")
    bpy.context.preferences.addons["matteline_blender"].preferences.worker = GIVEN["worker"]
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(GIVEN["folder"], "shot.blend"))
    yield from pause(1)


def sequencer_render():
    show("SEQUENCE_EDITOR")
    scene = bpy.context.scene
    if compat().HAS_SEQUENCER_SCENE:
        bpy.context.workspace.sequencer_scene = scene
    settings(scene)
    scene.render.resolution_x, scene.render.resolution_y = GIVEN["size"]
    scene.frame_end = 12
    scene.sequence_editor_create()
    add_strip("plate", 1, 12)
    bpy.ops.ed.undo_push(message="Add plate")
    yield from pause(1)
    yield from open_tab()
    yield from follow("render_strip", picture="rendering")
    FOUND["strips"] = strips()
    FOUND["modifiers"] = [each.type for each in strip("plate").modifiers]
    placing = sys.modules["matteline_blender.place_strips"]
    FOUND["out of step"] = list(placing.out_of_step(scene))
    area().spaces.active.view_type = "SEQUENCER_PREVIEW"
    area().spaces.active.show_region_ui = True
    yield from pause(1)
    with override():
        bpy.ops.sequencer.view_all()
    scene.frame_set(6)
    yield from pause(3)
    screenshot("sequencer")


def undo_and_redo():
    bpy.ops.ed.undo()
    yield from pause(0.5)
    FOUND["undone"] = strips()
    bpy.ops.ed.redo()
    yield from pause(0.5)
    FOUND["redone"] = strips()


def preview_a_frame():
    """In a window of its own, which is closed again."""
    select("plate")
    before = len(bpy.context.window_manager.windows)
    yield from follow("preview_strip")
    windows = bpy.context.window_manager.windows
    editors = [each for window in windows for each in window.screen.areas if each.type == "IMAGE_EDITOR"]
    FOUND["preview"] = [each.spaces.active.image.name for each in editors if each.spaces.active.image]
    yield from pause(2)
    screenshot("preview")
    if len(windows) > before:
        with bpy.context.temp_override(window=windows[-1]):
            bpy.ops.wm.window_close()
    yield from pause(1)


def undo_during_a_job():
    add_strip("second", 3, 30)
    bpy.ops.ed.undo_push(message="Add second")
    bpy.context.scene.frame_start = 2
    bpy.ops.ed.undo_push(message="Set start")
    yield from follow("render_strip", during=lambda: bpy.ops.ed.undo())
    FOUND["undo during"] = [bpy.context.scene.frame_start, "second matte" in strips()]


def keep_on_at_escape_and_cancel_by_the_cross():
    add_strip("third", 5, 70)
    before = strips()
    yield from follow("render_strip", during=press_escape, until=lambda: now().fraction > 0.1)
    FOUND["after escape"] = now().running
    bpy.ops.matteline.cancel()
    yield from wait(lambda: not now().running)
    yield from pause(0.5)
    FOUND["cancelled"] = {"same": strips() == before, "running": now().running, "workers": workers()}


def load_a_file_during_a_job():
    bpy.ops.wm.save_mainfile()
    select("third")
    bpy.context.scene.matteline.existing = "overwrite"
    start("render_strip")
    yield from wait(lambda: now().words.startswith("Rendering: "))
    FOUND["workers while rendering"] = len(workers())
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    yield from pause(2)
    FOUND["loaded"] = {
        "running": now().running,
        "workers": workers(),
        "third matte": "third matte" in strips(),
    }


def compat():
    return sys.modules["matteline_blender.compat"]


def compositor_render():
    show("CLIP_EDITOR")
    settings(bpy.context.scene)
    bpy.context.scene.render.use_sequencer = False
    clip = bpy.data.movieclips.load(GIVEN["plate"])
    area().spaces.active.clip = clip
    yield from pause(1)
    yield from follow("render_clip")
    area().type = "NODE_EDITOR"
    area().ui_type = "CompositorNodeTree"
    area().spaces.active.show_region_ui = False
    yield from pause(1)
    scene = bpy.context.scene
    tree = compat().compositor_tree(scene)
    FOUND["nodes"] = sorted(each.bl_idname for each in tree.nodes)
    comp_over_blue(tree)
    scene.frame_set(6)
    area().spaces.active.show_backdrop = True
    area().spaces.active.backdrop_zoom = 0.6
    yield from pause(2)
    with override():
        bpy.ops.node.view_all()
    yield from pause(4)
    screenshot("compositor")
    scene.view_settings.view_transform = "Standard"
    scene.render.filepath = os.path.join(GIVEN["folder"], "composite.png")
    bpy.ops.render.render(write_still=True)
    FOUND["composite"] = scene.render.filepath
    yield from pause(1)


def comp_over_blue(tree):
    """Put the person over plain blue, for the render and for the backdrop."""
    group = next(each for each in tree.nodes if each.bl_idname == "CompositorNodeGroup")
    shown = next(
        each for each in tree.nodes if each.bl_idname in ("NodeGroupOutput", "CompositorNodeComposite")
    )
    over = tree.nodes.new("CompositorNodeAlphaOver")
    viewer = next(each for each in tree.nodes if each.bl_idname == "CompositorNodeViewer")
    over.location = (group.location.x + 260, group.location.y)
    shown.location = (over.location.x + 200, over.location.y + 80)
    viewer.location = (over.location.x + 200, over.location.y - 80)
    back, front = [each for each in over.inputs if each.type == "RGBA"]
    back.default_value = (0.05, 0.15, 0.3, 1)
    tree.links.new(group.outputs["Image"], front)
    tree.links.new(over.outputs[0], viewer.inputs[0])
    tree.links.new(over.outputs[0], shown.inputs[0])


# Means


def settings(scene):
    values = scene.matteline
    values.matte.weights, values.matte.device = GIVEN["weights"], "cpu"
    values.matte.preroll, values.matte.preroll_number = "number", 4
    values.handles, values.result = 0, "MASK"


def show(kind):
    largest = max(
        bpy.context.window_manager.windows[0].screen.areas, key=lambda each: each.width * each.height
    )
    largest.type = kind
    largest.spaces.active.show_region_ui = True


def area():
    return max(bpy.context.window_manager.windows[0].screen.areas, key=lambda each: each.width * each.height)


def override():
    region = next(each for each in area().regions if each.type == "WINDOW")
    return bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area(), region=region)


def add_strip(name, channel, length):
    owner = compat().strips(bpy.context.scene.sequence_editor)
    made = owner.new_movie(name=name, filepath=GIVEN["plate"], channel=channel, frame_start=1)
    compat().set_handles(made, 1, length)
    select(name)


def strip(name):
    return compat().strips_all(bpy.context.scene.sequence_editor)[name]


def strips():
    return sorted(each.name for each in compat().strips_all(bpy.context.scene.sequence_editor))


def select(name):
    for each in strips():
        strip(each).select = each == name


def now():
    return bpy.context.window_manager.matteline


def start(operator):
    with override():
        FOUND.setdefault("started", []).append(list(getattr(bpy.ops.matteline, operator)("INVOKE_DEFAULT")))


def follow(operator, during=None, picture=None, until=None):
    """Start an operator, do something while it renders, and wait for its end or for something else."""
    start(operator)
    yield from wait(lambda: now().words.startswith("Rendering: ") or not now().running)
    if picture:
        yield from pause(0.3)
        screenshot(picture)
    if during:
        during()
    yield from wait(until or (lambda: not now().running))
    yield from pause(0.5)


def press_escape():
    os.system("xdotool key Escape")


def open_tab():
    """Bring the Matteline tab to the front."""
    region = next(each for each in area().regions if each.type == "UI")
    try:
        region.active_panel_category = "Matteline"
    except AttributeError:
        # No property chooses a tab in 3.4. A window of 1280x800 has this one here.
        for command in ("mousemove 1043 180", "mousemove 1043 185", "click 1", "mousemove 700 400"):
            os.system(f"xdotool {command}")
            yield from pause(0.5)


def workers():
    """Command lines of this process's children that are workers."""
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/stat") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
            with open(f"/proc/{number}/cmdline") as file:
                command = file.read().replace("\0", " ")
        except OSError:
            continue
        if int(parent) == os.getpid() and state != "Z" and "matteline" in command:
            found.append(command)
    return found


def screenshot(name):
    path = os.path.join(GIVEN["folder"], f"{name}.png")
    # Blender's own operator writes black from a timer in later versions.
    os.system(f"import -window root '{path}'")


def pause(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield


def wait(condition):
    """Wait until something is so, as long as it takes while the render's words still change."""
    until, words = time.monotonic() + PATIENCE_SECONDS, now().words
    while not condition():
        if now().words != words:
            until, words = time.monotonic() + PATIENCE_SECONDS, now().words
        if time.monotonic() > until:
            raise TimeoutError(f"line {condition.__code__.co_firstlineno}")
        yield


# Before the window is drawn for the first time.
bpy.context.preferences.view.show_splash = False
STEPS = session()


def tick():
    try:
        next(STEPS)
    except StopIteration:
        leave()
    except Exception:
        FOUND["error"] = traceback.format_exc()
        leave()
    return TICK_SECONDS


def leave():
    with open(os.path.join(GIVEN["folder"], "found.json"), "w") as file:
        json.dump(FOUND, file)
    bpy.ops.wm.quit_blender()


# Persistent, so that it goes on when the session loads a file.
bpy.app.timers.register(tick, first_interval=1.0, persistent=True)
