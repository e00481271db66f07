"""A state moves along with its region."""

from __future__ import annotations

import pytest
import torch

from matteline.matting.moved_state import moved_state


def _state(height: int, width: int) -> tuple[torch.Tensor, ...]:
    return tuple(torch.rand(1, 4, height * scale, width * scale) for scale in (8, 4, 2, 1))


def _cut(state, top, left, height, width):
    return tuple(
        values[..., top * scale : (top + height) * scale, left * scale : (left + width) * scale]
        for values, scale in zip(state, (8, 4, 2, 1), strict=True)
    )


@pytest.mark.parametrize(("right", "down"), [(1, 0), (-2, 1), (0, -3), (2, 2)])
def test_what_both_regions_show_is_the_same_place_of_the_plate(right, down):
    plate = _state(12, 14)
    moved = moved_state(_cut(plate, 4, 4, 5, 6), right, down)
    expected = _cut(plate, 4 + down, 4 + right, 5, 6)
    for values, wanted, scale in zip(moved, expected, (8, 4, 2, 1), strict=True):
        shared = (
            slice(max(-down, 0) * scale, (5 - max(down, 0)) * scale),
            slice(max(-right, 0) * scale, (6 - max(right, 0)) * scale),
        )
        assert torch.equal(values[..., shared[0], shared[1]], wanted[..., shared[0], shared[1]])


def test_what_was_not_seen_before_is_as_at_the_start_of_a_shot():
    moved = moved_state(_state(5, 6), 2, 0)
    assert all(
        values[..., -2 * scale :].abs().max() == 0 for values, scale in zip(moved, (8, 4, 2, 1), strict=True)
    )


def test_a_state_that_does_not_move_is_the_same():
    state = _state(5, 6)
    assert all(torch.equal(one, other) for one, other in zip(moved_state(state, 0, 0), state, strict=True))


def test_a_region_that_moves_beyond_its_size_begins_anew():
    assert all(values.abs().max() == 0 for values in moved_state(_state(5, 6), 6, 0))


def test_the_state_given_is_left_as_it_was():
    state = _state(5, 6)
    before = [values.clone() for values in state]
    moved_state(state, 1, 1)
    assert all(torch.equal(one, other) for one, other in zip(state, before, strict=True))
