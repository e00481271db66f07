"""Each person's matte at full size, from shares on the grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from matteline.people.shares import FrameShares

# Radii are in pixels of a picture about 256 pixels wide; found on drawn people and on dancers.
_USUAL_SIZE: Final = 256
_AGREEING: Final = (3, 2)  # around a pixel, whose majority counts, at the first and the second time
_GUIDED: Final = 3  # around a pixel, where the edges of the picture are followed
_SMOOTHNESS: Final = 1e-3  # variance of brightness below which the picture has no edge to follow
_LUMA: Final = (0.299, 0.587, 0.114)
_MARGIN: Final = 3  # cells around those that several people may have


def separate(
    shares: FrameShares,
    picture: Tensor,
    alpha: Tensor,
    masks: Mapping[int, Tensor] | None = None,
    *,
    together: Sequence[int] | None = None,
) -> Tensor:
    """Return each person's matte; together they are the whole matte.

    Args:
        shares: Of the frame.
        picture: (3, h, w) float, the reduced picture, sRGB-encoded 0..1: shares follow its edges.
        alpha: (H, W) float, 0..1, the matte at full size.
        masks: Maps a person's index to a mask (H, W), 0..1, that is exactly that person's share: a hint of this
            frame. Masks that overlap share the pixel.
        together: Indices of people whose one matte is wanted; made faster than everyone's.

    Returns:
        (K, H, W) float32 in the order of the people, whose sum is alpha, or (1, H, W) of those together. In a
        frame in which nobody was found all is 0, and what masks leave where everybody has one is nobody's.
    """
    grid = torch.from_numpy(shares.shares.astype(np.float32)).to(alpha.device) / 255
    if together is not None and masks:
        return separate(shares, picture, alpha, masks)[list(together)].sum(0, keepdim=True).clamp(0, 1)
    mattes = alpha.new_zeros((len(grid) if together is None else 1, *alpha.shape))
    if not grid.any():
        return mattes
    fine = _refined(grid, picture.float(), alpha)
    if together is not None:
        fine = fine[list(together)].sum(0, keepdim=True).clamp(0, 1)
    someone = functional.adaptive_max_pool2d(alpha[None], fine.shape[1:])[0] > 0
    for person, plane in enumerate(fine):
        rows, columns = _extent((plane > 0) & someone, alpha.shape)
        enlarged = _enlarged(plane, rows, columns, alpha.shape)
        torch.mul(enlarged, alpha[rows, columns], out=mattes[person, rows, columns])
    if masks:
        _use_masks(mattes, grid, alpha, masks)
    return mattes


def _use_masks(mattes: Tensor, grid: Tensor, alpha: Tensor, masks: Mapping[int, Tensor]) -> None:
    """Give people with masks (H, W) exactly those, and the rest of alpha to the others; in place."""
    named = torch.tensor(sorted(masks), device=alpha.device)
    shares = torch.stack([masks[int(person)].to(alpha) for person in named])
    shares /= shares.sum(0).clamp(min=1)
    others = torch.ones(len(mattes), dtype=torch.bool, device=alpha.device)
    others[named] = False
    mattes[named] = shares * alpha
    if grid[others].any():
        # Where a mask takes a pixel from its own person alone, those who are nearest get it.
        size = alpha.shape[0], alpha.shape[1]
        near = functional.interpolate(_filled(grid[others])[None], size=size, mode="bilinear")[0]
        weights = mattes[others] + 1e-4 * near
        mattes[others] = weights * (alpha * (1 - shares.sum(0))) / weights.sum(0).clamp(min=1e-9)


def _refined(grid: Tensor, picture: Tensor, alpha: Tensor) -> Tensor:
    """Enlarge shares (K, rows, columns) to the reduced picture (K, h, w), their sum 1."""
    size = picture.shape[1], picture.shape[2]
    filled = _filled(grid)
    fine = functional.interpolate(filled[None], size=size, mode="bilinear", align_corners=False)[0]
    contested = _contested(grid)
    if not contested.any():
        return fine
    rows, columns = _extent(contested, size)
    part = fine[:, rows, columns]
    here = part.amax((1, 2)) > 0
    small = functional.adaptive_avg_pool2d(alpha[None], size)[0]
    light = torch.tensor(_LUMA, device=picture.device)
    luma = (picture[:, rows, columns] * light[:, None, None]).sum(0)
    part[here] = _along_edges(part[here], small[rows, columns], luma, max(size) / _USUAL_SIZE)
    return fine


def _filled(grid: Tensor) -> Tensor:
    """Fill empty cells with the shares of the nearest others, so that their sum is 1 everywhere."""
    filled, known = grid.clone(), grid.sum(0) > 0
    radius = 1
    while not known.all():
        near = functional.avg_pool2d(filled, 2 * radius + 1, 1, radius, count_include_pad=False)
        found = ~known & (near.sum(0) > 1e-6)
        filled[:, found] = near[:, found]
        known |= found
        radius *= 2
        radius = min(radius, min(grid.shape[1:]))
        if radius >= min(grid.shape[1:]) and not found.any():
            filled[:, ~known] = near.mean((1, 2))[:, None] + 1e-6
            known[:] = True
    return filled / filled.sum(0)


def _contested(grid: Tensor) -> Tensor:
    """Return the cells (rows, columns) near which several people are."""
    near = functional.max_pool2d(grid, 3, 1, 1)
    several = (near > 0.02).sum(0) > 1
    size = 2 * _MARGIN + 1
    return functional.max_pool2d(several[None].float(), size, 1, _MARGIN)[0] > 0


def _extent(mask: Tensor, size: tuple[int, ...] | torch.Size) -> tuple[slice, slice]:
    """Rows and columns of a picture of that size that hold all of a coarser mask, and a cell more."""
    slices = []
    for axis in (0, 1):
        found = mask.any(1 - axis).nonzero()
        if not len(found):
            return slice(0, 0), slice(0, 0)
        scale = size[axis] / mask.shape[axis]
        first, last = int(found[0]), int(found[-1])
        slices.append(slice(max(0, int((first - 1) * scale)), min(size[axis], int((last + 2) * scale) + 1)))
    return slices[0], slices[1]


def _enlarged(plane: Tensor, rows: slice, columns: slice, size: tuple[int, ...] | torch.Size) -> Tensor:
    """A part of a plane (h, w), enlarged bilinearly to (H, W) as `interpolate` does the whole."""
    for axis, part in ((0, rows), (1, columns)):
        count = plane.shape[axis]
        place = torch.arange(part.start, part.stop, device=plane.device) + 0.5
        place = (place * (count / size[axis]) - 0.5).clamp(0, count - 1)
        low = place.long().clamp(max=max(count - 2, 0))
        share = (place - low).to(plane.dtype).view(-1, *([1] * (1 - axis)))
        plane = torch.lerp(
            plane.index_select(axis, low), plane.index_select(axis, (low + 1).clamp(max=count - 1)), share
        )
    return plane


def _along_edges(shares: Tensor, alpha: Tensor, luma: Tensor, scale: float) -> Tensor:
    """Let shares (K, h, w) agree in their neighbourhood, and follow the edges of the picture.

    The last step is a fast guided filter (He and Sun 2015): made at a small size, applied at the whole.
    """
    factor = max(1, round(scale))
    size = max(1, round(luma.shape[0] / factor)), max(1, round(luma.shape[1] / factor))
    small, weight, guide = (
        functional.adaptive_avg_pool2d(each, size) for each in (shares, alpha[None], luma[None])
    )
    for radius in _AGREEING:
        small = (_mean(small * weight, radius) / (_mean(weight, radius) + 1e-4)).square()
        small = small / (small.sum(0) + 1e-6)
    # So that the means below can be divided by where nobody is near.
    weight = weight + 1e-3
    near = torch.cat([weight, weight * guide, weight * guide * guide, weight * small, weight * guide * small])
    near = _mean(near, _GUIDED)
    count = len(small)
    total = near[:1]
    mean_guide, mean_square = near[1:2] / total, near[2:3] / total
    mean_share, mean_product = near[3 : 3 + count] / total, near[3 + count :] / total
    slope = (mean_product - mean_guide * mean_share) / (mean_square - mean_guide.square() + _SMOOTHNESS)
    line = torch.cat([slope, mean_share - slope * mean_guide])
    line = _mean(line * weight, _GUIDED) / total
    line = functional.interpolate(line[None], size=luma.shape, mode="bilinear", align_corners=False)[0]
    followed = (line[:count] * luma + line[count:]).clamp_(0, 1)
    return followed / (followed.sum(0) + 1e-6)


def _mean(planes: Tensor, radius: int) -> Tensor:
    """Mean over squares around each pixel of (K, h, w), edges repeated."""
    size = 2 * radius + 1
    padded = functional.pad(planes[None], (radius,) * 4, mode="replicate")[0]
    for axis in (1, 2):
        sums = functional.pad(padded, (0, 0, 1, 0) if axis == 1 else (1, 0)).cumsum(axis)
        length = padded.shape[axis] - size + 1
        # Differences of running sums: the time does not grow with the radius.
        padded = sums.narrow(axis, size, length) - sums.narrow(axis, 0, length)
    return padded / size**2
