"""Depthwise convolutions with gradients of our own: what they say is what torch says."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.depthwise import patch_depthwise


def _gradients(layer: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    x = x.clone().requires_grad_(True)
    made = layer(x)
    made.square().sum().backward()
    (weight,) = layer.parameters()
    assert x.grad is not None and weight.grad is not None
    return made.detach(), x.grad, weight.grad


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(3, 1, 1), (5, 2, 1), (5, 1, 2), (3, 2, 1)])
def test_predictions_and_gradients_are_those_of_torch(kernel, stride, dilation, layout):
    torch.manual_seed(0)
    padding = (kernel - 1) // 2 * dilation
    plain = nn.Sequential(
        nn.Conv2d(8, 8, kernel, stride, padding, dilation, groups=8, bias=False).to(memory_format=layout)
    )
    quick = deepcopy(plain)
    patch_depthwise(quick)
    x = torch.randn(3, 8, 11, 14).to(memory_format=layout)

    assert type(quick[0]) is not nn.Conv2d
    for ours, theirs in zip(_gradients(quick, x), _gradients(plain, x), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_network_keeps_its_parameters_and_what_it_says():
    torch.manual_seed(0)
    network = MattingNetwork(width=0.25).eval()
    quick = deepcopy(network)
    patch_depthwise(quick)
    picture = torch.rand(1, 3, 48, 64)

    assert list(quick.state_dict()) == list(network.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(quick(picture)[1], network(picture)[1])


def test_only_depthwise_convolutions_are_replaced():
    layers = nn.Sequential(nn.Conv2d(8, 8, 3), nn.Conv2d(8, 16, 3, groups=8), nn.Conv2d(8, 8, 3, groups=8))
    patch_depthwise(layers)
    assert [type(each) for each in layers] == [nn.Conv2d] * 3, "the last one has a bias, which no network has"
