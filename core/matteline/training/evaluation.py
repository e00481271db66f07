"""Quality of a network on examples that it never learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.pack import Examples

SOLID: Final = 0.5
"""Alpha above which a pixel counts as person for the intersection over union."""

_AT_ONCE: Final = 25  # pictures in memory


@dataclass(frozen=True)
class Score:
    """Quality over a set of pictures, each counting the same.

    Attributes:
        iou: Mean intersection over union of alpha above 0.5; 1 where both are empty.
        mad: Mean absolute difference of alpha, 0..1.
    """

    iou: float
    mad: float

    @property
    def quality(self) -> float:
        """One figure by which models of a run are compared; higher is better."""
        # Between good models MAD differs by about a third of what IoU differs by.
        return self.iou - 3 * self.mad


def evaluate(network: MattingNetwork, pack: Examples, numbers: list[int], side: int) -> Score:
    """Return the quality of a network's mattes of examples, each a first frame.

    Args:
        network: Left in evaluation mode.
        pack: Examples.
        numbers: Which of them to matte.
        side: Side in pixels of the squares that the network is shown.
    """
    network.eval()
    device = next(network.parameters()).device
    # Per picture rather than over all pixels: a small person counts as much as a large one.
    ious, mads = [], []
    with torch.inference_mode():
        for first in range(0, len(numbers), _AT_ONCE):
            batch = pack.take(numbers[first : first + _AT_ONCE])
            truth = shrink_planes(batch.pha, side).to(device)
            _, alpha, *_ = network(shrink_planes(batch.pictures, side).to(device))
            ious.append(intersection_over_union(alpha, truth))
            mads.append((alpha - truth).abs().mean((1, 2, 3)))
    return Score(float(torch.cat(ious).mean()), float(torch.cat(mads).mean()))


def intersection_over_union(alpha: Tensor, truth: Tensor) -> Tensor:
    """Return, for each of N mattes (N, 1, H, W), pixels solid in both over those solid in either."""
    one, other = alpha > SOLID, truth > SOLID
    both = (one & other).sum((1, 2, 3)).float()
    either = (one | other).sum((1, 2, 3)).float()
    return torch.where(either > 0, both / either.clamp(min=1), 1.0)


def shrink_planes(planes: Tensor, side: int) -> Tensor:
    """Return planes (N, C, H, W), uint8, as squares of `side` pixels, float32, 0..1."""
    small = functional.interpolate(
        planes.float(), (side, side), mode="bilinear", antialias=True, align_corners=False
    )
    return (small / 255).clamp(0, 1)
