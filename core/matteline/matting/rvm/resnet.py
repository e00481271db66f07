"""The ResNet-50 encoder with a dilated last stage (He et al. 2015, v1.5), as RVM uses it."""

from __future__ import annotations

from torch import Tensor, nn

Features = tuple[Tensor, Tensor, Tensor, Tensor]

_WIDENING = 4  # a bottleneck makes this many times its inner channels


class ResNet50(nn.Module):
    """Features of a picture at four scales."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _layer(64, 64, blocks=3)
        self.layer2 = _layer(256, 128, blocks=4, stride=2)
        self.layer3 = _layer(512, 256, blocks=6, stride=2)
        self.layer4 = _layer(1024, 512, blocks=3, dilation=2)

    def forward(self, picture: Tensor) -> Features:
        """Encode (N, 3, h, w) sRGB-encoded 0..1 to f1..f4 at strides 2, 4, 8 and 16."""
        one = self.relu(self.bn1(self.conv1(picture)))
        two = self.layer1(self.maxpool(one))
        three = self.layer2(two)
        four = self.layer4(self.layer3(three))
        return one, two, three, four


class Bottleneck(nn.Module):
    """Narrow, filter 3x3, widen, and add the input."""

    def __init__(self, inputs: int, inner: int, stride: int, dilation: int, reshapes: bool) -> None:
        super().__init__()
        outputs = inner * _WIDENING
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.downsample: nn.Sequential | None = None
        if reshapes:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.relu(self.bn1(self.conv1(x)))
        inner = self.relu(self.bn2(self.conv2(inner)))
        inner = self.bn3(self.conv3(inner))
        # Last, as the authors compute it: exported graphs are told by the order of their convolutions.
        shortcut = x if self.downsample is None else self.downsample(x)
        made: Tensor = self.relu(inner + shortcut)
        return made


def _layer(inputs: int, inner: int, *, blocks: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    # The first block keeps dilation 1: it stands where the stride was that the dilation replaces.
    first = Bottleneck(inputs, inner, stride, 1, reshapes=True)
    others = [Bottleneck(inner * _WIDENING, inner, 1, dilation, reshapes=False) for _ in range(blocks - 1)]
    return nn.Sequential(first, *others)
