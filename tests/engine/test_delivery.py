"""What a compositor needs beside the pixels: windows, rate, timecode, metadata, tags and layers."""

from __future__ import annotations

import hashlib
import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import OpenEXR
import pytest
from PIL import Image

from matteline.contract.errors import JobError
from matteline.contract.events import FrameDone
from matteline.contract.settings import MatteSettings
from matteline.engine.describe import describe
from matteline.engine.planner import plan
from matteline.engine.recipe import recipe, recipe_mark, whole_plate_hashes
from matteline.judging.results import find_results, open_plate_of

from .conftest import SURROUNDINGS, read_exr

ALL = ("alpha", "fgr", "rgba")
FRAMES = (1001, 1002, 1003)
NATIVE = (0.8, 0.3, 0.2, 0.9, 0.1, -0.05, 0.3127, 0.329)
"""Chromaticities of no common space."""


@pytest.fixture(params=["separate", "layered"])
def layout(request: pytest.FixtureRequest) -> str:
    return request.param


def _write_plate(folder: Path, boxes: list[tuple[int, int, int, int]], display, **header: object) -> str:
    """Frames 1001 on, with a data window (x, y, width, height) each; the n-th carries a timecode of n."""
    folder.mkdir()
    for number, box in zip(FRAMES, boxes, strict=True):
        pixels = np.random.default_rng(number).random((box[3], box[2], 3)).astype(np.float16) * 2
        words = {"compression": OpenEXR.ZIPS_COMPRESSION, "type": OpenEXR.scanlineimage, **header}
        words["dataWindow"], words["displayWindow"] = _corners(*box), _corners(*display)
        words["timeCode"] = OpenEXR.TimeCode(1, 0, 59, number - 975, 1, *[0] * 13)
        with OpenEXR.File(words, {"RGB": pixels}) as file:
            file.write(str(folder / f"sh010.{number}.exr"))
    return str(folder / "sh010.####.exr")


