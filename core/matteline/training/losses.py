"""Losses of Robust Video Matting (Lin et al. 2022), for clips (B, T, C, H, W)."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

LEVELS: Final = 5
"""Levels of the Laplacian pyramid."""

_LEAST: Final = 4  # pixels of a side that the 5x5 blur can still mirror after halving
_TEMPORAL: Final = 5.0  # weight of changes in time
_TAPS: Final = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)  # of the binomial blur, along one axis


def alpha_loss(alpha: Tensor, truth: Tensor) -> Tensor:
    """Return the error of a clip's alpha: L1, L1 of a Laplacian pyramid, and 5 times the error in time.

    Args:
        alpha: (B, T, 1, H, W), 0..1.
        truth: The same of the true alpha.
    """
    flat, flat_truth = alpha.flatten(0, 1), truth.flatten(0, 1)
    pyramid = laplacian_loss(flat, flat_truth)
    return functional.l1_loss(alpha, truth) + pyramid + _TEMPORAL * temporal_error(alpha, truth)


def foreground_loss(fgr: Tensor, truth: Tensor, alpha: Tensor) -> Tensor:
    """Return the error of a clip's foreground where it can be seen: L1, and 5 times the error in time.

    Args:
        fgr: (B, T, 3, H, W), straight, sRGB-encoded, 0..1.
        truth: The same of the true foreground.
        alpha: (B, T, 1, H, W), the true alpha; where it is 0, any colour is right.
    """
    seen = alpha > 0
    fgr, truth = fgr * seen, truth * seen
    return functional.l1_loss(fgr, truth) + _TEMPORAL * temporal_error(fgr, truth)


def segmentation_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the binary cross-entropy of a segmentation.

    Args:
        logits: Any shape.
        truth: The same shape, 0..1.
    """
    # Mixed precision may have left the logits in half.
    return functional.binary_cross_entropy_with_logits(logits.float(), truth)


def temporal_error(clip: Tensor, truth: Tensor) -> Tensor:
    """Return the squared error of the changes from frame to frame of (B, T, C, H, W); 0 for a single frame."""
    if clip.shape[1] < 2:
        return clip.new_zeros(())
    return functional.mse_loss(clip.diff(dim=1), truth.diff(dim=1))


def laplacian_loss(pictures: Tensor, truth: Tensor, levels: int = LEVELS) -> Tensor:
    """Return the L1 of Laplacian pyramids of (N, 1, H, W): level l weighs 2^l, over the number of levels.

    After Hou and Liu (2019): coarse levels have fewer values, and so weigh more.
    """
    # A pyramid is linear: that of the difference is the difference of both.
    difference = pictures - truth
    total = difference.new_zeros(())
    for level, band in enumerate(_bands(difference, levels)):
        total = total + 2**level * band.abs().mean()
    return total / levels


def _bands(picture: Tensor, levels: int) -> list[Tensor]:
    """Levels of a Laplacian pyramid, the finest first; fewer where the picture is small."""
    bands = []
    for _ in range(levels):
        height, width = picture.shape[-2:]
        if min(height, width) < _LEAST:
            break
        # An odd last row or column has no partner at the next level.
        picture = picture[..., : height // 2 * 2, : width // 2 * 2]
        down, across = (_blur_matrix(side, picture) for side in picture.shape[-2:])
        smaller = down[::2] @ picture @ across[::2].T
        # Twice the size: zeros between the pixels, blurred, times 4.
        bands.append(picture - 4 * (down[:, ::2] @ smaller @ across[:, ::2].T))
        picture = smaller
    return bands


def _blur_matrix(side: int, like: Tensor) -> Tensor:
    """Return the matrix (side, side) that blurs columns of `side` pixels, mirrored at their ends.

    A product with it equals a convolution; on processors the gradient of a single-channel convolution takes
    longer than all gradients of the network.
    """
    columns = torch.eye(side, dtype=like.dtype, device=like.device)
    wide = functional.pad(columns[None], (2, 2), mode="reflect")[0]
    taps = (tap * wide[:, first : first + side] for first, tap in enumerate(_TAPS))
    return torch.stack(list(taps)).sum(0).T
