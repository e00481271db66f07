"""Hard cuts are found, and nothing that merely looks like one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from matteline.engine.cuts import (
    DELAY_FRAMES,
    HISTORY_FRAMES,
    REACH_FRAMES,
    find_cuts,
    shot_starts,
    thumbnail,
)

from .edited_clips import WITH_CUTS, WITHOUT_CUTS, Frames, Material, drawn_photos, edited

PHOTOS = drawn_photos(12, seed=5)


def _thumbnails(frames: Frames) -> list[np.ndarray]:
    return [thumbnail(torch.from_numpy(frame).permute(2, 0, 1) / 255) for frame in frames]


def _found(frames: Frames) -> tuple[int, ...]:
    return find_cuts(_thumbnails(frames))


def _shots(*lengths: int, seed: int = 1) -> Frames:
    material = Material({}, PHOTOS, seed)
    return np.concatenate([material.shot(length) for length in lengths]).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", WITH_CUTS, ids=lambda kind: kind.__name__)
def test_every_hard_cut_is_found_at_its_frame(kind, seed):
    clip = edited(kind, Material({}, PHOTOS, seed))
    assert _found(clip.frames) == clip.cuts


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", WITHOUT_CUTS, ids=lambda kind: kind.__name__)
def test_nothing_that_looks_like_a_cut_is_taken_for_one(kind, seed):
    clip = edited(kind, Material({}, PHOTOS, seed))
    assert _found(clip.frames) == ()


def test_a_shot_that_is_left_for_six_frames_and_more_begins_anew():
    first, second = _shots(12, seed=2), _shots(REACH_FRAMES, seed=3)
    assert _found(np.concatenate([first, second, first])) == (12, 12 + REACH_FRAMES)


def test_a_shot_that_is_left_for_fewer_frames_goes_on():
    first, second = _shots(12, seed=2), _shots(REACH_FRAMES - 1, seed=3)
    assert _found(np.concatenate([first, second, first])) == ()


def test_a_jump_within_one_take_is_no_cut():
    frames = _shots(20)
    background, person = frames[:1].repeat(20, 0), frames[10]
    background[:10, 40:80, 10:40] = person[40:80, 10:40]
    background[10:, 40:80, 50:80] = person[40:80, 10:40]
    assert _found(background) == ()


def test_a_cut_is_found_whatever_part_of_the_plate_is_looked_at():
    frames = _thumbnails(_shots(30, 30))
    for first in (0, 10, 22):
        for last in (36, 48, 60):
            assert find_cuts(frames[first:last]) == (30 - first,)


@pytest.mark.slow
def test_a_frame_is_judged_by_those_near_it_alone():
    frames = _thumbnails(_shots(16, 9, 2, 15))
    whole = list(shot_starts(frames))
    for number in range(HISTORY_FRAMES, len(frames) - DELAY_FRAMES):
        near = frames[number - HISTORY_FRAMES : number + DELAY_FRAMES + 1]
        assert list(shot_starts(near))[HISTORY_FRAMES] == whole[number], number


def test_an_answer_waits_for_few_frames():
    drawn = []

    def frames():
        for number, each in enumerate(_thumbnails(_shots(20))):
            drawn.append(number)
            yield each

    answers = shot_starts(frames())
    assert next(answers)
    assert len(drawn) == 1 + DELAY_FRAMES


def test_two_frames_are_enough_for_a_cut():
    assert _found(_shots(1, 1)) == (1,)


def test_one_frame_has_no_cut():
    assert _found(_shots(1)) == ()


def test_a_thumbnail_averages_the_picture_and_rounds():
    picture = torch.zeros(3, 96, 192)
    picture[0, :, 96:] = 1
    picture[1, ::2] = 1
    made = thumbnail(picture)
    assert made.shape == (48, 48, 3)
    assert made.dtype == np.uint8
    assert made[0, 0].tolist() == [0, 128, 0]
    assert made[0, 47].tolist() == [255, 128, 0]


@pytest.mark.parametrize("size", [(30, 40), (48, 48), (37, 211)])
def test_pictures_of_any_size_have_thumbnails_of_one_size(size):
    assert thumbnail(torch.rand(3, *size)).shape == (48, 48, 3)
