"""Drawn crowds: everybody's share of each pixel is exact, and scenes repeat."""

from __future__ import annotations

import numpy as np
import pytest

from matteline.drawing.crowd import draw_crowd


@pytest.fixture(scope="module")
def crowd():
    return list(draw_crowd(128, 72, 8, seed=3, people=3))


def test_there_are_as_many_people_as_asked_for(crowd):
    assert all(each.people.shape == (3, 72, 128) for each in crowd)
    assert all(each.plate.shape == (72, 128, 3) for each in crowd)


def test_nobody_is_doubled(crowd):
    for each in crowd:
        assert each.people.min() >= 0
        assert each.people.sum(0).max() <= 1 + 1e-5
        np.testing.assert_allclose(each.alpha, each.people.sum(0), atol=1e-5)


def test_a_seed_draws_the_same_scene_again(crowd):
    again = next(draw_crowd(128, 72, 8, seed=3, people=3))
    np.testing.assert_array_equal(again.plate, crowd[0].plate)
    np.testing.assert_array_equal(again.people, crowd[0].people)


def test_two_people_change_sides(crowd):
    def middles(each):
        columns = np.arange(each.people.shape[2])
        return (each.people * columns).sum((1, 2)) / each.people.sum((1, 2))

    first, last = np.argsort(middles(crowd[0])), np.argsort(middles(crowd[-1]))
    assert list(first) != list(last)
