"""Edge tools: what is off changes nothing, and what is on moves, softens and forces exactly as told."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from matteline.matting.edges import EdgeTools, choke, hold, soften, stretch

ROUNDING = 1e-6
STEPS = st.sampled_from([0.25, 0.5, 0.8, 1.0, 1.3, 1.42, 2.0, 2.7, 4.0, 6.5])


def half_plane(degrees: float, edge: float, *, ramp: float = 0.25, size: int = 65) -> Tensor:
    """A matte that is 1 on one side of a line `edge` pixels from its middle, by exact coverage of pixels."""
    finer = 4
    place = (torch.arange(size * finer) + 0.5) / finer - size / 2
    angle = math.radians(degrees)
    beyond = place[None] * math.cos(angle) + place[:, None] * math.sin(angle) - edge
    return (0.5 - beyond / ramp).clamp(0, 1).view(size, finer, size, finer).mean((1, 3))


def noise(seed: int, height: int = 23, width: int = 31) -> Tensor:
    """Soft, hard and plateau values, mixed."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(height, width, generator=generator) * 3 - 1).clamp(0, 1)


def moved(before: Tensor, after: Tensor, degrees: float) -> float:
    """How far the edge of a half-plane went in from where it was, by coverage in the picture's middle."""
    middle = slice(20, 45)
    unit = half_plane(degrees, 0.5) - half_plane(degrees, -0.5)
    return float((before - after)[middle, middle].sum() / unit[middle, middle].sum())


def test_tools_at_their_defaults_hand_the_same_alpha_back():
    alpha = noise(1)
    assert EdgeTools().apply(alpha) is alpha
    assert hold(alpha, None, None) is alpha


@pytest.mark.parametrize(
    "tools", [EdgeTools(1.5), EdgeTools(-1.5), EdgeTools(0, 4), EdgeTools(0, 0, 0.1, 0.9)]
)
def test_no_tool_changes_what_it_is_given_or_leaves_zero_to_one(tools):
    alpha = noise(2)
    before = alpha.clone()
    made = tools.apply(alpha)
    assert torch.equal(alpha, before) and not torch.equal(made, alpha)
    assert made.dtype == torch.float32 and made.shape == alpha.shape
    assert made.min() >= 0 and made.max() <= 1


@pytest.mark.parametrize("ramp", [0.25, 4.0])
@pytest.mark.parametrize("degrees", [0, 12, 22.5, 33, 45, 90, 135, 200])
@pytest.mark.parametrize("pixels", [0.3, 0.5, 1.0, 1.2, 2.0, 2.5, 5.0, 8.7])
def test_a_choke_moves_a_half_plane_by_its_pixels_in_every_direction(pixels, degrees, ramp):
    before = half_plane(degrees, pixels / 2, ramp=ramp)
    wanted = half_plane(degrees, -pixels / 2, ramp=ramp)
    # Along rows and columns the move is exact; a slanting hard edge is a staircase.
    off = 0.01 if degrees % 90 == 0 else 0.12 if ramp < 1 else 0.06
    assert moved(wanted, choke(before, pixels), degrees) == pytest.approx(0, abs=off)
    assert moved(before, choke(wanted, -pixels), degrees) == pytest.approx(0, abs=off)


@given(seed=st.integers(0, 99), less=STEPS, more=STEPS)
@settings(max_examples=40, deadline=None)
def test_more_choke_never_leaves_more_alpha(seed, less, more):
    less, more = sorted((less, more))
    alpha = noise(seed)
    assert (choke(alpha, less) <= alpha + ROUNDING).all()
    assert (choke(alpha, more) <= choke(alpha, less) + ROUNDING).all()
    assert (choke(alpha, -more) >= choke(alpha, -less) - ROUNDING).all()


@pytest.mark.slow
@given(seed=st.integers(0, 99), pixels=STEPS)
@settings(max_examples=20, deadline=None)
def test_growing_is_choking_what_is_outside(seed, pixels):
    alpha = noise(seed)
    torch.testing.assert_close(choke(alpha, -pixels), 1 - choke(1 - alpha, pixels), rtol=0, atol=ROUNDING)


