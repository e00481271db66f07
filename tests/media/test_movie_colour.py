"""The RGB that movies are delivered as, against the YUV arithmetic of the standards."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.video.format import VideoFormat

from matteline.contract.errors import ReadError
from matteline.media.plate import open_plate
from tests.media.reading import numbered, write_movie

BT709, UNTAGGED, BT601, YCGCO, BT2020 = 1, 2, 6, 8, 9
VIDEO, FULL = 1, 2
LUMA = {BT709: (0.2126, 0.0722), BT601: (0.299, 0.114), BT2020: (0.2627, 0.0593)}
_GREYS = [(level, level, level) for level in (0, 1, 0.5, 0.18)]
_PRIMARIES = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0)]
COLOURS = np.array(_GREYS + _PRIMARIES + [tuple(row) for row in np.random.default_rng(3).random((8, 3))])
"""Sixteen colours; the first four are grey."""


def codes(colours, matrix, bits, full):
    """Y, Cb and Cr codes of colours (N, 3), by the formulas of BT.601, BT.709 and BT.2020."""
    red, blue = LUMA[matrix]
    luma = colours @ np.array([red, 1 - red - blue, blue])
    differences = (colours[:, 2] - luma) / (2 - 2 * blue), (colours[:, 0] - luma) / (2 - 2 * red)
    scale, top = 1 << bits - 8, (1 << bits) - 1
    if full:
        planes = luma * top, *(each * top + 128 * scale for each in differences)
    else:
        planes = luma * 219 * scale + 16 * scale, *(each * 224 * scale + 128 * scale for each in differences)
    return [np.clip(np.round(plane), 0, top) for plane in planes]


def patches(pixel_format, planes, size):
    """A picture whose planes show a row of even patches of these codes."""
    frame = av.VideoFrame(*size, pixel_format)
    dtype = np.uint8 if VideoFormat(pixel_format).components[0].bits == 8 else np.uint16
    for plane, values in zip(frame.planes, planes, strict=True):
        lines = np.zeros((plane.height, plane.line_size // np.dtype(dtype).itemsize), dtype)
        lines[:, : plane.width] = np.repeat(values, plane.width // len(values))
        plane.update(lines.tobytes())
    return frame


def decoded(tmp_path, pixel_format, planes, matrix=UNTAGGED, colour_range=0, size=(256, 64)):
    """Store a picture without loss and read it: the plate, and the pixels amid each patch, (N, C)."""

    def tagged(_, stream):
        stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = colour_range

    def picture(_):
        frame = patches(pixel_format, planes, size)
        frame.colorspace, frame.color_range = matrix, colour_range
        return frame

    path = write_movie(
        tmp_path / "clip.mkv", "ffv1", pixel_format, count=2, picture=picture, size=size, prepare=tagged
    )
    plate = open_plate(str(path))
    pixels = plate.frame(1).pixels
    step = size[0] // len(planes[0])
    return plate, pixels[size[1] // 2, step // 2 :: step]


@pytest.mark.parametrize("full", [False, True], ids=["video", "full"])
@pytest.mark.parametrize("matrix", [BT709, BT601, BT2020])
@pytest.mark.parametrize(
    ("pixel_format", "error"), [("yuv420p", 3.1), ("yuv422p", 3.1), ("yuv444p", 2.2), ("yuv411p", 2.2)]
)
def test_8_bit_codes_become_full_range_rgb(tmp_path, pixel_format, error, matrix, full):
    planes = codes(COLOURS, matrix, 8, full)
    plate, rgb = decoded(tmp_path, pixel_format, planes, matrix, FULL if full else VIDEO)
    assert rgb.dtype == np.uint8
    assert np.abs(rgb - 255 * COLOURS).max() <= error
    assert np.abs(rgb[:4] - 255 * COLOURS[:4]).max() <= 1
    assert plate.info.colour.full_range == full


@pytest.mark.parametrize("full", [False, True], ids=["video", "full"])
@pytest.mark.parametrize("matrix", [BT709, BT2020])
@pytest.mark.parametrize(
    ("pixel_format", "bits", "pixel_type"),
    [
        ("yuv420p10le", 10, "uint10"),
        ("yuv422p10le", 10, "uint10"),
        ("yuv444p10le", 10, "uint10"),
        ("yuv422p12le", 12, "uint12"),
        ("yuv444p12le", 12, "uint12"),
        ("yuv444p16le", 16, "uint16"),
    ],
)
def test_deep_codes_fill_16_bits(tmp_path, pixel_format, bits, pixel_type, matrix, full):
    planes = codes(COLOURS, matrix, bits, full)
    plate, rgb = decoded(tmp_path, pixel_format, planes, matrix, FULL if full else VIDEO)
    assert (rgb.dtype, plate.info.pixel_type) == (np.uint16, pixel_type)
    assert (rgb[0] == 0).all()
    assert (rgb[1] == 65535).all()
    rounding = 2 * 65535 / (1 << bits)
    assert np.abs(rgb - 65535 * COLOURS).max() <= rounding + 40


@pytest.mark.parametrize(("size", "matrix"), [((256, 64), BT601), ((1280, 16), BT709), ((256, 720), BT709)])
def test_an_untagged_matrix_is_that_of_hd_from_720_lines_or_1280_columns(tmp_path, size, matrix):
    plate, rgb = decoded(tmp_path, "yuv444p", codes(COLOURS, matrix, 8, False), size=size)
    assert np.abs(rgb - 255 * COLOURS).max() <= 2.2
    assert plate.info.colour.matrix is None
    assert "assumed" in plate.info.description


@pytest.mark.parametrize(("matrix", "word"), [(BT709, "bt709"), (BT601, "smpte170m"), (BT2020, "bt2020nc")])
def test_tags_are_told_in_ffmpeg_s_words(tmp_path, matrix, word):
    plate, _ = decoded(tmp_path, "yuv444p", codes(COLOURS, matrix, 8, False), matrix, VIDEO)
    assert (plate.info.colour.matrix, plate.info.colour.full_range) == (word, False)


def test_transfer_and_primaries_are_told(tmp_path):
    params = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    path = write_movie(tmp_path / "c.mp4", "libx264", "yuv420p10le", count=2, options={"x264-params": params})
    colour = open_plate(str(path)).info.colour
    assert (colour.primaries, colour.transfer, colour.matrix) == ("bt2020", "smpte2084", "bt2020nc")


def test_a_matrix_that_cannot_be_undone_is_refused(tmp_path):
    with pytest.raises(ReadError, match="its colour is ycgco"):
        decoded(tmp_path, "yuv444p", codes(COLOURS, BT709, 8, False), YCGCO, VIDEO)


@pytest.mark.parametrize(("pixel_format", "bits"), [("gray", 8), ("gray10le", 10), ("gray16le", 16)])
@pytest.mark.parametrize("colour_range", [0, VIDEO, FULL])
def test_grey_is_stretched_only_where_it_says_video_range(tmp_path, pixel_format, bits, colour_range):
    levels = np.linspace(0, 1, 16)
    low, high = (16 << bits - 8, 235 << bits - 8) if colour_range == VIDEO else (0, (1 << bits) - 1)
    _, rgb = decoded(
        tmp_path, pixel_format, [np.round(low + levels * (high - low))], colour_range=colour_range
    )
    top = np.iinfo(rgb.dtype).max
    assert (rgb[0] == 0).all()
    assert (rgb[-1] == top).all()
    assert np.abs(rgb / top - levels[:, None]).max() <= 1 / (1 << bits) + 2 / top


@pytest.mark.parametrize("size", [(200, 120), (250, 126), (322, 242)])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p", "yuv422p10le"])
def test_padding_of_lines_does_not_show(tmp_path, pixel_format, size):
    path = write_movie(
        tmp_path / "clip.mkv",
        "ffv1",
        pixel_format,
        count=1,
        size=size,
        picture=lambda number: numbered(5, *size),
    )
    frame = open_plate(str(path)).frame(1)
    assert frame.pixels.shape == (size[1], size[0], 3)
    rgb = frame.pixels / np.iinfo(frame.pixels.dtype).max
    assert np.abs(rgb - numbered(5, *size) / 255)[size[1] // 2 + 4 :].mean() < 0.02


def ramps(number):
    pixels = np.zeros((64, 256, 4), np.uint8)
    pixels[..., 0] = np.arange(256)
    pixels[..., 1] = number * 40
    pixels[..., 2] = np.arange(64)[:, None] * 4
    pixels[..., 3] = np.arange(256)[::-1]
    return pixels


def test_rgb_with_alpha_is_delivered_as_stored(tmp_path):
    path = write_movie(tmp_path / "c.mov", "qtrle", "argb", count=2, picture=ramps, size=(256, 64))
    np.testing.assert_array_equal(open_plate(str(path)).frame(2).pixels, ramps(1))


@pytest.mark.parametrize(("pixel_format", "bits"), [("gbrp10le", 10), ("gbrp12le", 12), ("gbrp16le", 16)])
def test_rgb_fills_its_scale(tmp_path, pixel_format, bits):
    codes_in = np.round(COLOURS * ((1 << bits) - 1))
    _, rgb = decoded(tmp_path, pixel_format, [codes_in[:, channel] for channel in (1, 2, 0)])
    top = np.iinfo(rgb.dtype).max
    assert np.abs(rgb / top - codes_in / ((1 << bits) - 1)).max() <= 1 / (1 << bits + 1)
    assert (rgb[1] == top).all()


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "options", "error"),
    [
        ("c.mov", "prores_ks", "yuva444p10le", {"profile": "4444", "alpha_bits": "16"}, 0.002),
        ("c.mov", "prores_ks", "yuva444p10le", {"profile": "4444", "alpha_bits": "8"}, 0.005),
        ("c.webm", "libvpx-vp9", "yuva420p", {"crf": "10", "b": "0", "auto-alt-ref": "0"}, 0.03),
        ("c.webm", "libvpx", "yuva420p", {"crf": "10", "b": "2M", "auto-alt-ref": "0"}, 0.03),
        ("c.mkv", "ffv1", "yuva444p16le", {}, 0.001),
    ],
)
def test_alpha_is_kept_and_fills_its_scale(tmp_path, name, codec, pixel_format, options, error):
    path = write_movie(
        tmp_path / name, codec, pixel_format, count=3, options=options, picture=ramps, size=(256, 64)
    )
    frame = open_plate(str(path)).frame(2)
    top = np.iinfo(frame.pixels.dtype).max
    assert frame.pixels.shape == (64, 256, 4)
    assert np.abs(frame.pixels[..., 3] / top - ramps(1)[..., 3] / 255).max() < error
    assert frame.pixels[32, 0, 3] == pytest.approx(top, rel=error)
