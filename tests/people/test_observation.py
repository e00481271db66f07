"""A frame is reduced to a grid: the matte, its solid parts, and features where somebody is."""

from __future__ import annotations

import numpy as np

from matteline.people import grid_size
from tests.people.scenes import GREEN, HEIGHT, RED, WIDTH, observed, painted


def test_the_grid_has_96_cells_along_the_longer_side():
    assert grid_size(1920, 1080) == (54, 96)
    assert grid_size(1080, 1920) == (96, 54)


def test_only_cells_where_somebody_is_have_features():
    picture, alphas = painted([(RED, 60)])
    observation = observed(1, picture, alphas.sum(0))
    assert observation.features.dtype == np.int8
    assert len(observation.features) == observation.occupied.sum() > 0


def test_parts_that_only_a_thin_arm_joins_are_two_cores_the_larger_first():
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[40:, 20:40] = 1
    alpha[30:, 90:130] = 1
    alpha[60:62, 20:130] = 1
    cores = observed(1, painted([(GREEN, 60)])[0], alpha).cores
    assert cores[80 // 2, 110 // 2] == 1
    assert cores[80 // 2, 30 // 2] == 2
    assert cores.max() == 2
