"""The recurrent decoder: from features at four scales and what was seen before to the hidden picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

State = tuple[Tensor, Tensor, Tensor, Tensor]
PartialState = tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]


class RecurrentDecoder(nn.Module):
    """Four stages that remember and one that does not.

    Everywhere the first dimension holds B * T pictures, those of one clip after another; T is told as
    `frames`. The state has B as its first dimension.

    Args:
        features: Channels of f1..f3 and of the context at stride 16.
        outputs: Channels made at stages 3, 2, 1 and 0.
    """

    def __init__(self, features: tuple[int, int, int, int], outputs: tuple[int, int, int, int]) -> None:
        super().__init__()
        one, two, three, context = features
        made3, made2, made1, hidden = outputs
        # Names and order of these are those of the published checkpoints: renaming one makes them unloadable.
        self.decode4 = BottleneckStage(context)
        self.decode3 = UpsamplingStage(context, three, made3)
        self.decode2 = UpsamplingStage(made3, two, made2)
        self.decode1 = UpsamplingStage(made2, one, made1)
        self.decode0 = OutputStage(made1, hidden)

    def forward(
        self, picture: Tensor, features: State, state: PartialState, frames: int
    ) -> tuple[Tensor, State]:
        """Decode (N, 3, h, w) and its features to the hidden picture (N, 16, h, w) and the new state."""
        f1, f2, f3, context = features
        half, quarter, eighth = pyramid(picture)
        # Coarse to fine: each stage needs the one before, and the picture at its own size for edges.
        x, r4 = self.decode4(context, state[3], frames)
        x, r3 = self.decode3(x, f3, eighth, state[2], frames)
        x, r2 = self.decode2(x, f2, quarter, state[1], frames)
        x, r1 = self.decode1(x, f1, half, state[0], frames)
        hidden: Tensor = self.decode0(x, picture)
        return hidden, (r1, r2, r3, r4)


class ConvGRU(nn.Module):
    """A gated recurrent unit whose gates are 3x3 convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.ih = nn.Sequential(nn.Conv2d(channels * 2, channels * 2, 3, padding=1), nn.Sigmoid())
        self.hh = nn.Sequential(nn.Conv2d(channels * 2, channels, 3, padding=1), nn.Tanh())

    def forward(self, x: Tensor, before: Tensor | None, frames: int) -> tuple[Tensor, Tensor]:
        """Run (B * T, C, h, w) in order of time; None before is zeros. Returns all outputs and the last."""
        # Frames of a clip lie one after another, and only they are connected through time.
        steps = x.reshape(-1, frames, *x.shape[1:]).unbind(1)
        now = torch.zeros_like(steps[0]) if before is None else before
        outputs = []
        for step in steps:
            now = self.step(step, now)
            outputs.append(now)
        return torch.stack(outputs, 1).flatten(0, 1), now

    def step(self, x: Tensor, before: Tensor) -> Tensor:
        """The state after one frame, (B, C, h, w)."""
        reset, update = self.ih(torch.cat([x, before], 1)).chunk(2, 1)
        candidate = self.hh(torch.cat([x, reset * before], 1))
        # lerp(h, c, z) = (1 - z) * h + z * c, the usual update with the gate's sense as the authors trained it.
        return torch.lerp(before, candidate, update)


class BottleneckStage(nn.Module):
    """Stage 4: half of the context's channels remember."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # Half of the channels remember, as in the paper: the rest stays a feature of this frame, at half the cost.
        self.gru = ConvGRU(channels // 2)

    def forward(self, x: Tensor, before: Tensor | None, frames: int) -> tuple[Tensor, Tensor]:
        return _remember(self.gru, x, before, frames)


class UpsamplingStage(nn.Module):
    """Stages 3 to 1: twice the size, joined by the encoder's features and the picture; half remembers."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(inputs + skip + 3, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )
        self.gru = ConvGRU(outputs // 2)

    def forward(
        self, x: Tensor, skip: Tensor, picture: Tensor, before: Tensor | None, frames: int
    ) -> tuple[Tensor, Tensor]:
        x = torch.cat([upsample(x, skip), skip, picture], 1)
        return _remember(self.gru, self.conv(x), before, frames)


class OutputStage(nn.Module):
    """Stage 0: the size of the reduced picture; remembers nothing."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(inputs + 3, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )

    def forward(self, x: Tensor, picture: Tensor) -> Tensor:
        hidden: Tensor = self.conv(torch.cat([upsample(x, picture), picture], 1))
        return hidden


class Projection(nn.Module):
    """A 1x1 convolution from the hidden picture to what is wanted of it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.conv(x)
        return projected


def pyramid(picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A picture (N, 3, h, w) at strides 2, 4 and 8, each averaged from the one before, sizes rounded up.

    At odd sizes this differs from averaging 4x4 and 8x8 pixels at once.
    """
    half = _halve(picture)
    quarter = _halve(half)
    return half, quarter, _halve(quarter)


def upsample(x: Tensor, like: Tensor) -> Tensor:
    """Twice the size, bilinearly, cropped to the size of another picture keeping the top left."""
    x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    # Top left, because ceil_mode above added its extra row and column at the bottom and the right.
    return x[..., : like.shape[-2], : like.shape[-1]]


def _halve(picture: Tensor) -> Tensor:
    # ceil_mode and count_include_pad as in training: at odd sizes the last row averages what is there, no zeros.
    return functional.avg_pool2d(picture, 2, 2, ceil_mode=True, count_include_pad=False)


def _remember(gru: ConvGRU, x: Tensor, before: Tensor | None, frames: int) -> tuple[Tensor, Tensor]:
    # The first half passes, the second remembers: the order is the checkpoints'.
    kept, remembered = x.chunk(2, 1)
    remembered, state = gru(remembered, before, frames)
    return torch.cat([kept, remembered], 1), state
