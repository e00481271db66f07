"""The network in the form that renders: the same results in less time.

Batch norms are folded into convolutions, pictures lie in memory as convolutions like them, and the work is
split where its nature changes: `encode` takes all frames of a batch at once, `decode` runs the recurrent
cells frame by frame, `coarse` leaves per frame the little that finishing it at full size needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from matteline.matting.devices import compute_repeatably
from matteline.matting.rvm.coarse import Coarse, CoarseFilter
from matteline.matting.rvm.decoder import (
    ConvGRU,
    PartialState,
    State,
    UpsamplingStage,
    pyramid,
    upsample,
)
from matteline.matting.rvm.folded import folded, memory_format, placed
from matteline.matting.rvm.network import MattingNetwork


@dataclass(frozen=True)
class Encoded:
    """A batch of reduced pictures and their features, in the network's precision."""

    pictures: Tensor
    features: State


class InferenceNetwork:
    """A copy of a network's weights, prepared for one device and precision.

    Call it under `torch.inference_mode` or `torch.no_grad`.

    Args:
        network: The weights to copy. Left unchanged.
        device: Where to compute.
        dtype: Precision of encoder and decoder. The guided filter always computes in float32: its
            covariances are small differences of large numbers.
    """

    def __init__(
        self, network: MattingNetwork, device: torch.device, dtype: torch.dtype = torch.float32
    ) -> None:
        compute_repeatably(device)
        self.architecture = network.architecture
        self._device, self._dtype = device, dtype
        self._format = memory_format(device, dtype)
        # In float64 before anything is rounded to the precision of the render; see `folded`.
        exact = folded(network)
        self._filter = CoarseFilter(exact, device)
        self._encoder = placed(exact.backbone, device, dtype)
        self._context = placed(exact.aspp, device, dtype)
        self._decoder = placed(exact.decoder, device, dtype)

    @classmethod
    def of(cls, network: Network, device: torch.device, dtype: torch.dtype) -> InferenceNetwork:
        """Return a network prepared for a device and precision: itself, where it already is."""
        if isinstance(network, MattingNetwork):
            return cls(network, device, dtype)
        assert (network._device, network._dtype) == (device, dtype), "it is prepared for where it is used"
        return network

    def encode(self, smalls: Tensor) -> Encoded:
        """Features of reduced pictures (N, 3, h, w), float32, sRGB-encoded 0..1. No frame sees another."""
        pictures = smalls.to(self._device, self._dtype).contiguous(memory_format=self._format)
        f1, f2, f3, f4 = self._encoder(pictures)
        return Encoded(pictures, (f1, f2, f3, self._context(f4)))

    def decode(
        self, encoded: Encoded, state: State | None, real: Sequence[int], *, finish: bool
    ) -> tuple[Tensor | None, State]:
        """Remember some frames of a batch, in order.

        Args:
            encoded: The batch; its features are used up.
            state: From the frame before, None at the start of a shot. Left unchanged.
            real: Positions in the batch to remember, one after another; the others are padding.
            finish: Whether the hidden picture is wanted.

        Returns:
            The hidden picture (N, 16, h, w) or None, and the state after the last frame.
        """
        decoder = self._decoder
        before: PartialState = state or (None, None, None, None)
        f1, f2, f3, context = encoded.features
        # Order of the stages as in `RecurrentDecoder.forward`; the last one only where a matte is wanted.
        half, quarter, eighth = pyramid(encoded.pictures)
        x, r4 = context, _remember(decoder.decode4.gru, context, before[3], real)
        x, r3 = _stage(decoder.decode3, x, f3, eighth, before[2], real)
        x, r2 = _stage(decoder.decode2, x, f2, quarter, before[1], real)
        x, r1 = _stage(decoder.decode1, x, f1, half, before[0], real)
        hidden = decoder.decode0(x, encoded.pictures) if finish else None
        return hidden, (r1, r2, r3, r4)

    def adopted(self, state: State) -> State:
        """A copy of a state from elsewhere, in this network's precision, device and layout."""
        # The layout matters: convolutions round differently in another one.
        one, two, three, four = (
            each.to(self._device, self._dtype, copy=True).contiguous(memory_format=self._format)
            for each in state
        )
        return one, two, three, four

    def coarse(self, small: Tensor, hidden: Tensor, *, refined: bool) -> Coarse:
        """Return what one frame is finished from at full size.

        Args:
            small: Its reduced picture (3, h, w), float32, sRGB-encoded 0..1.
            hidden: Its hidden picture (16, h, w), from `decode`.
            refined: Whether full size is larger than the reduced size, so that the guided filter is needed.
        """
        if refined:
            return self._filter.refined(small, hidden.float())
        return self._filter.plain(hidden.float())


Network = MattingNetwork | InferenceNetwork
"""A network as it was loaded, or prepared already: that takes a while, so sessions of one shot share it."""


def _stage(
    stage: UpsamplingStage,
    x: Tensor,
    skip: Tensor,
    picture: Tensor,
    before: Tensor | None,
    real: Sequence[int],
) -> tuple[Tensor, Tensor]:
    x = stage.conv(torch.cat([upsample(x, skip), skip, picture], 1))
    return x, _remember(stage.gru, x, before, real)


def _remember(gru: ConvGRU, x: Tensor, before: Tensor | None, real: Sequence[int]) -> Tensor:
    """Put the second half of the channels of x through time, in place; returns the last state."""
    remembered = x.chunk(2, 1)[1]
    now = torch.zeros_like(remembered[:1]) if before is None else before
    for slot in real:
        now = _step(gru, remembered[slot : slot + 1], now)
        remembered[slot] = now[0]
    return now


def _step(gru: ConvGRU, x: Tensor, before: Tensor) -> Tensor:
    # ConvGRU.step with one concatenation instead of two: the state in it is reset where it lies.
    joined = torch.cat([x, before], 1)
    reset, update = gru.ih[0](joined).sigmoid_().chunk(2, 1)
    joined[:, x.shape[1] :] *= reset
    candidate = gru.hh[0](joined).tanh_()
    return torch.lerp(before, candidate, update)
