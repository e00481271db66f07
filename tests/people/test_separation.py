"""Each person's matte at full size: together the whole matte, and a mask's pixels exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from matteline.people import FrameShares, separate
from tests.people.scenes import HEIGHT, RED, WIDTH, Scene, crossing


@pytest.fixture(scope="module")
def crossed():
    scene = crossing()
    return scene, scene.track()[1]


def inputs(scene: Scene, number: int) -> tuple[torch.Tensor, torch.Tensor]:
    picture = torch.from_numpy(scene.pictures[number]).permute(2, 0, 1).contiguous()
    return picture, torch.from_numpy(scene.alphas[number].sum(0))


def enlarged(plane: torch.Tensor, times: int) -> torch.Tensor:
    return plane.repeat_interleave(times, 0).repeat_interleave(times, 1)


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 9, 11, 23])
def test_the_mattes_sum_to_the_matte(crossed, number):
    scene, shares = crossed
    picture, alpha = inputs(scene, number)
    soft = enlarged(alpha, 3) * 0.7
    mattes = separate(shares[number], picture, soft)
    torch.testing.assert_close(mattes.sum(0), soft, atol=1e-5, rtol=0)
    assert mattes.min() >= 0


def test_people_who_are_apart_have_their_own_pixels(crossed):
    scene, shares = crossed
    picture, alpha = inputs(scene, 0)
    mattes = separate(shares[0], picture, alpha).numpy()
    best = max((mattes, mattes[::-1]), key=lambda each: float((each * scene.alphas[0]).sum()))
    np.testing.assert_allclose(best, scene.alphas[0], atol=0.02)


def test_a_mask_decides_its_persons_pixels(crossed):
    scene, shares = crossed
    picture, alpha = inputs(scene, 10)
    mask = torch.from_numpy(scene.alphas[10][0]).clone()
    mask[:54] *= 0.5
    mattes = separate(shares[10], picture, alpha, {0: mask})
    torch.testing.assert_close(mattes[0], alpha * mask, atol=1e-5, rtol=0)
    torch.testing.assert_close(mattes.sum(0), alpha, atol=1e-5, rtol=0)


def test_masks_that_overlap_share_the_pixel(crossed):
    scene, shares = crossed
    picture, alpha = inputs(scene, 11)
    mattes = separate(shares[11], picture, alpha, {0: torch.ones_like(alpha), 1: torch.ones_like(alpha)})
    torch.testing.assert_close(mattes, torch.stack([alpha, alpha]) / 2)


def test_where_nobody_was_found_nobody_has_a_matte():
    scene = Scene([[(RED, None)]])
    nobody = FrameShares(0, np.zeros((2, 54, 96), np.uint8))
    picture, _ = inputs(scene, 0)
    assert not separate(nobody, picture, torch.ones(HEIGHT, WIDTH)).any()
