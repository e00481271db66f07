"""Read an ONNX file as far as its convolutions: their tensors, their geometry, and how they are wired.

Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Nothing of the file is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Final

import numpy as np

from matteline.matting.weights.protobuf import (
    BrokenMessage,
    Budget,
    as_bytes,
    as_integers,
    as_text,
    fields,
)

_MAX_FIELDS: Final = 200_000  # the authors' graphs have fewer than 10,000
_MAX_NODES: Final = 5_000  # the authors' have fewer than 500

_DTYPES: Final = {1: "<f4", 10: "<f2", 11: "<f8"}  # float, float16, double
_EXTERNAL: Final = 1

# What moves or reshapes values without changing them; the rest of the operators tell what the graph computes.
_MOVES: Final = frozenset(
    {
        *("Cast", "Concat", "Constant", "Expand", "Gather", "Identity", "Pad"),
        *("Reshape", "Resize", "Slice", "Split", "Squeeze", "Unsqueeze"),
    }
)
# Operators in whose place some exporters write others.
_SAME_AS: Final = {
    "HardSwish": ("HardSigmoid", "Mul"),
    "GlobalAveragePool": ("ReduceMean",),
    # Exporters write linear interpolation, which the recurrent cells end in, as a choice of two exact sums.
    "Less": (),
    "Where": ("Add",),
}


class UnusableGraph(ValueError):
    """An ONNX file whose convolutions cannot be read; the message continues a sentence about the file."""


@dataclass(frozen=True)
class BatchNorm:
    """The tensors of a batch norm that follows a convolution, (C,) each."""

    weight: np.ndarray
    bias: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


@dataclass(frozen=True)
class Convolution:
    """One convolution, however often the graph uses it.

    Attributes:
        weight: (out, in / groups, rows, columns).
        bias: (out,), or None.
        norm: The batch norm that follows, unless the exporter folded it into the convolution.
        uses: How it is used, each time once.
    """

    weight: np.ndarray
    bias: np.ndarray | None
    norm: BatchNorm | None
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Reach:
    """The making of a value from the convolutions and inputs nearest before it.

    Attributes:
        operators: The operators on the way that change values.
        last: Those of them that make the value, or each part of it.
        sources: The convolutions, by their number in the graph, and the graph's inputs, as `input 0`.
    """

    operators: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    sources: frozenset[int | str] = frozenset()


@dataclass(frozen=True)
class Use:
    """One place where a graph uses a value: what a convolution does with it, and how it is made.

    Attributes:
        geometry: Strides, dilations, padding and groups; empty for an output of the graph.
        value: How the value is made.
    """

    geometry: str
    value: Reach


@dataclass(frozen=True)
class ConvolutionGraph:
    """The convolutions of a graph in the order of its nodes, and the uses of its outputs in their order."""

    convolutions: tuple[Convolution, ...]
    outputs: tuple[Use, ...]


def read_graph(data: bytes) -> ConvolutionGraph:
    """Read the convolutions of a whole ONNX file.

    Raises:
        UnusableGraph: The file is damaged or no ONNX file, keeps its tensors elsewhere, or computes weights.
    """
    try:
        return _GraphWalk(_parse(memoryview(data), Budget(_MAX_FIELDS))).convolutions()
    except BrokenMessage as error:
        raise UnusableGraph(f"is damaged, cut short or no ONNX file: {error}") from error


@dataclass
class _Node:
    operator: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    integers: dict[str, list[int]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    value: memoryview | None = None


@dataclass(frozen=True)
class _Graph:
    budget: Budget
    nodes: list[_Node]
    tensors: dict[str, memoryview]
    inputs: list[str]
    outputs: list[str]


def _parse(model: memoryview, budget: Budget) -> _Graph:
    found = [value for number, value in fields(model, budget) if number == 7]
    if len(found) != 1:
        raise BrokenMessage("it has no graph")
    parts: dict[int, list[memoryview]] = {1: [], 5: [], 11: [], 12: []}
    for number, value in fields(as_bytes(found[0]), budget):
        if number in parts:
            parts[number].append(as_bytes(value))
    if len(parts[1]) > _MAX_NODES:
        raise BrokenMessage("it has too many nodes")
    nodes = [_node(each, budget) for each in parts[1]]
    tensors = {_name(each, 8, budget): each for each in parts[5]}
    for node in nodes:
        if node.operator == "Constant" and node.value is not None:
            tensors |= dict.fromkeys(node.outputs, node.value)
    inputs, outputs = ([_name(each, 1, budget) for each in parts[number]] for number in (11, 12))
    return _Graph(budget, nodes, tensors, inputs, outputs)


def _name(message: memoryview, wanted: int, budget: Budget) -> str:
    return next((as_text(value) for number, value in fields(message, budget) if number == wanted), "")


def _node(message: memoryview, budget: Budget) -> _Node:
    node = _Node()
    for number, value in fields(message, budget):
        if number == 1:
            node.inputs.append(as_text(value))
        elif number == 2:
            node.outputs.append(as_text(value))
        elif number == 4:
            node.operator = as_text(value)
        elif number == 5:
            _read_attribute(node, as_bytes(value), budget)
        elif number == 7:
            node.domain = as_text(value)
    return node


def _read_attribute(node: _Node, message: memoryview, budget: Budget) -> None:
    name, integers = "", []
    for number, value in fields(message, budget):
        if number == 1:
            name = as_text(value)
        elif number in (3, 8):
            integers += as_integers(value, budget)
        elif number == 4:
            node.texts[name] = str(as_bytes(value), "utf-8", "replace")
        elif number == 5:
            node.value = as_bytes(value)
    node.integers[name] = integers


def _values(message: memoryview, budget: Budget) -> np.ndarray:
    """Return the values of a TensorProto of floating-point numbers: a view, however large they are."""
    shape: list[int] = []
    held: dict[int, int | memoryview] = {}
    for number, value in fields(message, budget):
        if number == 1:
            shape += as_integers(value, budget)
        else:
            held[number] = value
    if 13 in held or held.get(14) == _EXTERNAL:
        raise UnusableGraph("keeps its tensors in other files, which are not read")
    kind = held.get(2)
    if not isinstance(kind, int) or kind not in _DTYPES:
        raise UnusableGraph("holds weights that are no floating-point numbers; it may be quantised")
    # As raw_data, float_data or double_data: all little-endian, one after another.
    raw = as_bytes(next((held[each] for each in (9, 4, 10) if each in held), memoryview(b"")))
    if min(shape, default=0) < 0 or prod(shape) * np.dtype(_DTYPES[kind]).itemsize != len(raw):
        raise BrokenMessage("a tensor has another size than it says")
    return np.frombuffer(raw, _DTYPES[kind]).reshape(shape)


class _GraphWalk:
    """Follows values from node to node, in the order in which ONNX promises that they are made."""

    def __init__(self, graph: _Graph) -> None:
        self._graph = graph
        self._alias: dict[str, str] = {}
        self._reached: dict[str, Reach] = {
            name: Reach(sources=frozenset({f"input {number}"}))
            for number, name in enumerate(each for each in graph.inputs if each not in graph.tensors)
        }
        self._reached |= dict.fromkeys(graph.tensors, Reach())
        self._number: dict[str, int] = {}
        self._nodes: list[tuple[_Node, list[Use]]] = []
        self._norms: dict[int, _Node] = {}

    def convolutions(self) -> ConvolutionGraph:
        """Walk the whole graph."""
        for node in self._graph.nodes:
            if node.domain not in ("", "ai.onnx"):
                raise UnusableGraph(
                    f"uses the operator {node.operator[:40]!r}, which is not of standard ONNX"
                )
            self._step(node)
        outputs = tuple(Use("", self._joined([name])) for name in self._graph.outputs)
        return ConvolutionGraph(tuple(self._convolution(*each) for each in enumerate(self._nodes)), outputs)

    def _step(self, node: _Node) -> None:
        if node.operator == "Conv":
            reach = Reach(sources=frozenset({self._meet(node)}))
        elif node.operator == "BatchNormalization" and (number := self._just_before(node)) is not None:
            self._norms[number] = node
            reach = self._joined(node.inputs[:1])
        elif node.operator in ("Shape", "Size"):
            reach = Reach()  # what a picture's size decides is no matter of its values
        elif node.operator in _MOVES:
            # All but the first input of these say where to, not what; only Concat joins several values.
            reach = self._joined(node.inputs if node.operator == "Concat" else node.inputs[:1])
            if node.operator in ("Identity", "Cast") and node.inputs:
                self._alias |= dict.fromkeys(node.outputs, node.inputs[0])
        else:
            before = self._joined(node.inputs)
            new = _SAME_AS.get(node.operator, (node.operator,))
            reach = Reach(before.operators | frozenset(new), frozenset(new[-1:]), before.sources)
        self._reached |= dict.fromkeys(node.outputs, reach)

    def _joined(self, names: Sequence[str]) -> Reach:
        """Return how all the values of these names together are made."""
        try:
            found = [self._reached[name] for name in names if name]
        except KeyError as error:
            raise BrokenMessage("its nodes are out of order") from error
        return Reach(
            frozenset().union(*(each.operators for each in found)),
            frozenset().union(*(each.last for each in found)),
            frozenset().union(*(each.sources for each in found)),
        )

    def _meet(self, node: _Node) -> int:
        """Note one use of a convolution, and return the convolution's number."""
        if len(node.inputs) < 2 or node.texts.get("auto_pad", "NOTSET") != "NOTSET":
            raise BrokenMessage("a convolution without weights or padding")
        weight = self._origin(node.inputs[1])
        number = self._number.setdefault(weight, len(self._number))
        if number == len(self._nodes):
            self._nodes.append((node, []))
        self._nodes[number][1].append(Use(_geometry(node), self._joined(node.inputs[:1])))
        return number

    def _just_before(self, norm: _Node) -> int | None:
        """Return the convolution whose very output a batch norm takes, or None."""
        for number, (node, _) in enumerate(self._nodes):
            if norm.inputs[:1] == node.outputs[:1]:
                return number
        return None

    def _origin(self, name: str) -> str:
        for _ in range(len(self._alias) + 1):
            if name not in self._alias:
                return name
            name = self._alias[name]
        raise BrokenMessage("a value is made of itself")

    def _tensor(self, name: str) -> np.ndarray:
        stored = self._graph.tensors.get(self._origin(name))
        if stored is None:
            raise UnusableGraph("computes the weights of a convolution instead of holding them")
        return _values(stored, self._graph.budget)

    def _convolution(self, number: int, met: tuple[_Node, list[Use]]) -> Convolution:
        node, uses = met
        bias = self._tensor(node.inputs[2]) if node.inputs[2:] and node.inputs[2] else None
        norm = self._norms.get(number)
        if norm is not None and len(norm.inputs) < 5:
            raise BrokenMessage("a batch norm without tensors")
        held = BatchNorm(*map(self._tensor, norm.inputs[1:5])) if norm else None
        return Convolution(self._tensor(node.inputs[1]), bias, held, tuple(uses))


def _geometry(node: _Node) -> str:
    defaults = {"strides": [1, 1], "dilations": [1, 1], "pads": [0, 0, 0, 0], "group": [1]}
    found = {name: node.integers.get(name) or default for name, default in defaults.items()}
    return ", ".join(f"{name} {' '.join(map(str, each))}" for name, each in found.items())
