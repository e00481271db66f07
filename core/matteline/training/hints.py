"""What a teacher thinks, beside what it says: what its decoder is given, for a pupil's own to resemble.

A matte tells a pupil one number for each pixel; the features of a teacher's encoder tell it what the teacher
found there, in many. After Romero et al., FitNets (2015): without them a network that begins from nothing
spends most of a short training on learning to see at all.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.folded import folded, placed
from matteline.matting.rvm.network import MattingNetwork

Hints = tuple[Tensor, ...]
"""Features at strides 4, 8 and 16 and the context, (N, C, h, w) each. Those at stride 2 are left out: they
are little more than the picture itself."""

_LEARNED = 300  # steps in which a teacher's mean and deviation are learned; finding them costs 4 % of a step
_LEAST_DEVIATION = 0.05  # in mean deviations: channels that hardly ever speak are not made to shout


class Thinker:
    """The part of a teacher that sees.

    Args:
        network: The teacher; left unchanged.
        device: Where to compute.
        precision: In which; hints need no more than a training's own.
    """

    def __init__(
        self, network: MattingNetwork, device: torch.device, precision: torch.dtype = torch.float32
    ) -> None:
        exact = folded(network)
        self._encoder = placed(exact.backbone, device, precision)
        self._context = placed(exact.aspp, device, precision)
        self._precision = precision
        self.channels = hint_channels(network.architecture)

    def hints(self, pictures: Tensor) -> Hints:
        """What it thinks of pictures (N, 3, h, w), sRGB-encoded, 0..1, of the size that a pupil looks at."""
        with torch.no_grad():
            seen = pictures.to(self._precision, memory_format=torch.channels_last)
            with torch.autocast(pictures.device.type, enabled=False):
                _, *features = self._encoder(seen)
                return *features, self._context(features[-1])


def hint_channels(architecture: Architecture) -> tuple[int, ...]:
    """How many channels each of the hints of a network has."""
    return *architecture.feature_channels[1:], architecture.context_channels


class Likeness(nn.Module):
    """How far a pupil's features are from a teacher's, each of the teacher's channels counting the same.

    A 1x1 convolution says what the pupil believes the teacher's channels to be; mean and deviation of the
    teacher's are learned on the way.

    Args:
        own: The pupil's channels.
        hinted: The teacher's.
    """

    mean: Tensor
    deviation: Tensor
    seen: Tensor

    def __init__(self, own: int, hinted: int) -> None:
        super().__init__()
        self.belief = nn.Conv2d(own, hinted, 1)
        self.register_buffer("mean", torch.zeros(hinted))
        self.register_buffer("deviation", torch.ones(hinted))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def forward(self, features: Tensor, hint: Tensor) -> Tensor:
        """Mean squared error in deviations: 1 for knowing nothing, 0 for thinking the same."""
        hint = hint.float()
        if self.training and int(self.seen) < _LEARNED:
            self._note(hint)
        wanted = (hint - self.mean.view(-1, 1, 1)) / self.deviation.view(-1, 1, 1)
        error: Tensor = (self.belief(features).float() - wanted).square().mean()
        return error

    def _note(self, hint: Tensor) -> None:
        self.seen += 1
        share = 1 / int(self.seen)
        deviation, mean = torch.std_mean(hint, (0, 2, 3))
        deviation = deviation + _LEAST_DEVIATION * deviation.mean()
        self.mean.lerp_(mean, share)
        self.deviation.lerp_(deviation, share)
