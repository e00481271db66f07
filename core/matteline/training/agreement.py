"""Agreement of a teacher with itself: the same people found in a much smaller picture.

Where it disagrees, the people are too small for the small pictures that a student sees, or the teacher guessed; a
student would learn to guess.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.evaluation import intersection_over_union

SIDE: Final = 224
"""Side in pixels of the square that the teacher is shown."""


def self_agreement(planes: Tensor, teacher: MattingNetwork, device: torch.device) -> Tensor:
    """Return how far a teacher's mattes of small pictures agree with its own of the pictures as packed.

    Args:
        planes: (N, 8, side, side), uint8, as packed: pictures and the teacher's mattes of them.
        teacher: The network that made the mattes, in evaluation mode.
        device: Device of the teacher.

    Returns:
        (N,), intersection over union of both mattes.
    """
    small = functional.interpolate(planes.float(), (SIDE, SIDE), mode="bilinear", antialias=True) / 255
    # The teacher sees the squares as they are packed: stretched, as the student's views may be, too.
    with torch.inference_mode():
        _, alpha, *_ = teacher(small[:, :3].to(device))
    return intersection_over_union(alpha.cpu(), small[:, 6:7])
