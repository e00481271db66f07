"""Networks exported as other programs and people keep them: ONNX graphs and TorchScript programs."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from matteline.matting.rvm.network import MattingNetwork

INPUTS = ("src", "r1i", "r2i", "r3i", "r4i")
OUTPUTS = ("fgr", "pha", "r1o", "r2o", "r3o", "r4o")


class _AtRatio(nn.Module):
    def __init__(self, network: MattingNetwork, ratio: float) -> None:
        super().__init__()
        self.network, self.ratio = network, ratio

    def forward(self, src: Tensor, r1: Tensor, r2: Tensor, r3: Tensor, r4: Tensor) -> tuple[Tensor, ...]:
        return self.network(src, r1, r2, r3, r4, self.ratio)


def onnx_of(network: MattingNetwork, path: Path, *, ratio: float = 0.5, folded: bool = True) -> Path:
    """Export a network with torch's own exporter, for pictures of 64x64; batch norms folded or not."""
    state = [torch.zeros(1, *each) for each in network.architecture.state_shapes(*[round(64 * ratio)] * 2)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _AtRatio(network, ratio).eval(),
            (torch.rand(1, 3, 64, 64), *state),
            str(path),
            input_names=INPUTS,
            output_names=OUTPUTS,
            opset_version=17,
            training=torch.onnx.TrainingMode.EVAL if folded else torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=folded,
            dynamo=False,
        )
    return path


def torchscript_of(network: MattingNetwork, path: Path, *, frozen: bool = False) -> Path:
    """Save a network as a TorchScript program."""
    state = [torch.zeros(1, *each) for each in network.architecture.state_shapes(64, 64)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.jit.trace(network.eval(), (torch.rand(1, 3, 64, 64), *state))
        (torch.jit.freeze(program) if frozen else program).save(str(path))
    return path


def scripted_tree_of(network: MattingNetwork, path: Path) -> Path:
    """Save a network's tensors as `torch.jit.script` lays them out, in modules without a way to compute."""
    root = _Tree()
    for name, tensor in network.state_dict().items():
        *folders, leaf = name.split(".")
        module = root
        for folder in folders:
            if folder not in dict(module.named_children()):
                module.add_module(folder, _Tree())
            module = module.get_submodule(folder)
        module.register_buffer(leaf, tensor.clone())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(root).save(str(path))
    return path


class _Tree(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x
