"""Mattes drawn by hand: which channel, which frames, which pixels."""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import OpenEXR
import pytest
from PIL import Image

from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.plate import Window
from matteline.media.mask import Mask, split_channel

WIDTH, HEIGHT = 40, 24
WHOLE = Window(0, 0, WIDTH, HEIGHT)


def ramp(shift: int = 0) -> np.ndarray:
    """(24, 40) in 8 bits: 0, a ramp, 255."""
    row = np.clip((np.arange(WIDTH) - 12 - shift) * 16, 0, 255).astype(np.uint8)
    return np.broadcast_to(row, (HEIGHT, WIDTH)).copy()


def box(x: int, y: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array([x, y], np.int32), np.array([x + width - 1, y + height - 1], np.int32)


def exr(path: Path, channels: dict[str, np.ndarray], *, at: tuple[int, int] = (0, 0)) -> str:
    """An EXR whose data window begins at `at` within a display window of 40x24."""
    height, width = next(iter(channels.values())).shape
    words = {"type": OpenEXR.scanlineimage, "displayWindow": box(0, 0, WIDTH, HEIGHT)}
    words["dataWindow"] = box(*at, width, height)
    with OpenEXR.File(words, {name: np.ascontiguousarray(each) for name, each in channels.items()}) as file:
        file.write(str(path))
    return str(path)


def png(path: Path, pixels: np.ndarray) -> str:
    Image.fromarray(pixels).save(path)
    return str(path)


@pytest.mark.parametrize(
    ("channels", "asked", "right"),
    [
        ("R G B A", "", "A"),
        ("R G B", "", "R"),
        ("Y", "", "Y"),
        ("anything", "", "anything"),
        ("rgba.R rgba.G rgba.B", "", "rgba.R"),
        ("mask.A A", ":mask.A", "mask.A"),
        ("mask.alpha R G B", ":mask.A", "mask.alpha"),
        ("mask.a R G B", ":MASK.A", "mask.a"),
        ("other.R mask.R", ":mask", "mask.R"),
        ("mask.hand R", ":mask", "mask.hand"),
        ("roto.face roto.hand R", ":roto.face", "roto.face"),
        ("R G B A", ":G", "G"),
    ],
)
def test_a_channel_is_the_one_named_else_alpha_else_red(tmp_path, channels, asked, right):
    values = {name: 0.1 + 0.1 * place for place, name in enumerate(channels.split())}
    planes = {name: np.full((HEIGHT, WIDTH), value, np.float32) for name, value in values.items()}
    mask = Mask(exr(tmp_path / "roto.exr", planes) + asked, first_frame=1)
    made = mask.coverage(1001, WHOLE)
    assert made.dtype == np.float32 and made.shape == (HEIGHT, WIDTH)
    assert np.allclose(made, values[right], rtol=0, atol=1e-6)


def test_a_channel_that_is_not_there_is_named_with_those_that_are(tmp_path):
    plane = np.zeros((HEIGHT, WIDTH), np.float16)
    with pytest.raises(
        ReadError, match=r"roto\.exr cannot be read: it has no channel mask.A, only R, other.R"
    ):
        Mask(exr(tmp_path / "roto.exr", {"R": plane, "other.R": plane}) + ":mask.A", first_frame=1)
    with pytest.raises(ReadError, match=r"no alpha and no red channel, only first.U, first.V"):
        Mask(exr(tmp_path / "plain.exr", {"first.U": plane, "first.V": plane}), first_frame=1)


@pytest.mark.parametrize(
    ("mode", "right"), [("L", ramp()), ("RGB", ramp()), ("RGBA", ramp(5)), ("LA", ramp(5))]
)
def test_integers_are_coverage_at_full_scale_and_never_colour_converted(tmp_path, mode, right):
    colour = Image.merge("RGBA", [Image.fromarray(each) for each in (ramp(), ramp(), ramp(), ramp(5))])
    if mode == "LA":
        picture = Image.merge("LA", [Image.fromarray(ramp()), Image.fromarray(ramp(5))])
    else:
        picture = colour.convert("RGB").convert(mode) if mode in ("L", "RGB") else colour
    picture.save(tmp_path / "roto.png")
    made = Mask(str(tmp_path / "roto.png"), first_frame=1).coverage(1, WHOLE)
    assert np.allclose(made, right / 255, rtol=0, atol=1e-6)
    assert made.min() == 0 and made.max() == 1


def test_sixteen_bits_and_floats_keep_their_depth(tmp_path):
    codes = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 60
    made = Mask(png(tmp_path / "deep.png", codes), first_frame=1).coverage(1, WHOLE)
    assert np.allclose(made * 65535, codes, rtol=0, atol=0.01)
    floats = np.linspace(0, 1, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
    made = Mask(exr(tmp_path / "deep.exr", {"A": floats}), first_frame=1).coverage(1, WHOLE)
    assert np.array_equal(made, floats)


def test_what_is_no_coverage_is_brought_into_range(tmp_path):
    plane = np.zeros((HEIGHT, WIDTH), np.float16)
    plane[0, :4] = np.nan, np.inf, -1, 2
    made = Mask(exr(tmp_path / "roto.exr", {"A": plane}), first_frame=1).coverage(1, WHOLE)
    assert made[0, :4].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("at", [(0, 0), (25, -6), (-8, 20), (10, 5)])
def test_outside_its_own_data_window_is_outside(tmp_path, at):
    path = exr(tmp_path / "roto.exr", {"A": np.ones((12, 20), np.float16)}, at=at)
    window = Window(-5, -5, WIDTH + 10, HEIGHT + 10)
    made = Mask(path, first_frame=1).coverage(1, window)
    wanted = np.zeros((window.height, window.width), np.float32)
    wanted[max(at[1] + 5, 0) : at[1] + 17, max(at[0] + 5, 0) : at[0] + 25] = 1
    assert np.array_equal(made, wanted)


def test_boxes_of_a_sequence_may_move_and_reach_out(tmp_path):
    for number, at in {1003: (10, 5), 1004: (-8, -5), 1005: (35, 20)}.items():
        exr(tmp_path / f"roto.{number}.exr", {"A": np.ones((10, 20), np.float16)}, at=at)
    mask = Mask(str(tmp_path / "roto.####.exr"), first_frame=1)
    sums = [made.sum() for made in mask.read([1003, 1004, 1005], WHOLE)]
    assert sums == [200, 5 * 12, 4 * 5]


def test_an_image_serves_all_frames_and_a_sequence_its_own(tmp_path):
    one = Mask(png(tmp_path / "one.png", ramp()), first_frame=1)
    assert one.still and not one.missing(FrameSet.parse("1001-1010")).ranges
    for number in (1001, 1002, 1005):
        png(tmp_path / f"roto.{number}.png", ramp(number - 1001))
    several = Mask(str(tmp_path / "roto.####.png"), first_frame=1)
    assert not several.still and str(several.missing(FrameSet.parse("1001-1006"))) == "1003-1004,1006"
    assert np.array_equal(several.coverage(1005, WHOLE), ramp(4).astype(np.float32) / 255)


def test_a_pattern_is_a_sequence_even_of_one_image(tmp_path):
    png(tmp_path / "roto.1003.png", ramp())
    assert (
        str(Mask(str(tmp_path / "roto.####.png"), first_frame=1).missing(FrameSet.parse("1002-1003")))
        == "1002"
    )


@pytest.mark.parametrize(("form", "asked"), [("gray", ""), ("bgra", ""), ("bgra", ":a"), ("bgra", ":G")])
def test_a_movie_is_numbered_from_its_first_picture(tmp_path, form, asked):
    path = tmp_path / "roto.mkv"
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, form
        for shift in range(6):
            planes = [np.full_like(ramp(), 9), ramp(-shift), np.full_like(ramp(), 9), ramp(shift)]
            picture = ramp(shift) if form == "gray" else np.stack(planes, axis=2)
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(picture, form)))
        movie.mux(stream.encode())
    mask = Mask(str(path) + asked, first_frame=1001)
    assert str(mask.missing(FrameSet.parse("1000-1007"))) == "1000,1007"
    for number, made in zip((1002, 1005), mask.read([1002, 1005], WHOLE), strict=True):
        sign = -1 if asked == ":G" else 1
        assert np.array_equal(made, ramp(sign * (number - 1001)).astype(np.float32) / 255)


