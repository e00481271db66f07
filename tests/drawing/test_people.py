"""Drawn people to learn from: the truth is exact, clips repeat, and they differ widely."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matteline.drawing import draw_people, draw_place
from matteline.drawing.framing import random_actors
from matteline.drawing.person.appearance import FaceAppearance, HeadPose
from matteline.drawing.person.canvas import PersonCanvas
from matteline.drawing.person.face import FaceFeatures, draw_face
from matteline.drawing.person.parts import draw_person
from matteline.drawing.person.person import DrawnPerson
from matteline.drawing.places.place import Place
from matteline.drawing.sensor import Sensor
from matteline.drawing.shapes.camera import Camera
from matteline.drawing.shapes.layers import Layers
from matteline.drawing.shapes.light import Lighting
from matteline.drawing.shapes.solids import Placement, rotation

MANY = range(60)


@pytest.fixture(scope="module")
def many():
    """The first frame of many clips, without the camera's noise."""
    return [next(draw_people(64, 48, 1, seed=seed, sensor=False)) for seed in MANY]


def test_frames_are_numbered_and_of_the_size_asked_for():
    drawings = list(draw_people(40, 64, 3, seed=1))
    assert [drawing.number for drawing in drawings] == [0, 1, 2]
    for drawing in drawings:
        assert drawing.plate.shape == drawing.fgr.shape == drawing.background.shape == (64, 40, 3)
        assert drawing.alpha.shape == (64, 40)


@pytest.mark.slow
def test_without_a_sensor_the_plate_is_exactly_the_foreground_over_the_background(many):
    for drawing in many:
        cover = drawing.alpha[..., None]
        expected = cover * drawing.fgr + (1 - cover) * drawing.background
        np.testing.assert_array_equal(drawing.plate, expected)


@pytest.mark.slow
def test_all_values_are_float32_from_0_to_1(many):
    for drawing in many:
        for picture in (drawing.plate, drawing.alpha, drawing.fgr, drawing.background):
            assert picture.dtype == np.float32
            assert np.isfinite(picture).all()
            assert picture.min() >= 0
            assert picture.max() <= 1


@pytest.mark.slow
def test_the_foreground_is_0_where_nobody_is(many):
    for drawing in many:
        assert not drawing.fgr[drawing.alpha == 0].any()


def test_the_sensor_changes_the_plate_alone():
    changed = 0.0
    for seed in range(6):
        with_, without = (next(draw_people(48, 48, 1, seed=seed, sensor=on)) for on in (True, False))
        np.testing.assert_array_equal(with_.alpha, without.alpha)
        np.testing.assert_array_equal(with_.fgr, without.fgr)
        np.testing.assert_array_equal(with_.background, without.background)
        changed = max(changed, float(np.abs(with_.plate - without.plate).mean()))
    assert 0.001 < changed < 0.2


def test_noise_is_as_strong_as_it_says_and_differs_from_frame_to_frame():
    grey = np.full((64, 64, 3), 0.5, np.float32)
    one, other = (Sensor(noise=0.02).recorded(grey, np.random.default_rng(seed)) for seed in (1, 2))
    assert 0.01 < float((one - grey).std()) < 0.03
    assert float(np.abs(one - other).mean()) > 0.005


def test_coarse_frequencies_keep_a_flat_picture_flat():
    grey = np.full((20, 30, 3), 0.5, np.float32)
    recorded = Sensor(coarseness=0.05).recorded(grey, np.random.default_rng(0))
    assert recorded.shape == grey.shape
    np.testing.assert_allclose(recorded, 0.5, atol=0.01)


@pytest.mark.parametrize("seed", [0, 5, 11])
def test_the_same_seed_draws_the_same_clip(seed):
    one, other = (list(draw_people(48, 48, 2, seed=seed)) for _ in range(2))
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first.plate, second.plate)
        np.testing.assert_array_equal(first.alpha, second.alpha)


def test_a_frame_does_not_depend_on_how_many_are_drawn():
    third = list(draw_people(48, 48, 3, seed=4))[2]
    *_, again = islice(draw_people(48, 48, 500, seed=4), 3)
    np.testing.assert_array_equal(third.plate, again.plate)


@pytest.mark.slow
def test_clips_move(many):
    moved = []
    for seed in range(12):
        first, *_, last = draw_people(48, 48, 6, seed=seed, sensor=False)
        moved.append(float(np.abs(last.alpha - first.alpha).mean()))
    assert np.median(moved) > 0.002


@pytest.mark.slow
def test_people_fill_anything_from_a_little_to_most_of_the_picture(many):
    covered = np.array([drawing.alpha.mean() for drawing in many])
    assert (covered == 0).sum() <= 8
    assert (covered > 0.4).sum() >= 5
    assert ((covered > 0) & (covered < 0.12)).sum() >= 8
    assert 0.15 < np.median(covered) < 0.45


