"""Results in the sequencer: whatever a strip does to its footage, each picture gets its own matte."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from matteline.contract.frames import FrameSet
from tests.blender import plates
from tests.blender.conftest import Blender

pytestmark = pytest.mark.host


@pytest.fixture
def movie(tmp_path: Path) -> str:
    return str(plates.write_movie(tmp_path / "plate.mkv"))


@pytest.fixture
def place(blender: Blender, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Render what is selected, put mattes over it, and compare what is shown before and after."""

    def run(frames: range, first_number: int = 1, result: str = "MASK") -> list[dict[str, Any]]:
        blender.call("values", result=result)
        before = blender.call(
            "render", frames=list(frames), folder=str(tmp_path / "before"), background=False
        )
        asked = blender.call("requests_for")
        files = [write_results(each, first_number) for each in asked]
        blender.call("pretend_rendered", kind="STRIP", files=files, size=[plates.WIDTH, plates.HEIGHT])
        assert blender.call("operator", name="import_last") == ["FINISHED"]
        # The background is outside of every meta, and an open one is shown alone.
        blender.call("open_meta", name=None)
        after = blender.call("render", frames=list(frames), folder=str(tmp_path / "after"), background=True)
        for old, new in zip(before, after, strict=True):
            plates.assert_composite(old, new)
        return asked

    return run


def write_results(request: dict[str, Any], first_number: int) -> dict[str, str]:
    """Write a result for each frame of a request; product to one of its files."""
    product = request["write"][0]
    folder = Path(request["output"]) / product
    for number in FrameSet.parse(request["frames"]):
        path = folder / f"plate_{product}.{number:04d}.png"
        plates.write_matte(path, number - first_number, cutout=product == "rgba")
    return {product: str(path)}


def test_a_plain_strip(blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie)
    asked = place(range(1, 61, 7))
    assert asked[0]["frames"] == "1-60"


def test_a_strip_trimmed_at_both_ends_asks_for_no_more_than_it_shows(blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie, handles=[11, 40])
    asked = place(range(11, 41, 3))
    assert asked[0]["frames"] == "11-40"


def test_handles_are_rendered_and_stay_within_reach(blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie, handles=[11, 40])
    blender.call("values", handles=5)
    asked = place(range(11, 41, 9))
    assert asked[0]["frames"] == "6-45"
    blender.call("execute", statements="addon('compat').set_handles(strip('plate matte'), 6, 45)")
    names = blender.call("evaluate", expression="[each.filename for each in strip('plate matte').elements]")
    assert names[0].endswith(".0006.png") and names[-1].endswith(".0045.png")


def test_a_strip_with_trimmed_content(blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    first, last = blender.call("add_movie", path=movie, trim=[10, 5])
    place(range(first, last + 1, 5))


def test_a_strip_that_holds_its_ends(blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie, start=20, handles=[10, 90])
    asked = place(range(10, 91, 8))
    assert asked[0]["frames"] == "1-60"


def test_a_reversed_strip(blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie, use_reverse_frames=True, handles=[5, 30])
    asked = place(range(5, 31, 5))
    assert asked[0]["frames"] == "31-56"


def test_a_strobing_strip(blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie, strobe=3.0)
    place(range(1, 30, 2))


@pytest.mark.parametrize("rate", [12, 25, Fraction(24000, 1001), 30, 60])
def test_a_movie_of_another_rate_that_follows_the_scene(blender, place, tmp_path, rate):
    path = plates.write_movie(tmp_path / "plate.mkv", rate=rate)
    blender.call("sequencer", output=str(tmp_path / "out"))
    first, last = blender.call("add_movie_by_menu", path=str(path))
    place(range(first, last + 1, 5))


def test_a_movie_of_another_rate_played_picture_for_picture(blender, place, tmp_path):
    path = plates.write_movie(tmp_path / "plate.mkv", rate=30)
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=str(path), handles=[3, 57])
    asked = place(range(3, 58, 6))
    assert asked[0]["frames"] == "3-57"


def test_pictures_from_1001(blender, place, tmp_path):
    paths = plates.write_sequence(tmp_path / "plate", range(1001, 1041))
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_images", paths=[str(each) for each in paths], handles=[5, 20])
    asked = place(range(5, 21, 3), first_number=1001)
    assert asked[0]["frames"] == "1005-1020"