def test_a_movie_without_alpha_has_no_such_channel(tmp_path):
    path = tmp_path / "roto.mkv"
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "gray"
        movie.mux(stream.encode(av.VideoFrame.from_ndarray(ramp(), "gray")))
        movie.mux(stream.encode())
    with pytest.raises(ReadError, match=r"roto.mkv has no channel A, only R, G, B"):
        Mask(f"{path}:A", first_frame=1)


def test_an_identity_changes_with_the_files_of_the_frames_it_is_for(tmp_path):
    for number in (1001, 1002, 1003):
        png(tmp_path / f"roto.{number}.png", ramp())
    mask = Mask(str(tmp_path / "roto.####.png"), first_frame=1)
    before = mask.identity(FrameSet.parse("1001-1002"))
    os.utime(tmp_path / "roto.1003.png", ns=(1, 1))
    assert mask.identity(FrameSet.parse("1001-1002")) == before
    os.utime(tmp_path / "roto.1002.png", ns=(1, 1))
    assert mask.identity(FrameSet.parse("1001-1002")) != before


def test_an_unreadable_frame_is_named(tmp_path):
    for number in (1001, 1002):
        exr(
            tmp_path / f"roto.{number}.exr",
            {"A": np.random.default_rng(1).random((HEIGHT, WIDTH), np.float32)},
        )
    victim = tmp_path / "roto.1002.exr"
    victim.write_bytes(victim.read_bytes()[:1500])
    mask = Mask(str(tmp_path / "roto.####.exr"), first_frame=1)
    with pytest.raises(ReadError, match=r"Frame 1002 of roto.####.exr") as caught:
        mask.coverage(1002, WHOLE)
    assert caught.value.frame == 1002


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("roto.####.exr", ("roto.####.exr", None)),
        ("roto.####.exr:mask.A", ("roto.####.exr", "mask.A")),
        (r"C:\shots\roto.####.exr", (r"C:\shots\roto.####.exr", None)),
        (r"C:\shots\roto.####.exr:A", (r"C:\shots\roto.####.exr", "A")),
        ("C:roto.exr", ("C:roto.exr", None)),
        ("C:/roto.exr:", ("C:/roto.exr:", None)),
        ("roto.mov:R", ("roto.mov", "R")),
        ("take:2/roto.exr", ("take:2/roto.exr", None)),
    ],
)
def test_a_channel_is_told_from_a_path(words, parts):
    assert split_channel(words) == parts


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no colon in file names")
def test_a_file_of_that_very_name_wins_over_a_channel(tmp_path):
    path = tmp_path / "roto.exr:mask"
    path.write_bytes(b"")
    assert split_channel(str(path)) == (str(path), None)


def test_a_folder_may_be_named_with_a_channel(tmp_path):
    assert split_channel(f"{tmp_path}:A") == (str(tmp_path), "A")


def test_a_path_that_is_none_is_refused():
    with pytest.raises(JobError):
        Mask(" ", first_frame=1)
