"""Where a teacher agrees with itself: whether it finds the same people in a picture that is much smaller.

Where it does not, they are too small to be seen by a pupil that looks at small pictures, or the teacher
guessed. Nothing can be learned from those pictures but to guess, too.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.evaluation import intersection_over_union

SIDE: Final = 224
"""Of the square that the teacher is shown, in pixels."""


def agreement(planes: Tensor, teacher: MattingNetwork, device: torch.device) -> Tensor:
    """How far a teacher agrees with its own mattes when it sees less.

    Args:
        planes: (N, 8, side, side), uint8, as packed: the pictures and the mattes it made of them.
        teacher: Who made them.
        device: Where it computes.

    Returns:
        (N,), the intersection over union of both mattes.
    """
    small = functional.interpolate(planes.float(), (SIDE, SIDE), mode="bilinear", antialias=True) / 255
    with torch.inference_mode():
        _, alpha, *_ = teacher(small[:, :3].to(device))
    return intersection_over_union(alpha.cpu(), small[:, 6:7])
