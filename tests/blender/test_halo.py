"""The old background's colour in soft edges, measured on a drawn person, whose own colour is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matteline.drawing import draw_people
from matteline.drawing.clip import Drawing
from matteline.drawing.shapes.light import decode, encode
from matteline.engine.demo import DEMO_SEED, draw_plate
from tests.blender import plates
from tests.blender.conftest import Blender
from tests.blender.test_nodes import result
from tests.blender.test_render import quick

pytestmark = pytest.mark.host
SIZE = (480, 270)
FRAME = 3
BACKGROUND = plates.BACKGROUND


@pytest.fixture
def drawn(tmp_path: Path) -> tuple[list[str], Drawing]:
    """A drawn plate's files, and the truth of one frame."""
    draw_plate(tmp_path / "plate", *SIZE, FRAME)
    *_, truth = draw_people(*SIZE, FRAME, seed=DEMO_SEED)
    return [str(each) for each in sorted((tmp_path / "plate").glob("*.png"))], truth


def halo(shown: np.ndarray, ideal: np.ndarray, truth: Drawing) -> float:
    """Mean shift of the soft edge towards the colour of the old background, in codes.

    `ideal` is the composite of the same matte with the person's own colour, so the matte's own error is in both.
    """
    edge = (truth.alpha > 0.02) & (truth.alpha < 0.98)
    assert edge.sum() > 500, "the drawn hair is soft"
    towards = (truth.background - truth.fgr)[edge]
    length = np.linalg.norm(towards, axis=-1, keepdims=True)
    there = length[:, 0] > 0.1
    shift = ((shown[..., :3] - ideal)[edge] * towards / np.maximum(length, 1e-6)).sum(-1)
    return float(shift[there].mean())


@pytest.fixture
def over_blue(blender: Blender, tmp_path: Path) -> Callable[[str, int], np.ndarray]:
    """Render what the scene shows, over the background."""

    def render(name: str, frame: int) -> np.ndarray:
        return plates.read(
            blender.call("render", frames=[frame], folder=str(tmp_path / name), background=True)[0]
        )

    return render


def test_the_sequencers_default_is_the_result_with_the_least_halo(
    blender, weights_file, drawn, over_blue, tmp_path
):
    paths, truth = drawn
    colour = 255 * truth.fgr
    found = {}
    for kind in ("CUTOUT", "MASK"):
        blender.call("sequencer", output=str(tmp_path / "mattes"), size=SIZE)
        quick(blender, weights_file)
        blender.call("values", result=kind)
        blender.call("add_images", paths=paths)
        assert blender.call("operator", name="render_strip") == ["FINISHED"]
        product = "rgba" if kind == "CUTOUT" else "alpha"
        alpha = plates.read(next((tmp_path / "mattes").rglob(f"*_{product}.1003.png")))
        alpha = (alpha[..., 3:] if kind == "CUTOUT" else alpha[..., :1]) / 255
        found[kind] = halo(over_blue(kind, FRAME), colour * alpha + BACKGROUND * (1 - alpha), truth)
    print(f"sequencer, halo in codes: cut-out {found['CUTOUT']:.2f}, mask {found['MASK']:.2f}")
    assert abs(found["CUTOUT"]) < 0.5 * found["MASK"]
    default = "bpy.context.scene.matteline.bl_rna.properties['result'].default"
    assert blender.call("evaluate", expression=default) == "CUTOUT"


def test_the_compositors_default_is_the_output_with_the_least_halo(
    blender, weights_file, drawn, over_blue, tmp_path
):
    paths, truth = drawn
    colour = 255 * truth.fgr
    scene = {"kind": "Image", "path": paths[0], "offset": 1000, "duration": FRAME, "size": SIZE}
    blender.call("compositor", **scene, output=str(tmp_path / "mattes"))
    quick(blender, weights_file)
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    alpha = result(tmp_path, "alpha", 1003)[..., :1]
    ideal = 255 * encode(decode(colour / 255) * alpha + decode(BACKGROUND / 255) * (1 - alpha))
    found = {}
    for socket in ("Image", "Masked Plate"):
        blender.call("show_over", socket=socket, colour=[float(each) for each in decode(BACKGROUND / 255)])
        found[socket] = halo(over_blue(socket, FRAME), ideal, truth)
    print(f"compositor, halo in codes: Image {found['Image']:.2f}, Masked Plate {found['Masked Plate']:.2f}")
    assert abs(found["Image"]) < 0.5 * found["Masked Plate"]
    # Blender adds nothing to what was rendered.
    fgr = np.clip(result(tmp_path, "fgr", 1003), 0, 1)
    written = 255 * encode(decode(fgr) * alpha + decode(BACKGROUND / 255) * (1 - alpha))
    blender.call("show_over", socket="Image", colour=[float(each) for each in decode(BACKGROUND / 255)])
    assert np.abs(over_blue("again", FRAME)[..., :3] - written).max() <= 2


@pytest.fixture
def true_matte(blender: Blender, drawn, tmp_path: Path) -> tuple[str, Drawing]:
    """One frame of the drawn plate, whose own matte is given to the render instead of the network's."""
    paths, truth = drawn
    path = tmp_path / "truth.1003.png"
    Image.fromarray(np.rint(65535 * truth.alpha).astype(np.uint16)).save(path)
    blender.call("sequencer", output=str(tmp_path / "mattes"), size=SIZE)
    blender.call("values", matte__alpha=str(path), matte__device="cpu")
    return paths[-1], truth


def test_beyond_the_mattes_own_error_a_cut_out_has_no_halo(blender, true_matte, over_blue):
    path, truth = true_matte
    blender.call("values", result="CUTOUT")
    blender.call("add_images", paths=[path])
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    alpha = truth.alpha[..., None]
    found = halo(over_blue("strip", 1), 255 * truth.fgr * alpha + BACKGROUND * (1 - alpha), truth)
    print(f"cut-out with the true matte, halo in codes: {found:.2f}")
    assert abs(found) <= 2


def test_beyond_the_mattes_own_error_a_node_and_a_plane_have_no_halo(blender, true_matte, over_blue):
    path, truth = true_matte
    alpha, blue = truth.alpha[..., None], decode(BACKGROUND / 255)
    ideal = 255 * encode(decode(truth.fgr) * alpha + blue * (1 - alpha))
    given = blender.call("evaluate", expression="bpy.context.scene.matteline.matte.alpha")
    output = blender.call("evaluate", expression="bpy.context.scene.matteline.output")
    blender.call("compositor", kind="Image", path=path, offset=1002, size=SIZE, output=output)
    blender.call("values", matte__alpha=given, matte__device="cpu")
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    blender.call("show_over", socket="Image", colour=blue.tolist())
    found = {"node": halo(over_blue("node", 1), ideal, truth)}
    blender.call("add_camera")
    assert blender.call("operator", name="add_plane", depth=3.0) == ["FINISHED"]
    blender.call("show_3d", world=blue.tolist())
    found["plane"] = halo(over_blue("plane", 1), ideal, truth)
    print(f"with the true matte, halo in codes: node {found['node']:.2f}, plane {found['plane']:.2f}")
    assert max(map(abs, found.values())) <= 2
