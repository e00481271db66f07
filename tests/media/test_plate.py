"""Opening plates: what a path may name, and the sentence for every path that names nothing good."""

from __future__ import annotations

import os
import sys

import pytest
from PIL import Image

from matteline.contract.errors import JobError, ReadError
from matteline.media.plate import open_plate
from tests.media.reading import numbered, ramp, shown, write_exr, write_movie


def png(path, number=0):
    Image.fromarray(numbered(number, 64, 32)).save(path)
    return path


@pytest.fixture
def plate(tmp_path):
    """plate.1001.png to plate.1003.png, each showing 1, 2, 3."""
    for number in (1, 2, 3):
        png(tmp_path / f"plate.{1000 + number}.png", number)
    return tmp_path


@pytest.mark.parametrize("name", ["plate.####.png", "plate.%04d.png", "plate.#.png", "plate.1002.png", ""])
def test_a_sequence_is_named_by_pattern_by_one_frame_or_by_its_folder(plate, name):
    path = str(plate / name)
    with open_plate(path) as opened:
        info = opened.info
        assert (info.path, info.kind, info.name, info.padding) == (path, "sequence", "plate", 4)
        assert list(info.frames) == [1001, 1002, 1003]
        assert shown(opened.read(info.frames)) == [1, 2, 3]


def test_a_plate_in_the_current_folder_needs_no_folder(plate, monkeypatch):
    monkeypatch.chdir(plate)
    assert len(open_plate("plate.####.png").info.frames) == 3
    assert len(open_plate("plate.1001.png").info.frames) == 3
    assert open_plate(".").info.name == "plate"


def test_gaps_of_a_sequence_are_gaps(plate):
    png(plate / "plate.1010.png")
    assert str(open_plate(str(plate)).info.frames) == "1001-1003,1010"


def test_negative_frames_belong_to_the_sequence(tmp_path):
    for number in ("-0002", "-0001", "0000", "0001"):
        png(tmp_path / f"plate.{number}.png", int(number) + 2)
    opened = open_plate(str(tmp_path / "plate.####.png"))
    assert str(opened.info.frames) == "-2-1"
    assert shown(opened.read(opened.info.frames)) == [0, 1, 2, 3]


def test_hidden_temporary_and_other_files_are_ignored(plate):
    for name in (
        ".plate.1004.png",
        "._plate.1001.png",
        "plate.1004.png.tmp",
        "plate.1004.png.3f2a.tmp",
        "notes.txt",
    ):
        (plate / name).write_bytes(b"no image")
    assert str(open_plate(str(plate)).info.frames) == "1001-1003"


def test_a_folder_with_two_sequences_is_refused_with_both_names(plate):
    png(plate / "clean.1001.png")
    png(plate / "clean.1002.png")
    with pytest.raises(ReadError, match=r"holds several plates: clean.####.png and plate.####.png") as caught:
        open_plate(str(plate))
    assert "Name the one" in caught.value.hint


def test_single_images_beside_a_sequence_do_not_make_its_folder_unclear(plate):
    png(plate / "reference.png")
    png(plate / "chart_01.png")
    assert open_plate(str(plate)).info.name == "plate"


def test_a_folder_with_several_single_images_is_refused(tmp_path):
    for name in ("a.png", "b.png", "c.png", "d.png"):
        png(tmp_path / name)
    with pytest.raises(ReadError, match=r"a\.png, b\.png, c\.png and more"):
        open_plate(str(tmp_path))


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(ReadError, match="holds no images"):
        open_plate(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "number", "result"),
    [("beach.png", 1, "beach"), ("beach_0042.png", 42, "beach"), ("0042.png", 42, None)],
)
def test_an_image_alone_is_a_still(tmp_path, name, number, result):
    info = open_plate(str(png(tmp_path / name))).info
    assert (info.kind, list(info.frames), info.name) == ("still", [number], result or tmp_path.name)


def test_a_still_in_a_folder_may_be_named_by_the_folder(tmp_path):
    png(tmp_path / "beach.png")
    assert open_plate(str(tmp_path)).info.kind == "still"


