"""Turn a weights file into tensors and into the network, trusting neither the file nor its name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.files import Tensors, read_weights, refusal
from matteline.matting.weights.find import FoundWeights, choose_refiner
from matteline.matting.weights.read import read_tensors

_REFINERS: Final = {"deep": "deep_guided_filter", "fast": "fast_guided_filter"}


def load_state(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a weights file by name, on the CPU, in the file's own dtypes; bfloat16 as float32.

    Raises:
        ModelError: The file is absent, damaged, foreign, or holds anything but tensors.
    """
    tensors = read_tensors(read_weights(path), path)
    return {name: torch.from_numpy(np.array(tensor)) for name, tensor in tensors.items()}


def load_network(found: FoundWeights, refiner: str) -> MattingNetwork:
    """Build the network of these weights in float32 on the CPU, ready for inference.

    Args:
        found: What `find_weights` found.
        refiner: `deep`, `fast` (which leaves the learned refiner's tensors out) or `auto`.

    Raises:
        JobError: `deep` is wanted, but the weights hold no learned refiner.
        ModelError: The file changed since it was found, is damaged, does not fit the network exactly, or
            holds values that no network can have.
    """
    chosen = choose_refiner(found, refiner)
    data = read_weights(found.path)
    # The plan and its recipe name the weights by this hash, and results would bear it wrongly.
    if hashlib.sha256(data).hexdigest() != found.sha256:
        again = "Start again with the weights it holds now."
        raise refusal(found.path, "was changed while it was in use", again)
    return network_of(read_tensors(data, found.path), found, chosen)


def network_of(tensors: Tensors, found: FoundWeights, refiner: str) -> MattingNetwork:
    """Do what `load_network` does, for a file that has been read."""
    if refiner == "fast":
        tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("refiner.")}
    # Without memory of its own, since filling it with random numbers first takes longer than all the rest.
    with torch.device("meta"):
        network = MattingNetwork.of(replace(found.architecture, refiner=_REFINERS[refiner]))
    _refuse(found.path, "does not fit the RVM network", list(_misfits(network.state_dict(), tensors)))
    with np.errstate(over="ignore"):  # what is too large for single precision is told of below
        single = {
            name: torch.from_numpy(np.array(tensor, np.float32 if tensor.dtype.kind == "f" else tensor.dtype))
            for name, tensor in tensors.items()
        }
    network.load_state_dict(single, assign=True)
    _refuse(found.path, "cannot be used", list(_impossible(network.state_dict())))
    return network.eval()


def _refuse(path: Path, why: str, faults: Sequence[str]) -> None:
    if faults:
        others = f" (and {len(faults) - 1} more such faults)" if faults[1:] else ""
        raise refusal(path, f"{why}: {faults[0]}{others}")


def _misfits(own: Mapping[str, Tensor], tensors: Tensors) -> Iterator[str]:
    for name, tensor in own.items():
        if name not in tensors:
            # A count that only training reads; converters to other formats leave it out.
            if not name.endswith(".num_batches_tracked"):
                yield f"{name} is missing"
        elif tensors[name].shape != tensor.shape:
            yield f"{name} is {_size(tensors[name].shape)} instead of {_size(tensor.shape)}"
        elif (tensors[name].dtype.kind == "f") != tensor.is_floating_point():
            yield f"{name} holds values of type {tensors[name].dtype}"
    yield from (f"{name} is unknown" for name in tensors if name not in own)


def _impossible(state: Mapping[str, Tensor]) -> Iterator[str]:
    for name, tensor in state.items():
        if not bool(torch.isfinite(tensor).all()):
            yield f"{name} holds values that are not finite"
        elif name.endswith(".running_var") and bool((tensor < 0).any()):
            # The root of it would be no number, and every matte black.
            yield f"{name} holds a negative variance"


def _size(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "a single number"
