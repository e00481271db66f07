"""Results in the 3D scene: what Blender renders with them is the person, where and when the plate shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.blender import plates
from tests.blender.conftest import PERSON_SIZE, Blender
from tests.blender.test_nodes import compose_person, result
from tests.blender.test_render import quick

pytestmark = pytest.mark.host


@pytest.fixture
def rendered_clip(blender: Blender, person: Any, weights_file: Path, tmp_path: Path) -> None:
    """A clip of a drawn person that starts at frame 11, rendered, in a scene with a camera and nothing else."""
    path = str(tmp_path / "plate" / "demo.1001.png")
    blender.call("open_clip", path=path, start=11, output=str(tmp_path / "mattes"), size=PERSON_SIZE)
    quick(blender, weights_file)
    blender.call("add_camera")
    assert blender.call("operator", name="render_clip") == ["FINISHED"]


@pytest.fixture
def view(blender: Blender, tmp_path: Path) -> Callable[[int], np.ndarray]:
    """Render a frame of the 3D scene alone, by Cycles."""

    def render(frame: int) -> np.ndarray:
        blender.call("show_3d")
        return plates.read(
            blender.call("render", frames=[frame], folder=str(tmp_path / "view"), background=False)[0]
        )

    return render


def test_a_plane_fills_the_camera_with_the_person(blender, rendered_clip, view, tmp_path):
    assert blender.call("operator", name="add_plane", depth=3.0) == ["FINISHED"]
    shown = view(12)
    alpha, fgr = result(tmp_path, "alpha", 1002)[..., 0], result(tmp_path, "fgr", 1002)
    # Samples of a pixel lie beside its middle, so edges and grain differ a little.
    assert np.abs(shown[..., 3] - 255 * alpha).mean() < 2
    inside = alpha == 1
    assert np.abs(shown[inside][:, :3] - 255 * fgr[inside]).mean() < 3
    assert view(15)[..., 3].max() == 0, "the plate has ended by then"


def test_a_plane_stands_on_the_cursor_and_faces_the_camera(blender, rendered_clip, view):
    blender.call("execute", statements="bpy.context.scene.cursor.location = (0.5, 2.0, -1.0)")
    assert blender.call("operator", name="add_plane", fit="CURSOR", height=2.0) == ["FINISHED"]
    corners = blender.call(
        "evaluate",
        expression="[list(o.matrix_world @ v.co) for o in bpy.context.view_layer.update() or "
        "[bpy.context.object] for v in o.data.vertices]",
    )
    heights = sorted(round(corner[2], 3) for corner in corners)
    assert heights == [-1, -1, 1, 1], "it stands on the cursor, upright"
    assert view(12)[..., 3].max() > 200


def test_a_strip_becomes_a_plane_with_its_own_frames(blender, person, weights_file, view, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "mattes"), size=PERSON_SIZE)
    quick(blender, weights_file)
    blender.call("values", result="CUTOUT")
    blender.call("add_camera")
    paths = [str(tmp_path / "plate" / f"demo.{number}.png") for number in person]
    blender.call("add_images", paths=paths, start=21)
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    assert blender.call("operator", name="add_plane") == ["FINISHED"]
    cut_out = plates.read(next((tmp_path / "mattes").rglob("*_rgba.1003.png")))
    assert np.abs(view(23)[..., 3] - cut_out[..., 3]).mean() < 2
    assert blender.call("operator", name="camera_background") == ["FINISHED"]
    user = "bpy.context.scene.camera.data.background_images[0].image_user"
    assert blender.call("evaluate", expression=f"23 - {user}.frame_start + 1 + {user}.frame_offset") == 1003


def test_a_person_over_the_render(blender, rendered_clip, tmp_path):
    blender.call("add_cube")
    assert blender.call("operator", name="composite_over_render") == ["FINISHED"]
    before = blender.call("data_now")
    assert blender.call("operator", name="composite_over_render") == ["FINISHED"]
    assert blender.call("data_now") == before, "it is done once"
    blender.call("show_3d", compositor=True)
    shown = plates.read(blender.call("render", frames=[12], folder=str(tmp_path), background=False)[0])
    alpha, fgr = result(tmp_path, "alpha", 1002)[..., 0], result(tmp_path, "fgr", 1002)
    assert np.abs(shown[alpha == 1][:, :3] - 255 * fgr[alpha == 1]).max() <= 2
    assert shown[..., 3].min() == 255 and (alpha == 0).any(), "the cube fills what the person leaves"
    assert "CompositorNodeViewer" in blender.call("kinds_of_nodes")


def test_what_the_artist_composites_stays_behind_the_person(blender, person, weights_file, tmp_path):
    compose_person(blender, tmp_path)
    quick(blender, weights_file)
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    blender.call("add_camera")
    blender.call("execute", statements=SHOW_GREY)
    assert blender.call("operator", name="composite_over_render") == ["FINISHED"]
    links = blender.call("data_now")["links"]
    assert any(each.startswith("own>") for each in links), "the artist's node goes below the person"


SHOW_GREY = """
tree = addon('compat').compositor_tree(bpy.context.scene)
own = tree.nodes.new('CompositorNodeBlur')
own.name = 'own'
tree.links.new(own.outputs[0], addon('compat').output_node(tree).inputs[0])
"""


@pytest.mark.parametrize("name", ["add_plane", "camera_background", "composite_over_render"])
def test_without_a_camera(blender, person, weights_file, tmp_path, name):
    compose_person(blender, tmp_path)
    quick(blender, weights_file)
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    assert "has no camera" in blender.call("operator", name=name)
