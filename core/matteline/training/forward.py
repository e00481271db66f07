"""The network as training needs it: every answer at once, unclamped where a gradient must pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from matteline.matting.rvm.decoder import PartialState, State
from matteline.matting.rvm.network import MattingNetwork, reduce
from matteline.training.hints import Hints, Likeness, hint_channels

NO_STATE: PartialState = (None, None, None, None)


@dataclass(frozen=True)
class Answer:
    """What a network says of clips (B, T, C, H, W). A glance ends at the context and says no more.

    Attributes:
        context: One channel of logits at a sixteenth of the reduced size.
        unlike: How far its features are from a teacher's; see `Likeness`. None without a teacher.
        alpha: One channel, 0..1, at the size of the pictures.
        fgr: Three channels, straight, sRGB-encoded, 0..1, at the size of the pictures.
        coarse_alpha: Alpha at the reduced size; None where that is the size of the pictures.
        seg: One channel of logits at the reduced size.
    """

    context: Tensor
    unlike: Tensor | None
    alpha: Tensor | None = None
    fgr: Tensor | None = None
    coarse_alpha: Tensor | None = None
    seg: Tensor | None = None


class Pupil(nn.Module):
    """A network in training, with a helper that only training has.

    The helper finds people in the context at stride 16, so that the encoder of a network without any
    training before learns from its first steps on; it is not part of what is kept.

    Args:
        network: What is trained.
        hints: Channels of each hint of a teacher; none without one.
    """

    def __init__(self, network: MattingNetwork, hints: Sequence[int] = ()) -> None:
        super().__init__()
        self.network = network
        channels = network.architecture.context_channels
        self.helper = nn.Conv2d(channels, 1, 1)
        own = hint_channels(network.architecture)
        self.likenesses = nn.ModuleList(map(Likeness, own, hints))

    def forward(
        self,
        clips: Tensor,
        state: PartialState = NO_STATE,
        ratio: float = 1.0,
        hints: Hints = (),
        *,
        glance: bool = False,
    ) -> Answer:
        """Matte and segment clips (B, T, 3, H, W), sRGB-encoded 0..1, after what was seen before."""
        network, frames = self.network, clips.shape[1]
        pictures = clips.flatten(0, 1)
        small = reduce(pictures, ratio)
        small = small.contiguous(memory_format=torch.channels_last)
        f1, f2, f3, f4 = network.backbone(small)
        context = network.aspp(f4)
        found = _as_clips(self.helper(context).float(), clips)
        unlike = self._unlike((f2, f3, f4, context), hints)
        if glance:
            return Answer(found, unlike)
        hidden, _ = network.decoder(small, (f1, f2, f3, context), state, frames)
        coarse = network.project_mat(hidden)
        refined = coarse
        if ratio != 1:
            with torch.autocast(clips.device.type, enabled=False):
                refined = network.refiner(pictures, small, coarse.float(), hidden.float())
        residual, alpha = refined.float()[:, :3], refined.float()[:, 3:]
        rough = passing_clamp(coarse[:, 3:].float())
        return Answer(
            found,
            unlike,
            alpha=_as_clips(passing_clamp(alpha), clips),
            fgr=_as_clips(passing_clamp(residual + pictures), clips),
            coarse_alpha=_as_clips(rough, clips) if ratio != 1 else None,
            seg=_as_clips(network.project_seg(hidden).float(), clips),
        )

    def _unlike(self, features: Hints, hints: Hints) -> Tensor | None:
        if not hints:
            return None
        errors = [each(own, hint) for each, own, hint in zip(self.likenesses, features, hints, strict=True)]
        return torch.stack(errors).mean()

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
