"""Features of a teacher's encoder, which a student's own should resemble (feature distillation).

A matte tells a student one number for each pixel; the features of a teacher's encoder say in many numbers what the
teacher found there. After Romero et al., FitNets (2015): without them a network that begins from nothing spends most
of a short training on learning to see at all.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.folded import folded, placed
from matteline.matting.rvm.network import MattingNetwork

Features = tuple[Tensor, ...]
"""Features at strides 4, 8 and 16 and the context, (N, C, h, w) each. Those at stride 2 are left out: they are little
more than the picture itself."""

_LEARNED = 300  # steps in which a teacher's mean and deviation are learned; finding them costs 4 % of a step
_LEAST_DEVIATION = (
    0.05  # in mean deviations: channels that hardly ever vary must not be blown up to full weight
)


class TeacherFeatures:
    """The encoder of a teacher.

    Args:
        network: The teacher; left unchanged.
        device: Device to compute on.
        precision: Precision to compute in; no more than that of the training is needed.

    Attributes:
        channels: Number of channels of each of its features.
    """

    def __init__(
        self, network: MattingNetwork, device: torch.device, precision: torch.dtype = torch.float32
    ) -> None:
        # Folded batch norms: the encoder only has to be run, never trained.
        exact = folded(network)
        self._encoder = placed(exact.backbone, device, precision)
        self._context = placed(exact.aspp, device, precision)
        self._precision = precision
        self.channels = feature_channels(network.architecture)

    def of(self, pictures: Tensor) -> Features:
        """Return the features of pictures (N, 3, h, w), sRGB-encoded, 0..1, of the reduced size."""
        with torch.no_grad():
            shown = pictures.to(self._precision, memory_format=torch.channels_last)
            with torch.autocast(pictures.device.type, enabled=False):
                _, *features = self._encoder(shown)
                return *features, self._context(features[-1])


def feature_channels(architecture: Architecture) -> tuple[int, ...]:
    """Return the number of channels of each of a network's features, in the order of `Features`."""
    return *architecture.feature_channels[1:], architecture.context_channels


class FeatureLoss(nn.Module):
    """The distance of a student's features from a teacher's, each channel of the teacher counting the same.

    A 1x1 convolution maps the student's channels to the teacher's; it is learned, and no part of the result.

    Args:
        own: Number of the student's channels.
        wanted: Number of the teacher's channels.
    """

    mean: Tensor
    deviation: Tensor
    seen: Tensor

    def __init__(self, own: int, wanted: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(own, wanted, 1)
        # Buffers, so that checkpoints hold them: a resumed run goes on with what it has learned of the teacher.
        self.register_buffer("mean", torch.zeros(wanted))
        self.register_buffer("deviation", torch.ones(wanted))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def forward(self, own: Tensor, wanted: Tensor) -> Tensor:
        """Return the mean squared error in deviations: 1 for knowing nothing, 0 for equal features.

        Args:
            own: Features of the student, (N, C, h, w).
            wanted: Features of the teacher, (N, C', h, w).
        """
        wanted = wanted.float()
        if self.training and int(self.seen) < _LEARNED:
            self.seen += 1
            share = 1 / int(self.seen)  # each batch counts the same
            deviation, mean = torch.std_mean(wanted, (0, 2, 3))
            self.mean.lerp_(mean, share)
            self.deviation.lerp_(deviation + _LEAST_DEVIATION * deviation.mean(), share)
        target = (wanted - self.mean.view(-1, 1, 1)) / self.deviation.view(-1, 1, 1)
        error: Tensor = (self.projection(own).float() - target).square().mean()
        return error