@pytest.mark.parametrize(
    "prefix", ["take#3 ", "50%d off ", "[ab]*", "Büro_人 ", "-v ", "a&b'c", "%04d.", "v####_", "{1}$HOME`x`"]
)
def test_any_character_may_stand_in_a_name(tmp_path, prefix):
    folder = tmp_path / f"{prefix}folder"
    folder.mkdir()
    for number in (1, 2):
        png(folder / f"{prefix}.{number:04d}.png", number)
    for name in (folder / f"{prefix}.0001.png", folder / f"{prefix}.####.png", folder):
        opened = open_plate(str(name))
        assert shown(opened.read(opened.info.frames)) == [1, 2]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_question_marks_and_stars_are_plain_characters(tmp_path):
    png(tmp_path / "who?a=b*.0001.png", 5)
    png(tmp_path / "whoXa=bX.0002.png", 6)
    opened = open_plate(str(tmp_path / "who?a=b*.0001.png"))
    assert shown(opened.read(opened.info.frames)) == [5]


def test_what_exists_wins_over_its_reading_as_a_pattern(tmp_path):
    png(tmp_path / "plate.####.png", 9)
    png(tmp_path / "plate.1001.png", 1)
    opened = open_plate(str(tmp_path / "plate.####.png"))
    assert opened.info.kind == "still"
    assert shown(opened.read(opened.info.frames)) == [9]


def test_extensions_may_be_written_in_capitals(tmp_path):
    png(tmp_path / "plate.0001.png").rename(tmp_path / "plate.0001.PNG")
    png(tmp_path / "plate.0002.png").rename(tmp_path / "plate.0002.PNG")
    assert len(open_plate(str(tmp_path / "plate.0001.PNG")).info.frames) == 2
    assert len(open_plate(str(tmp_path / "plate.####.png")).info.frames) == 2


def test_a_pattern_of_another_padding_is_refused_with_the_real_one(plate):
    with pytest.raises(ReadError, match="No image fits") as caught:
        open_plate(str(plate / "plate.#####.png"))
    assert caught.value.hint == "The folder holds plate.####.png."


def test_numbers_may_outgrow_the_pattern(plate):
    assert str(open_plate(str(plate / "plate.###.png")).info.frames) == "1001-1003"


def test_mixed_padding_is_refused_unless_the_pattern_chooses(plate):
    png(plate / "plate.01004.png", 4)
    for path in (plate, plate / "plate.1001.png"):
        with pytest.raises(ReadError, match="padded in two ways"):
            open_plate(str(path))
    assert str(open_plate(str(plate / "plate.####.png")).info.frames) == "1001-1003"
    assert str(open_plate(str(plate / "plate.#####.png")).info.frames) == "1004"


@pytest.mark.parametrize(
    "name", ["nowhere.mov", "nowhere.####.exr", "no/folder.####.exr", "no/folder/at_all.exr"]
)
def test_a_path_where_nothing_is_costs_one_sentence(tmp_path, name):
    with pytest.raises(ReadError) as caught:
        open_plate(str(tmp_path / name))
    assert caught.value.message.count(". ") == 0
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize("path", ["", "  ", "a\0b.exr"])
def test_a_path_that_is_none_is_a_mistake_of_the_job(path):
    with pytest.raises(JobError) as caught:
        open_plate(path)
    assert caught.value.field == "plate"


@pytest.mark.parametrize("name", ["plate.####.png", "plate.1001.png", "", "beach.jpg"])
def test_images_cannot_be_renumbered(plate, name):
    Image.new("RGB", (8, 8)).save(plate / "beach.jpg")
    with pytest.raises(JobError, match="cannot be renumbered") as caught:
        open_plate(str(plate / name), first_frame=1)
    assert caught.value.field == "first_frame"


@pytest.mark.parametrize("content", [b"plain text, no film\n" * 50, b"\x7fELF" + bytes(500)])
@pytest.mark.parametrize("name", ["clip.mov", "clip.mp4", "clip.mxf", "clip.avi"])
def test_a_file_that_only_calls_itself_a_movie_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=f"{name} cannot be read") as caught:
        open_plate(str(tmp_path / name))
    assert caught.value.hint


