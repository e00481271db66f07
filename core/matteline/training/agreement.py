"""Where a teacher agrees with itself: whether it finds the same people in a picture that is much smaller.

Where it does not, they are too small to be seen by a pupil that looks at small pictures, or the teacher
guessed. Nothing can be learned from those pictures but to guess, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import safetensors.numpy
import torch
from torch import Tensor
from torch.nn import functional

from matteline.matting.rvm.network import MattingNetwork
from matteline.media.atomic import replacing
from matteline.training.evaluation import intersection_over_union
from matteline.training.pack import agreement_of, planes_in, shards_in

SIDE: Final = 160
"""Of the square that the teacher is shown, in pixels."""

_AT_ONCE: Final = 16


def add_agreement(folder: Path, name: str, teacher: MattingNetwork, device: torch.device) -> None:
    """Add to every shard of a pack how far a teacher agrees with its own mattes, where that is not yet done.

    Args:
        folder: The pack's.
        name: The teacher's; several may lie side by side.
        teacher: Whose mattes the pack holds.
        device: Where it computes.

    Raises:
        WriteError: The folder cannot be written.
    """
    for shard in shards_in(folder):
        path = agreement_of(shard, name)
        if path.exists():
            continue
        ious = [_agreement(part, teacher, device) for part in torch.split(planes_in(shard), _AT_ONCE)]
        with replacing(path) as temporary:
            temporary.write_bytes(safetensors.numpy.save({"iou": torch.cat(ious).numpy()}))


def _agreement(planes: Tensor, teacher: MattingNetwork, device: torch.device) -> Tensor:
    small = functional.interpolate(planes.float(), (SIDE, SIDE), mode="bilinear", antialias=True) / 255
    with torch.inference_mode():
        _, alpha, *_ = teacher(small[:, :3].to(device))
    return intersection_over_union(alpha.cpu(), small[:, 6:7])