def test_a_choke_is_round():
    dot = torch.zeros(41, 41)
    dot[20, 20] = 1
    disc = choke(dot, -12)
    assert disc.sum() == pytest.approx(math.pi * 12.5**2, rel=0.03)
    across = (torch.arange(41) - 20).square()
    distance = (across[None] + across[:, None]).sqrt()
    assert (disc[distance <= 12] == 1).all() and (disc[distance >= 13.5] == 0).all()


@pytest.mark.parametrize(
    "tools", [EdgeTools(7.3), EdgeTools(-7.3), EdgeTools(0, 15), EdgeTools(3.2, 9, 0.1, 0.7)]
)
def test_plateaus_stay_exactly_zero_and_one(tools):
    made = tools.apply(half_plane(30, 0, size=97))
    distance = half_plane(30, 0, ramp=200, size=97)
    assert (made[distance > 0.7] == 1).all()
    assert (made[distance < 0.3] == 0).all()


@pytest.mark.parametrize("tools", [EdgeTools(6), EdgeTools(0, 12)])
def test_a_person_cut_by_the_border_is_not_eaten_from_there(tools):
    alpha = torch.zeros(40, 60)
    alpha[:, 20:40] = 1
    made = tools.apply(alpha)
    assert torch.equal(made, made[20].expand(40, 60))


def test_a_strip_boundary_leaves_no_trace(monkeypatch):
    alpha = noise(5, 90, 20)
    whole = choke(alpha, 3.4), soften(alpha, 5)
    monkeypatch.setattr("matteline.matting.edges._STRIP_PIXELS", 300)
    assert torch.equal(choke(alpha, 3.4), whole[0])
    assert torch.equal(soften(alpha, 5), whole[1])


@pytest.mark.parametrize("radius", [0.4, 1.0, 3.0, 10.0])
def test_soften_keeps_the_coverage(radius):
    alpha = torch.zeros(70, 70)
    alpha[25:45, 25:45] = noise(3, 20, 20)
    made = soften(alpha, radius)
    assert made.sum() == pytest.approx(float(alpha.sum()), rel=1e-4)


@pytest.mark.slow
def test_soften_is_a_gaussian_of_half_its_radius():
    dot = torch.zeros(61, 61)
    dot[30, 30] = 1
    made = soften(dot, 8)
    across = (torch.arange(61) - 30).square()
    spread = float((made.sum(0) * across).sum() / made.sum())
    assert math.sqrt(spread) == pytest.approx(4, rel=0.02)
    torch.testing.assert_close(made, made.T)


def test_points_are_reached_exactly():
    alpha = torch.tensor([[0.0, 0.1, 0.2, 0.5, 0.8, 0.9, 1.0]])
    made = stretch(alpha, 0.2, 0.8)
    assert made[0, [0, 1, 2]].tolist() == [0, 0, 0] and made[0, [4, 5, 6]].tolist() == [1, 1, 1]
    assert made[0, 3] == pytest.approx(0.5)


def test_points_act_before_choke_and_choke_before_soften():
    alpha = half_plane(20, 0, ramp=6)
    made = EdgeTools(2, 3, 0.2, 0.6).apply(alpha)
    assert torch.equal(made, soften(choke(stretch(alpha, 0.2, 0.6), 2), 3))


@pytest.mark.slow
def test_outside_a_garbage_matte_is_nothing_and_inside_a_hold_out_all():
    alpha, mask = noise(6), noise(7)
    outside = hold(alpha, mask, None)
    assert (outside[mask == 0] == 0).all() and torch.equal(outside[mask == 1], alpha[mask == 1])
    torch.testing.assert_close(outside, alpha * mask)
    inside = hold(alpha, None, mask)
    assert (inside[mask == 1] == 1).all() and torch.equal(inside[mask == 0], alpha[mask == 0])
    torch.testing.assert_close(inside, torch.maximum(alpha, mask))


def test_a_garbage_matte_wins_over_a_hold_out():
    assert hold(torch.ones(1, 1), torch.zeros(1, 1), torch.ones(1, 1)) == 0