def test_a_still_held_for_long(blender, place, tmp_path):
    paths = plates.write_sequence(tmp_path / "plate", [7])
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_images", paths=[str(paths[0])], handles=[1, 50])
    asked = place(range(1, 51, 10), first_number=7)
    assert asked[0]["frames"] == "7"


TRANSFORM = {
    "transform__scale_x": 0.75,
    "transform__scale_y": 0.5,
    "transform__offset_x": 6,
    "transform__offset_y": -3,
}


@pytest.mark.parametrize("result", ["MASK", "CUTOUT"])
@pytest.mark.parametrize(
    "look",
    [
        TRANSFORM,
        {"transform__rotation": 0.3},
        {"crop__min_x": 8, "crop__max_x": 5, "crop__min_y": 4, "crop__max_y": 7},
        {"use_flip_x": True, "use_flip_y": True},
        {**TRANSFORM, "crop__min_x": 8, "use_flip_x": True},
    ],
    ids=["scaled and moved", "rotated", "cropped", "flipped", "all"],
)
def test_a_transformed_plate(blender, place, movie, tmp_path, look, result):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie, handles=[1, 20], **look)
    place(range(1, 21, 9), result=result)


@pytest.mark.parametrize("result", ["MASK", "CUTOUT"])
def test_a_strip_inside_a_meta(blender, place, movie, tmp_path, result):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie, handles=[11, 40])
    blender.call("wrap", names=["plate"])
    asked = place(range(11, 41, 6), result=result)
    assert asked[0]["frames"] == "11-40"


KNOWS_CLIPS = "addon('compat').STRIPS_NAME_THEIR_CLIP"


@pytest.mark.parametrize("result", ["MASK", "CUTOUT"])
def test_a_movie_clip_strip_with_an_offset_of_its_clip(blender, place, tmp_path, result):
    paths = plates.write_sequence(tmp_path / "plate", range(1001, 1031))
    blender.call("sequencer", output=str(tmp_path / "out"))
    if not blender.call("evaluate", expression=KNOWS_CLIPS):
        pytest.skip("4.2 and earlier do not tell the clip of a strip")
    start = {"clip__frame_start": 7, "clip__frame_offset": 2, "start": 10, "handles": [14, 25]}
    blender.call("add_clip", path=str(paths[0]), **start)
    (asked,) = place(range(14, 26, 3), 1001, result)
    assert asked["frames"] == "1007-1018"


def test_a_stabilised_movie_clip_strip_is_refused(blender, tmp_path):
    paths = plates.write_sequence(tmp_path / "plate", range(1001, 1004))
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_clip", path=str(paths[0]), stabilize2d=True)
    said = blender.call("operator", name="render_strip")
    known = blender.call("evaluate", expression=KNOWS_CLIPS)
    assert ("stabilised or undistorted" if known else "does not tell which clip") in said


@pytest.fixture
def retimes(blender: Blender) -> None:
    if not blender.call("evaluate", expression="bpy.app.version >= (4, 0, 0)"):
        pytest.skip("strips have retiming keys from 4.0 on")


@pytest.mark.parametrize("speed", [2.0, 0.5, 1.7])
def test_a_strip_of_another_speed_without_keys(blender, place, movie, tmp_path, speed):
    if blender.call("evaluate", expression="bpy.app.version >= (4, 0, 0)"):
        pytest.skip("strips have retiming keys from 4.0 on, and no speed of their own")
    blender.call("sequencer", output=str(tmp_path / "out"))
    first, last = blender.call("add_movie", path=movie, speed_factor=speed)
    place(range(first, last + 1, 4))


RETIMED = {
    "twice as fast": [[None, 200.0]],
    "half as fast": [[None, 50.0]],
    "of variable speed": [[21, 200.0], [31, 50.0]],
}


@pytest.mark.parametrize("result", ["MASK", "CUTOUT"])
@pytest.mark.parametrize("segments", RETIMED.values(), ids=RETIMED)
def test_a_retimed_strip(retimes, blender, place, movie, tmp_path, segments, result):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie)
    first, last = blender.call("retime", name="plate", segments=segments)
    asked = place(range(first, last + 1, 3), result=result)
    assert asked[0]["frames"] == "1-60"
    assert list((tmp_path / "out").rglob("*.mov"))


