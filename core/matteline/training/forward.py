"""The network as training needs it: every answer at once, unclamped where a gradient must pass."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from matteline.matting.rvm.decoder import PartialState, State
from matteline.matting.rvm.network import MattingNetwork, reduce

NO_STATE: PartialState = (None, None, None, None)


@dataclass(frozen=True)
class Answer:
    """What a network says of clips (B, T, C, H, W).

    Attributes:
        alpha: One channel, 0..1, at the size of the pictures.
        fgr: Three channels, straight, sRGB-encoded, 0..1, at the size of the pictures.
        coarse_alpha: Alpha at the reduced size; None where that is the size of the pictures.
        seg: One channel of logits at the reduced size.
        context: One channel of logits at a sixteenth of it.
        state: The recurrent state after the last frame.
        hints: What a teacher is believed to think, at a sixteenth of the reduced size; None without one.
    """

    alpha: Tensor
    fgr: Tensor
    coarse_alpha: Tensor | None
    seg: Tensor
    context: Tensor
    state: State
    hints: Tensor | None = None


class Pupil(nn.Module):
    """A network in training, with a helper that only training has.

    The helper finds people in the context at stride 16, so that the encoder of a network without any
    training before learns from its first steps on; it is not part of what is kept.

    Args:
        network: What is trained.
        hints: Channels of the hints of a teacher; 0 without one.
    """

    def __init__(self, network: MattingNetwork, hints: int = 0) -> None:
        super().__init__()
        self.network = network
        channels = network.architecture.context_channels
        self.helper = nn.Conv2d(channels, 1, 1)
        self.thinker = nn.Conv2d(channels, hints, 1) if hints else None

    def forward(self, clips: Tensor, state: PartialState = NO_STATE, ratio: float = 1.0) -> Answer:
        """Matte and segment clips (B, T, 3, H, W), sRGB-encoded 0..1, after what was seen before."""
        network, frames = self.network, clips.shape[1]
        pictures = clips.flatten(0, 1)
        small = reduce(pictures, ratio)
        small = small.contiguous(memory_format=torch.channels_last)
        f1, f2, f3, f4 = network.backbone(small)
        context = network.aspp(f4)
        hidden, after = network.decoder(small, (f1, f2, f3, context), state, frames)
        coarse = network.project_mat(hidden)
        refined = coarse
        if ratio != 1:
            with torch.autocast(clips.device.type, enabled=False):
                refined = network.refiner(pictures, small, coarse.float(), hidden.float())
        residual, alpha = refined.float()[:, :3], refined.float()[:, 3:]
        rough = passing_clamp(coarse[:, 3:].float())
        return Answer(
            alpha=_as_clips(passing_clamp(alpha), clips),
            fgr=_as_clips(passing_clamp(residual + pictures), clips),
            coarse_alpha=_as_clips(rough, clips) if ratio != 1 else None,
            seg=_as_clips(network.project_seg(hidden).float(), clips),
            context=_as_clips(self.helper(context).float(), clips),
            state=after,
            hints=None if self.thinker is None else _as_clips(self.thinker(context).float(), clips),
        )

    def rolled(self, clips: Tensor, state: PartialState = NO_STATE) -> State:
        """The state after clips (B, T, 3, h, w) of the reduced size, without gradients."""
        with torch.no_grad():
            small = clips.flatten(0, 1).contiguous(memory_format=torch.channels_last)
            _, after = self.network.decode(small, state, clips.shape[1])
        return after


def passing_clamp(values: Tensor) -> Tensor:
    """Clamp to 0..1, but let gradients pass: what lies outside where it should not is drawn back."""
    return values + (values.clamp(0, 1) - values).detach()


def _as_clips(planes: Tensor, clips: Tensor) -> Tensor:
    """Planes (B * T, C, h, w) as (B, T, C, h, w)."""
    return planes.view(*clips.shape[:2], *planes.shape[1:])
