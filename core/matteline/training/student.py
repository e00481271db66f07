"""The network as training needs it: all outputs at once, unclamped where a gradient must pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from matteline.matting.rvm.decoder import PartialState, State
from matteline.matting.rvm.network import MattingNetwork, reduce
from matteline.training.teacher_features import FeatureLoss, Features, feature_channels

NO_STATE: PartialState = (None, None, None, None)


@dataclass(frozen=True)
class Prediction:
    """Outputs of a network for clips (B, T, C, H, W). With features alone there are no mattes.

    Attributes:
        context: One channel of logits at a sixteenth of the reduced size.
        feature_error: Distance of its features from a teacher's; see `FeatureLoss`. None without a teacher.
        alpha: One channel, 0..1, at the size of the pictures.
        fgr: Three channels, straight, sRGB-encoded, 0..1, at the size of the pictures.
        coarse_alpha: Alpha at the reduced size; None where that is the size of the pictures.
        seg: One channel of logits at the reduced size.
    """

    context: Tensor
    feature_error: Tensor | None
    alpha: Tensor | None = None
    fgr: Tensor | None = None
    coarse_alpha: Tensor | None = None
    seg: Tensor | None = None


class Student(nn.Module):
    """A network in training, with helpers that are no part of the result.

    A 1x1 convolution finds people in the context at stride 16, so that the encoder of a network that begins from
    nothing learns from its first steps on; others map features to a teacher's.

    Args:
        network: The network to train.
        teacher_channels: Channels of each feature of a teacher; none without one.
    """

    def __init__(self, network: MattingNetwork, teacher_channels: Sequence[int] = ()) -> None:
        super().__init__()
        self.network = network
        self.context_head = nn.Conv2d(network.architecture.context_channels, 1, 1)
        own = feature_channels(network.architecture)
        self.feature_losses = nn.ModuleList(map(FeatureLoss, own, teacher_channels))

    def forward(
        self,
        clips: Tensor,
        state: PartialState = NO_STATE,
        ratio: float = 1.0,
        teacher_features: Features = (),
        *,
        features_only: bool = False,
    ) -> Prediction:
        """Matte and segment clips.

        Args:
            clips: (B, T, 3, H, W), sRGB-encoded, 0..1.
            state: Recurrent state after the frames before.
            ratio: Reduced size over the size of the clips.
            teacher_features: Features of a teacher that saw the reduced pictures; none without a teacher.
            features_only: Leave out decoder and mattes.
        """
        network, frames = self.network, clips.shape[1]
        pictures = clips.flatten(0, 1)
        small = reduce(pictures, ratio)
        # Convolutions are fastest so on processors.
        small = small.contiguous(memory_format=torch.channels_last)
        f1, f2, f3, f4 = network.backbone(small)
        context = network.aspp(f4)
        found = _as_clips(self.context_head(context).float(), clips)
        error = None
        if teacher_features:
            pairs = zip(self.feature_losses, (f2, f3, f4, context), teacher_features, strict=True)
            error = torch.stack([loss(own, wanted) for loss, own, wanted in pairs]).mean()
        if features_only:
            return Prediction(found, error)
        hidden, _ = network.decoder(small, (f1, f2, f3, context), state, frames)
        coarse = network.project_mat(hidden)
        refined = coarse
        if ratio != 1:
            # Variances of nearly flat patches vanish in half precision.
            with torch.autocast(clips.device.type, enabled=False):
                refined = network.refiner(pictures, small, coarse.float(), hidden.float())
        residual, alpha = refined.float()[:, :3], refined.float()[:, 3:]
        coarse_alpha = passing_clamp(coarse[:, 3:].float())
        return Prediction(
            found,
            error,
            alpha=_as_clips(passing_clamp(alpha), clips),
            fgr=_as_clips(passing_clamp(residual + pictures), clips),
            coarse_alpha=_as_clips(coarse_alpha, clips) if ratio != 1 else None,
            seg=_as_clips(network.project_seg(hidden).float(), clips),
        )

    def state_after(self, clips: Tensor, state: PartialState = NO_STATE) -> State:
        """Return the recurrent state after clips (B, T, 3, h, w) of the reduced size, without gradients."""
        with torch.no_grad():
            small = clips.flatten(0, 1).contiguous(memory_format=torch.channels_last)
            _, after = self.network.decode(small, state, clips.shape[1])
        return after


def passing_clamp(values: Tensor) -> Tensor:
    """Clamp to 0..1 with the gradient of the identity, so that values outside are drawn back."""
    return values + (values.clamp(0, 1) - values).detach()


def _as_clips(planes: Tensor, clips: Tensor) -> Tensor:
    """Planes (B * T, C, h, w) as (B, T, C, h, w)."""
    return planes.view(*clips.shape[:2], *planes.shape[1:])
