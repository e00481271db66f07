"""Turn a weights file into tensors and into the network, trusting neither the file nor its name."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import safetensors.torch
import torch
from torch import Tensor

from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.files import read_weights, refusal
from matteline.matting.weights.find import FoundWeights, choose_refiner
from matteline.matting.weights.pickled import BROKEN_PICKLE
from matteline.matting.weights.shapes import shapes_in

_REFINERS: Final = {"deep": "deep_guided_filter", "fast": "fast_guided_filter"}


def load_state(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a `.safetensors` or `.pth` file by name, on the CPU, in the file's own dtypes.

    Raises:
        ModelError: The file is absent, damaged, foreign, or holds anything but tensors.
    """
    data = read_weights(path)
    shapes_in(data, path)
    return _tensors(data, path)


def load_network(found: FoundWeights, refiner: str) -> MattingNetwork:
    """Build the network of these weights in float32 on the CPU, ready for inference.

    Args:
        found: What `find_weights` found.
        refiner: `deep`, `fast` (which leaves the learned refiner's tensors out) or `auto`.

    Raises:
        JobError: `deep` is wanted, but the weights hold no learned refiner.
        ModelError: The file changed since it was found, is damaged, or does not fit the network exactly.
    """
    chosen = choose_refiner(found, refiner)
    state = _tensors(_same_bytes(found), found.path)
    if chosen == "fast":
        state = {name: tensor for name, tensor in state.items() if not name.startswith("refiner.")}
    # Without memory of its own, since filling it with random numbers first takes longer than all the rest.
    with torch.device("meta"):
        network = MattingNetwork.of(replace(found.architecture, refiner=_REFINERS[chosen]))
    _fill(network, state, found.path)
    return network.eval()


def _same_bytes(found: FoundWeights) -> bytes:
    data = read_weights(found.path)
    if hashlib.sha256(data).hexdigest() != found.sha256:
        raise refusal(
            found.path, "was changed while it was in use", "Start again with the weights it holds now."
        )
    return data


def _tensors(data: bytes, path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix.lower() == ".safetensors":
            return dict(safetensors.torch.load(data))
        return dict(torch.load(io.BytesIO(data), map_location="cpu", weights_only=True))
    except (*BROKEN_PICKLE, AssertionError, RuntimeError, safetensors.SafetensorError) as error:
        raise refusal(path, "is damaged: its tensors cannot be read", "Get the file again.") from error


def _fill(network: MattingNetwork, state: Mapping[str, Tensor], path: Path) -> None:
    _refuse(path, "does not fit the RVM network", list(_misfits(network.state_dict(), state)))
    single = {
        name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()
    }
    network.load_state_dict(single, assign=True)
    _refuse(path, "cannot be used", list(_not_finite(network.state_dict())))


def _refuse(path: Path, why: str, faults: Sequence[str]) -> None:
    if faults:
        others = f" (and {len(faults) - 1} more such faults)" if faults[1:] else ""
        raise refusal(path, f"{why}: {faults[0]}{others}")


def _misfits(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterator[str]:
    for name, tensor in own.items():
        if name not in state:
            # A count that only training reads; converters to other formats leave it out.
            if not name.endswith(".num_batches_tracked"):
                yield f"{name} is missing"
        elif state[name].shape != tensor.shape:
            yield f"{name} is {_size(state[name])} instead of {_size(tensor)}"
        elif state[name].is_floating_point() != tensor.is_floating_point():
            yield f"{name} holds values of type {str(state[name].dtype).removeprefix('torch.')}"
    yield from (f"{name} is unknown" for name in state if name not in own)


def _not_finite(state: Mapping[str, Tensor]) -> Iterator[str]:
    for name, tensor in state.items():
        if not bool(torch.isfinite(tensor).all()):
            yield f"{name} holds values that are not finite"


def _size(tensor: Tensor) -> str:
    return "x".join(str(side) for side in tensor.shape) or "a single number"
