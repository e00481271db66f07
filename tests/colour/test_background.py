"""The guess of what lies behind soft edges."""

from __future__ import annotations

import torch

from matteline.colour.background import STRIDE, guess_background

SIZE = (120, 200)
PLACES = torch.arange(120 * 200)
SHAPE = (3, SIZE[0] // STRIDE, SIZE[1] // STRIDE)


def test_nothing_empty_tells_nothing() -> None:
    assert guess_background(torch.rand(SHAPE), torch.zeros(SHAPE[1:], dtype=torch.bool), SIZE) is None


def test_what_surrounds_a_hole_fills_it() -> None:
    linear = torch.full(SHAPE, 0.3)
    linear[:, 8:20, 15:35] = 60.0
    empty = torch.ones(SHAPE[1:], dtype=torch.bool)
    empty[8:20, 15:35] = False
    guess = guess_background(linear, empty, SIZE)
    assert guess is not None
    colour, variance = guess.at(PLACES)
    assert torch.allclose(colour, torch.tensor(0.3), atol=1e-3)
    assert variance.max() < 1e-4


def test_the_nearer_background_counts_for_more() -> None:
    linear = torch.zeros(SHAPE)
    linear[:, :, 25:] = 1.0
    empty = torch.ones(SHAPE[1:], dtype=torch.bool)
    empty[:, 10:40] = False
    guess = guess_background(linear, empty, SIZE)
    assert guess is not None
    left, right = (int(60 * 200 + column) for column in (44, 156))
    colour, _ = guess.at(torch.tensor([left, right]))
    assert colour[0, 0] < 0.25
    assert colour[0, 1] > 0.75


def test_a_busy_background_is_known_to_be_uncertain() -> None:
    chequered = (torch.arange(SHAPE[1])[:, None] + torch.arange(SHAPE[2])) % 2
    empty = torch.ones(SHAPE[1:], dtype=torch.bool)
    empty[10:16, 20:26] = False
    guess = guess_background(chequered.float().expand(SHAPE).clone(), empty, SIZE)
    assert guess is not None
    _, variance = guess.at(torch.tensor([13 * STRIDE * 200 + 23 * STRIDE]))
    assert variance.min() > 0.15
