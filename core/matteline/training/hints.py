"""What a teacher thinks, beside what it says: the context in its middle, for a pupil's own to resemble.

A matte tells a pupil one number for each pixel; the teacher's context tells it what the teacher found there,
in many. After Romero et al., FitNets (2015): without it a network that begins from nothing spends most of a
short training on learning to see at all.
"""

from __future__ import annotations

import torch
from torch import Tensor

from matteline.matting.rvm.folded import folded, placed
from matteline.matting.rvm.network import MattingNetwork


class Thinker:
    """The part of a network that makes its context.

    Args:
        network: The teacher; left unchanged.
        device: Where to compute.
    """

    def __init__(self, network: MattingNetwork, device: torch.device) -> None:
        exact = folded(network)
        self._encoder = placed(exact.backbone, device, torch.float32)
        self._context = placed(exact.aspp, device, torch.float32)
        self._device = device

    def context(self, planes: Tensor) -> Tensor:
        """The context (N, C, h / 16, w / 16), float16, of packed pictures (N, 8, h, w)."""
        with torch.inference_mode():
            seen = (planes[:, :3].float() / 255).to(self._device, memory_format=torch.channels_last)
            made: Tensor = self._context(self._encoder(seen)[3])
        return made.to("cpu", torch.float16)
