"""Install a weights file that the user already has."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

import numpy as np
import safetensors.numpy

from matteline.contract.errors import JobError, ModelError
from matteline.contract.files import write_bytes
from matteline.matting.weights.files import Tensors, is_weights_name, read_weights
from matteline.matting.weights.find import (
    AUTO,
    FoundWeights,
    choose_refiner,
    examine,
    inspect,
    weight_files,
)
from matteline.matting.weights.load import network_of
from matteline.matting.weights.read import read_tensors, tensors_sha256
from matteline.matting.weights.registry import official_in, official_named

# No dots and no separators: the name becomes a file's stem, and must not lead out of the folder.
_NAME: Final = re.compile(r"\w[\w .-]*")


def add(source: Path, folder: Path, *, name: str | None = None) -> FoundWeights:
    """Install a weights file in a folder, under the name it shall be asked for by.

    The file is loaded into its network first. It is stored as `.safetensors`, which cannot hold a program and
    is read fastest; the same file gives the same bytes on every machine. It appears whole or not at all.

    Args:
        source: The file.
        folder: Where to; made if needed.
        name: None for the official network's name, or else the file's own stem.

    Returns:
        What was stored; the file that is already there, if it is the same network.

    Raises:
        JobError: The name is no name, is an official network's that this file is not, or is taken.
        ModelError: The file does not load into an RVM network.
        WriteError: The folder cannot be written.
    """
    # Before the name is looked at: a file that holds no network is the first thing to tell.
    data = read_weights(source)
    tensors, found = _proven(data, source)
    chosen = _checked(name or found.name, found)
    there = _already_there(chosen, folder, found)
    return there or inspect(_store(data, tensors, source, folder / chosen))


def install(data: bytes, source: Path, target: Path) -> Path:
    """Store a weights file whose origin has been proven, and return the file.

    Args:
        data: The file.
        source: Its name.
        target: Where to, without a suffix.

    Raises:
        ModelError: The file does not load into an RVM network.
        WriteError: The folder cannot be written.
    """
    tensors, _ = _proven(data, source)
    return _store(data, tensors, source, target)


def _proven(data: bytes, source: Path) -> tuple[Tensors, FoundWeights]:
    """Read a file and load it into its network, which proves that it is a whole one."""
    tensors = read_tensors(data, source)
    found = examine(data, tensors, source)
    network_of(tensors, found, choose_refiner(found, "auto"))
    return tensors, found


def _store(data: bytes, tensors: Tensors, source: Path, target: Path) -> Path:
    """Write a network's tensors as `.safetensors` in place of all files of that name.

    A file that is one already is copied, with what it says of itself. So is an official one that only the
    hash of the very file proves.
    """
    suffix = source.suffix.lower()
    digest = tensors_sha256(tensors)
    official = official_in(hashlib.sha256(data).hexdigest(), digest)
    if suffix == ".safetensors" or (official and official.tensors_sha256 != digest):
        stored = write_bytes(target.with_name(target.name + suffix), data)
    else:
        # As safetensors wants them, row by row; `ascontiguousarray` would give single numbers a dimension.
        whole = {name: np.array(tensor, order="C") for name, tensor in tensors.items()}
        stored = write_bytes(target.with_name(f"{target.name}.safetensors"), safetensors.numpy.save(whole))
    # One name, one file: two endings of a name would make it chance which one a render takes.
    for other in weight_files(target.parent):
        if other.stem == target.name and other != stored:
            other.unlink(missing_ok=True)
    return stored


def _checked(name: str, found: FoundWeights) -> str:
    if not _NAME.fullmatch(name) or name == AUTO or is_weights_name(name):
        hint = "Choose a name of letters, digits, spaces, - and _, without a file's ending."
        raise JobError(f"Weights cannot be called '{name}'.", field="name", hint=hint)
    if official_named(name) and name != found.name:
        message = f"{found.path} cannot be called '{name}': that is an official network, and this is another."
        raise JobError(message, field="name", hint="Choose another name.")
    return name


def _already_there(name: str, folder: Path, found: FoundWeights) -> FoundWeights | None:
    for path in weight_files(folder):
        if path.stem != name:
            continue
        try:
            there = inspect(path)
        except ModelError:
            # Damaged: its name alone decides below whether it gives way.
            there = None
        if there is not None and there.tensors_sha256 == found.tensors_sha256:
            return there
        # An official network is one and the same, in whichever form its authors released it.
        if there is not None and official_named(there.name) and there.name == found.name:
            return there
        # What bears an official name without being that network is of no use to anyone, and gives way.
        if official_named(name) is None:
            message = f"The name '{name}' is taken: {path} holds something else."
            raise JobError(message, field="name", hint="Choose another name, or remove that file first.")
    return None
