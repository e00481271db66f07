"""Give the convolutions of an exported graph the names that the authors gave them.

Exporters fold batch norms into the convolutions before them and number the results, so names are lost. What
is left is the order in which RVM computes, the shapes, and the wiring; all three must be RVM's own.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from matteline.contract.errors import ModelError
from matteline.matting.rvm.architecture import REFINERS, VARIANTS, Architecture, variant_of
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.files import Tensors, refusal
from matteline.matting.weights.onnx_graph import (
    Convolution,
    ConvolutionGraph,
    UnusableGraph,
    Use,
    read_graph,
)

_RVM_ONLY: Final = "Give the ONNX file that the authors of RVM released, or one that matteline exported."

_ONLY_IN_TRAINING: Final = "project_seg"

# SHA-256 of every wiring, as `wiring` writes it down, that an RVM graph can have.
_WIRING: Final = frozenset(
    {
        "01d9f1e7ebc8df5d12e207dbd250f4ed31f353f690dd81c5996923502f2843fa",  # mobilenetv3, deep guided filter
        "cde5f26989e17117579bfe66e658a64062f88cb4acfc557b57d7c1ade5f0e1e3",  # the same, fast guided filter
        "3485f983b2b3fb4401cefb7b6c735f891723a0819274c77532d4cb52f7beea23",  # the same, ratio 1: no filter
        "34e689114f7c898f84e177a78a39bf33a62548d7d6a930fec547611465e7be20",  # resnet50, deep guided filter
        "c500de7c9b1a6361cb47ad1a51bd89156473c2e8bd6f39162fa6d3ad8b108ecf",  # the same, fast guided filter
        "871df2ac99c63d2460eafd86f8c0361abab297bb8a4581d6d5b31e0dfaebd5ce",  # the same, ratio 1: no filter
    }
)


@dataclass(frozen=True)
class _Place:
    """A convolution of the network: its name, its batch norm's name and epsilon, its shapes."""

    name: str
    shape: tuple[int, ...]
    has_bias: bool
    norm: str = ""
    epsilon: float = 0.0


def read_onnx(data: bytes, path: Path) -> Tensors:
    """Return the tensors of a whole `.onnx` file under the authors' names.

    A folded batch norm becomes one that does nothing but add the bias. The head that training finds people
    with is in no exported graph: it is zeros.

    Raises:
        ModelError: The file is damaged, no ONNX file, or its graph is not RVM's.
    """
    try:
        graph = read_graph(data)
        network, places = _recognise(graph)
        for place, convolution in zip(places, graph.convolutions, strict=True):
            if convolution.weight.shape != place.shape:
                raise UnusableGraph(_unlike(place, convolution))
        found = hashlib.sha256(wiring(graph, [place.name for place in places]).encode()).hexdigest()
        if found not in _WIRING:
            raise UnusableGraph(
                "is not RVM's graph: its convolutions have the right shapes, but others lie between"
            )
        return _state(network, places, graph.convolutions)
    except UnusableGraph as error:
        raise refusal(path, str(error), _RVM_ONLY) from error
    except ModelError as error:
        raise ModelError(f"{path}: {error.message}", path=path, hint=error.hint) from error


def wiring(graph: ConvolutionGraph, names: Sequence[str]) -> str:
    """Return a graph's wiring as text: a line for each use of a convolution and for each output.

    It tells strides, dilations, padding, the operators between, and where values come from; not how many
    channels there are, nor how an exporter orders, names or moves what is between.
    """
    lines = [
        f"{name}: {_use(use, names, convolution.weight.shape[0])}"
        for name, convolution in zip(names, graph.convolutions, strict=True)
        for use in sorted(convolution.uses, key=lambda each: _use(each, names, 0))
    ]
    return "\n".join([*lines, *(f"output: {_use(each, names, 0)}" for each in graph.outputs)])


