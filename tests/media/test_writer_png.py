"""PNG results as Pillow and OpenImageIO read them."""

from __future__ import annotations

import struct

import numpy as np
import OpenImageIO as oiio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from matteline.contract.plate import Header, Window
from matteline.media.png_chunks import chunks
from matteline.media.samples import to_codes
from matteline.media.writer import Encoding, write_image
from tests.media.writing import RGBA, header, picture

CHANNELS = {1: ("Y",), 2: ("Y", "A"), 3: RGBA[:3], 4: RGBA}


def written(tmp_path, pixels, head=None, depth="8", **more):
    path = tmp_path / "m.0001.png"
    head = head or header(pixels.shape[1], pixels.shape[0])
    more.setdefault("channels", CHANNELS[pixels.shape[2]])
    write_image(path, pixels, Encoding("png", depth), head, **more)
    return path


def codes(path, dtype):
    """Stored codes (H, W, C), straight, by OpenImageIO, after Pillow has agreed on 8 bits."""
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)
    file = oiio.ImageInput.open(str(path), config)
    stored = file.read_image(oiio.TypeDesc(np.dtype(dtype).name))
    file.close()
    with Image.open(path) as image:
        image.load()
        if dtype == np.uint8:
            np.testing.assert_array_equal(np.asarray(image).reshape(stored.shape), stored)
    return stored


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(("depth", "dtype"), [("8", np.uint8), ("16", np.uint16)])
@pytest.mark.parametrize("size", [(1, 1), (37, 21), (320, 5)])
def test_codes_come_back_exactly(tmp_path, size, depth, dtype, channels):
    rng = np.random.default_rng(channels)
    pixels = rng.integers(0, np.iinfo(dtype).max, (size[1], size[0], channels), dtype, endpoint=True)
    np.testing.assert_array_equal(codes(written(tmp_path, pixels, depth=depth), dtype), pixels)


def test_a_picture_compressed_in_several_strips_comes_back_exactly(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (701, 401, 4), np.uint16) >> 9
    np.testing.assert_array_equal(codes(written(tmp_path, pixels, depth="16"), np.uint16), pixels)


def test_every_16_bit_code_comes_back(tmp_path):
    pixels = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    np.testing.assert_array_equal(codes(written(tmp_path, pixels, depth="16"), np.uint16), pixels)


@pytest.mark.parametrize(("depth", "dtype"), [("8", np.uint8), ("16", np.uint16)])
def test_every_code_survives_the_way_through_floats(tmp_path, depth, dtype):
    largest = np.iinfo(dtype).max
    pixels = np.arange(largest + 1, dtype=dtype).reshape(-1, 64, 1)
    floats = (pixels / largest).astype(np.float32)
    np.testing.assert_array_equal(codes(written(tmp_path, floats, depth=depth), dtype), pixels)


@given(
    arrays.arrays(
        np.float32, st.tuples(*[st.integers(1, 40), st.integers(1, 9), st.integers(1, 4)]),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
    )
)  # fmt: skip
def test_floats_are_clipped_and_rounded_and_nan_is_0(pixels):
    exact = np.clip(np.nan_to_num(pixels.astype(np.float64), nan=0.0), 0, 1) * 255
    assert np.abs(to_codes(pixels, np.uint8) - exact).max() <= 0.5 + 1e-4


@pytest.mark.parametrize(
    ("pixels", "depth", "stored"),
    [
        (np.uint8([0, 1, 255]), "16", [0, 257, 65535]),
        (np.uint16([0, 257, 65535, 128, 129]), "8", [0, 1, 255, 0, 1]),
        (np.float16([-1, 0.5, 2]), "8", [0, 128, 255]),
    ],
)
def test_other_types_are_brought_to_the_depth(tmp_path, pixels, depth, stored):
    path = written(tmp_path, pixels.reshape(1, -1, 1), depth=depth)
    np.testing.assert_array_equal(codes(path, np.uint8 if depth == "8" else np.uint16).ravel(), stored)


def test_one_plane_is_stored_in_every_channel(tmp_path):
    matte = picture(20, 10, 1)
    stored = codes(written(tmp_path, matte, channels=RGBA[:3]), np.uint8)
    np.testing.assert_array_equal(stored, np.broadcast_to(to_codes(matte, np.uint8), (10, 20, 3)))


def test_straight_colour_under_an_alpha_of_0_is_kept(tmp_path):
    pixels = np.full((4, 4, 4), 0.8, np.float32)
    pixels[..., 3] = 0
    np.testing.assert_array_equal(codes(written(tmp_path, pixels), np.uint8)[0, 0], [204, 204, 204, 0])


