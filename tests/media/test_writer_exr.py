"""EXR results as OpenEXR's own library reads them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from matteline.contract.plate import Header, Window
from matteline.contract.settings import COMPRESSIONS
from matteline.media.samples import to_float
from matteline.media.writer import Encoding, write_image
from tests.media.writing import RGB, RGBA, exr_channels, exr_header, header, picture

HALF = Encoding("exr", "half")
LOSSLESS = [name for name in COMPRESSIONS if not name.startswith("dwa")]


def written(tmp_path, pixels, head=None, channels=RGBA, encoding=HALF, **more):
    path = tmp_path / "m.0001.exr"
    head = head or header(pixels.shape[1], pixels.shape[0])
    write_image(path, pixels, encoding, head, channels=channels, **more)
    return path


@pytest.mark.parametrize("channels", [("Y",), RGB, RGBA, (*RGBA, "fgr.R", "fgr.G", "fgr.B")], ids=len)
@pytest.mark.parametrize("depth", ["half", "float"])
@pytest.mark.parametrize("compression", LOSSLESS)
def test_pixels_come_back_exactly(tmp_path, compression, depth, channels):
    pixels = picture(37, 21, len(channels))
    path = written(tmp_path, pixels, channels=channels, encoding=Encoding("exr", depth, compression))
    planes = exr_channels(path)
    assert set(planes) == set(channels)
    for index, name in enumerate(channels):
        expected = pixels[..., index].astype(np.float16 if depth == "half" else np.float32)
        assert planes[name].dtype == expected.dtype
        np.testing.assert_array_equal(planes[name], expected)


def oiio_channels(path):
    file = oiio.ImageInput.open(str(path))
    pixels, names = file.read_image(file.spec().format), file.spec().channelnames
    file.close()
    return {name: pixels[..., index] for index, name in enumerate(names)}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_bits_come_back_from_deflated_files_in_two_libraries(tmp_path, data):
    height, width, count = (data.draw(st.integers(1, most)) for most in (40, 20, 4))
    wide = data.draw(st.booleans())
    bits = arrays.arrays(np.uint32 if wide else np.uint16, (height, width, count))
    pixels = to_float(
        data.draw(bits).view(np.float32 if wide else np.float16), np.float32 if wide else np.float16
    )
    encoding = Encoding("exr", "float" if wide else "half", data.draw(st.sampled_from(["zips", "zip"])))
    path = written(tmp_path, pixels, channels=RGBA[:count], encoding=encoding)
    for planes in (exr_channels(path), oiio_channels(path)):
        stored = np.stack([planes[name] for name in RGBA[:count]], -1)
        assert stored.tobytes() == pixels.tobytes()


@pytest.mark.parametrize("compression", ["zips", "zip"])
def test_noise_is_stored_as_it_is_and_a_file_of_many_strips_comes_back(tmp_path, compression):
    noise = np.random.default_rng(0).integers(0, 2**16, (203, 1801, 4), np.uint16).view(np.float16)
    pixels = to_float(np.where(np.arange(203)[:, None, None] < 100, noise, noise[:1]), np.float16)
    path = written(tmp_path, pixels, encoding=Encoding("exr", "half", compression))
    for planes in (exr_channels(path), oiio_channels(path)):
        assert np.stack([planes[name] for name in RGBA], -1).tobytes() == pixels.tobytes()


@pytest.mark.parametrize("compression", ["dwaa", "dwab"])
@pytest.mark.parametrize("depth", ["half", "float"])
def test_lossy_compression_stays_close_and_keeps_alpha(tmp_path, compression, depth):
    smooth = np.tile(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], (64, 1, 4))
    planes = exr_channels(written(tmp_path, smooth, encoding=Encoding("exr", depth, compression)))
    assert np.abs(planes["R"] - smooth[..., 0]).max() < 0.03
    np.testing.assert_allclose(planes["A"], smooth[..., 3], atol=5e-4)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_the_compression_is_the_one_asked_for(tmp_path, compression):
    path = written(tmp_path, picture(32, 32, 3), channels=RGB, encoding=Encoding("exr", "half", compression))
    stored = {"none": "NO_COMPRESSION"}.get(compression, f"{compression.upper()}_COMPRESSION")
    assert exr_header(path)["compression"] == getattr(OpenEXR, stored)


@pytest.mark.parametrize("repeat", ["one plane", "broadcast"])
def test_one_plane_is_stored_in_every_channel(tmp_path, repeat):
    matte = picture(40, 30, 1)
    pixels = matte if repeat == "one plane" else np.broadcast_to(matte, (30, 40, 3))
    planes = exr_channels(written(tmp_path, pixels, channels=RGB))
    for name in RGB:
        np.testing.assert_array_equal(planes[name], matte[..., 0].astype(np.float16))


def test_planes_that_fit_no_channels_are_a_programming_error(tmp_path):
    with pytest.raises(ValueError, match="2 planes of pixels cannot fill 3 channels"):
        written(tmp_path, picture(8, 8, 2), channels=RGB)


@given(
    arrays.arrays(
        np.float32, st.tuples(*[st.integers(1, 40), st.integers(1, 9), st.integers(1, 4)]),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True, allow_subnormal=True),
    )
)  # fmt: skip
def test_half_floats_are_the_nearest_and_always_finite(pixels):
    with np.errstate(invalid="ignore"):
        expected = np.nan_to_num(np.clip(pixels, -65504, 65504), nan=0.0).astype(np.float16)
    np.testing.assert_array_equal(to_float(pixels, np.float16), expected)


@settings(max_examples=30)
@given(arrays.arrays(np.float16, (5, 4, 3), elements=st.floats(width=16)))
def test_finite_half_floats_pass_untouched(pixels):
    finite = np.nan_to_num(pixels)
    assert to_float(finite, np.float16) is finite
    largest = np.float16(65504)
    expected = np.nan_to_num(pixels, nan=0, posinf=largest, neginf=-largest)
    np.testing.assert_array_equal(to_float(pixels, np.float16), expected)


def test_what_no_half_float_holds_is_stored_as_the_largest_and_nan_as_0(tmp_path):
    values = np.array([70000, -1e9, np.inf, -np.inf, np.nan, 65519, 2.5], np.float32)
    pixels = np.tile(values[None, :, None], (3, 1, 1))
    stored = exr_channels(written(tmp_path, pixels, channels=("Y",)))["Y"]
    np.testing.assert_array_equal(stored[2], np.float16([65504, -65504, 65504, -65504, 0, 65504, 2.5]))


def test_float_files_hold_no_infinity_either(tmp_path):
    pixels = np.array([np.inf, np.nan, -np.inf, 1e30], np.float32).reshape(1, 4, 1)
    path = written(tmp_path, pixels, channels=("Y",), encoding=Encoding("exr", "float"))
    largest = np.finfo(np.float32).max
    np.testing.assert_array_equal(exr_channels(path)["Y"][0], np.float32([largest, 0, -largest, 1e30]))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integer_codes_become_0_to_1(tmp_path, dtype):
    largest = np.iinfo(dtype).max
    pixels = np.array([0, largest // 3, largest], dtype).reshape(1, 3, 1)
    path = written(tmp_path, pixels, channels=("Y",), encoding=Encoding("exr", "float"))
    np.testing.assert_allclose(exr_channels(path)["Y"][0], [0, 1 / 3, 1], rtol=1e-6)


def test_pixels_need_not_be_contiguous(tmp_path):
    planes = picture(20, 10, 4).transpose(2, 0, 1).copy().transpose(1, 2, 0)[::-1, 3:]
    stored = exr_channels(written(tmp_path, planes))
    np.testing.assert_array_equal(stored["B"], planes[..., 2].astype(np.float16))


def windows(path):
    head = exr_header(path)
    return [
        tuple(int(v) for corner in head[name] for v in corner) for name in ("dataWindow", "displayWindow")
    ]


def test_overscan_keeps_both_windows(tmp_path):
    data, display = Window(-4, -2, 64, 36), Window(0, 0, 56, 32)
    pixels = picture(64, 36, 4)
    path = written(tmp_path, pixels, Header(data, display), canvas=data)
    assert windows(path) == [(-4, -2, 59, 33), (0, 0, 55, 31)]
    np.testing.assert_array_equal(exr_channels(path)["A"], pixels[..., 3].astype(np.float16))


def test_the_canvas_is_cropped_to_the_frames_own_window(tmp_path):
    canvas, data, display = Window(-8, -4, 80, 48), Window(10, 5, 30, 20), Window(0, 0, 64, 40)
    pixels = picture(80, 48, 4)
    path = written(tmp_path, pixels, Header(data, display), canvas=canvas)
    assert windows(path) == [(10, 5, 39, 24), (0, 0, 63, 39)]
    np.testing.assert_array_equal(exr_channels(path)["R"], pixels[9:29, 18:48, 0].astype(np.float16))


def test_a_data_window_beyond_the_canvas_is_cut_at_its_edge(tmp_path):
    canvas, data = Window(0, 0, 32, 20), Window(-10, 5, 60, 60)
    pixels = picture(32, 20, 4)
    path = written(tmp_path, pixels, Header(data, canvas), canvas=canvas)
    assert windows(path)[0] == (0, 5, 31, 19)
    np.testing.assert_array_equal(exr_channels(path)["G"], pixels[5:, :, 1].astype(np.float16))


def test_a_data_window_beside_the_canvas_leaves_one_pixel(tmp_path):
    canvas, data = Window(0, 0, 32, 20), Window(100, 100, 5, 5)
    path = written(tmp_path, np.zeros((20, 32, 4), np.float32), Header(data, canvas), canvas=canvas)
    assert windows(path)[0] == (0, 0, 0, 0)


def test_without_a_canvas_the_pixels_begin_at_the_data_window(tmp_path):
    data, display = Window(7, 3, 20, 10), Window(0, 0, 64, 40)
    pixels = picture(20, 10, 4)
    path = written(tmp_path, pixels, Header(data, display))
    assert windows(path)[0] == (7, 3, 26, 12)
    np.testing.assert_array_equal(exr_channels(path)["R"], pixels[..., 0].astype(np.float16))


def test_the_pixel_aspect_is_kept(tmp_path):
    path = written(tmp_path, picture(8, 8, 4), header(8, 8, pixel_aspect=2.0))
    assert exr_header(path)["pixelAspectRatio"] == 2.0


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("01:00:10:05", (1, 0, 10, 5, 0)),
        ("23:59:59;29", (23, 59, 59, 29, 1)),
        ("10:20:30:39", (10, 20, 30, 39, 0)),
    ],
)
def test_the_timecode_is_kept(tmp_path, text, fields):
    path = written(tmp_path, picture(8, 8, 4), header(8, 8, timecode=text))
    code = exr_header(path)["timeCode"]
    assert (code.hours, code.minutes, code.seconds, code.frame, code.dropFrame) == fields


@pytest.mark.parametrize("text", [None, "", "noon", "01:00:10:45", "1:2:3"])
def test_a_timecode_that_exr_cannot_hold_is_left_out(tmp_path, text):
    path = written(tmp_path, picture(8, 8, 4), header(8, 8, timecode=text))
    assert "timeCode" not in exr_header(path)


@pytest.mark.parametrize(
    ("given_as", "stored"),
    [
        (Fraction(24000, 1001), Fraction(24000, 1001)),
        ((30000, 1001), Fraction(30000, 1001)),
        ("25/1", Fraction(25)),
        (24, Fraction(24)),
        (23.976, Fraction(2997, 125)),
    ],
)
def test_the_rate_is_a_fraction(tmp_path, given_as, stored):
    path = written(tmp_path, picture(8, 8, 4), attributes={"framesPerSecond": given_as})
    assert exr_header(path)["framesPerSecond"] == stored


@pytest.mark.parametrize("nonsense", ["fast", (24, 0), 0, -25, (1.5, 2), float("inf"), float("nan")])
def test_a_rate_that_is_none_is_left_out(tmp_path, nonsense):
    path = written(tmp_path, picture(8, 8, 4), attributes={"framesPerSecond": nonsense})
    assert "framesPerSecond" not in exr_header(path)


def test_metadata_of_the_plate_travels_and_ours_goes_before_it(tmp_path):
    plates = (
        ("owner", "Ünïcode 制片"),
        ("nuke/node", "plate"),
        ("shot", 12),
        ("lens", 35.5),
        ("offset", (1.5, 2.5)),
        ("direction", (1.0, 2.0, 3.0)),
        ("tile", (3, 4)),
        ("curve", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("worldToCamera", tuple(float(n) for n in range(16))),
        ("smpte:KeyCode", (1, 2, 3, 4, 5, 4, 64)),
        ("huge", 2**40),
        ("capDate", "2020:01:01 00:00:00"),
    )
    own = {"matteline/model": "mobilenetv3", "nuke/node": "matte"}
    path = written(tmp_path, picture(8, 8, 4), header(8, 8, attributes=plates), attributes=own)
    head = exr_header(path)
    assert (head["owner"], head["nuke/node"], head["matteline/model"]) == (
        "Ünïcode 制片",
        "matte",
        "mobilenetv3",
    )
    assert (head["shot"], head["lens"], head["huge"]) == (12, 35.5, str(2**40))
    assert (list(head["offset"]), list(head["direction"]), list(head["tile"])) == (
        [1.5, 2.5],
        [1, 2, 3],
        [3, 4],
    )
    np.testing.assert_allclose(head["curve"], [0.1, 0.2, 0.3, 0.4, 0.5], rtol=1e-6)
    np.testing.assert_array_equal(head["worldToCamera"], np.arange(16).reshape(4, 4))
    assert head["keyCode"].filmMfcCode == 1
    assert head["capDate"] == "2020:01:01 00:00:00"


def test_words_on_how_the_plate_was_stored_do_not_travel(tmp_path):
    plates = (
        ("compression", "b44"),
        ("type", "tiledimage"),
        ("name", "left"),
        ("oiio:ColorSpace", "ACEScg"),
        ("openexr:lineOrder", "decreasingY"),
        ("timeCode", 3),
        ("", "no name"),
        ("n" * 300, "a name too long"),
    )
    plain = exr_header(written(tmp_path, picture(8, 8, 4)))
    assert set(exr_header(written(tmp_path, picture(8, 8, 4), header(8, 8, attributes=plates)))) == set(plain)
    assert plain["compression"] == OpenEXR.ZIPS_COMPRESSION


@pytest.mark.parametrize("odd", ["a\0b", "lone \ud800 surrogate", "", "x" * 100_000])
def test_odd_words_do_not_stop_a_render(tmp_path, odd):
    plates = (("comment", odd), ("odd", (odd, 1.5)), ("empty", ()), ("none", None), ("bytes", b"\0\1"))
    path = written(tmp_path, picture(8, 8, 4), header(8, 8, attributes=plates))
    assert exr_header(path)["none"] == "None"


def test_the_colour_is_what_the_caller_says_and_never_the_plates(tmp_path):
    plates = (
        ("colorInteropID", "lin_ap0_scene"),
        ("chromaticities", (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.31, 0.33)),
    )
    head = header(8, 8, attributes=plates)
    assert not {"colorInteropID", "chromaticities"} & set(
        exr_header(written(tmp_path, picture(8, 8, 4), head))
    )
    path = written(tmp_path, picture(8, 8, 4), head, attributes={"colorInteropID": "data"})
    assert exr_header(path)["colorInteropID"] == "data"


@pytest.mark.parametrize(("straight", "word"), [(True, "straight"), (False, "premultiplied")])
def test_a_file_with_alpha_says_whether_its_colour_is_multiplied(tmp_path, straight, word):
    encoding = Encoding("exr", "half", "zips", straight_alpha=straight)
    pixels = picture(8, 8, 4)
    path = written(tmp_path, pixels, encoding=encoding)
    assert exr_header(path)["matteline/alpha"] == word
    np.testing.assert_array_equal(exr_channels(path)["R"], pixels[..., 0].astype(np.float16))


def test_the_same_picture_gives_the_same_file(tmp_path):
    first = written(tmp_path, picture(32, 16, 4)).read_bytes()
    assert written(tmp_path, picture(32, 16, 4)).read_bytes() == first
    assert "capDate" not in exr_header(tmp_path / "m.0001.exr")
