"""Features of a shot: the network over reduced pictures, for passes that come before the mattes are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from matteline.matting.rvm.inference import InferenceNetwork, Network
from matteline.matting.session import State


@dataclass(frozen=True)
class SeenFrame:
    """Alpha and features that the network made of one reduced picture.

    Attributes:
        alpha: (h, w) float32, 0..1, at the picture's own size, not refined.
        features: Of the encoder at strides 4 and 8, (C, h', w') each, in the network's precision.
    """

    alpha: Tensor
    features: tuple[Tensor, Tensor]


class FeatureSession:
    """The network over the reduced pictures of one shot, frame by frame, with the recurrent state between.

    Args:
        network: As for `Session`.
        device: Where to compute.
        dtype: Precision of encoder and decoder.
    """

    def __init__(self, network: Network, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        self._network = InferenceNetwork.of(network, device, dtype)
        self._state: State | None = None

    def begin(self, mirrored: Sequence[Tensor]) -> None:
        """Begin a shot: reset the state and advance it over mirrored pictures (3, h, w), in the order given."""
        self._state = None
        with torch.inference_mode():
            for picture in mirrored:
                encoded = self._network.encode(picture[None])
                _, self._state = self._network.decode(encoded, self._state, [0], finish=False)

    def advance(self, picture: Tensor) -> SeenFrame:
        """Advance over the next reduced picture (3, h, w), float32, sRGB-encoded 0..1. A failure changes nothing."""
        with torch.inference_mode():
            encoded = self._network.encode(picture[None])
            _, stride4, stride8, _ = encoded.features
            hidden, state = self._network.decode(encoded, self._state, [0], finish=True)
            assert hidden is not None
            alpha = self._network.coarse(picture, hidden[0], refined=False).offset[3].clamp(0, 1)
        self._state = state
        return SeenFrame(alpha, (stride4[0], stride8[0]))
