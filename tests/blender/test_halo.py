"""The old background's colour in soft edges, measured on a drawn person, whose own colour is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

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
