"""Faster gradients of depthwise convolutions on processors.

Measured on two cores with torch 2.13, they took a quarter of a step: the library has no fast kernel for the
gradients of dilated depthwise convolutions, nor for those of strided ones in bfloat16. Here the gradient of
the input of an unstrided one is a convolution with the turned kernel, and the gradient of a dilated kernel
is one sum of products for each tap. The results are the same sums in another order.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_Gradients = tuple[Tensor, Tensor, None, None, None]


def patch_depthwise(network: nn.Module) -> None:
    """Replace the depthwise convolutions of a network, in place, by ones whose gradients are faster.

    Parameters and their names stay as they are.
    """
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if not isinstance(layer, nn.Conv2d) or isinstance(layer, _Depthwise):
                continue
            alike = layer.in_channels == layer.out_channels == layer.groups > 1
            if alike and layer.bias is None and layer.padding_mode == "zeros":
                setattr(parent, name, _Depthwise(layer))


class _Depthwise(nn.Conv2d):
    """A depthwise convolution with the weight of the one that it replaces."""

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size,  # type: ignore[arg-type]
            layer.stride,  # type: ignore[arg-type]
            layer.padding,  # type: ignore[arg-type]
            layer.dilation,  # type: ignore[arg-type]
            layer.groups,
            bias=False,
        )
        self.weight = layer.weight

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = _Product.apply(  # type: ignore[no-untyped-call]
            x, self.weight.to(x.dtype), self.stride[0], self.padding[0], self.dilation[0]
        )
        return made


class _Product(torch.autograd.Function):
    """A depthwise convolution with gradients of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int, dilation: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.shape = stride, padding, dilation
        return functional.conv2d(x, weight, None, stride, padding, dilation, len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> _Gradients:
        x, weight = ctx.saved_tensors
        stride, padding, dilation = ctx.shape
        (gradient,) = gradients
        if stride == 1:
            # The gradient of the input is a convolution with the kernel turned by half a circle.
            reach = dilation * (weight.shape[-1] - 1)
            turned = weight.flip(2, 3)
            of_x = functional.conv2d(gradient, turned, None, 1, reach - padding, dilation, len(weight))
            of_weight = _tapped(x, gradient, weight, padding, dilation)
            return of_x, of_weight, None, None, None
        # In float32, for which the library has a fast kernel; in bfloat16 it has none.
        both = torch.ops.aten.convolution_backward(
            gradient.float(), x.float(), weight.float(), None, [stride] * 2, [padding] * 2, [dilation] * 2,
            False, [0, 0], len(weight), [True, True, False],
        )  # fmt: skip
        return both[0].to(x.dtype), both[1].to(weight.dtype), None, None, None


def _tapped(x: Tensor, gradient: Tensor, weight: Tensor, padding: int, dilation: int) -> Tensor:
    """Return the gradient of the kernel of an unstrided convolution."""
    if dilation == 1:
        _, made, _ = torch.ops.aten.convolution_backward(
            gradient.float(), x.float(), weight.float(), None, [1, 1], [padding] * 2, [1, 1],
            False, [0, 0], len(weight), [False, True, False],
        )  # fmt: skip
        of_weight: Tensor = made.to(weight.dtype)
        return of_weight
    height, width = gradient.shape[-2:]
    padded = functional.pad(x, (padding,) * 4)
    taps = range(0, dilation * weight.shape[-1], dilation)
    sums = [
        (padded[..., down : down + height, across : across + width] * gradient).sum((0, 2, 3))
        for down in taps
        for across in taps
    ]
    # In the kernel's order of memory, which fused optimisers and other processes go by.
    return torch.empty_like(weight).copy_(torch.stack(sums, 1).view_as(weight))
