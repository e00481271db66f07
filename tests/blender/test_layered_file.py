"""Blender's compositor finds the matte and the foreground of a layered EXR by name."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest

from matteline.contract.frames import FrameSet
from matteline.contract.plate import Header, PlateInfo, Window
from matteline.contract.settings import MatteSettings
from matteline.engine.outputs import lay_out_results
from matteline.media.writer import write_image
from tests.waiting import PATIENCE_SECONDS

WIDTH, HEIGHT = 32, 24

SCRIPT = """
import json, sys
import bpy

bpy.ops.wm.read_factory_settings(use_empty=True)
image = bpy.data.images.load(sys.argv[1])
image.source = "SEQUENCE"
scene = bpy.context.scene
if hasattr(scene, "compositing_node_group"):
    tree = scene.compositing_node_group = bpy.data.node_groups.new("tree", "CompositorNodeTree")
else:
    scene.use_nodes = True
    tree = scene.node_tree
node = tree.nodes.new("CompositorNodeImage")
node.image = image
print(json.dumps([image.type, [socket.name for socket in node.outputs if socket.enabled]]))
"""


@pytest.mark.host
def test_a_layered_file_opens_as_picture_alpha_and_foreground(bpy_python, tmp_path):
    window = Window(0, 0, WIDTH, HEIGHT)
    plate = PlateInfo("s.####.exr", "sequence", "s", FrameSet.parse("1001"), 4, window, window, 1.0, "half")
    outputs = lay_out_results(tmp_path, plate, MatteSettings(layout="layered"))
    [product] = outputs.products
    path = outputs.path(product, 1001)
    path.parent.mkdir()
    pixels = np.full((HEIGHT, WIDTH, len(product.channels)), 0.5, np.float32)
    write_image(path, pixels, product.encoding, Header(window, window), channels=product.channels)

    script = tmp_path / "look.py"
    script.write_text(SCRIPT)
    said = subprocess.run(
        [str(bpy_python), str(script), str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    kind, sockets = json.loads(next(line for line in said.stdout.splitlines() if line.startswith("[")))
    assert kind == "MULTILAYER"
    assert sockets == ["Combined", "Alpha", "fgr"]
