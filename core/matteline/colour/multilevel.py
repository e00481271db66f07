"""The colour of soft edges from the plate and its matte alone: multi-level foreground estimation.

By Germer, Uelwer, Conrad and Harmeling, "Fast Multi-Level Foreground Estimation" (2020). Foreground F and
background B of every pixel explain the plate, P = a F + (1 - a) B, and are smooth, less so where alpha changes:

    |P - a F - (1 - a) B|^2  +  sum over four neighbours of (e + w |a - a_j|) (|F - F_j|^2 + |B - B_j|^2)

is lowered by a few sweeps over ever larger pictures, each begun with the one before. Only soft pixels are
wanted, so small pictures are solved whole and the larger ones round soft pixels alone. Everything is linear
in the plate's values: highlights and values below black are treated as any others, and nothing is clipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from matteline.colour.levels import OPAQUE_ALPHA

# e and w of the formula, as in the paper.
_LEAST_TIE: Final = 1e-5
_TIE_BY_ALPHA: Final = 0.1

# The longer side of the largest picture that is solved whole; larger ones give the same for more time.
_WHOLE_SIZE: Final = 160

# Sweeps over pictures up to that size, where they cost nothing, and over larger ones, as in the paper.
_SMALL_SIZE: Final = 32
_SMALL_SWEEPS: Final = 10
_SWEEPS: Final = 2


@dataclass(frozen=True)
class _Level:
    """F and B of some pixels of one size.

    Attributes:
        size: Height and width.
        values: (6, N): F and B.
        number: (h * w,) int32: which of them a pixel is, from 1; 0 where it was not solved.
    """

    size: tuple[int, int]
    values: Tensor
    number: Tensor

    def at(self, rows: Tensor, columns: Tensor) -> Tensor:
        """F and B (6, N) of pixels that were solved."""
        return self.values.index_select(1, self.number[rows * self.size[1] + columns] - 1)


@dataclass(frozen=True)
class _Cover:
    """Alpha at every so many pixels of a frame.

    Attributes:
        alpha: (H, W), contiguous.
        stride: How many.
    """

    alpha: Tensor
    stride: int

    def at(self, places: Tensor) -> Tensor:
        """Alpha (N,) at flat places of the whole frame; what every file rounds to 1 is 1."""
        return self.alpha.view(-1).index_select(0, places).div_(OPAQUE_ALPHA).clamp_(max=1)


def estimate_foreground(colours: Callable[[Tensor], Tensor], alpha: Tensor, wanted: Tensor) -> Tensor:
    """Estimate the foreground of soft pixels.

    Args:
        colours: Gives the plate's colour (3, N), in any space in which light mixes, at flat places (N,) int64.
        alpha: (H, W) float32, 0..1, contiguous; what every file rounds to 1 is 1.
        wanted: Flat places (N,) int64 of the pixels whose foreground is wanted: soft ones.

    Returns:
        (3, N), in the terms of `colours`. Beyond what was mixed it may overshoot.
    """
    size = (alpha.shape[0], alpha.shape[1])
    parts = [_Part.round(wanted, size)]
    while max(parts[-1].size) > 2 * _WHOLE_SIZE:
        parts.append(parts[-1].behind())
    stride = 1 << len(parts)
    level = _solved_whole(colours, alpha[::stride, ::stride].contiguous(), stride, size[1])
    for number, part in reversed(list(enumerate(parts))):
        stride = 1 << number
        plate = colours((part.rows * size[1] + part.columns) * stride)
        level = _solved(plate, _Cover(alpha, stride), part, level)
    return level.at(wanted // size[1], wanted % size[1])[:3]


@dataclass(frozen=True)
class _Part:
    """Pixels of one size to solve for.

    Attributes:
        size: Height and width.
        rows: (N,) int64.
        columns: (N,) int64.
    """

    size: tuple[int, int]
    rows: Tensor
    columns: Tensor

    @classmethod
    def round(cls, places: Tensor, size: tuple[int, int]) -> _Part:
        """Pixels at flat places and their four neighbours, each once, in reading order."""
        mask = torch.zeros(size[0] * size[1], dtype=torch.bool, device=places.device)
        own = mask.index_fill_(0, places, True).view(size)
        grown = own.clone()
        grown[1:] |= own[:-1]
        grown[:-1] |= own[1:]
        grown[:, 1:] |= own[:, :-1]
        grown[:, :-1] |= own[:, 1:]
        return cls.of(grown.view(-1), size)

    @classmethod
    def of(cls, mask: Tensor, size: tuple[int, int]) -> _Part:
        """The pixels of a flat mask."""
        places = torch.nonzero(mask).squeeze(1)
        return cls(size, places // size[1], places % size[1])

    def behind(self) -> _Part:
        """Those of half the size that these and their neighbours begin with."""
        size = (-(-self.size[0] // 2), -(-self.size[1] // 2))
        return _Part.round(self.rows // 2 * size[1] + self.columns // 2, size)


def _solved_whole(colours: Callable[[Tensor], Tensor], alpha: Tensor, stride: int, width: int) -> _Level:
    """Solve all pixels (h, w) of a frame reduced by a stride, from a single one up."""
    size = (alpha.shape[0], alpha.shape[1])
    every = _Part.of(torch.ones(alpha.numel(), dtype=torch.bool, device=alpha.device), size)
    # Colours are asked for once: some spaces take long to begin.
    plate = colours((every.rows * width + every.columns) * stride).view(3, *size)
    level: _Level | None = None
    for number in reversed(range(max(size).bit_length() + 1)):
        step = slice(None, None, 1 << number)
        small = alpha[step, step]
        part = _Part.of(
            torch.ones(small.numel(), dtype=torch.bool, device=alpha.device), (small.shape[0], small.shape[1])
        )
        level = _solved(plate[:, step, step].reshape(3, -1), _Cover(alpha, 1 << number), part, level)
    assert level is not None
    return level


def _solved(plate: Tensor, cover: _Cover, part: _Part, coarse: _Level | None) -> _Level:
    """Solve some pixels of one size.

    Args:
        plate: Their colours (3, N).
        cover: Alpha at this size.
        part: Which they are. What lies beside them stays as the smaller size has it.
        coarse: The next smaller size; None for the smallest.
    """
    (height, width), rows, columns, count = part.size, part.rows, part.columns, len(part.rows)
    places = rows * width + columns
    number = torch.zeros(height * width, dtype=torch.int32, device=rows.device)
    number[places] = torch.arange(1, count + 1, dtype=torch.int32, device=rows.device)
    values = plate.repeat(2, 1) if coarse is None else coarse.at(rows // 2, columns // 2)
    row_step, stride = cover.alpha.shape[1] * cover.stride, cover.stride
    in_frame = rows * row_step + columns * stride
    own = cover.at(in_frame)
    ties, sources, beside, size = [], [], [values], count
    for inside, step, frame_step in (
        (rows > 0, -width, -row_step),
        (rows < height - 1, width, row_step),
        (columns > 0, -1, -stride),
        (columns < width - 1, 1, stride),
    ):
        # Beyond the border a pixel stands for its own neighbour, and has no tie to it.
        neighbour = places + inside * step
        tie = cover.at(in_frame + inside * frame_step).sub_(own).abs_().mul_(_TIE_BY_ALPHA).add_(_LEAST_TIE)
        ties.append(tie.mul_(inside))
        source = number.index_select(0, neighbour).sub_(1)
        fixed = torch.nonzero(source < 0).squeeze(1)
        if coarse is not None and len(fixed):
            source[fixed] = torch.arange(size, size + len(fixed), dtype=torch.int32, device=rows.device)
            outside = neighbour[fixed]
            beside.append(coarse.at(outside // width // 2, outside % width // 2))
            size += len(fixed)
        sources.append(source)
    sweeps = _SMALL_SWEEPS if max(part.size) <= _SMALL_SIZE else _SWEEPS
    return _Level(part.size, _swept(torch.cat(beside, 1), count, plate, own, ties, sources, sweeps), number)


def _swept(
    values: Tensor,
    count: int,
    plate: Tensor,
    alpha: Tensor,
    ties: list[Tensor],
    sources: list[Tensor],
    sweeps: int,
) -> Tensor:
    """Lower the sum by Jacobi sweeps.

    With m and n the means of the neighbours' F and B by their ties, whose sum is t, and the rest
    r = P - a m - (1 - a) n, the least is at F = m + a r / d and B = n + (1 - a) r / d with
    d = t + a^2 + (1 - a)^2: the paper's two equations solved by hand, without their cancellation.

    Args:
        values: F and B of the pixels, then of fixed ones beside them, (6, N + M).
        count: N.
        plate: P, (3, N).
        alpha: a, (N,).
        ties: For each neighbour, (N,); 0 beyond the border.
        sources: Where each neighbour's values are, (N,).
        sweeps: How many.
    """
    sides = torch.stack([alpha, 1 - alpha])
    whole = sum(ties[1:], ties[0])
    # A picture of a single pixel has no neighbours.
    shares = [tie / whole.clamp(min=1e-12) for tie in ties]
    steps = sides / (whole + sides.square().sum(0))
    for _ in range(sweeps):
        means = values.index_select(1, sources[0]).mul_(shares[0])
        for share, source in zip(shares[1:], sources[1:], strict=True):
            means.addcmul_(values.index_select(1, source), share)
        both = means.view(2, 3, count)
        rest = plate - sides[0] * both[0] - sides[1] * both[1]
        both.addcmul_(steps[:, None], rest)
        values[:, :count] = means
    return values[:, :count]