@pytest.mark.slow
def test_mattes_are_solid_with_soft_edges():
    shares = []
    for seed in range(12):
        alpha = next(draw_people(160, 160, 1, seed=seed)).alpha
        if (alpha > 0.5).any():
            shares.append(((alpha > 0.05) & (alpha < 0.95)).sum() / (alpha > 0.5).sum())
    assert 0.05 < np.median(shares) < 0.5


def test_there_are_none_to_three_people():
    rng = np.random.default_rng(0)
    place = Place(32, 32, rng)
    counts = [len(random_actors(32, 32, place, rng)) for _ in range(150)]
    assert set(counts) == {0, 1, 2, 3}
    assert 0.5 < np.mean([count == 1 for count in counts]) < 0.85


def test_people_stand_walk_and_sit_and_face_every_way():
    rng = np.random.default_rng(1)
    place = Place(32, 32, rng)
    stances = [actor.person.stance for _ in range(120) for actor in random_actors(32, 32, place, rng)]
    assert {stance.kind for stance in stances} == {"stand", "walk", "sit"}
    facing = np.cos([stance.yaw for stance in stances])
    assert (facing > 0.8).mean() > 0.4
    assert (np.abs(facing) < 0.5).mean() > 0.08
    assert (facing < -0.5).mean() > 0.05


@pytest.mark.slow
def test_light_and_colours_vary(many):
    brightness = np.array([drawing.plate.mean() for drawing in many])
    assert brightness.min() < 0.2
    assert brightness.max() > 0.55
    contrast = [
        abs(float(drawing.fgr[drawing.alpha > 0.9].mean() - drawing.background.mean()))
        for drawing in many
        if (drawing.alpha > 0.9).any()
    ]
    assert min(contrast) < 0.03
    assert max(contrast) > 0.25


@pytest.mark.parametrize("size", [(16, 16), (33, 17), (90, 160), (200, 60)])
def test_any_size_can_be_drawn(size):
    for seed in range(3):
        [drawing] = draw_people(*size, 1, seed=seed)
        assert drawing.alpha.shape == (size[1], size[0])


def test_places_are_drawn_without_people():
    one, other = draw_place(48, 32, 2, seed=3)
    assert one.shape == other.shape == (32, 48, 3)
    assert 0 <= one.min() <= one.max() <= 1
    assert one.std() > 0.005


def test_hair_lets_the_background_through():
    alpha = next(draw_people(320, 180, 1, seed=222, sensor=False)).alpha
    partial = (alpha > 0.05) & (alpha < 0.95)
    edges = np.abs(np.diff(alpha > 0.5, axis=1)).sum() + np.abs(np.diff(alpha > 0.5, axis=0)).sum()
    assert partial.sum() > 1.8 * edges, "partly covered pixels are no wider than an outline is"


def test_a_larger_picture_shows_the_same_person():
    person = DrawnPerson.random(np.random.default_rng(4))

    def alpha(scale):
        layers = Layers(160 * scale, 90 * scale)
        camera = Camera(160 * scale, 90 * scale, 30.0 * scale, 80.0 * scale, 36.0 * scale)
        root = velocity = np.zeros(2, np.float32)
        draw_person(PersonCanvas(layers, camera, Lighting()), person, 0.5, root, velocity)
        return layers.straight()[1]

    small, large = alpha(1), alpha(2)
    halved = large.reshape(90, 2, 160, 2).mean((1, 3))
    assert small.mean() > 0.05
    assert np.abs(halved - small).mean() < 0.01


def test_head_poses_change_smoothly_in_time():
    poses = [HeadPose.at(number / 24, seed=4) for number in range(240)]
    yaw = np.array([pose.yaw for pose in poses])
    assert np.ptp(yaw) > 0.3
    assert np.abs(np.diff(yaw)).max() < 0.05
    assert max(pose.blink for pose in poses) > 0.5


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    yaw=st.floats(-3.2, 3.2),
    pitch=st.floats(-0.3, 0.3),
    roll=st.floats(-0.3, 0.3),
    x=st.floats(-3, 3),
    blink=st.floats(0, 1),
    mouth=st.floats(0, 1),
)
def test_every_head_can_take_every_pose(seed, yaw, pitch, roll, x, blink, mouth):
    rng = np.random.default_rng(seed)
    layers, camera = Layers(96, 54), Camera(96, 54, 25.0, 48.0, 22.0)
    head = Placement(rotation(yaw, pitch, roll), np.array([x, 0, 0], np.float32))
    pose = HeadPose(yaw, pitch, roll, sway=0.0, blink=blink, mouth=mouth)
    features = FaceFeatures.random(rng, feminine=False)
    canvas = PersonCanvas(layers, camera, Lighting())
    draw_face(canvas, head, FaceAppearance.random(rng), features, pose, np.zeros(2, np.float32), ears=True)
    fgr, alpha = layers.straight()
    assert np.isfinite(fgr).all()
    assert np.isfinite(alpha).all()
    assert alpha.min() >= 0
    assert alpha.max() <= 1
