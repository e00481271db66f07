"""Which network a weights file holds, told from its tensors' names and shapes. Needs no torch."""

from __future__ import annotations

from pathlib import Path

import safetensors

from matteline.contract.errors import ModelError
from matteline.matting.rvm.architecture import Architecture, variant_of
from matteline.matting.weights.files import refusal
from matteline.matting.weights.pickled import Shape, described


def architecture_in(data: bytes, path: Path) -> Architecture:
    """Tell the network from a whole weights file.

    Raises:
        ModelError: The file is damaged or foreign, or not an RVM checkpoint.
    """
    shapes = shapes_in(data, path)
    try:
        return variant_of(shapes)
    except ModelError as error:
        raise ModelError(f"{path}: {error.message}", path=path, hint=error.hint) from error


def shapes_in(data: bytes, path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of a whole weights file, by name.

    Raises:
        ModelError: The file is damaged or foreign.
    """
    if path.suffix.lower() == ".safetensors":
        return _safetensors_shapes(data, path)
    return _pth_shapes(described(data, path), path)


def _safetensors_shapes(data: bytes, path: Path) -> dict[str, tuple[int, ...]]:
    try:
        tensors = safetensors.deserialize(data)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        why = f"is cut short, damaged or no safetensors file ({error})"
        raise refusal(path, why, "Get the file again from where it came.") from error
    return {name: tuple(tensor["shape"]) for name, tensor in tensors}


def _pth_shapes(held: object, path: Path) -> dict[str, tuple[int, ...]]:
    if not isinstance(held, dict):
        raise refusal(path, "does not hold a network's tensors by name")
    for name, shape in held.items():
        if not isinstance(name, str) or not _is_shape(shape):
            raise refusal(path, f"holds {name!r} beside tensors: it is not plain weights")
    return {name: tuple(shape) for name, shape in held.items()}


def _is_shape(shape: object) -> bool:
    return isinstance(shape, Shape) and all(type(each) is int and each >= 0 for each in shape)
