"""A teacher's mattes, kept and learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from matteline.contract.errors import JobError, ModelError, ReadError, WriteError
from matteline.matting.weights.find import inspect
from matteline.training.backgrounds import Backgrounds
from matteline.training.batches import BatchShape, TrainingBatch
from matteline.training.distillation import DistillationBatches
from matteline.training.pack import SHARD, Pack, Packs, add_agreement, add_to_pack, agreed_keys, packed_keys
from matteline.training.photometric import motion_blur
from matteline.training.pictures import pictures_and_movies_in, pictures_in, read_picture
from matteline.training.splits import measured_half, split, validation_half
from matteline.training.teacher import LONGEST, MOVIE_FRAMES, Teacher, teacher_examples
from matteline.training.training_set import DistillationData, prepare_distillation
from tests.media.reading import write_movie
from tests.training.make import disc_batches, disc_pack, disc_pictures, discs, weights, write_png


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    return Teacher(
        inspect(weights(tmp_path_factory.mktemp("weights") / "t.safetensors")), torch.device("cpu")
    )


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> DistillationBatches:
    return disc_batches(tmp_path_factory.mktemp("pack"))


def _silent(done: int, of: int) -> None:
    pass


def _examples(folder: Path, teacher: Teacher, cache: Path) -> tuple[Pack, list[int]]:
    told: list[int] = []
    pack = teacher_examples(
        pictures_in(folder),
        teacher,
        cache,
        side=64,
        stretched=False,
        progress=lambda done, _: told.append(done),
    )
    return pack, told


def test_the_teacher_looks_at_every_picture_once(teacher: Teacher, tmp_path: Path) -> None:
    folder = disc_pictures(tmp_path / "people", 3)

    first, told = _examples(folder, teacher, tmp_path / "cache")
    again, told_again = _examples(folder, teacher, tmp_path / "cache")

    assert (told, told_again) == ([3], [])
    assert torch.equal(first.take([0, 1, 2]).planes, again.take([0, 1, 2]).planes)


def test_pictures_may_be_added_and_renamed(teacher: Teacher, tmp_path: Path) -> None:
    folder = disc_pictures(tmp_path / "people", 2)
    first, _ = _examples(folder, teacher, tmp_path / "cache")
    (folder / "disc-0.png").rename(folder / "other.png")
    disc_pictures(folder, 3)
    (folder / "disc-0.png").unlink()

    pack, told = _examples(folder, teacher, tmp_path / "cache")

    assert told == [3]
    assert set(first.keys) < set(pack.keys)


@pytest.mark.slow
def test_of_a_movie_the_teacher_sees_some_frames(teacher: Teacher, tmp_path: Path) -> None:
    write_movie(tmp_path / "clip.mp4", "libx264", "yuv420p", count=30)

    pack = teacher_examples(
        pictures_and_movies_in(tmp_path),
        teacher,
        tmp_path / "cache",
        side=64,
        stretched=False,
        progress=lambda *_: None,
    )

    assert [key.rpartition("-")[2] for key in pack.keys][:2] == ["0", "2"]
    first, last = pack.take([0]).pictures, pack.take([MOVIE_FRAMES - 1]).pictures
    assert len(pack) == MOVIE_FRAMES and not torch.equal(first, last)


def test_pictures_on_which_the_teacher_disagrees_with_itself_are_left_out(
    teacher: Teacher, tmp_path: Path
) -> None:
    folder = disc_pictures(tmp_path / "people", 3)
    agreeing = _examples(folder, teacher, tmp_path / "cache")[0].keys
    pack = tmp_path / "cache" / f"{teacher.name}-{LONGEST}-64"
    # Mattes that this teacher would never make: it is sure of no one, and here is somebody.
    list(add_to_pack(pack, discs(2), 64))

    add_agreement(pack, "t", teacher.self_agreement)

    assert len(packed_keys(pack)) == 5
    assert agreed_keys(pack, "t", 0.6) == set(agreeing)
    chosen = teacher_examples(
        pictures_in(folder), teacher, tmp_path / "cache", side=64, stretched=False, progress=_silent,
        agreement=0.6,
    )  # fmt: skip
    assert chosen.keys == agreeing


def test_another_teacher_has_a_cache_of_its_own(teacher: Teacher, tmp_path: Path) -> None:
    folder = disc_pictures(tmp_path / "people", 1)
    other = Teacher(inspect(weights(tmp_path / "o.safetensors", seed=9)), torch.device("cpu"))

    _examples(folder, teacher, tmp_path / "cache")
    _, told = _examples(folder, other, tmp_path / "cache")

    assert told == [1]


@pytest.mark.slow
def test_a_teacher_without_a_segmentation_teaches_its_alpha(tmp_path: Path) -> None:
    path = weights(tmp_path / "t.safetensors")
    teacher = Teacher(inspect(path), torch.device("cpu"))
    teacher.network.project_seg.conv.weight.data.zero_()
    without = Teacher(inspect(path), torch.device("cpu"))
    without._segments = False
    picture = discs(1)[0].picture

    example = without.example(picture, "k", 1.0)

    assert np.array_equal(example.seg, example.pha)


def test_batches_that_are_not_bold_show_nearly_the_whole_picture(batches: DistillationBatches) -> None:
    shape = BatchShape(24, 1, 64, 64, augmentation=0.0)
    timid = batches.batch(shape, np.random.default_rng(1)).seg.mean((1, 2, 3, 4))
    bold = batches.batch(replace(shape, augmentation=1.0), np.random.default_rng(1)).seg.mean((1, 2, 3, 4))

    assert timid.std() < 0.5 * bold.std()


def test_examples_come_back_as_they_were_packed(tmp_path: Path) -> None:
    examples, batch = discs(3), disc_pack(tmp_path, 3).take([2, 0])

    for row, example in enumerate((examples[2], examples[0])):
        planes = batch.planes[row].permute(1, 2, 0).numpy()
        assert np.array_equal(planes[..., :3], example.picture)
        assert np.array_equal(planes[..., 3:6], example.fgr)
        assert np.array_equal(planes[..., 6], example.pha)
        assert np.array_equal(planes[..., 7], example.seg)


def test_a_pack_goes_on_after_the_shards_that_are_whole(tmp_path: Path) -> None:
    examples = [each.__class__(**{**each.__dict__, "key": f"{n}"}) for n, each in enumerate(discs(1) * 150)]
    first = add_to_pack(tmp_path, iter(examples), 16)
    next(first)
    first.close()

    assert len(packed_keys(tmp_path)) == SHARD
    missing = [each for each in examples if each.key not in packed_keys(tmp_path)]
    assert list(add_to_pack(tmp_path, missing, 16)) == [150 - SHARD]
    assert len(Pack(tmp_path)) == 150


def test_a_pack_without_a_damaged_shard_loses_no_other_when_it_grows(tmp_path: Path) -> None:
    list(add_to_pack(tmp_path, discs(2 * SHARD + 1), 16))
    (tmp_path / "shard-00001.safetensors").unlink()
    kept = packed_keys(tmp_path)
    missing = [each for each in discs(2 * SHARD + 1) if each.key not in kept]
    list(add_to_pack(tmp_path, missing, 16))
    assert packed_keys(tmp_path) == {each.key for each in discs(2 * SHARD + 1)}


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    disc_pack(tmp_path)
    shard = next(tmp_path.glob("shard-*"))
    shard.write_bytes(shard.read_bytes()[:100])

    with pytest.raises(ModelError, match=r"shard-00000\.safetensors is damaged"):
        Pack(tmp_path)


def test_several_packs_are_one_after_another(tmp_path: Path) -> None:
    one, two = disc_pack(tmp_path / "one", 2), disc_pack(tmp_path / "two", 3)
    both = Packs([one, two])

    assert len(both) == 5
    assert torch.equal(both.take([1, 4]).planes, torch.cat([one.take([1]).planes, two.take([2]).planes]))


def _same(one: TrainingBatch, other: TrainingBatch) -> bool:
    return torch.equal(one.pictures, other.pictures) and torch.equal(one.seg, other.seg)


def test_a_batch_depends_on_nothing_but_its_shape_and_chance(batches: DistillationBatches) -> None:
    shape = BatchShape(3, 2, 48, 64)
    one, other = (batches.batch(shape, np.random.default_rng(7)) for _ in range(2))

    assert _same(one, other)
    assert not _same(one, batches.batch(shape, np.random.default_rng(8)))


def test_a_batch_has_its_shape_and_its_range(batches: DistillationBatches) -> None:
    batch = batches.batch(BatchShape(6, 3, 48, 64), np.random.default_rng(1))

    assert batch.pictures.shape == (6, 3, 3, 48, 64)
    assert batch.pha is not None and batch.pha.shape == (6, 3, 1, 48, 64)
    for planes in (batch.pictures, batch.pha):
        assert float(planes.min()) >= 0 and float(planes.max()) <= 1


def test_the_truth_moves_with_the_picture(batches: DistillationBatches) -> None:
    # Discs are brighter than anything behind them: light inside, dark outside, in every frame.
    batch = batches.batch(BatchShape(8, 3, 64, 64), np.random.default_rng(2))
    assert batch.pha is not None
    luma, inside = batch.pictures.mean(2, keepdim=True), batch.pha > 0.9
    outside = batch.pha < 0.1

    for clip in range(8):
        if inside[clip].any() and outside[clip].any():
            assert luma[clip][inside[clip]].mean() > luma[clip][outside[clip]].mean()


def test_the_frames_of_a_still_differ(batches: DistillationBatches) -> None:
    clips = batches.batch(BatchShape(8, 4, 64, 64), np.random.default_rng(3)).seg

    assert any(not torch.equal(clip[0], clip[-1]) for clip in clips)


def test_every_tenth_picture_is_held_out_by_name(tmp_path: Path) -> None:
    files = [tmp_path / f"{number:03d}.png" for number in range(25)]
    learned, held = split(list(reversed(files)), 10)

    assert [file.name for file in held] == ["000.png", "010.png", "020.png"]
    assert len(learned) == 22


def test_what_is_held_out_is_in_no_batch(teacher: Teacher, tmp_path: Path) -> None:
    folder = disc_pictures(tmp_path / "people", 6)
    materials = DistillationData(pictures=(folder,), hold_out=2)

    training_set = prepare_distillation(materials, teacher, tmp_path / "cache", lambda *_: None)

    assert training_set.described == "3 pictures"
    assert training_set.held_out is not None and len(training_set.held_out) == 1


def test_a_missing_folder_and_an_empty_one_are_told(teacher: Teacher, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="does not exist"):
        prepare_distillation(
            DistillationData(pictures=(tmp_path / "none",)), teacher, tmp_path, lambda *_: None
        )
    with pytest.raises(JobError, match="holds no pictures"):
        prepare_distillation(DistillationData(pictures=(tmp_path,)), teacher, tmp_path, lambda *_: None)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", np.zeros((32, 32, 3), np.uint8))
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(ReadError, match=r"a\.png cannot be read"):
        read_picture(tmp_path / "a.png")


def test_a_pack_whose_folder_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match="cannot be made"):
        next(add_to_pack(tmp_path / "file" / "pack", [], 16))


def test_the_held_out_pictures_that_choose_a_model_are_not_those_it_is_measured_on(tmp_path: Path) -> None:
    _, held = split([tmp_path / f"{number:03d}.png" for number in range(50)], 10)

    assert set(validation_half(held)) | set(measured_half(held)) == set(held)
    assert not set(validation_half(held)) & set(measured_half(held))


def test_parts_of_photos_without_people_are_backgrounds(tmp_path: Path) -> None:
    examples = disc_pack(tmp_path, 6)
    places = Backgrounds([], examples).take(20, np.random.default_rng(0))

    assert places.shape == (20, 3, 64, 64)
    assert int(places.max()) <= 100  # all that lies behind the discs is darker than they are


def test_some_batches_show_nobody(tmp_path: Path) -> None:
    batch = disc_batches(tmp_path).batch(
        BatchShape(120, 1, 32, 32, augmentation=0.0), np.random.default_rng(0)
    )

    empty = (batch.seg.amax((1, 2, 3, 4)) == 0).float().mean()
    assert 0.02 < float(empty) < 0.2


def test_motion_blur_keeps_what_it_blurs_and_spreads_it() -> None:
    clips = torch.zeros(1, 1, 1, 9, 9)
    clips[..., 4, 4] = 1

    blurred = motion_blur(clips, (0.0, 6.0))

    assert float(blurred.sum()) == pytest.approx(1)
    assert (blurred[0, 0, 0].sum(1) > 0).tolist() == [row == 4 for row in range(9)]
    assert int((blurred > 0).sum()) == 7
