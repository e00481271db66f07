"""Pixels of regions: cut out of a picture for the network, and their mattes put together again."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from matteline.contract.plate import Window

FEATHER_STRIDES: Final = 1
"""Width of the border over which a region's matte fades in, in strides of its network's picture. People keep
further away from it by the margin of their boxes, so that nothing of them fades."""
SURE: Final = 0.9
"""Alpha of a coarse region, from which it is believed against a finer one if all pixels around have it, too."""
SURE_RADIUS_STRIDES: Final = 0.5
"""How far around, in strides of the coarse region's network's picture: as far as its refiner moves an edge."""


def cut_out(picture: Tensor, window: Window) -> Tensor:
    """The part of a picture (C, H, W) in a window, its last row and column repeated where the window sticks out."""
    bottom, right = window.y + window.height, window.x + window.width
    part = picture[:, window.y : bottom, window.x : right]
    below, beside = window.height - part.shape[1], window.width - part.shape[2]
    if below or beside:
        part = pad(part[None], (0, beside, 0, below), mode="replicate")[0]
    return part.contiguous()


class RegionBlend:
    """Puts the mattes of regions together, coarse ones first, into one matte of the canvas.

    Args:
        height: Of the canvas, in pixels.
        width: Of the canvas, in pixels.
        like: A tensor of the device that mattes are on.
    """

    def __init__(self, height: int, width: int, like: Tensor) -> None:
        self.alpha = torch.zeros(height, width, device=like.device)
        """(H, W), 0 where no region was put."""
        self._coarse_step = 0

    def put(
        self, alpha: Tensor, window: Window, step: int, fgr: Tensor | None = None, onto: Tensor | None = None
    ) -> None:
        """Add a region's matte.

        Inside, it replaces what coarser regions say, but for their solid parts: somebody near, of whom this region
        shows only a part, is better seen as a whole.

        Args:
            alpha: Of the region, (h, w), 0..1, as large as the window.
            window: Where the region lies; it may stick out of the canvas on the right and below.
            step: Of the region.
            fgr: Foreground of the region, (3, h, w); None where none is wanted.
            onto: Receives it, (3, H, W): the foreground of the canvas so far.
        """
        height, width = self.alpha.shape
        high, wide = min(window.height, height - window.y), min(window.width, width - window.x)
        place = (slice(window.y, window.y + high), slice(window.x, window.x + wide))
        fade = _fade(window, step, (high, wide), (height, width), alpha)
        before, now = self.alpha[place], alpha[:high, :wide]
        # Below the first region there is nothing to believe.
        if self._coarse_step:
            now = torch.maximum(now, _solid(before, self._coarse_step))
        if fgr is not None and onto is not None:
            onto[:, place[0], place[1]] = torch.lerp(onto[:, place[0], place[1]], fgr[:, :high, :wide], fade)
        self.alpha[place] = torch.lerp(before, now, fade)
        self._coarse_step = step


def _solid(alpha: Tensor, step: int) -> Tensor:
    """Alpha where it and all around it are sure, else 0."""
    radius = max(1, round(SURE_RADIUS_STRIDES * step))
    unsure = (alpha < SURE).to(alpha.dtype)[None, None]
    near = max_pool2d(unsure, 2 * radius + 1, 1, radius)[0, 0]
    return alpha * (1 - near)


def _fade(window: Window, step: int, size: tuple[int, int], canvas: tuple[int, int], like: Tensor) -> Tensor:
    """Weights (h, w) that rise from the region's border inwards; full at borders that are the canvas's own."""
    rows = _ramp(window.y, size[0], canvas[0], step, like)
    columns = _ramp(window.x, size[1], canvas[1], step, like)
    return torch.minimum(rows[:, None], columns[None])


def _ramp(first: int, size: int, canvas: int, step: int, like: Tensor) -> Tensor:
    place = torch.arange(size, device=like.device, dtype=like.dtype)
    far = torch.full_like(place, float("inf"))
    before = place + 0.5 if first > 0 else far
    after = size - place - 0.5 if first + size < canvas else far
    return (torch.minimum(before, after) / (FEATHER_STRIDES * step)).clamp(max=1)


def strides_between(one: Window, other: Window, step: int) -> tuple[int, int]:
    """How far a region has moved to the right and downwards, in strides of its network's picture."""
    return (other.x - one.x) // step, (other.y - one.y) // step
