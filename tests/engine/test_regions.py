"""Regions are cut out of pictures, and their mattes fit together again."""

from __future__ import annotations

import pytest
import torch

from matteline.contract.plate import Window
from matteline.engine.regions import RegionBlend, cut_out, strides_between

CANVAS = torch.zeros(60, 100)


def _blend(*regions: tuple[torch.Tensor, Window, int]) -> torch.Tensor:
    blend = RegionBlend(60, 100, CANVAS)
    for alpha, window, step in regions:
        blend.put(alpha, window, step)
    return blend.alpha


def test_a_region_shows_its_pixels():
    picture = torch.rand(3, 60, 100)
    assert torch.equal(cut_out(picture, Window(10, 20, 30, 40)), picture[:, 20:60, 10:40])


def test_a_region_that_sticks_out_repeats_the_last_pixels():
    picture = torch.rand(3, 60, 100)
    made = cut_out(picture, Window(80, 30, 32, 48))
    assert made.shape == (3, 48, 32)
    assert torch.equal(made[:, :30, :20], picture[:, 30:, 80:])
    assert torch.equal(made[:, 40, 5], picture[:, 59, 85])
    assert torch.equal(made[:, 3, 31], picture[:, 33, 99])


def test_a_region_as_large_as_the_canvas_is_its_matte():
    alpha = torch.rand(60, 100)
    assert torch.equal(_blend((alpha, Window(0, 0, 100, 60), 16)), alpha)


def test_outside_of_all_regions_there_is_nothing():
    alpha = _blend((torch.ones(30, 30), Window(40, 20, 30, 30), 4))
    assert alpha[35, 55] == 1
    assert alpha[:20].max() == alpha[:, :40].max() == 0


def test_a_region_fades_in_over_a_stride_but_not_at_the_border_of_the_canvas():
    alpha = _blend((torch.ones(30, 30), Window(0, 20, 30, 30), 4))
    assert alpha[35, 0] == 1
    assert alpha[20:24, 5].tolist() == [0.125, 0.375, 0.625, 0.875]


def test_a_fine_region_replaces_what_a_coarse_one_is_unsure_of():
    coarse = torch.full((60, 100), 0.5)
    alpha = _blend((coarse, Window(0, 0, 100, 60), 8), (torch.zeros(30, 30), Window(40, 20, 30, 30), 4))
    assert alpha[35, 55] == 0
    assert alpha[5, 5] == 0.5


def test_a_solid_part_of_a_coarse_region_stays():
    coarse = torch.zeros(60, 100)
    coarse[:, :60] = 1
    alpha = _blend((coarse, Window(0, 0, 100, 60), 8), (torch.zeros(30, 30), Window(40, 20, 30, 30), 4))
    assert alpha[35, 54] == 1
    # Near its edge the coarse region is not sure.
    assert alpha[35, 58] == 0


def test_foregrounds_follow_their_mattes():
    blend = RegionBlend(60, 100, CANVAS)
    onto = torch.zeros(3, 60, 100)
    blend.put(torch.ones(30, 30), Window(40, 20, 30, 30), 4, torch.full((3, 30, 30), 0.5), onto)
    assert onto[:, 35, 55].tolist() == [0.5, 0.5, 0.5]
    assert onto[:, 5, 5].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("x", "y", "strides"), [(42, 21, (2, 1)), (-21, 0, (-1, 0)), (0, -63, (0, -3))])
def test_moves_are_counted_in_strides(x, y, strides):
    assert strides_between(Window(100, 100, 30, 30), Window(100 + x, 100 + y, 30, 30), 21) == strides