def _corners(x: int, y: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array([x, y], np.int32), np.array([x + width - 1, y + height - 1], np.int32)


def _header(path: Path) -> dict[str, object]:
    with OpenEXR.File(str(path), header_only=True) as file:
        return dict(file.header())


def _box(header: dict, name: str) -> tuple[int, ...]:
    low, high = header[name]
    return int(low[0]), int(low[1]), int(high[0] - low[0] + 1), int(high[1] - low[1] + 1)


def _results(out: Path, layout: str, frame: int) -> dict[str, Path]:
    products = ALL if layout == "separate" else ("layers",)
    return {each: out / each / f"sh010_{each}.{frame}.exr" for each in products}


DISPLAY = (0, 0, 64, 40)
BOXES = {
    "smaller than the display": [(8, 6, 40, 30)] * 3,
    "overscan": [(-6, -4, 76, 48)] * 3,
    "moved": [(-10, 5, 64, 40)] * 3,
    "cropped anew in every frame": [(8, 6, 40, 30), (0, 0, 64, 40), (20, 10, 9, 7)],
}


@pytest.mark.slow
@pytest.mark.parametrize("boxes", BOXES.values(), ids=BOXES.keys())
def test_every_product_has_the_windows_of_its_frame_of_the_plate(render, tmp_path, boxes, layout):
    plate = _write_plate(tmp_path / "plate", boxes, DISPLAY, pixelAspectRatio=2.0)
    render(plate, tmp_path / "out", write=ALL, layout=layout)
    for frame, box in zip(FRAMES, boxes, strict=True):
        for path in _results(tmp_path / "out", layout, frame).values():
            header = _header(path)
            assert (_box(header, "dataWindow"), _box(header, "displayWindow")) == (box, DISPLAY)
            assert header["pixelAspectRatio"] == 2.0
            assert {plane.shape for plane in read_exr(path).values()} == {(box[3], box[2])}


def test_a_window_that_starts_elsewhere_is_still_the_display_window(render, tmp_path):
    display = (100, 50, 64, 40)
    plate = _write_plate(tmp_path / "plate", [(96, 48, 72, 44)] * 3, display)
    render(plate, tmp_path / "out", "1002", write=("alpha",))
    header = _header(tmp_path / "out/alpha/sh010_alpha.1002.exr")
    assert (_box(header, "dataWindow"), _box(header, "displayWindow")) == ((96, 48, 72, 44), display)


@pytest.mark.slow
def test_rate_timecode_and_camera_words_reach_every_product(render, tmp_path, layout):
    camera = {
        "owner": "Unit B",
        "isoSpeed": 800.0,
        "cameraTilt": 12,
        "lensOffset": np.array([1.5, -2.5], np.float32),
        "worldToCamera": np.arange(16, dtype=np.float32).reshape(4, 4),
    }
    rate = Fraction(24000, 1001)
    plate = _write_plate(tmp_path / "plate", [DISPLAY] * 3, DISPLAY, framesPerSecond=rate, **camera)
    render(plate, tmp_path / "out", "1002-1003", write=ALL, layout=layout)
    for frame in (1002, 1003):
        for path in _results(tmp_path / "out", layout, frame).values():
            header = _header(path)
            code = header["timeCode"]
            assert (code.hours, code.minutes, code.seconds, code.frame, code.dropFrame) == (
                1,
                0,
                59,
                frame - 975,
                1,
            )
            assert header["framesPerSecond"] == rate
            assert (header["owner"], header["isoSpeed"], header["cameraTilt"]) == ("Unit B", 800.0, 12)
            assert list(header["lensOffset"]) == [1.5, -2.5]
            np.testing.assert_array_equal(header["worldToCamera"], camera["worldToCamera"])


def _write_movie(path: Path, rate: Fraction, timecode: str) -> str:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 64, 40, "yuv420p"
        stream.metadata["timecode"] = timecode
        for number in range(6):
            picture = np.random.default_rng(number).integers(0, 255, (40, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return str(path)


@pytest.mark.slow
def test_a_movies_rate_is_a_fraction_and_its_timecode_counts_on_without_the_dropped_numbers(render, tmp_path):
    plate = _write_movie(tmp_path / "sh010.mov", Fraction(30000, 1001), "01:00:59;28")
    render(plate, tmp_path / "out", "1-4", write=("alpha",))
    headers = [_header(tmp_path / f"out/alpha/sh010_alpha.000{frame}.exr") for frame in (1, 2, 3, 4)]
    assert {header["framesPerSecond"] for header in headers} == {Fraction(30000, 1001)}
    codes = [header["timeCode"] for header in headers]
    assert [(each.minutes, each.seconds, each.frame, each.dropFrame) for each in codes] == [
        (0, 59, 28, 1),
        (0, 59, 29, 1),
        (1, 0, 2, 1),
        (1, 0, 3, 1),
    ]


@pytest.mark.slow
def test_the_record_says_which_picture_of_a_movie_a_number_means(render, tmp_path):
    plate = _write_movie(tmp_path / "sh010.mov", Fraction(24), "01:00:00:00")
    render(plate, tmp_path / "out", "1001-1002", first_frame=1000, write=("alpha",))
    [shot] = find_results(tmp_path / "out")
    opened, note = open_plate_of(shot, None, None)
    assert (note, str(opened.info.frames)) == ("", "1000-1005")
    opened.close()


@pytest.mark.slow
def test_numbers_that_mean_other_pictures_make_other_results(render, exr_plate, tmp_path):
    plate = _write_movie(tmp_path / "sh010.mov", Fraction(24), "01:00:00:00")
    unsaid, first, second = (
        plan(render.job(plate, tmp_path / "out", "2-3", first_frame=each), SURROUNDINGS)
        for each in (None, 1, 2)
    )
    assert recipe_mark(unsaid) == recipe_mark(first) != recipe_mark(second)
    assert whole_plate_hashes(unsaid) == whole_plate_hashes(first) != whole_plate_hashes(second)
    assert recipe(plan(render.job(exr_plate, tmp_path / "out"), SURROUNDINGS))["first_frame"] is None


def test_a_plate_without_a_rate_gives_none(render, exr_plate, tmp_path):
    render(exr_plate, tmp_path / "out", "1001", write=("alpha",))
    assert "framesPerSecond" not in _header(tmp_path / "out/alpha/sh010_alpha.1001.exr")


@pytest.mark.slow
def test_every_exr_says_how_it_was_made(render, exr_plate, tmp_path, layout):
    render(exr_plate, tmp_path / "out", "1002-1003", write=ALL, layout=layout, exposure=1.5, denoise=0.25)
    for product, path in _results(tmp_path / "out", layout, 1002).items():
        header = _header(path)
        made = {
            name.partition("/")[2]: value for name, value in header.items() if name.startswith("matteline/")
        }
        assert made.pop("alpha", None) == ("premultiplied" if product in ("rgba", "layers") else None)
        assert made.pop("fgr", None) == ("straight" if product in ("fgr", "layers") else None)
        assert made.pop("version") and made.pop("colour_space")
        assert re.fullmatch("[0-9a-f]{16}", made.pop("recipe"))
        assert re.fullmatch("[0-9a-f]{16}", made.pop("plate_file"))
        assert re.fullmatch("[0-9a-f]{16}", made.pop("segment"))
        assert made == {
            "model": "untrained",
            "weights_sha256": _sha256(render),
            "refiner": "deep",
            "downsample_ratio": 0.5,
            "exposure_stops": 1.5,
            "denoise": 0.25,
            "preroll": "3",
        }


def _sha256(render) -> str:
    return hashlib.sha256(Path(render.settings["weights"]).read_bytes()).hexdigest()


def test_every_png_says_how_it_was_made(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "out", "1002", write=ALL, format="png")
    for product in ALL:
        with Image.open(tmp_path / f"out/{product}/sh010_{product}.1002.png") as image:
            words = image.text
        assert words["matteline/weights_sha256"] == _sha256(render)
        assert re.fullmatch("[0-9a-f]{16}", words["matteline/plate_file"])
        assert words.get("matteline/alpha") == ("straight" if product == "rgba" else None)


@pytest.mark.slow
def test_a_png_tells_the_rate_as_a_fraction(render, tmp_path):
    plate = _write_movie(tmp_path / "sh010.mov", Fraction(24000, 1001), "01:00:00:00")
    render(plate, tmp_path / "out", "2", write=("alpha",), format="png")
    with Image.open(tmp_path / "out/alpha/sh010_alpha.0002.png") as image:
        assert (image.text["framesPerSecond"], image.text["timecode"]) == ("24000/1001", "01:00:00:01")


def _colour(header: dict) -> tuple[object, bool]:
    return header.get("colorInteropID"), "chromaticities" in header


@pytest.mark.slow
def test_a_matte_holds_no_colour_and_the_foreground_is_in_the_plates(render, tmp_path, layout):
    tags = {"colorInteropID": "lin_ap1_scene"}
    plate = _write_plate(tmp_path / "plate", [DISPLAY] * 3, DISPLAY, **tags)
    render(plate, tmp_path / "out", "1001", write=ALL, layout=layout)
    for product, path in _results(tmp_path / "out", layout, 1001).items():
        assert _colour(_header(path)) == ("data" if product == "alpha" else "lin_ap1_scene", False)


def test_chromaticities_of_a_known_space_become_its_id(render, tmp_path):
    plate = _write_plate(tmp_path / "plate", [DISPLAY] * 3, DISPLAY, chromaticities=_AP1)
    render(plate, tmp_path / "out", "1001", write=ALL)
    colours = {
        name: _colour(_header(path)) for name, path in _results(tmp_path / "out", "separate", 1001).items()
    }
    assert colours == {
        "alpha": ("data", False),
        "fgr": ("lin_ap1_scene", False),
        "rgba": ("lin_ap1_scene", False),
    }


_AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)


@pytest.mark.slow
def test_chromaticities_of_no_common_space_are_kept_with_the_colour_alone(render, tmp_path):
    plate = _write_plate(tmp_path / "plate", [DISPLAY] * 3, DISPLAY, chromaticities=NATIVE)
    render(plate, tmp_path / "out", "1001", write=ALL)
    paths = _results(tmp_path / "out", "separate", 1001)
    colours = {name: _colour(_header(path)) for name, path in paths.items()}
    assert colours == {"alpha": ("data", False), "fgr": (None, True), "rgba": (None, True)}
    assert list(_header(paths["fgr"])["chromaticities"]) == pytest.approx(NATIVE)


@pytest.mark.slow
def test_the_colour_of_a_plate_that_says_nothing_is_not_guessed(render, exr_plate, tmp_path):
    render(exr_plate, tmp_path / "out", "1001", write=ALL)
    paths = _results(tmp_path / "out", "separate", 1001)
    assert [_colour(_header(paths[name])) for name in ALL] == [("data", False), (None, False), (None, False)]
    render(exr_plate, tmp_path / "told", "1001", write=ALL, colour_space="ACEScg")
    told = _results(tmp_path / "told", "separate", 1001)
    assert _colour(_header(told["fgr"])) == ("lin_ap1_scene", False)


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["auto", "straight"])
def test_a_layered_file_holds_what_the_separate_ones_do(render, exr_plate, tmp_path, asked):
    values = {"write": ALL, "rgba_alpha": asked}
    render(exr_plate, tmp_path / "apart", "1002", **values)
    render(exr_plate, tmp_path / "one", "1002", layout="layered", **values)
    apart = {name: read_exr(path) for name, path in _results(tmp_path / "apart", "separate", 1002).items()}
    path = tmp_path / "one/layers/sh010_layers.1002.exr"
    layers = read_exr(path)
    assert set(layers) == {"R", "G", "B", "A", "fgr.R", "fgr.G", "fgr.B"}
    for channel in "RGBA":
        np.testing.assert_array_equal(layers[channel], apart["rgba"][channel])
    for channel in "RGB":
        np.testing.assert_array_equal(layers[f"fgr.{channel}"], apart["fgr"][channel])
    np.testing.assert_array_equal(layers["A"], apart["alpha"]["R"])
    assert _header(path)["matteline/alpha"] == ("straight" if asked == "straight" else "premultiplied")
    assert [each.name for each in (tmp_path / "one").iterdir() if each.name[0] != "."] == ["layers"]


@pytest.mark.slow
def test_a_damaged_layered_file_is_rendered_again_by_a_resume(render, exr_plate, tmp_path):
    render(exr_plate, tmp_path / "out", "1001-1004", layout="layered")
    victim = tmp_path / "out/layers/sh010_layers.1003.exr"
    whole = victim.read_bytes()
    victim.write_bytes(whole[: len(whole) // 2])
    events = render(exr_plate, tmp_path / "out", "1001-1004", layout="layered", existing="resume")
    assert [event.number for event in events if isinstance(event, FrameDone)] == [1003]
    assert victim.read_bytes() == whole


def test_existing_layered_files_are_refused(render, exr_plate, tmp_path):
    render(exr_plate, tmp_path / "out", "1001", layout="layered")
    with pytest.raises(JobError, match="already holds results of sh010 for frames 1001"):
        render(exr_plate, tmp_path / "out", "1001", layout="layered")


def test_a_plan_of_layers_names_the_one_file_and_its_channels(render, exr_plate, tmp_path):
    ready = plan(render.job(exr_plate, tmp_path / "out", layout="layered"), SURROUNDINGS)
    words = dict(describe(ready))["layers"]
    assert "sh010_layers.1001.exr (R G B A fgr.R fgr.G fgr.B, half, zips, premultiplied)" in words
    apart = plan(render.job(exr_plate, tmp_path / "out", write=("rgba", "fgr")), SURROUNDINGS)
    assert 0.9 < ready.disk_bytes / apart.disk_bytes < 1.1


def test_png_cannot_hold_layers():
    with pytest.raises(JobError, match="PNG file cannot hold layers") as caught:
        MatteSettings(format="png", layout="layered")
    assert caught.value.field == "layout"
