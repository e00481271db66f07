"""Masks that an artist draws in Blender: they reach the matte at the frames at which Blender shows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.blender import plates
from tests.blender.conftest import PERSON_SIZE
from tests.blender.test_nodes import result, sequence
from tests.blender.test_render import quick

pytestmark = pytest.mark.host


def hints(folder: Path, name: str = "garbage") -> dict[int, np.ndarray]:
    """The pictures of a mask (H, W), 0 to 255, by their frames in the plate."""
    files = folder.rglob(f"{name}.*.png")
    return {int(each.name.split(".")[1]): np.asarray(Image.open(each)).astype(float) for each in files}


def assert_shown_at(found: dict[int, np.ndarray], scene_frames: dict[int, int]) -> None:
    """Each picture must be the mask of its scene's frame, over the left half: opacity in percent says which."""
    assert found.keys() == scene_frames.keys()
    for number, frame in scene_frames.items():
        inside, outside = found[number][8:-8, 4:24], found[number][:, 40:]
        assert np.abs(inside - 2.55 * frame).max() <= 1, f"frame {number} of the plate is shown at {frame}"
        assert outside.max() == 0


def test_a_mask_over_a_clip_with_start_and_offset(blender, tmp_path):
    path = sequence(tmp_path, range(1001, 1009))
    blender.call("open_clip", path=path, start=21, offset=2, output=str(tmp_path / "mattes"))
    blender.call("add_mask", setting="garbage_mask")
    asked = blender.call("requests_for", kind="CLIP")[0]
    assert asked["frames"] == "1001-1008"
    assert_shown_at(hints(tmp_path), {1001 + index: 19 + index for index in range(8)})


def test_a_mask_is_as_large_as_the_plate_whatever_is_shown(blender, tmp_path):
    path = sequence(tmp_path, range(1, 4))
    blender.call("open_clip", path=path, output=str(tmp_path / "mattes"), size=[320, 200])
    proxies = (
        "c = bpy.data.movieclips[0]; c.use_proxy = True; bpy.context.scene.render.resolution_percentage = 50"
    )
    blender.call("execute", statements=proxies)
    blender.call("add_mask", setting="holdout_mask")
    blender.call("requests_for", kind="CLIP")
    found = hints(tmp_path, "holdout")
    assert {each.shape for each in found.values()} == {(plates.HEIGHT, plates.WIDTH)}


def test_a_mask_over_a_trimmed_strip_of_another_rate(blender, tmp_path):
    movie = str(plates.write_movie(tmp_path / "plate.mkv", 40, rate=12))
    blender.call("sequencer", output=str(tmp_path / "mattes"))
    blender.call("add_movie_by_menu", path=movie)
    blender.call("execute", statements="addon('compat').set_handles(strip('plate'), 21, 30)")
    blender.call("add_mask", setting="garbage_mask")
    shown = "{n: f for f in range(30, 20, -1) for t, s in [(addon('plate_source').strip_timing("
    shown += "bpy.context.scene, strip('plate'), addon('plate_source').strip_source(strip('plate'))), 0)]"
    shown += " for n in [t.picture(f) + 1]}"
    frames = {int(number): frame for number, frame in blender.call("evaluate", expression=shown).items()}
    blender.call("requests_for")
    found = hints(tmp_path)
    assert found.keys() == frames.keys() and len(frames) < 10, "every picture is shown twice"
    first = min(frames)
    assert_shown_at({n: found[n] for n in frames if n > first}, {n: frames[n] for n in frames if n > first})


def test_a_mask_shapes_the_matte_and_costs_nothing_while_it_stays(blender, person, weights_file, tmp_path):
    path = str(tmp_path / "plate" / "demo.1001.png")
    scene = {"kind": "Image", "path": path, "offset": 1000, "duration": 3, "size": PERSON_SIZE}
    blender.call("compositor", **scene, start=98, output=str(tmp_path / "mattes"))
    quick(blender, weights_file)
    blender.call("add_mask", setting="garbage_mask")
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    alpha = result(tmp_path, "alpha", 1003)[..., 0]
    assert alpha[:, 66:].max() == 0 and alpha[:, :62].max() > 0.5, "the right half is garbage"
    files = {each: each.stat().st_mtime_ns for each in (tmp_path / "mattes").rglob("*_alpha.*.exr")}
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    assert files == {each: each.stat().st_mtime_ns for each in files}, "the same mask renders nothing again"
