"""Alpha of another tool in place of the network's: opened at hard edges, kept elsewhere, and delivered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from PIL import Image

from matteline.contract.errors import JobError
from matteline.drawing import draw_people
from matteline.engine.demo import DEMO_SEED
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.judging.metrics import mad

from .conftest import read_exr

SIZE, FRAMES = (640, 360), range(1001, 1003)


@pytest.fixture(scope="module")
def drawn():
    """Drawn frames with their true alpha."""
    return list(draw_people(*SIZE, len(FRAMES), seed=DEMO_SEED))


@pytest.fixture
def plate(drawn, tmp_path) -> str:
    return _write(tmp_path / "plate", [each.plate for each in drawn])


@pytest.fixture
def mask(drawn, tmp_path) -> str:
    """A binary mask of the person."""
    return _write(tmp_path / "mask", [(each.alpha > 0.5).astype(np.float32) for each in drawn])


def _write(folder: Path, pictures: list[np.ndarray]) -> str:
    folder.mkdir()
    for number, picture in zip(FRAMES, pictures, strict=True):
        codes = (
            picture if picture.dtype == np.uint8 else np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
        )
        Image.fromarray(codes).save(folder / f"sh010.{number}.png")
    return str(folder / "sh010.####.png")


def _alphas(folder: Path) -> list[np.ndarray]:
    return [read_exr(path)["R"] for path in sorted((folder / "alpha").glob("*.exr"))]


def _masks(path: str) -> list[np.ndarray]:
    return [np.asarray(Image.open(path.replace("####", str(number)))) / np.float32(255) for number in FRAMES]


@pytest.mark.slow
def test_a_hard_mask_becomes_a_soft_matte_nearer_to_the_truth(render, drawn, plate, mask, tmp_path):
    render(plate, tmp_path / "out", alpha=mask)
    for made, hard, true in zip(_alphas(tmp_path / "out"), _masks(mask), drawn, strict=True):
        found = mad(made.astype(np.float32), true.alpha), mad(hard, true.alpha)
        assert found[0] < 0.75 * found[1]


def test_alpha_is_delivered_as_it_is_where_edges_are_to_be_kept(render, plate, mask, tmp_path):
    render(plate, tmp_path / "out", alpha=mask, edges="network", depth="float")
    for made, given in zip(_alphas(tmp_path / "out"), _masks(mask), strict=True):
        np.testing.assert_array_equal(made, given)


@pytest.mark.slow
def test_no_network_is_needed_and_none_is_named(render, plate, mask, tmp_path):
    job = render.job(plate, tmp_path / "out", alpha=mask, weights="auto")
    ready = plan(job, Resources(weight_folders=()))
    assert (ready.uses_network, ready.needs_look, ready.weights.sha256) == (False, False, "")
    render(plate, tmp_path / "out", alpha=mask)
    header = oiio.ImageInput.open(str(tmp_path / "out/alpha/sh010_alpha.1001.exr")).spec()
    words = {each.name: each.value for each in header.extra_attribs}
    assert words["matteline/alpha_from"] == "sh010.####.png"
    assert "matteline/model" not in words


@pytest.mark.slow
def test_settings_of_the_network_make_no_other_recipe(render, plate, mask, tmp_path):
    render(plate, tmp_path / "out", alpha=mask)
    again = render(plate, tmp_path / "out", existing="update", alpha=mask, preroll=9, refiner="fast")
    assert not [event for event in again if hasattr(event, "number")]


def test_the_foreground_is_estimated_from_the_plate(render, drawn, plate, mask, tmp_path):
    render(plate, tmp_path / "out", alpha=mask, write=("fgr",), colour_space="sRGB", depth="float")
    made = read_exr(tmp_path / "out/fgr/sh010_fgr.1001.exr")
    solid = drawn[0].alpha > 0.999
    own = np.asarray(Image.open(plate.replace("####", "1001")))[..., 0] / 255
    assert np.abs(made["R"] - own)[solid].max() < 0.51


def test_the_networks_foreground_is_refused(render, plate, mask, tmp_path):
    with pytest.raises(JobError, match="no network's foreground"):
        plan(render.job(plate, tmp_path / "out", alpha=mask, foreground="network"), Resources())