def _use(use: Use, names: Sequence[str], channels: int) -> str:
    geometry = use.geometry.replace(f"group {channels}", "depthwise") if channels > 1 else use.geometry
    sources = (names[each] if isinstance(each, int) else each for each in use.value.sources)
    parts = (use.value.operators, use.value.last, sources)
    return "; ".join([geometry, *(" ".join(sorted(each)) for each in parts)])


def _recognise(graph: ConvolutionGraph) -> tuple[MattingNetwork, list[_Place]]:
    """Return the network that has as many convolutions as the graph, empty, and where they belong in it."""
    counts = []
    for variant, refiner in itertools.product(VARIANTS, REFINERS):
        places = _places(_empty(Architecture(variant, refiner)))
        counts.append(len(places))
        if len(places) == len(graph.convolutions):
            held = zip(places, graph.convolutions, strict=True)
            network = _empty(variant_of({f"{place.name}.weight": each.weight.shape for place, each in held}))
            return network, _places(network)
    raise UnusableGraph(
        f"is not RVM's graph: it has {len(graph.convolutions)} convolutions, where RVM has "
        f"{', '.join(map(str, counts[:-1]))} or {counts[-1]}"
    )


def _empty(architecture: Architecture) -> MattingNetwork:
    with torch.device("meta"):
        return MattingNetwork.of(architecture)


def _places(network: MattingNetwork) -> list[_Place]:
    """Return the convolutions in the order in which they are computed, which is that of their definition."""
    places: list[_Place] = []
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            places[-1] = replace(places[-1], norm=name, epsilon=module.eps)
        elif isinstance(module, nn.Conv2d) and name != f"{_ONLY_IN_TRAINING}.conv":
            places.append(_Place(name, tuple(module.weight.shape), module.bias is not None))
    return places


def _unlike(place: _Place, convolution: Convolution) -> str:
    found, expected = ("x".join(map(str, each)) for each in (convolution.weight.shape, place.shape))
    where = f"is not RVM's graph: where {place.name} belongs"
    return f"{where} it has a convolution of {found} instead of {expected}"


def _state(network: MattingNetwork, places: Sequence[_Place], held: Sequence[Convolution]) -> Tensors:
    # What no graph holds: training's own head, and the counts that only training reads.
    state: Tensors = {
        name: np.zeros(each.shape, np.int64 if name.endswith(".num_batches_tracked") else np.float32)
        for name, each in network.state_dict().items()
    }
    for place, convolution in zip(places, held, strict=True):
        found = dict(_tensors(place, convolution))
        for name, tensor in found.items():
            if name not in state or state[name].shape != tensor.shape:
                raise UnusableGraph(f"is not RVM's graph: {name} has another size or does not belong there")
        state |= found
    return state


def _tensors(place: _Place, held: Convolution) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the tensors of a convolution and of the batch norm behind it, by name."""
    yield f"{place.name}.weight", held.weight
    if not place.norm:
        if (held.bias is not None) != place.has_bias or held.norm is not None:
            raise UnusableGraph(f"is not RVM's graph: {place.name} has a bias too many or too few")
        if held.bias is not None:
            yield f"{place.name}.bias", held.bias
    elif held.norm is not None and held.bias is None:
        yield f"{place.norm}.weight", held.norm.weight
        yield f"{place.norm}.bias", held.norm.bias
        yield f"{place.norm}.running_mean", held.norm.mean
        yield f"{place.norm}.running_var", held.norm.variance
    elif held.norm is None and held.bias is not None:
        channels = place.shape[0]
        yield f"{place.norm}.weight", np.ones(channels, np.float32)
        yield f"{place.norm}.bias", held.bias
        yield f"{place.norm}.running_mean", np.zeros(channels, np.float32)
        # Batch norm divides by the root of variance plus epsilon, which is 1 then.
        yield f"{place.norm}.running_var", np.full(channels, 1 - place.epsilon, np.float32)
    else:
        raise UnusableGraph(f"is not RVM's graph: {place.name} has neither a batch norm nor its bias")
