"""Weights as files: the kinds that are read, the size they may have, and how a refusal is worded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from matteline.contract.errors import ModelError, WriteError
from matteline.contract.files import read_limited

Tensors = dict[str, np.ndarray]
"""The tensors of a network by the names that the authors gave them."""

SUFFIXES: Final = (".safetensors", ".pth", ".pt", ".torchscript", ".onnx")
"""The kinds of file that are read; of two with the same stem the earlier kind is taken."""

MAX_BYTES: Final = 512 << 20
"""Five times the largest RVM checkpoint; more is another network, or an attack on memory."""

_OTHER_KINDS: Final = {
    ".ckpt": "a training checkpoint",
    ".pb": "a TensorFlow graph",
    ".h5": "a Keras file",
    ".mlmodel": "a Core ML model",
    ".zip": "a zip archive",
}

_ACCEPTED: Final = "Give a release file of the authors, or a .safetensors file with their tensor names."


def refusal(path: Path, why: str, hint: str = _ACCEPTED, *, fetch: str = "") -> ModelError:
    """Return the error for a file that cannot serve as weights.

    Args:
        path: The file.
        why: Continues a sentence after its path.
        hint: One sentence: what to do.
        fetch: Name of an official network that would serve.
    """
    settings = (f"fetch={fetch}",) if fetch else ()
    return ModelError(f"{path} {why}.", path=path, hint=hint, settings=settings)


def is_weights_name(name: str) -> bool:
    """Return True for a file of model weights of any program, False for the name of installed weights."""
    suffix = Path(name).suffix.lower()
    return suffix in SUFFIXES or suffix in _OTHER_KINDS or Path(name).name != name


def read_weights(path: Path) -> bytes:
    """Return the whole file, once its kind and size are found acceptable.

    Raises:
        ModelError: The file is absent, unreadable, of another kind, or larger than `MAX_BYTES`.
    """
    _check_kind(path)
    try:
        data = read_limited(path, MAX_BYTES)
    except OSError as error:
        raise refusal(path, f"cannot be read: {error.strerror}", "Check its permissions.") from error
    # `read_limited` returns one byte more than allowed of a file that is too large.
    if len(data) > MAX_BYTES:
        raise refusal(path, f"is larger than any RVM checkpoint (over {MAX_BYTES >> 20} MiB)")
    return data


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in our own words what keeps weights from being written to `path`.

    Raises:
        WriteError: The block raised an OSError.
    """
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        hint = "Check the folder's permissions and the room on its disk."
        raise WriteError(f"{path} cannot be written: {why}.", path=path, hint=hint) from error


def _check_kind(path: Path) -> None:
    if not path.is_file():
        why = "is not a file" if path.exists() else "does not exist"
        raise refusal(path, why, "Check the path, or choose an installed network.")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        kind = _OTHER_KINDS.get(suffix, "no weights file")
        raise refusal(path, f"is {kind}; weights are read from {', '.join(SUFFIXES)} files")


def float32_of_bfloat16(values: np.ndarray) -> np.ndarray:
    """Return bfloat16 values, given as uint16 of any shape, as float32: the same bits with zeros behind."""
    return (values.astype(np.uint32) << 16).view(np.float32)