def test_the_file_covers_the_display_window(tmp_path):
    canvas, display = Window(-4, -2, 64, 36), Window(0, 0, 56, 32)
    pixels = picture(64, 36, 3)
    path = written(tmp_path, pixels, Header(canvas, display), canvas=canvas)
    np.testing.assert_array_equal(codes(path, np.uint8), to_codes(pixels, np.uint8)[2:34, 4:60])


def test_what_the_canvas_lacks_of_the_display_window_is_0(tmp_path):
    data, display = Window(7, 3, 20, 10), Window(0, 0, 64, 40)
    stored = codes(written(tmp_path, np.ones((10, 20, 3), np.float32), Header(data, display)), np.uint8)
    assert stored.shape == (40, 64, 3)
    assert stored[3:13, 7:27].min() == 255
    assert stored.sum() == 10 * 20 * 3 * 255


def kinds(path):
    return {
        each.kind: bytes(each.data) for each in chunks(memoryview(path.read_bytes())) if each.kind != b"IDAT"
    }


def test_a_plain_picture_says_nothing_of_colour_or_size(tmp_path):
    assert set(kinds(written(tmp_path, picture(8, 8, 3)))) == {b"IHDR", b"IEND"}


def test_srgb_is_stated_in_all_the_ways_a_png_has(tmp_path):
    path = written(tmp_path, picture(8, 8, 3), attributes={"colorInteropID": "srgb_rec709_scene"})
    with Image.open(path) as image:
        image.load()
        assert image.info["srgb"] == 0
        assert image.info["gamma"] == pytest.approx(1 / 2.2, abs=1e-4)
        assert image.info["chromaticity"] == pytest.approx((0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06))
        assert image.text["colorInteropID"] == "srgb_rec709_scene"


def test_linear_light_is_stated_as_gamma_1(tmp_path):
    path = written(tmp_path, picture(8, 8, 3), attributes={"colorInteropID": "lin_rec709_scene"})
    with Image.open(path) as image:
        image.load()
        assert image.info["gamma"] == 1
        assert "srgb" not in image.info


def test_the_plates_words_on_colour_do_not_travel(tmp_path):
    head = header(8, 8, attributes=(("colorInteropID", "srgb_rec709_scene"), ("oiio:ColorSpace", "sRGB")))
    assert set(kinds(written(tmp_path, picture(8, 8, 3), head))) == {b"IHDR", b"IEND"}


def test_a_wide_pixel_is_stated(tmp_path):
    path = written(tmp_path, picture(8, 8, 3), header(8, 8, pixel_aspect=2.0))
    assert kinds(path)[b"pHYs"] == struct.pack(">IIB", 1, 2, 0)
    file = oiio.ImageInput.open(str(path))
    assert file.spec().get_float_attribute("PixelAspectRatio") == 2.0
    file.close()


def test_metadata_is_text_before_the_pixels(tmp_path):
    plates = (
        ("owner", "Ünïcode"),
        ("comment", "制片"),
        ("lens", 35.5),
        ("offset", (1.5, 2)),
        ("k" * 100, "too long"),
    )
    head = header(8, 8, attributes=plates, timecode="01:00:10:05")
    path = written(tmp_path, picture(8, 8, 4), head, attributes={"matteline/model": "mobilenetv3"})
    order = [each.kind for each in chunks(memoryview(path.read_bytes()))]
    assert order.index(b"IDAT") > max(place for place, kind in enumerate(order) if kind in (b"tEXt", b"iTXt"))
    with Image.open(path) as image:
        assert image.text == {
            "timecode": "01:00:10:05",
            "owner": "Ünïcode",
            "comment": "制片",
            "lens": "35.5",
            "offset": "1.5, 2",
            "matteline/alpha": "premultiplied",
            "matteline/model": "mobilenetv3",
        }


def test_a_straight_file_says_so(tmp_path):
    path = tmp_path / "m.png"
    write_image(
        path, picture(8, 8, 4), Encoding("png", "8", straight_alpha=True), header(8, 8), channels=RGBA
    )
    with Image.open(path) as image:
        assert image.text["matteline/alpha"] == "straight"


@pytest.mark.parametrize("odd", ["a\0b", "lone \ud800 surrogate", "", "x" * 100_000])
def test_odd_words_do_not_stop_a_render(tmp_path, odd):
    head = header(8, 8, attributes=(("comment", odd), (odd, "x"), (" padded ", "x"), ("none", None)))
    with Image.open(written(tmp_path, picture(8, 8, 3), head)) as image:
        image.load()
        assert image.text["none"] == "None"


def test_the_same_picture_gives_the_same_file(tmp_path):
    first = written(tmp_path, picture(32, 16, 4)).read_bytes()
    assert written(tmp_path, picture(32, 16, 4)).read_bytes() == first
