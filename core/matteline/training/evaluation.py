"""How well a network does on examples that it never learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.pack import Examples

SOLID: Final = 0.5
"""Alpha above this counts as person for the intersection over union."""

_AT_ONCE: Final = 25


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
        """One figure by which models of a run are compared; higher is better.

        MAD counts threefold: between good models it differs by about a third of what IoU differs by.
        """
        return self.iou - 3 * self.mad


def evaluate(network: MattingNetwork, pack: Examples, numbers: list[int], side: int) -> Score:
    """Matte examples of a pack, each a first frame, as squares of `side` pixels.

    Args:
        network: Is left in evaluation mode.
        pack: Holds the examples.
        numbers: Which of them.
        side: What the network looks at, in pixels.
    """
    network.eval()
    device = next(network.parameters()).device
    ious, mads = [], []
    with torch.inference_mode():
        for first in range(0, len(numbers), _AT_ONCE):
            batch = pack.take(numbers[first : first + _AT_ONCE])
            pictures = _shrunk(batch.pictures, side).to(device)
            truth = _shrunk(batch.pha, side).to(device)
            _, alpha, *_ = network(pictures)
            ious.append(intersection_over_union(alpha, truth))
            mads.append((alpha - truth).abs().mean((1, 2, 3)))
    return Score(float(torch.cat(ious).mean()), float(torch.cat(mads).mean()))


def intersection_over_union(alpha: Tensor, truth: Tensor) -> Tensor:
    """For each of N mattes (N, 1, H, W): pixels solid in both over those solid in either."""
    one, other = alpha > SOLID, truth > SOLID
    both = (one & other).sum((1, 2, 3)).float()
    either = (one | other).sum((1, 2, 3)).float()
    return torch.where(either > 0, both / either.clamp(min=1), 1.0)


def _shrunk(planes: Tensor, side: int) -> Tensor:
    small = functional.interpolate(
        planes.float(), (side, side), mode="bilinear", antialias=True, align_corners=False
    )
    return (small / 255).clamp(0, 1)
