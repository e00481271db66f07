"""From a selection in Blender through a real worker to the picture that Blender renders with the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from tests.blender import plates
from tests.blender.conftest import PERSON_SIZE, Blender

pytestmark = pytest.mark.host
BACKGROUND = plates.BACKGROUND


@pytest.fixture
def ready(blender: Blender, weights_file: Path, tmp_path: Path) -> Callable[..., None]:
    """Set a new scene up for quick renders with real weights."""

    def prepare(output: Path | str = tmp_path / "mattes", **scene: object) -> None:
        blender.call("sequencer", output=str(output), **scene)
        quick(blender, weights_file)

    return prepare


def quick(blender: Blender, weights_file: Path, **more: object) -> None:
    settings = {
        "weights": str(weights_file),
        "device": "cpu",
        "preroll": "number",
        "preroll_number": 0,
        **more,
    }
    blender.call("values", **{f"matte__{name}": value for name, value in settings.items()})


def test_a_real_movie_becomes_a_masked_strip(blender, ready, footage, tmp_path):
    ready(fps=30, size=[480, 908])
    blender.call("values", handles=2)
    blender.call("add_movie", path=str(footage / "clips" / "lp_s20_hands.mp4"), handles=[11, 16])
    before = blender.call("render", frames=[11, 16], folder=str(tmp_path / "before"), background=False)
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    after = blender.call("render", frames=[11, 16], folder=str(tmp_path / "after"), background=True)
    files = sorted((tmp_path / "mattes").rglob("*.png"))
    assert [each.name for each in files] == [
        f"lp_s20_hands_alpha.{number:04d}.png" for number in range(9, 19)
    ]
    for number, old, new in zip((11, 16), before, after, strict=True):
        alpha = grey(files[number - 9])
        assert 0.02 < alpha.mean() < 0.9, "this clip shows a person in part of the picture"
        expected = plates.read(old)[..., :3] * alpha + BACKGROUND * (1 - alpha)
        assert np.abs(plates.read(new)[..., :3] - expected).max() <= 2


def test_scene_linear_pictures_are_masked(blender, ready, person, tmp_path):
    paths = [write_exr(tmp_path / "linear" / f"plate.{number}.exr", person[number]) for number in person]
    ready(size=PERSON_SIZE)
    blender.call("add_images", paths=[str(each) for each in paths])
    before = blender.call("render", frames=[2], folder=str(tmp_path / "before"), background=False)
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    shown = blender.call("render", frames=[2], folder=str(tmp_path / "after"), background=True)
    alpha = grey(next((tmp_path / "mattes").rglob("*_alpha.1002.png")))
    assert 0.1 < (alpha > 0.3).mean() < 0.9, "the drawn person is in part of the picture"
    expected = plates.read(before[0])[..., :3] * alpha + BACKGROUND * (1 - alpha)
    assert np.abs(plates.read(shown[0])[..., :3] - expected).max() <= 2


def test_scene_linear_pictures_become_a_cut_out(blender, ready, person, tmp_path):
    paths = [write_exr(tmp_path / "linear" / f"plate.{number}.exr", person[number]) for number in person]
    ready(size=PERSON_SIZE)
    blender.call("values", result="CUTOUT")
    blender.call("add_images", paths=[str(each) for each in paths])
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    shown = blender.call("render", frames=[2], folder=str(tmp_path / "after"), background=True)
    cutout = next((tmp_path / "mattes").rglob("*_rgba.1002.exr"))
    with OpenEXR.File(str(cutout), separate_channels=True) as file:
        r, g, b, a = (file.channels()[each].pixels.astype(float) for each in "RGBA")
    assert 0.1 < (a > 0.3).mean() < 0.9, "the drawn person is in part of the picture"
    straight = np.dstack([r, g, b]) / np.maximum(a, 1e-6)[..., None]
    alpha = np.clip(a, 0, 1)[..., None]
    expected = encoded(straight) * alpha + BACKGROUND * (1 - alpha)
    assert np.abs(plates.read(shown[0])[..., :3] - expected).max() <= 2


def test_existing_results_can_be_refused(blender, ready, tmp_path):
    ready()
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 6)))
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    again = blender.call("operator", name="render_strip", existing="refuse")
    assert "already holds results" in again and "Existing Results: Update" in again


def test_a_second_render_replaces_the_first(blender, ready, tmp_path):
    ready()
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 6)))
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    blender.call("values", matte__choke=1)
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    now = blender.call("strips_now")
    assert sorted(now) == ["background", "plate", "plate matte"] and now["plate"]["modifiers"] == ["MASK"]


def test_another_kind_of_result_takes_the_place_of_the_first(blender, ready, tmp_path):
    ready()
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 3)))
    for result, name in (("MASK", "plate matte"), ("CUTOUT", "plate cut-out"), ("MATTE", "plate matte")):
        blender.call("values", result=result)
        assert blender.call("operator", name="render_strip") == ["FINISHED"]
        now = blender.call("strips_now")
        assert sorted(now) == sorted(["background", "plate", name])
        assert now["plate"]["modifiers"] == (["MASK"] if result == "MASK" else [])
        assert now["plate"]["mute"] == (result == "CUTOUT")


def mattes(folder: Path) -> dict[str, int]:
    """When each matte below a folder was written, by its name."""
    return {each.name: each.stat().st_mtime_ns for each in sorted(folder.rglob("*_alpha.*.png"))}


def numbers(names: set[str]) -> list[int]:
    return sorted(int(each.split(".")[-2]) for each in names)


CHANGES = {
    "trimmed": ("addon('compat').set_handles(strip('plate'), 3, 6)", []),
    "extended": ("addon('compat').set_handles(strip('plate'), 1, 12)", [9, 10, 11, 12]),
    "slipped": (
        "strip('plate').frame_start -= 2; addon('compat').set_handles(strip('plate'), 1, 8)",
        [9, 10],
    ),
    "cut in two": ("strip('plate').split(frame=5, split_method='SOFT')", []),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_strip_that_was(blender, ready, tmp_path, change):
    statements, rendered = CHANGES[change]
    ready()
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 14)), handles=[1, 8])
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    before = mattes(tmp_path / "mattes")
    blender.call("execute", statements=statements)
    plates_now = [each for each in blender.call("strips_now") if each in ("plate", "plate.001")]
    blender.call("select", names=plates_now)
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    after = mattes(tmp_path / "mattes")
    assert numbers(after.keys() - before.keys()) == rendered, "only the missing frames are computed"
    assert {name: after[name] for name in before} == before, "what was there is not rendered again"
    masks = blender.call("strips_now")
    assert {name: masks[name]["modifiers"] for name in plates_now} == {each: ["MASK"] for each in plates_now}
    assert blender.call("evaluate", expression=OUT_OF_STEP) == []


OUT_OF_STEP = "list(addon('place_strips').out_of_step(bpy.context.scene))"


def test_a_scene_rate_that_changed_is_said(blender, ready, tmp_path):
    ready(fps=24)
    movie = plates.write_movie(tmp_path / "plate.mkv", 12, rate=24)
    blender.call("add_movie_by_menu", path=str(movie))
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    assert blender.call("evaluate", expression=OUT_OF_STEP) == []
    blender.call("execute", statements="bpy.context.scene.render.fps = 48")
    said = blender.call("evaluate", expression=OUT_OF_STEP)
    assert said == ["plate and its matte are out of step: use Render Matte"]
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    assert blender.call("evaluate", expression=OUT_OF_STEP) == []


def test_two_plates_of_one_name_do_not_share_a_folder(blender, ready, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (plates.write_movie(tmp_path / each / "plate.mkv", 3) for each in "ab")
    ready()
    blender.call("add_movie", path=str(first))
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    before = mattes(tmp_path / "mattes" / "plate")
    ready()
    blender.call("add_movie", path=str(second))
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    assert mattes(tmp_path / "mattes" / "plate") == before
    assert len(mattes(tmp_path / "mattes" / "plate_2")) == 3


def test_a_strip_that_feeds_an_effect_gets_a_mask(blender, ready, tmp_path):
    ready()
    blender.call("values", result="CUTOUT")
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 6)))
    blender.call(
        "add_effect", kind="SPEED", name="plate", channel=3, speed_control="MULTIPLY", speed_factor=1.5
    )
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    assert blender.call("strips_now")["plate"]["modifiers"] == ["MASK"]


def test_missing_frames_are_rendered_and_no_others(blender, ready, tmp_path):
    ready()
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 6)))
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    files = sorted((tmp_path / "mattes").rglob("*.png"))
    times = {each: each.stat().st_mtime_ns for each in files}
    content = files[3].read_bytes()
    files[3].unlink()
    assert blender.call("operator", name="render_strip", existing="resume") == ["FINISHED"]
    assert files[3].read_bytes() == content
    assert [each for each in files if each.stat().st_mtime_ns != times[each]] == [files[3]]


def test_a_strip_longer_than_its_results_is_told_so(blender, ready, tmp_path):
    ready()
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 12)), handles=[1, 4])
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    blender.call("execute", statements="s=strip('plate'); addon('compat').set_handles(s, 1, 8)")
    said = blender.call("operator", name="import_last")
    assert "Frames 5-8 of plate have no matte" in said and "Render Matte renders the rest" in said


def test_results_wait_for_a_strip_that_was_gone(blender, ready, tmp_path):
    movie = str(plates.write_movie(tmp_path / "plate.mkv", 4))
    ready()
    blender.call("add_movie", path=movie)
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    ready()
    said = blender.call("operator", name="import_last")
    assert "The strip plate is not in Scene any more" in said
    blender.call("add_movie", path=movie, start=30)
    assert blender.call("operator", name="import_last") == ["FINISHED"]
    assert blender.call("strips_now")["plate matte"]["handles"] == [30, 33]


def test_paths_of_any_script_and_output_beside_the_file(blender, ready, tmp_path):
    folder = tmp_path / "Aufnahme ñ 映像 # %d"
    folder.mkdir()
    movie = plates.write_movie(folder / "Plät té.mkv", 3)
    ready(output="//Mätten 合成")
    blender.call("save", path=str(folder / "szene ø.blend"))
    blender.call("add_movie", path=str(movie), name="Plät: té/1")
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    assert len(list((folder / "Mätten 合成" / "Plät_ té_1" / "alpha").glob("*.png"))) == 3
    where = blender.call("evaluate", expression="strip('Plät: té/1 matte').directory")
    assert where.startswith("//"), "an output beside the file is found again when both move"


def test_two_strips_are_rendered_one_after_the_other(blender, ready, tmp_path):
    ready()
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "one.mkv", 3)), name="one")
    two = plates.write_sequence(tmp_path / "two", range(1001, 1004))
    blender.call("add_images", paths=[str(each) for each in two], name="two", start=10)
    blender.call("select", names=["one", "two"])
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    assert {"one matte", "two matte"} < set(blender.call("strips_now"))


def test_the_plan_is_shown_before_anything_is_rendered(blender, ready, tmp_path):
    ready()
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 3)))
    assert blender.call("operator", name="plan_strip") == ["FINISHED"]
    rows = blender.call(
        "evaluate", expression="{row.name: row.words for row in bpy.context.window_manager.matteline.plan}"
    )
    assert rows["Frames"].startswith("1-3") and "fp32" in rows["Device"]
    assert not (tmp_path / "mattes").exists()


def test_the_job_for_a_farm_is_the_job_that_would_be_rendered(blender, ready, tmp_path):
    from matteline.contract.job import Job

    ready()
    movie = plates.write_movie(tmp_path / "plate.mkv", 3)
    blender.call("add_movie", path=str(movie))
    assert blender.call("operator", name="write_job_strip") == ["FINISHED"]
    job = Job.from_json((tmp_path / "mattes" / "plate" / "matteline_job.json").read_text(encoding="utf-8"))
    assert (job.plate, str(job.frames), job.settings.write) == (str(movie), "1-3", ("alpha",))


SAVE_PREVIEW = """
image = bpy.data.images['Matteline Preview']
image.file_format = 'PNG'
image.save(filepath=PATH)
"""


def test_a_preview_is_the_frame_that_a_render_makes(blender, ready, person, tmp_path):
    paths = [str(tmp_path / "plate" / f"demo.{number}.png") for number in (1001, 1002, 1003)]
    ready(size=PERSON_SIZE)
    blender.call("values", result="CUTOUT")
    blender.call("add_images", paths=paths, start=11)
    blender.call("execute", statements="bpy.context.scene.frame_set(12)")
    assert blender.call("operator", name="preview_strip") == ["FINISHED"]
    shown = tmp_path / "preview.png"
    blender.call("execute", statements=f"PATH = {str(shown)!r}" + SAVE_PREVIEW)
    assert list(tmp_path.rglob("*rgba*")) == [], "nothing is written beside the preview"
    assert blender.call("operator", name="render_strip") == ["FINISHED"]
    rendered = next((tmp_path / "mattes").rglob("*_rgba.1002.png"))
    # The render began at the first frame without a preroll, the preview six frames earlier, mirrored.
    assert np.abs(plates.read(shown)[..., 3] - plates.read(rendered)[..., 3]).mean() < 4
    assert plates.read(shown)[..., 3].max() == 255


def test_a_preview_needs_a_picture_under_the_playhead(blender, ready, tmp_path):
    ready()
    blender.call("add_movie", path=str(plates.write_movie(tmp_path / "plate.mkv", 3)))
    blender.call("execute", statements="bpy.context.scene.frame_set(30)")
    assert "No selected strip shows a picture at frame 30" in blender.call("operator", name="preview_strip")


def test_check_says_what_the_worker_is(blender, weights_file):
    assert blender.call("operator", name="check") == ["FINISHED"]
    words = blender.call("evaluate", expression="bpy.context.window_manager.matteline.worker")
    assert words.startswith("matteline ") and "cpu" in words


def grey(path: Path) -> np.ndarray:
    """A matte (H, W, 1), 0 to 1."""
    return np.asarray(Image.open(path)).astype(float)[..., None] / 255


def encoded(linear: np.ndarray) -> np.ndarray:
    """Scene-linear as sRGB, 0 to 255 (IEC 61966-2-1)."""
    clipped = np.clip(linear, 0, 1)
    return 255 * np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)


def write_exr(path: Path, picture: np.ndarray) -> Path:
    """Write a display-referred picture (H, W, 3), 0 to 255, as scene-linear half EXR."""
    path.parent.mkdir(exist_ok=True)
    pixels = ((picture / 255.0) ** 2.2).astype(np.float16)
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIPS_COMPRESSION}
    OpenEXR.File(header, {"RGB": pixels}).write(str(path))
    return path
