"""Grain out of the network's picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from matteline.colour.denoise import denoise, luma
from matteline.colour.picture import PictureTransform
from matteline.colour.space import PlateSpace

from .conftest import CPU


def halves() -> Tensor:
    """A picture whose left half is a warm dark and whose right half a cold light."""
    picture = torch.empty(3, 40, 60)
    picture[:, :, :30] = torch.tensor([0.3, 0.2, 0.15])[:, None, None]
    picture[:, :, 30:] = torch.tensor([0.5, 0.6, 0.7])[:, None, None]
    return picture


def grain(amount: float) -> Tensor:
    return amount * torch.randn(3, 40, 60, generator=torch.Generator().manual_seed(4))


def test_no_strength_is_the_picture_itself() -> None:
    picture = halves()
    assert denoise(picture, 0) is picture


def test_grain_shrinks_to_less_than_half_and_that_of_colour_to_a_fifth() -> None:
    made = denoise(halves() + grain(0.04), 1) - halves()
    flat = made[:, :, 6:24]
    assert luma(flat).std() < 0.5 * luma(grain(0.04)).std()
    colour = grain(0.04) - luma(grain(0.04))
    assert (flat - luma(flat)).std() < 0.2 * colour.std()


def test_an_edge_stays_within_two_pixels_of_where_it_was() -> None:
    made = denoise(halves(), 1)
    assert (made - halves())[:, :, :28].abs().max() < 0.02
    assert (made - halves())[:, :, 32:].abs().max() < 0.02


def test_the_picture_stays_a_picture_and_is_not_changed_in_place() -> None:
    noisy = (halves() + grain(0.5)).clamp(0, 1)
    before = noisy.clone()
    made = denoise(noisy, 0.6)
    assert made.min() >= 0
    assert made.max() <= 1
    assert torch.equal(noisy, before)


def test_pictures_smaller_than_a_block_pass() -> None:
    for size in ((1, 1), (3, 2), (5, 9)):
        assert denoise(torch.rand(3, *size), 1).shape == (3, *size)


def test_only_the_networks_picture_is_filtered(space_of: Callable[[str], PlateSpace]) -> None:
    plate = np.random.default_rng(9).uniform(0, 1, (20, 30, 3)).astype(np.float16)
    transform = PictureTransform(space_of("ACEScg"), exposure_stops=2, denoise=1)
    picture = transform.to_network(plate, CPU)
    made = transform.restore(plate=plate, alpha=torch.ones(20, 30), fgr=picture)
    assert picture.std() < 0.5 * PictureTransform(space_of("ACEScg")).to_network(plate, CPU).std()
    assert np.array_equal(made, plate)