def test_a_retimed_strip_of_another_rate_trimmed_and_reversed(retimes, blender, place, tmp_path):
    path = plates.write_movie(tmp_path / "plate.mkv", rate=30)
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie_by_menu", path=str(path), trim=[6, 4], use_reverse_frames=True)
    blender.call("retime", name="plate", segments=[[15, 150.0]])
    blender.call("execute", statements="addon('compat').set_handles(strip('plate'), 5, 30)")
    asked = place(range(5, 31, 3))
    assert asked[0]["frames"] == "7-56"


def test_a_retimed_strip_inside_a_meta(retimes, blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie)
    first, last = blender.call("retime", name="plate", segments=[[21, 200.0]])
    blender.call("wrap", names=["plate"])
    place(range(first, last + 1, 7))


def test_retimed_pictures(blender, place, tmp_path):
    if not blender.call("evaluate", expression="bpy.app.version >= (4, 5, 0)"):
        pytest.skip("pictures can be retimed from 4.5 on")
    paths = plates.write_sequence(tmp_path / "plate", range(1001, 1041))
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_images", paths=[str(each) for each in paths])
    first, last = blender.call("retime", name="plate", segments=[[21, 200.0]])
    asked = place(range(first, last + 1, 3), first_number=1001)
    assert asked[0]["frames"] == "1001-1040"


def test_a_strip_that_feeds_a_speed_effect(blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie, handles=[1, 40])
    blender.call(
        "add_effect", kind="SPEED", name="plate", channel=3, speed_control="MULTIPLY", speed_factor=1.5
    )
    place(range(1, 26, 4))


def test_no_scene_in_the_sequencer_at_the_end_of_a_render(blender, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie)
    files = [write_results(each, 1) for each in blender.call("requests_for")]
    blender.call("pretend_rendered", kind="STRIP", files=files, size=[plates.WIDTH, plates.HEIGHT])
    blender.call(
        "execute",
        statements="w=bpy.context.workspace\nif hasattr(w, 'sequencer_scene'): w.sequencer_scene = None",
    )
    assert blender.call("operator", name="import_last") == ["FINISHED"]
    assert blender.call("strips_now")["plate"]["modifiers"] == ["MASK"]


def test_a_strip_of_a_meta_that_is_open(blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie, handles=[11, 40])
    meta = blender.call("wrap", names=["plate"])
    blender.call("open_meta", name=meta)
    blender.call("select", names=["plate"])
    asked = place([11, 25, 40])
    assert [each["name"] for each in asked] == ["plate"]
    inside = blender.call(
        "evaluate", expression=f"[each.name for each in addon('compat').strips(strip({meta!r}))]"
    )
    assert sorted(inside) == ["plate", "plate matte"]


def test_what_is_selected_inside_a_closed_meta_is_not_meant(blender, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie)
    blender.call("wrap", names=["plate"])
    blender.call("add_movie", path=movie, name="other", channel=5)
    blender.call("select", names=["other", "plate"])
    assert [each["name"] for each in blender.call("requests_for")] == ["other"]


def test_two_strips_at_once(blender, place, movie, tmp_path):
    other = plates.write_sequence(tmp_path / "other", range(1, 31))
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie, handles=[1, 20])
    blender.call("add_images", paths=[str(each) for each in other], name="other", start=21, channel=2)
    blender.call("select", names=["plate", "other"])
    asked = place([1, 10, 20, 21, 35, 50])
    assert [each["name"] for each in asked] == ["plate", "other"]
    assert {"plate matte", "other matte"} < set(blender.call("strips_now"))


def test_a_cut_out_mutes_the_strip(blender, place, movie, tmp_path):
    blender.call("sequencer", output=str(tmp_path / "out"))
    blender.call("add_movie", path=movie)
    place(range(1, 61, 20), result="CUTOUT")
    now = blender.call("strips_now")
    assert now["plate"]["mute"] and not now["plate cut-out"]["mute"]
