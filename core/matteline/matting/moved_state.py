"""The recurrent state of a region that moves over the plate."""

from __future__ import annotations

import torch
from torch import Tensor

from matteline.matting.rvm.decoder import State


def moved_state(state: State, right: int, down: int) -> State:
    """The state of a shot whose region has moved, so that it fits the pixels that the region shows now.

    The network computes the same of a pixel wherever its strides lie, but for the borders of the picture; a state
    moved along is what it would have been, had the region always been here. Measured on a walking person, mattes
    with six moves are as good as those of a region that holds the whole way (docs/focus.md).

    Args:
        state: (1, C, h, w) each, at strides 2, 4, 8 and 16 of the reduced picture. Left unchanged.
        right: How far the region has moved to the right, in strides of 16 pixels of the reduced picture;
            negative to the left.
        down: The same downwards.

    Returns:
        A state of the same shapes. Where it shows what was outside the region before, it is 0 as at the start of
        a shot.
    """
    # A stride of 16 pixels is eight places of the state at stride 2, and one of that at stride 16.
    one, two, three, four = (
        _moved(values, right * scale, down * scale) for values, scale in zip(state, (8, 4, 2, 1), strict=True)
    )
    return one, two, three, four


def _moved(values: Tensor, right: int, down: int) -> Tensor:
    moved = torch.zeros_like(values)
    height, width = values.shape[-2:]
    rows, columns = height - abs(down), width - abs(right)
    if rows > 0 and columns > 0:
        top, left = max(down, 0), max(right, 0)
        kept = values[..., top : top + rows, left : left + columns]
        moved[..., max(-down, 0) : max(-down, 0) + rows, max(-right, 0) : max(-right, 0) + columns] = kept
    return moved
