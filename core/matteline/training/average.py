"""The running average of a network's weights, which mattes better than the weights of any one step."""

from __future__ import annotations

import copy

import torch

from matteline.matting.rvm.network import MattingNetwork


class WeightAverage:
    """An exponential average of all parameters and statistics of a network.

    Args:
        network: The network to follow; the average begins as a copy of it.
        decay: Share of the average that remains after one step.
    """

    def __init__(self, network: MattingNetwork, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    def update(self, network: MattingNetwork, step: int) -> None:
        """Take in the weights after a step, counted from 1."""
        # In the first steps less remains, or the random beginning would stay in the average for long.
        keep = min(self._decay, (1 + step) / (10 + step))
        with torch.no_grad():
            own = self.network.state_dict()
            for name, value in network.state_dict().items():
                if value.is_floating_point():
                    own[name].lerp_(value, 1 - keep)
                else:
                    # Counts of batches are whole numbers, which have no average of use.
                    own[name].copy_(value)
