"""Blender's own Cryptomatte node picks each person from our files without any error."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from matteline.contract.plate import Header, Window
from matteline.media.cryptomatte import write_cryptomatte

WIDTH, HEIGHT = 96, 54
NAMES = ["person1", "person59", "person178", "José"]
FRAMES = (1, 2)

SCRIPT = """
import json, os, sys
import bpy

first, out, frames, names = json.loads(sys.argv[1])
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = 96, 54
scene.render.resolution_percentage = 100
scene.render.image_settings.file_format = "OPEN_EXR"
scene.render.image_settings.color_depth = "32"
scene.render.use_sequencer = False
scene.display_settings.display_device = "sRGB"
scene.view_settings.view_transform = "Standard"
if hasattr(scene, "compositing_node_group"):
    tree = scene.compositing_node_group = bpy.data.node_groups.new("tree", "CompositorNodeTree")
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    shown = tree.nodes.new("NodeGroupOutput")
else:
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    shown = tree.nodes.new("CompositorNodeComposite")
image = bpy.data.images.load(first)
image.source = "SEQUENCE"
node = tree.nodes.new("CompositorNodeCryptomatteV2")
node.source = "IMAGE"
node.image = image
node.frame_duration, node.frame_start, node.frame_offset = 10, 1, 0
node.use_auto_refresh = True
assert node.layer_name == "CryptoObject"  # 4.2 reads the file's metadata when asked, as its panel does
tree.links.new(node.outputs["Matte"], shown.inputs[0])
for name in names:
    node.matte_id = name
    for frame in frames:
        scene.frame_set(frame)
        scene.render.filepath = os.path.join(out, f"{names.index(name)}.{frame}.exr")
        bpy.ops.render.render(write_still=True)
print("done")
"""


def shares(frame: int) -> np.ndarray:
    """Soft discs that overlap, as shares of one alpha; the last person is absent in the first frame."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    discs = [np.clip(12 - np.hypot(x - 20 - 12 * index - frame, y - 27) / 1.5, 0, 1) for index in range(4)]
    if frame == 1:
        discs[3][:] = 0
    together = np.stack(discs)
    return (together / np.maximum(1, together.sum(0))).astype(np.float32)


@pytest.mark.host
def test_each_person_is_picked_exactly_also_one_who_is_absent_in_the_first_frame(bpy_python, tmp_path):
    window = Window(0, 0, WIDTH, HEIGHT)
    for frame in FRAMES:
        path = tmp_path / f"people.{frame:04d}.exr"
        write_cryptomatte(path, shares(frame), Header(window, window), names=NAMES)
    picked = _picked(bpy_python, tmp_path)
    for index, name in enumerate(NAMES):
        for frame in FRAMES:
            expected = shares(frame)[index]
            expected[expected < 1 / 255] = 0
            np.testing.assert_array_equal(picked[name, frame], expected, err_msg=f"{name} in frame {frame}")


def _picked(python: Path, folder: Path) -> dict[tuple[str, int], np.ndarray]:
    script = folder / "pick.py"
    script.write_text(SCRIPT)
    order = json.dumps([str(folder / "people.0001.exr"), str(folder), FRAMES, NAMES])
    ran = subprocess.run(
        [str(python), str(script), order], capture_output=True, text=True, timeout=300, check=False
    )
    assert "done" in ran.stdout, ran.stdout[-2000:] + ran.stderr[-2000:]
    mattes = {}
    for index, name in enumerate(NAMES):
        for frame in FRAMES:
            channels = OpenEXR.File(str(folder / f"{index}.{frame}.exr"), separate_channels=True).channels()
            plane = channels["R"] if "R" in channels else channels["V"]
            mattes[name, frame] = np.asarray(plane.pixels)
    return mattes
