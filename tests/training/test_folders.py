"""Training data in the layouts it is published in: read as it is, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matteline.contract.errors import JobError, ReadError
from matteline.training.drawn import DrawnPeople, DrawnPlaces
from matteline.training.folders import backgrounds, matting_clips, matting_images, pictures, segmentation

RNG = np.random.default_rng(3)


def put(path: Path, values: np.ndarray) -> Path:
    """An image of these 8-bit values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def colour(value: int, width: int = 12, height: int = 8) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def grey(value: int, width: int = 12, height: int = 8) -> np.ndarray:
    return np.full((height, width), value, np.uint8)


def put_movie(path: Path, values: list[int]) -> Path:
    """A movie of flat frames, without loss."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "bgr0"
        for value in values:
            frame = av.VideoFrame.from_ndarray(colour(value, 16, 16), format="rgb24").reformat(format="bgr0")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def clips(tmp_path):
    """Two clips of five and three frames, as VideoMatte240K has them; the values tell clip and frame."""
    for clip, count in (("0000", 5), ("0001", 3)):
        for frame in range(count):
            put(tmp_path / "fgr" / clip / f"{frame:05d}.png", colour(10 * int(clip) + frame))
            put(tmp_path / "pha" / clip / f"{frame:05d}.png", grey(100 + 10 * int(clip) + frame))
    return tmp_path


def test_a_clip_gives_consecutive_frames_of_both_folders(clips):
    source = matting_clips(clips)
    assert len(source) == 2
    footage = source.load(0, 3, np.random.default_rng(1))
    assert footage.fgr.shape == (3, 8, 12, 3)
    assert footage.pha.shape == (3, 8, 12)
    first = int(footage.fgr[0, 0, 0, 0])
    assert [int(each) for each in footage.fgr[:, 0, 0, 0]] == [first, first + 1, first + 2]
    np.testing.assert_array_equal(footage.pha, footage.fgr[..., 0] + 100)


def test_random_starts_reach_every_frame(clips):
    source, rng = matting_clips(clips), np.random.default_rng(2)
    starts = {int(source.load(0, 3, rng).fgr[0, 0, 0, 0]) for _ in range(40)}
    assert starts == {0, 1, 2}


def test_a_short_clip_gives_the_frames_it_has(clips):
    assert matting_clips(clips).load(1, 15, RNG).fgr.shape[0] == 3


def test_movies_side_by_side_are_clips(tmp_path):
    put_movie(tmp_path / "fgr" / "0000.mkv", [10, 20, 30, 40])
    put_movie(tmp_path / "pha" / "0000.mkv", [110, 120, 130, 140])
    footage = matting_clips(tmp_path).load(0, 4, RNG)
    assert [int(each) for each in footage.fgr[:, 5, 5, 1]] == [10, 20, 30, 40]
    assert [int(each) for each in footage.pha[:, 5, 5]] == [110, 120, 130, 140]


def test_a_matte_movie_with_fewer_frames_is_refused(tmp_path):
    put_movie(tmp_path / "fgr" / "0000.mkv", [10, 20, 30])
    put_movie(tmp_path / "pha" / "0000.mkv", [110, 120])
    with pytest.raises(JobError, match=r"fgr.0000\.mkv has 3 frames, .*pha.0000\.mkv has 2"):
        matting_clips(tmp_path)


def test_image_mattes_of_any_format_belong_together_by_name(tmp_path):
    put(tmp_path / "fgr" / "anna.jpg", colour(200))
    put(tmp_path / "pha" / "anna.png", grey(77))
    footage = matting_images(tmp_path).load(0, 15, RNG)
    assert footage.fgr.shape == (1, 8, 12, 3)
    assert (footage.pha == 77).all()


def test_pictures_are_scaled_down_to_the_longer_side(tmp_path):
    put(tmp_path / "fgr" / "a.png", colour(200, 40, 20))
    put(tmp_path / "pha" / "a.png", grey(90, 40, 20))
    footage = matting_images(tmp_path).load(0, 1, RNG, longest=10)
    assert footage.fgr.shape == (1, 5, 10, 3)
    assert footage.pha.shape == (1, 5, 10)


def test_16_bit_images_keep_their_brightness(tmp_path):
    put(tmp_path / "fgr" / "a.png", colour(200))
    put(tmp_path / "pha" / "a.png", np.full((8, 12), 128 * 257, np.uint16))
    assert (matting_images(tmp_path).load(0, 1, RNG).pha == 128).all()


def test_another_layout_is_refused_with_what_was_expected(tmp_path):
    (tmp_path / "somewhere").mkdir()
    with pytest.raises(JobError, match=r"has no folder fgr, but somewhere") as raised:
        matting_clips(tmp_path)
    assert "fgr/<clip> and pha/<clip>" in raised.value.hint
    assert raised.value.field == "data"


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(JobError, match="no such file"):
        backgrounds(tmp_path / "missing")


@pytest.mark.parametrize("opened", [matting_clips, matting_images])
def test_empty_folders_are_refused(tmp_path, opened):
    (tmp_path / "fgr").mkdir()
    (tmp_path / "pha").mkdir()
    with pytest.raises(JobError, match="hold no images"):
        opened(tmp_path)


def test_a_frame_without_its_matte_is_named(clips):
    (clips / "pha" / "0001" / "00002.png").unlink()
    with pytest.raises(JobError, match=r"pha.0001 holds nothing for .*fgr.0001.00002\.png\."):
        matting_clips(clips)


def test_a_matte_without_its_frame_is_named(clips):
    (clips / "fgr" / "0001" / "00002.png").unlink()
    with pytest.raises(JobError, match=r"fgr.0001 holds nothing for .*pha.0001.00002\.png\."):
        matting_clips(clips)


def test_a_clip_without_mattes_is_named(clips):
    for file in (clips / "pha" / "0001").iterdir():
        file.unlink()
    with pytest.raises(JobError, match=r"pha holds nothing for .*fgr.0001\."):
        matting_clips(clips)


def test_a_matte_of_another_size_is_named_with_both_sizes(clips):
    put(clips / "pha" / "0001" / "00002.png", grey(3, 6, 4))
    with pytest.raises(JobError, match=r"pha.0001.00002\.png is 6x4, and .*00002\.png is 12x8\."):
        matting_clips(clips)


def test_frames_of_different_sizes_in_one_clip_are_refused_when_they_are_read(tmp_path):
    for frame, width in enumerate((12, 14)):
        put(tmp_path / "clip" / f"{frame}.png", colour(3, width))
    with pytest.raises(JobError, match=r"1\.png and .*0\.png differ in size"):
        backgrounds(tmp_path).load(0, 2, RNG)


def test_an_unreadable_image_is_named(tmp_path):
    put(tmp_path / "fgr" / "a.png", colour(200))
    (tmp_path / "pha").mkdir()
    (tmp_path / "pha" / "a.png").write_bytes(b"no image")
    with pytest.raises(ReadError, match=r"pha.a\.png cannot be read"):
        matting_images(tmp_path)


def test_two_images_of_one_name_are_refused(tmp_path):
    for name in ("a.png", "a.jpg"):
        put(tmp_path / "fgr" / name, colour(200))
    put(tmp_path / "pha" / "a.png", grey(9))
    with pytest.raises(JobError, match=r"a\.jpg and .*a\.png have the same name"):
        matting_images(tmp_path)


def test_backgrounds_are_stills_movies_and_folders_of_images(tmp_path):
    put(tmp_path / "still.jpg", colour(50))
    put_movie(tmp_path / "movie.mkv", [10, 20, 30])
    for frame in range(4):
        put(tmp_path / "clip" / f"{frame:04d}.png", colour(frame))
    (tmp_path / "readme.txt").write_text("not a picture")
    source = backgrounds(tmp_path)
    assert [len(source.load(index, 9, RNG).pictures) for index in range(len(source))] == [1, 4, 3]


def test_pictures_of_which_nothing_is_known_are_read_alike(tmp_path):
    put(tmp_path / "still.png", colour(50))
    assert (pictures(tmp_path).load(0, 5, RNG).pictures == 50).all()


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "readme.txt").write_text("not a picture")
    with pytest.raises(JobError, match="holds no images, no movies and no folders of images"):
        pictures(tmp_path)


@pytest.mark.parametrize("person", [1, 15, 255])
@pytest.mark.parametrize("names", [("images", "masks"), ("imgs", "labels"), ("set_photos", "set_masks")])
def test_masks_of_classes_and_of_codes_become_0_and_255(tmp_path, person, names):
    mask = grey(0)
    mask[:, 4:] = person
    put(tmp_path / names[0] / "7.jpg", colour(9))
    put(tmp_path / names[1] / "7_mask.png", mask)
    footage = segmentation(tmp_path).load(0, 15, RNG)
    np.testing.assert_array_equal(footage.masks[0], np.where(mask > 0, 255, 0))
    assert footage.pictures.shape == (1, 8, 12, 3)


def test_a_mask_that_is_scaled_down_stays_0_or_255(tmp_path):
    mask = grey(0, 40, 20)
    mask[:, 13:] = 1
    put(tmp_path / "images" / "7.png", colour(9, 40, 20))
    put(tmp_path / "masks" / "7.png", mask)
    footage = segmentation(tmp_path).load(0, 1, RNG, longest=10)
    assert footage.pictures.shape == (1, 5, 10, 3)
    assert footage.masks.shape == (1, 5, 10)
    assert set(np.unique(footage.masks)) == {0, 255}


def test_drawn_people_are_a_source_that_repeats_itself():
    source = DrawnPeople(3, 48, 32)
    assert len(source) == 3
    one, same, other = (source.load(index, 2, RNG) for index in (0, 0, 1))
    assert one.fgr.shape == (2, 32, 48, 3)
    assert one.pha.shape == (2, 32, 48)
    assert one.pha.dtype == one.fgr.dtype == np.uint8
    np.testing.assert_array_equal(one.fgr, same.fgr)
    assert not np.array_equal(one.fgr, other.fgr)


def test_drawn_people_are_drawn_at_the_size_asked_for():
    assert DrawnPeople(1, 96, 64).load(0, 1, RNG, longest=48).pha.shape == (1, 32, 48)


def test_drawn_places_are_a_source_of_backgrounds():
    footage = DrawnPlaces(2, 48, 32).load(1, 2, RNG)
    assert footage.pictures.shape == (2, 32, 48, 3)
    assert footage.pictures.std() > 1


@pytest.mark.footage
def test_real_pictures_with_masks_are_read(footage):
    source = segmentation(footage / "people")
    seen = source.load(0, 1, RNG, longest=128)
    assert len(source) > 100
    assert 0.02 < (seen.masks == 255).mean() < 0.9
