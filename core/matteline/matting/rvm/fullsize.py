"""Finish frames at full size, in bands of rows that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from matteline.matting.rvm.coarse import Coarse

# Eight planes of 32 rows of HD are 2 MB; 16 to 64 rows measured alike, the whole picture three times slower.
_BAND_ROWS = 32


@dataclass(frozen=True)
class _Band:
    """Rows of the full picture, the rows of the reduced one they come from, and the weights between."""

    rows: slice
    sources: slice
    weights: Tensor


class FullSize:
    """Finishes frames of one size.

    Args:
        reduced: Width and height in pixels of the reduced picture.
        full: Width and height in pixels of the picture.
        device: Where to compute.
    """

    def __init__(self, reduced: tuple[int, int], full: tuple[int, int], device: torch.device) -> None:
        self._width, self._height = full
        # A GPU has no use for bands: it enlarges in both directions at once.
        self._bands = _bands(reduced[1], full[1]) if device.type == "cpu" else []

    def finish(self, coarse: Coarse, picture: Tensor, alpha: Tensor, fgr: Tensor | None = None) -> None:
        """Write alpha, and foreground if wanted, of one frame into the tensors given.

        Args:
            coarse: What was found of the frame at the reduced size.
            picture: (3, H, W), float32, sRGB-encoded 0..1.
            alpha: Receives (H, W), float32, 0..1.
            fgr: Receives (3, H, W), float32, straight, sRGB-encoded 0..1.
        """
        if coarse.slope is None:
            self._finish_unreduced(coarse.offset, picture, alpha, fgr)
            return
        first = 3 if fgr is None else 0
        planes = torch.cat([coarse.slope[first:], coarse.offset[first:]])
        for rows, enlarged in self._enlarged(planes):
            slope, offset = enlarged.chunk(2)
            part = picture[:, rows]
            if fgr is not None:
                torch.clamp(offset[:3].addcmul_(slope[:3], part), 0, 1, out=fgr[:, rows])
            torch.clamp(offset[-1].addcmul_(slope[-1], part.sum(0)), 0, 1, out=alpha[rows])

    def _finish_unreduced(self, offset: Tensor, picture: Tensor, alpha: Tensor, fgr: Tensor | None) -> None:
        if offset.shape[1:] != picture.shape[1:]:
            # The network saw the picture enlarged: its pixels are averaged, each within its limits.
            offset = torch.cat([offset[:3], offset[3:].clamp(0, 1)])
            offset = _resized(offset, self._height, self._width, antialias=True)
        torch.clamp(offset[3], 0, 1, out=alpha)
        if fgr is not None:
            torch.clamp(offset[:3] + picture, 0, 1, out=fgr)

    def _enlarged(self, planes: Tensor) -> Iterator[tuple[slice, Tensor]]:
        if not self._bands:
            yield slice(None), _resized(planes, self._height, self._width)
            return
        # Columns for all bands at once: neighbouring bands share rows of the reduced picture.
        wide = _resized(planes, planes.shape[1], self._width)
        for band in self._bands:
            yield band.rows, band.weights @ wide[:, band.sources]


def _bands(reduced_height: int, height: int) -> list[_Band]:
    # What resizing makes of the identity are its weights: rows of the picture from rows of the reduced one.
    weights = _resized(torch.eye(reduced_height)[None], height, reduced_height)[0]
    return [_band(weights, slice(first, first + _BAND_ROWS)) for first in range(0, height, _BAND_ROWS)]


def _band(weights: Tensor, rows: slice) -> _Band:
    used = weights[rows].any(0).nonzero()
    sources = slice(int(used[0]), int(used[-1]) + 1)
    return _Band(rows, sources, weights[rows, sources].contiguous())


def _resized(planes: Tensor, height: int, width: int, *, antialias: bool = False) -> Tensor:
    size = (height, width)
    return functional.interpolate(
        planes[None], size, mode="bilinear", align_corners=False, antialias=antialias
    )[0]
