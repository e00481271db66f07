"""Movies of pictures: codes by the standard, odd sizes, and whole files or none."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from matteline.contract.errors import WriteError
from matteline.media.movie_kinds import KINDS
from matteline.media.movie_writer import MovieMetadata, writing_movie
from matteline.media.plate import open_plate
from matteline.media.ycbcr import PlaneFormat

from .writing import picture

RATE = MovieMetadata(Fraction(25))
CHANNELS = {"cutout": 4, "matte": 1, "preview": 3}


def _codes(planes: PlaneFormat, colour: tuple[float, ...], size: tuple[int, int] = (4, 4)) -> list[int]:
    frame = planes.video_frame(np.broadcast_to(np.float32(colour), (*size, len(colour))))
    dtype = np.uint8 if planes.bits == 8 else np.uint16
    return [int(np.asarray(memoryview(plane)).view(dtype)[0]) for plane in frame.planes]


@pytest.mark.parametrize(
    ("colour", "codes"),
    [
        # 75 % bars in 10 bit, as SMPTE RP 219 lists them.
        ((0.75, 0.75, 0.75), [721, 512, 512]),
        ((0.75, 0.75, 0), [674, 176, 543]),
        ((0, 0.75, 0.75), [581, 589, 176]),
        ((0, 0.75, 0), [534, 253, 207]),
        ((0.75, 0, 0.75), [251, 771, 817]),
        ((0.75, 0, 0), [204, 435, 848]),
        ((0, 0, 0.75), [111, 848, 481]),
        ((0, 0, 0), [64, 512, 512]),
        ((1, 1, 1), [940, 512, 512]),
    ],
)
def test_colour_bars_have_the_codes_of_the_standard(colour, codes):
    assert _codes(PlaneFormat("yuv444p10le", 10, 1, 1), colour) == codes


def test_eight_bit_codes_are_those_of_video_range():
    assert _codes(KINDS["preview"].planes, (1.0, 1.0, 1.0)) == [235, 128, 128]
    assert _codes(KINDS["preview"].planes, (0.0, 0.0, 1.0)) == [32, 240, 118]


def test_a_full_range_matte_uses_all_codes():
    assert _codes(KINDS["matte_full"].planes, (1.0,)) == [255, 128, 128]
    assert _codes(KINDS["matte_full"].planes, (0.0,)) == [0, 128, 128]


def test_alpha_uses_all_codes_and_values_beyond_the_scale_are_cut():
    planes = KINDS["prores4444"].planes
    assert _codes(planes, (1.0, 1.0, 1.0, 1.0))[3] == 1023
    assert _codes(planes, (0.0, 0.0, 0.0, 0.0))[3] == 0
    assert _codes(planes, (9.0, 9.0, 9.0, 2.0))[::3] == [1023, 1023]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("size", [(71, 41), (16, 16), (3, 5)], ids=str)
def test_any_size_can_be_written_and_read(tmp_path, kind, size):
    if kind.codec == "HEVC" and min(size) < 16:
        pytest.skip("x265 takes no picture smaller than 16 pixels")
    width, height = size
    pixels = (
        picture(width, height, CHANNELS[kind.shows])
        if min(size) > 10
        else np.full((height, width, CHANNELS[kind.shows]), 0.5, np.float32)
    )
    path = tmp_path / f"m.{kind.extension}"
    with writing_movie(path, kind, RATE) as movie:
        for _ in range(3):
            movie.add(pixels)
    with open_plate(str(path)) as plate:
        frame = plate.frame(3)
    shown = frame.pixels / np.iinfo(frame.pixels.dtype).max
    even = (height + height % 2, width + width % 2) if kind.extension == "mp4" else (height, width)
    assert shown.shape[:2] == even and len(plate.info.frames) == 3
    luma = [0.2126, 0.7152, 0.0722]
    wanted = pixels[..., 0] if kind.shows == "matte" else pixels[..., :3] @ np.float32(luma)
    assert np.abs(shown[:height, :width, :3] @ luma - wanted).mean() < 3 / 255


def test_timecode_and_words_are_kept_and_times_are_exact(tmp_path):
    header = MovieMetadata(
        Fraction(60000, 1001), "10:00:00;00", 1.0, {"matteline/model": "ünï", "odd": "a\0b"}
    )
    with writing_movie(tmp_path / "m.mov", KINDS["matte"], header) as movie:
        for _ in range(4):
            movie.add(np.zeros((16, 16, 1), np.float32))
    with av.open(str(tmp_path / "m.mov")) as container:
        stream = container.streams.video[0]
        assert (container.metadata["matteline/model"], container.metadata["odd"]) == ("ünï", "ab")
        assert (stream.metadata["timecode"], stream.average_rate) == ("10:00:00;00", Fraction(60000, 1001))
        times = [frame.pts * stream.time_base for frame in container.decode(stream)]
    assert times == [number * Fraction(1001, 60000) for number in range(4)]


def test_the_same_pictures_give_the_same_file(tmp_path):
    for name in ("a.mov", "b.mov"):
        with writing_movie(tmp_path / name, KINDS["matte"], RATE) as movie:
            movie.add(picture(32, 16, 1))
    assert (tmp_path / "a.mov").read_bytes() == (tmp_path / "b.mov").read_bytes()


def test_an_error_between_pictures_passes_and_keeps_what_was_there(tmp_path):
    path = tmp_path / "m.mp4"
    path.write_bytes(b"precious")

    def break_off() -> None:
        with writing_movie(path, KINDS["preview"], RATE) as movie:
            movie.add(picture(32, 16, 3))
            raise KeyError("render")

    with pytest.raises(KeyError):
        break_off()
    assert path.read_bytes() == b"precious" and _others(path) == []


def test_a_folder_that_is_gone_is_named(tmp_path):
    path = tmp_path / "gone" / "m.mp4"
    with (
        pytest.raises(WriteError, match="its folder does not exist"),
        writing_movie(path, KINDS["preview"], RATE),
    ):
        pass


def _others(path: Path) -> list[Path]:
    return [each for each in path.parent.iterdir() if each != path]
