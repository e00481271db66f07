"""What a teacher thinks, beside what it says: the context in its middle, for a pupil's own to resemble.

A matte tells a pupil one number for each pixel; the teacher's context tells it what the teacher found there,
in many. After Romero et al., FitNets (2015): without it a network that begins from nothing spends most of a
short training on learning to see at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import safetensors.numpy
import torch
from torch import Tensor

from matteline.matting.rvm.folded import folded, placed
from matteline.matting.rvm.network import MattingNetwork
from matteline.media.atomic import replacing
from matteline.training.pack import hints_of, planes_in, shards_in

_AT_ONCE: Final = 16


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

    def context(self, pictures: Tensor) -> Tensor:
        """The context (N, C, h / 16, w / 16), float16, of pictures (N, 3, h, w), uint8, sRGB-encoded."""
        with torch.inference_mode():
            seen = (pictures.float() / 255).to(self._device, memory_format=torch.channels_last)
            made: Tensor = self._context(self._encoder(seen)[3])
        return made.to("cpu", torch.float16)


def add_hints(folder: Path, name: str, thinker: Thinker) -> None:
    """Add to every shard of a pack what a teacher thinks of its pictures, where that is not yet done.

    Args:
        folder: The pack's.
        name: The teacher's; hints of several teachers lie side by side.
        thinker: The teacher.

    Raises:
        WriteError: The folder cannot be written.
    """
    for shard in shards_in(folder):
        path = hints_of(shard, name)
        if path.exists():
            continue
        pictures = planes_in(shard)[:, :3]
        hints = torch.cat([thinker.context(part) for part in torch.split(pictures, _AT_ONCE)])
        with replacing(path) as temporary:
            temporary.write_bytes(safetensors.numpy.save({"hints": hints.contiguous().numpy()}))
