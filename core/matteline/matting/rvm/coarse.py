"""The guided filter at the reduced size, made for speed: what full size needs of a frame, and no more.

The finished frame is `slope * guide + offset`, with slope and offset enlarged; the guide is R, G and B for
the foreground and their sum for alpha. Against the filter as published, the division of that sum by 3 and
the addition of the picture to the foreground residual are already in the slope.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.rvm.refiner import REGULARISATION, DeepGuidedFilter


@dataclass(frozen=True)
class Coarse:
    """The reduced result of one frame, from which its full size is made; float32.

    Attributes:
        slope: (4, h, w), what R, G, B and R + G + B are multiplied by; None where the reduced size is the
            full one, and the picture itself is the guide of the foreground alone.
        offset: (4, h, w), what is added: foreground and alpha.
    """

    slope: Tensor | None
    offset: Tensor


class CoarseFilter:
    """The projection and the guided filter of a network, prepared for one device in float32.

    Args:
        network: With batch norms folded; see `folded`. Left unchanged.
        device: Where to compute.
    """

    def __init__(self, network: MattingNetwork, device: torch.device) -> None:
        refiner = network.refiner
        self._project = _Dense(network.project_mat.conv, device)
        if isinstance(refiner, DeepGuidedFilter):
            box = refiner.box_filter.weight
            self._slope: _Slope = _LearnedSlope(refiner, device)
        else:
            # The average of the published filter, of all four planes; the learned one brings its own weights.
            box = torch.full((4, 1, 3, 3), 1 / 9)
            self._slope = _fast_slope
        self._box = box.repeat(4, 1, 1, 1).float().to(device)

    def plain(self, hidden: Tensor) -> Coarse:
        """Coarse of a hidden picture (16, h, w) that already has full size."""
        return Coarse(None, self._project(_pixels(hidden)).view(4, *hidden.shape[1:]))

    def refined(self, small: Tensor, hidden: Tensor) -> Coarse:
        """Coarse of a reduced picture (3, h, w), float32, and its hidden picture (16, h, w), float32."""
        pixels = _pixels(hidden)
        # One grouped convolution for all 16 planes: four passes would read and write memory four times.
        means = functional.conv2d(self._planes(small, pixels)[None], self._box, padding=1, groups=16)[0]
        mean_y, mean_x = means[:4], means[4:8]
        moments = means[8:]
        # E[xy] - E[x]E[y] and E[xx] - E[x]E[x], in place.
        _pair(moments).addcmul_(_pair(means[:8]), mean_x, value=-1)
        slope = self._slope(moments, pixels)
        offset = torch.addcmul(mean_y, slope, mean_x, value=-1)
        # The foreground is a residual to the picture: adding it is one more of its slope.
        slope[:3] += 1
        # The guide of alpha is R + G + B where the filter was made for their mean.
        slope[3] /= 3
        return Coarse(slope, offset)

    def _planes(self, small: Tensor, pixels: Tensor) -> Tensor:
        """Residual and alpha y, guide x, x * y and x * x: four planes (h, w) each, in one tensor."""
        planes = small.new_empty(16, *small.shape[1:])
        y, x = planes[:4], planes[4:8]
        y.copy_(self._project(pixels).view_as(y))
        x[:3] = small
        torch.mean(small, 0, out=x[3])
        torch.mul(_pair(planes[:8]), x, out=_pair(planes[8:]))
        return planes


# From covariance and variance (8, h, w) and hidden pixels (h * w, 16) to the slope (4, h, w).
_Slope = Callable[[Tensor, Tensor], Tensor]


def _fast_slope(moments: Tensor, pixels: Tensor) -> Tensor:
    covariance, variance = moments.chunk(2)
    return covariance / (variance + REGULARISATION)


class _LearnedSlope:
    """The small network of the deep guided filter, as three products of matrices."""

    def __init__(self, refiner: DeepGuidedFilter, device: torch.device) -> None:
        first, second, last = (each for each in refiner.conv if isinstance(each, nn.Conv2d))
        self._first, self._second, self._last = (_Dense(each, device) for each in (first, second, last))

    def __call__(self, moments: Tensor, pixels: Tensor) -> Tensor:
        # A 1x1 convolution of two inputs is the sum of two products: the 24 channels need not be put together.
        of_moments, of_hidden = self._first.weight[:, :8], self._first.weight[:, 8:]
        x = torch.addmm(self._first.bias, pixels, of_hidden.t())
        x.addmm_(moments.flatten(1).t(), of_moments.t()).relu_()
        x = torch.addmm(self._second.bias, x, self._second.weight.t()).relu_()
        return self._last(x).view(4, *moments.shape[1:])


class _Dense:
    """A 1x1 convolution over pixels (h * w, inputs), giving planes (outputs, h * w)."""

    def __init__(self, convolution: nn.Conv2d, device: torch.device) -> None:
        assert convolution.bias is not None
        self.weight = convolution.weight.flatten(1).float().to(device)
        self.bias = convolution.bias.float().to(device)

    def __call__(self, pixels: Tensor) -> Tensor:
        return torch.addmm(self.bias[:, None], self.weight, pixels.t())


def _pair(planes: Tensor) -> Tensor:
    return planes.view(2, 4, *planes.shape[1:])


def _pixels(hidden: Tensor) -> Tensor:
    # No copy where the hidden picture lies channels last.
    return hidden.permute(1, 2, 0).flatten(0, 1)
