"""An artist's say on the edge of a matte: black and white point, choke, soften, garbage and hold-out mattes.

They act in this order, each on what the one before left: points, choke, soften, hold-out, garbage. What is
left at its default does nothing, not even a copy. 0 and 1 stay exactly 0 and 1 away from edges. Beyond the
border of the picture its last pixels are taken to go on, so a person cut by it is not eaten from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import pad

SIGMA_PER_RADIUS: Final = 0.5
"""So a softened hard edge rises from 2 % to 98 % over twice the radius, four standard deviations."""

_REACH_IN_SIGMAS: Final = 3.0
_WHITE: Final = 1 - 1e-6
# Worked on at once on a CPU: half a megabyte stays in its cache, which makes choke three times faster.
_STRIP_PIXELS: Final = 1 << 17

_Extreme = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class EdgeTools:
    """The edge tools of a shot, applied to every alpha.

    Attributes:
        choke_pixels: How far the edge moves inwards, outwards where negative. Fractions count.
        soften_pixels: Radius of a Gaussian blur.
        black_point: Alpha at and below it becomes 0.
        white_point: Alpha at and above it becomes 1. Above the black point.
    """

    choke_pixels: float = 0.0
    soften_pixels: float = 0.0
    black_point: float = 0.0
    white_point: float = 1.0

    def apply(self, alpha: Tensor) -> Tensor:
        """Points, choke and soften.

        Args:
            alpha: (H, W), float32, 0..1, on any device. Never changed.

        Returns:
            (H, W), float32, 0..1; `alpha` itself where all is at its default.
        """
        if (self.black_point, self.white_point) != (0, 1):
            alpha = stretch(alpha, self.black_point, self.white_point)
        if self.choke_pixels:
            alpha = choke(alpha, self.choke_pixels)
        return soften(alpha, self.soften_pixels) if self.soften_pixels else alpha


def hold(alpha: Tensor, garbage: Tensor | None, holdout: Tensor | None) -> Tensor:
    """Force the inside of a hold-out matte to 1, then the outside of a garbage matte to 0.

    Soft edges are respected: the greater of alpha and hold-out, the product of alpha and garbage matte. Where
    the two contradict each other the garbage matte wins.

    Args:
        alpha: (H, W), float32, 0..1. Never changed.
        garbage: (H, W), 0..1, on alpha's device; 0 is outside.
        holdout: (H, W), 0..1, on alpha's device; 1 is inside.
    """
    if holdout is not None:
        alpha = torch.maximum(alpha, holdout)
    return alpha if garbage is None else alpha * garbage


def stretch(alpha: Tensor, black: float, white: float) -> Tensor:
    """Alpha from `black` to `white` drawn out to 0..1, clipped: (alpha - black) / (white - black)."""
    # As tensors of alpha's own precision, so that alpha at the white point divides to exactly 1. Filled on its
    # device, since a copy would wait for all that is to be done there.
    low, high = alpha.new_full((), black), alpha.new_full((), white)
    return ((alpha - low) / (high - low)).clamp(0, 1)


def choke(alpha: Tensor, pixels: float) -> Tensor:
    """Move edges inwards by `pixels`, outwards where negative: grey-scale erosion or dilation by a disc.

    Alpha becomes the least (greatest) that it is within `pixels` of each place, linearly interpolated between
    pixels. So soft edges are moved as they are, hair gets thinner, and a half-plane moves by `pixels` in
    whatever direction. The time grows with the radius.

    Args:
        alpha: (H, W), float32, 0..1.
        pixels: The disc's radius.
    """
    if not pixels:
        return alpha
    extreme = torch.minimum if pixels > 0 else torch.maximum
    radius = abs(pixels)
    return _in_strips(alpha, math.ceil(radius) + 1, lambda part: _disc(part, radius, extreme))


def soften(alpha: Tensor, radius: float) -> Tensor:
    """Blur by a Gaussian whose standard deviation is half the radius, out to three standard deviations.

    Away from the picture's border the sum of alpha is kept. The time grows with the radius.

    Args:
        alpha: (H, W), float32, 0..1.
        radius: In pixels.
    """
    weights = _gaussian(radius)
    if len(weights) == 1:
        return alpha
    return _in_strips(alpha, len(weights) - 1, lambda part: _blurred(part, weights))


def _in_strips(alpha: Tensor, reach: int, work: Callable[[Tensor], Tensor]) -> Tensor:
    """Do `work` strip by strip; it gets `reach` more pixels on every side than it returns."""
    height, width = alpha.shape
    wide = pad(alpha[None], (reach, reach, reach, reach), mode="replicate")[0]
    made = torch.empty_like(alpha)
    # No lower than what it reads beyond itself, or a large radius would read most rows again and again.
    rows = max(_STRIP_PIXELS // width, 2 * reach) if alpha.device.type == "cpu" else height
    for top in range(0, height, rows):
        end = min(top + rows, height)
        made[top:end] = work(wide[top : end + 2 * reach])
    return made


def _disc(wide: Tensor, radius: float, extreme: _Extreme) -> Tensor:
    """The extreme within a disc around each pixel but the outermost ceil(radius) + 1."""
    # Chords along rows follow the disc's left and right closely, chords along columns its top and bottom.
    across = _chords(wide, radius, extreme)
    return extreme(across, _chords(wide.T.contiguous(), radius, extreme).T)


def _chords(wide: Tensor, radius: float, extreme: _Extreme) -> Tensor:
    runs = _Runs(wide, math.ceil(radius) + 1, extreme)
    found = runs.over(radius, 0)
    for offset in _offsets(radius):
        half = math.sqrt(max(radius**2 - offset**2, 0))
        found = extreme(found, extreme(runs.over(half, offset), runs.over(half, -offset)))
    return found


def _offsets(radius: float) -> list[float]:
    """Return the distances of chords from the middle: whole pixels, and the diagonal of a small disc."""
    return [*range(1, math.floor(radius) + 1), radius * math.sqrt(0.5)]


class _Runs:
    """The extreme along rows of a picture with `margin` more pixels on every side than is asked for."""

    def __init__(self, wide: Tensor, margin: int, extreme: _Extreme) -> None:
        self._margin = margin
        self._extreme = extreme
        self._width = wide.shape[1] - 2 * margin
        # Level k holds the extreme of each 2^k pixels to the right.
        self._levels = [wide]
        while 1 << len(self._levels) <= 2 * margin - 1:
            last, step = self._levels[-1], 1 << (len(self._levels) - 1)
            self._levels.append(extreme(last[:, :-step], last[:, step:]))

    def over(self, half: float, offset: float) -> Tensor:
        """The extreme from `half` pixels left to `half` right of each pixel, `offset` pixels further down."""
        first = math.floor(offset)
        near = self._row(half, first)
        return near if offset == first else torch.lerp(near, self._row(half, first + 1), offset - first)

    def _row(self, half: float, down: int) -> Tensor:
        whole = math.floor(half)
        level = (2 * whole + 1).bit_length() - 1
        found = self._at(level, -whole, down)
        found = self._extreme(found, self._at(level, whole + 1 - (1 << level), down))
        rest = half - whole
        for side in (-1, 1) if rest else ():
            inner, outer = self._at(0, side * whole, down), self._at(0, side * (whole + 1), down)
            found = self._extreme(found, torch.lerp(inner, outer, rest))
        return found

    def _at(self, level: int, right: int, down: int) -> Tensor:
        picture, margin = self._levels[level], self._margin
        rows = slice(margin + down, picture.shape[0] - margin + down)
        return picture[rows, margin + right : margin + right + self._width]


def _gaussian(radius: float) -> list[float]:
    """Weights of the middle pixel and of those on either side of it; together they make 1."""
    sigma = radius * SIGMA_PER_RADIUS
    reach = math.ceil(_REACH_IN_SIGMAS * sigma)
    bells = [math.exp(-0.5 * (place / sigma) ** 2) for place in range(reach + 1)]
    whole = bells[0] + 2 * sum(bells[1:])
    return [bell / whole for bell in bells]


def _blurred(wide: Tensor, weights: list[float]) -> Tensor:
    made = _weighted(_weighted(wide, weights, 0), weights, 1)
    # Weights add up to 1 only as nearly as floats can.
    return torch.where(made > _WHITE, 1.0, made)


def _weighted(wide: Tensor, weights: list[float], axis: int) -> Tensor:
    # Sums of shifted pictures rather than a convolution, which some GPUs round to ten bits.
    reach = len(weights) - 1
    length = wide.shape[axis] - 2 * reach
    made = wide.narrow(axis, reach, length) * weights[0]
    for place, weight in enumerate(weights[1:], 1):
        for start in (reach - place, reach + place):
            made.add_(wide.narrow(axis, start, length), alpha=weight)
    return made