@pytest.mark.parametrize("name", ["clip.mov", "plate.1001.exr", "plate.png", "clip.unknown"])
def test_an_empty_file_is_called_empty(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(ReadError, match="the file is empty"):
        open_plate(str(tmp_path / name))


@pytest.mark.parametrize("name", ["notes.txt", "scene.nk", "README", "clip.m3u8"])
def test_a_file_of_another_kind_is_refused_with_the_kinds_that_are_read(tmp_path, name):
    (tmp_path / name).write_text("#EXTM3U\nhttp://127.0.0.1/clip.ts\n")
    with pytest.raises(ReadError, match="neither an image nor a movie") as caught:
        open_plate(str(tmp_path / name))
    assert "exr" in caught.value.hint
    assert "mov" in caught.value.hint


def test_a_play_list_that_calls_itself_a_movie_opens_no_other_file(tmp_path):
    write_movie(tmp_path / "secret.mp4", "libx264", "yuv420p", count=2)
    (tmp_path / "clip.mov").write_text("ffconcat version 1.0\nfile secret.mp4\n")
    with pytest.raises(ReadError, match=r"clip\.mov cannot be read"):
        open_plate(str(tmp_path / "clip.mov"))


def test_a_movie_is_known_by_its_content_where_its_name_does_not_tell(tmp_path):
    movie = write_movie(tmp_path / "clip.mp4", "libx264", "yuv420p", count=3)
    assert open_plate(str(movie.rename(tmp_path / "clip.original"))).info.kind == "movie"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes the colon for a drive")
def test_a_colon_in_a_movie_name_is_no_address(tmp_path):
    movie = write_movie(tmp_path / "clip.mp4", "libx264", "yuv420p", count=3)
    named = movie.rename(tmp_path / "take:01 #2 50%.mp4")
    assert open_plate(str(named)).info.name == "take:01 #2 50%"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything"
)
def test_a_forbidden_folder_costs_one_sentence(plate):
    plate.chmod(0)
    try:
        with pytest.raises(ReadError, match="cannot be read"):
            open_plate(str(plate))
    finally:
        plate.chmod(0o700)


def test_opening_a_long_sequence_reads_one_header_only(tmp_path):
    pixels = ramp()
    write_exr(tmp_path / "plate.0001.exr", {"RGB": pixels})
    for number in range(2, 500):
        (tmp_path / f"plate.{number:04d}.exr").write_bytes(b"not looked at")
    assert len(open_plate(str(tmp_path)).info.frames) == 499


def test_a_photo_named_after_its_time_is_the_one_picture(tmp_path):
    for time in ("123456", "123502", "130011"):
        png(tmp_path / f"IMG_20231225_{time}.png")
    info = open_plate(str(tmp_path / "IMG_20231225_123502.png")).info
    assert (info.kind, str(info.frames)) == ("still", "123502")
    assert "Name IMG_20231225_######.png for all of them" in info.notes[0]


def test_every_tenth_frame_is_a_sequence(tmp_path):
    for number in range(1000, 2000, 100):
        png(tmp_path / f"p.{number}.png")
    assert len(open_plate(str(tmp_path / "p.1100.png")).info.frames) == 10


def test_a_picture_of_another_name_beside_a_sequence_is_told_of(tmp_path):
    for name in ("p.0001.png", "p.0002.png", "slate.png"):
        png(tmp_path / name)
    info = open_plate(str(tmp_path)).info
    assert (str(info.frames), info.notes) == (
        "1-2",
        ("The folder also holds slate.png, not part of the plate.",),
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of any bytes exist on Linux")
def test_a_plate_below_a_folder_of_any_bytes_is_read(tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    os.mkdir(folder)
    png(tmp_path / "p.0001.png", 1)
    os.rename(tmp_path / "p.0001.png", f"{folder}/p\udce9.0001.png")
    opened = open_plate(folder)
    assert shown(opened.read(opened.info.frames)) == [1]


def test_a_movie_has_no_layers(tmp_path):
    (tmp_path / "a.mov").write_bytes(b"any")
    with pytest.raises(ReadError, match="a movie, which has no layers"):
        open_plate(f"{tmp_path / 'a.mov'}:left")
