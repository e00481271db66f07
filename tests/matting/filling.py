"""Networks filled by the rule of the golden outputs, so that no trained weights are needed."""

from __future__ import annotations

import zlib

import torch
from torch import Tensor

from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.network import MattingNetwork


def filled(architecture: Architecture) -> MattingNetwork:
    """A network whose every weight counts and whose mattes are hardly ever clamped."""
    network = MattingNetwork.of(architecture)
    own = network.state_dict()
    norms = {name.rpartition(".")[0] for name in own if name.endswith(".running_mean")}
    state = {name: _value(name, tensor, name.rpartition(".")[0] in norms) for name, tensor in own.items()}
    state["project_mat.conv.weight"] *= 0.008
    state["project_mat.conv.bias"] = torch.tensor([0.0, 0.0, 0.0, 0.5])
    if "refiner.conv.6.weight" in state:
        state["refiner.conv.6.weight"] *= 0.008
        state["refiner.conv.6.bias"] *= 0.1
    network.load_state_dict(state, strict=True)
    return network.eval()


def _value(name: str, tensor: Tensor, of_norm: bool) -> Tensor:
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    if name.endswith("num_batches_tracked"):
        return torch.zeros_like(tensor)
    if name == "refiner.box_filter.weight":
        return torch.full_like(tensor, 1 / 9)
    if name.endswith("running_var"):
        return torch.rand(tensor.shape, generator=generator) + 0.5
    noise = torch.randn(tensor.shape, generator=generator)
    if name.endswith("weight"):
        return noise * 0.1 + 1 if of_norm else noise * (2 / tensor[0].numel()) ** 0.5
    return noise * 0.1


def moving_pictures(count: int, width: int, height: int) -> Tensor:
    """Float32 pictures (count, 3, height, width), 0..1: smooth colours with an edge that wanders."""
    time = torch.arange(count).view(-1, 1, 1, 1)
    y, x = torch.linspace(0, 1, height).view(-1, 1), torch.linspace(0, 1, width)
    colour = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    smooth = 0.5 + 0.3 * torch.sin(3 * x * colour + 5 * y + 0.4 * time)
    inside = (x - 0.3 - 0.03 * time) ** 2 + (y - 0.5) ** 2 < 0.05
    return torch.where(inside, 1 - smooth, smooth)
