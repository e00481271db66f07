"""The MobileNetV3-Large encoder with a dilated last stage (Howard et al. 2019), as RVM uses it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from matteline.matting.rvm.architecture import round_to_8, scaled

Features = tuple[Tensor, Tensor, Tensor, Tensor]

# What the encoder was trained on ImageNet with: mean and deviation of sRGB-encoded R, G, B.
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
# Of the batch norms of the published MobileNetV3, not torch's defaults (1e-5, 0.1); epsilon decides pixels.
_EPSILON, _MOMENTUM = 1e-3, 0.01


@dataclass(frozen=True)
class _Row:
    """One inverted residual in the paper's table, at width 1."""

    inputs: int
    kernel: int
    expanded: int
    outputs: int
    excite: bool
    activation: type[nn.Module]
    stride: int = 1
    dilation: int = 1


_RE, _HS = nn.ReLU, nn.Hardswish
_TABLE = (
    _Row(16, 3, 16, 16, False, _RE),
    _Row(16, 3, 64, 24, False, _RE, stride=2),
    _Row(24, 3, 72, 24, False, _RE),
    _Row(24, 5, 72, 40, True, _RE, stride=2),
    _Row(40, 5, 120, 40, True, _RE),
    _Row(40, 5, 120, 40, True, _RE),
    _Row(40, 3, 240, 80, False, _HS, stride=2),
    _Row(80, 3, 200, 80, False, _HS),
    _Row(80, 3, 184, 80, False, _HS),
    _Row(80, 3, 184, 80, False, _HS),
    _Row(80, 3, 480, 112, True, _HS),
    _Row(112, 3, 672, 112, True, _HS),
    # Dilated in place of strided from here on: matting needs the detail of stride 16 more than the reach of 32.
    _Row(112, 5, 672, 160, True, _HS, stride=2, dilation=2),
    _Row(160, 5, 960, 160, True, _HS, dilation=2),
    _Row(160, 5, 960, 160, True, _HS, dilation=2),
)
_LAST = 960
_TAPS = (1, 3, 6, 16)  # the stages whose outputs are f1, f2, f3 and f4


class MobileNetV3(nn.Module):
    """Features of a picture at four scales.

    Args:
        width: Multiplies every number of channels; 1 is the network of the paper.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        stem = _unit(3, scaled(16, width), kernel=3, stride=2, activation=_HS)
        blocks = [InvertedResidual(row, width) for row in _TABLE]
        last = _unit(scaled(_TABLE[-1].outputs, width), scaled(_LAST, width), activation=_HS)
        self.features = nn.Sequential(stem, *blocks, last)
        self.mean: Tensor
        self.deviation: Tensor
        for name, values in (("mean", _MEAN), ("deviation", _DEVIATION)):
            # In float64, so that a network of any precision rounds them once. Not in checkpoints, whose names are the
            # authors'.
            constant = torch.tensor(values, dtype=torch.float64, device="cpu").view(3, 1, 1)
            self.register_buffer(name, constant, persistent=False)

    def forward(self, picture: Tensor) -> Features:
        """Encode (N, 3, h, w) sRGB-encoded 0..1 to f1..f4 at strides 2, 4, 8 and 16."""
        x = (picture - self.mean.to(picture.dtype)) / self.deviation.to(picture.dtype)
        taps = []
        for number, stage in enumerate(self.features):
            x = stage(x)
            if number in _TAPS:
                taps.append(x)
        one, two, three, four = taps
        return one, two, three, four


class InvertedResidual(nn.Module):
    """Widen, filter each channel, weigh the channels, narrow; added to the input where shapes allow."""

    def __init__(self, row: _Row, width: float) -> None:
        super().__init__()
        inputs, expanded, outputs = (scaled(n, width) for n in (row.inputs, row.expanded, row.outputs))
        # The table keeps the stride of the paper, which says where nothing is added; the convolution itself has none.
        stride = 1 if row.dilation > 1 else row.stride
        layers: list[nn.Module] = []
        if expanded != inputs:
            layers.append(_unit(inputs, expanded, activation=row.activation))
        layers.append(
            _unit(
                expanded,
                expanded,
                kernel=row.kernel,
                stride=stride,
                dilation=row.dilation,
                groups=expanded,
                activation=row.activation,
            )
        )
        if row.excite:
            layers.append(SqueezeExcite(expanded))
        layers.append(_unit(expanded, outputs))
        self.block = nn.Sequential(*layers)
        self.adds_input = row.stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.block(x)
        return x + made if self.adds_input else made


class SqueezeExcite(nn.Module):
    """Weighs each channel by what the whole picture holds."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = round_to_8(channels / 4)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def weights(self, x: Tensor) -> Tensor:
        """One weight for each channel, (N, C, 1, 1), 0..1."""
        squeezed = functional.relu(self.fc1(x.mean((2, 3), keepdim=True)))
        return functional.hardsigmoid(self.fc2(squeezed))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weights(x)


def _unit(
    inputs: int,
    outputs: int,
    *,
    kernel: int = 1,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    activation: type[nn.Module] | None = None,
) -> nn.Sequential:
    # Padding that keeps the size at stride 1, whatever the reach of the kernel.
    padding = (kernel - 1) // 2 * dilation
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False),
        nn.BatchNorm2d(outputs, eps=_EPSILON, momentum=_MOMENTUM),
    ]
    if activation is not None:
        layers.append(activation())
    return nn.Sequential(*layers)
