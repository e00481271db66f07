"""Trained modules made ready for inference: batch norms folded into their convolutions."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Module = TypeVar("Module", bound=nn.Module)


def folded(module: Module) -> Module:
    """A copy in float64 that computes the same with fewer steps; the module itself is left as it is.

    Every batch norm that follows a convolution is folded into it, and activations work in place. Float64,
    so that folding loses nothing whatever precision the copy is then brought to.
    """
    made = copy.deepcopy(module).double().eval().requires_grad_(False)
    _fold(made)
    for each in made.modules():
        if isinstance(each, nn.ReLU | nn.Hardswish):
            each.inplace = True
    return made


def _fold(module: nn.Module) -> None:
    # In all of the network's sequences children stand in order of use, so a norm belongs to the one before.
    for (name, convolution), (after, norm) in pairwise(list(module.named_children())):
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(module, name, fuse_conv_bn_eval(convolution, norm))
            setattr(module, after, nn.Identity())
    for child in module.children():
        _fold(child)


def placed(module: Module, device: torch.device, dtype: torch.dtype) -> Module:
    """Bring a module to a precision and a device, its weights laid out as its pictures are."""
    module.to(dtype).to(device)  # in this order: not every device knows float64
    module.to(memory_format=memory_format(device, dtype))  # type: ignore[call-overload]
    return module


def memory_format(device: torch.device, dtype: torch.dtype) -> torch.memory_format:
    """Return the memory layout in which convolutions are fastest."""
    # Measured: oneDNN and cuDNN's half kernels want channels last, cuDNN's float32 kernels do not.
    half_on_gpu = device.type == "cuda" and dtype != torch.float32
    channels_last = device.type == "cpu" or half_on_gpu
    return torch.channels_last if channels_last else torch.contiguous_format
