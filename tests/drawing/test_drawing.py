"""Drawn clips: the truth about them is exact, they repeat, and the real network takes them for people."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matteline.drawing import (
    Figure,
    Pose,
    checkerboard,
    comparison_row,
    contact_sheet,
    draw_clip,
    draw_figure,
)

SEEDS = pytest.mark.parametrize("seed", [1, 3, 6])


@pytest.fixture(scope="module")
def clip():
    return list(draw_clip(320, 180, 3, seed=1))


def test_frames_are_numbered_and_of_the_size_asked_for(clip):
    assert [drawing.number for drawing in clip] == [0, 1, 2]
    for drawing in clip:
        assert drawing.plate.shape == drawing.fgr.shape == drawing.background.shape == (180, 320, 3)
        assert drawing.alpha.shape == (180, 320)


def test_the_plate_is_exactly_the_foreground_over_the_background(clip):
    for drawing in clip:
        cover = drawing.alpha[..., None]
        expected = cover * drawing.fgr + (1 - cover) * drawing.background
        np.testing.assert_array_equal(drawing.plate, expected)


@SEEDS
def test_all_values_are_float32_from_0_to_1(seed):
    [drawing] = draw_clip(320, 180, 1, seed=seed)
    for picture in (drawing.plate, drawing.alpha, drawing.fgr, drawing.background):
        assert picture.dtype == np.float32
        assert np.isfinite(picture).all()
        assert picture.min() >= 0
        assert picture.max() <= 1


def test_there_is_a_person_and_a_background(clip):
    for drawing in clip:
        assert 0.1 < drawing.alpha.mean() < 0.5
        assert (drawing.alpha == 0).mean() > 0.4
        assert (drawing.alpha > 0.999).mean() > 0.1


def test_hair_lets_the_background_through(clip):
    alpha = clip[0].alpha
    partial = (alpha > 0.05) & (alpha < 0.95)
    edges = np.abs(np.diff(alpha > 0.5, axis=1)).sum() + np.abs(np.diff(alpha > 0.5, axis=0)).sum()
    assert partial.sum() > 1.8 * edges, "partly covered pixels are no wider than an outline is"


def test_the_same_seed_draws_the_same_clip(clip):
    for one, other in zip(clip, draw_clip(320, 180, 3, seed=1), strict=True):
        np.testing.assert_array_equal(one.plate, other.plate)
        np.testing.assert_array_equal(one.alpha, other.alpha)


def test_a_frame_does_not_depend_on_how_many_are_drawn(clip):
    *_, third = islice(draw_clip(320, 180, 500, seed=1), 3)
    np.testing.assert_array_equal(third.plate, clip[2].plate)


def test_another_seed_draws_another_person_elsewhere(clip):
    [other] = draw_clip(320, 180, 1, seed=2)
    assert np.abs(other.alpha - clip[0].alpha).mean() > 0.01
    assert np.abs(other.background - clip[0].background).mean() > 0.05


def test_person_and_background_move_from_frame_to_frame():
    *_, early, _, _, _, _, _, late = draw_clip(160, 90, 7, seed=1)
    assert np.abs(late.alpha - early.alpha).max() > 0.1
    assert np.abs(late.background - early.background).mean() > 0.002


@pytest.mark.parametrize("size", [(16, 16), (33, 17), (90, 160), (200, 60)])
def test_any_size_can_be_drawn(size):
    [drawing] = draw_clip(*size, 1)
    assert drawing.alpha.shape == (size[1], size[0])
    assert 0.02 < drawing.alpha.mean() < 0.7


def test_a_larger_picture_shows_the_same_person():
    small, large = (draw_figure(width, width * 9 // 16, Figure(), Pose()) for width in (160, 320))
    halved = large[1].reshape(90, 2, 160, 2).mean((1, 3))
    assert np.abs(halved - small[1]).mean() < 0.01


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    yaw=st.floats(-0.8, 0.8),
    pitch=st.floats(-0.3, 0.3),
    roll=st.floats(-0.3, 0.3),
    x=st.floats(-3, 3),
    blink=st.floats(0, 1),
    mouth=st.floats(0, 1),
)
def test_every_figure_can_take_every_pose(seed, yaw, pitch, roll, x, blink, mouth):
    pose = Pose(yaw=yaw, pitch=pitch, roll=roll, x=x, blink=blink, mouth=mouth)
    fgr, alpha = draw_figure(96, 54, Figure.random(seed), pose)
    assert np.isfinite(fgr).all()
    assert np.isfinite(alpha).all()
    assert alpha.min() >= 0
    assert alpha.max() <= 1


def test_poses_change_smoothly_in_time():
    poses = [Pose.at(number / 24, seed=4) for number in range(240)]
    yaw = np.array([pose.yaw for pose in poses])
    assert np.ptp(yaw) > 0.3
    assert np.abs(np.diff(yaw)).max() < 0.05
    assert max(pose.blink for pose in poses) > 0.5


def test_a_contact_sheet_holds_every_picture_in_its_place():
    pictures = [np.full((10, 20), value, np.float32) for value in (0.25, 0.5)]
    colour = np.full((10, 20, 3), (1.0, 0.0, 0.0), np.float32)
    sheet = contact_sheet([pictures, [colour]])
    assert sheet.shape == (2 * 18 + 8, 2 * 28 + 8, 3)
    assert (sheet[8:18, 36:56] == 0.5).all()
    assert (sheet[26:36, 8:28] == (1, 0, 0)).all()


def test_a_comparison_shows_ten_times_the_difference():
    truth = np.full((32, 32), 0.5, np.float32)
    plate = np.zeros((32, 32, 3), np.float32)
    shown, alpha, over, difference = comparison_row(plate, truth + np.float32(0.03), plate + 1, truth)
    assert shown is plate
    np.testing.assert_allclose(alpha, 0.53, rtol=1e-6)
    np.testing.assert_allclose(over, 0.53 + 0.47 * checkerboard(32, 32), rtol=1e-5)
    np.testing.assert_allclose(difference, 0.3, rtol=1e-4)


@pytest.mark.footage
@pytest.mark.parametrize("seed", [3, 12])
def test_the_real_network_finds_the_drawn_person(weights_file, seed):
    import torch
    from safetensors.torch import load_file

    from matteline.matting.rvm.network import MattingNetwork

    network = MattingNetwork("mobilenetv3", "deep_guided_filter").eval()
    network.load_state_dict(load_file(weights_file))
    state, errors = [None] * 4, []
    for drawing in draw_clip(480, 270, 12, seed=seed):
        picture = torch.from_numpy(drawing.plate).permute(2, 0, 1)[None]
        with torch.inference_mode():
            _, alpha, *state = network(picture, *state)
        errors.append(np.abs(alpha[0, 0].numpy() - drawing.alpha).mean())
    assert np.mean(errors) < 8e-3
