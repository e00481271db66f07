"""Read the tensors of a PyTorch archive, without torch and without running the program inside it.

`torch.save` (`.pth`, `.pt`) and `torch.jit.save` (`.torchscript`) both write a zip of raw storages beside one
pickle that says which tensor lies where. A pickle is a program: this one runs where only the handful of names
that describe tensors exist. `torch.load(weights_only=True)` guards checkpoints in the same way, but it
refuses TorchScript, and it needs torch, without which a job can be planned.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from matteline.matting.weights.files import Tensors, float32_of_bfloat16, refusal

# What unpickling a damaged or hostile file raises; the pickle module promises no shorter list. A warning is among
# them where a program makes warnings errors: a broken escape sequence gives one.
_BROKEN_PICKLE: Final = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    Warning,
)

_MAX_PICKLE_BYTES: Final = 1 << 20  # the largest RVM description has less than 200 KB
_MAX_RECORDS: Final = 20_000  # the largest RVM archive has fewer than 1,000
_MAX_DEPTH: Final = 32  # modules within modules; RVM's go 8 deep
_MAX_DIMENSIONS: Final = 8
# What pictures are normalised by: programs hold it beside the weights, state dicts do not.
_CONSTANTS: Final = frozenset({"backbone.mean", "backbone.deviation"})
_LISTS: Final = ("data.pkl", "byteorder")
_ZIP_START: Final = b"PK\x03\x04"
_ZIP_ENTRY: Final = b"PK\x01\x02"
_AGAIN: Final = "Get the file again from where it came; it was cut short or changed on the way."

_DTYPES: Final = {
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "DoubleStorage": "float64",
    "BFloat16Storage": "uint16",  # made float32 as soon as it is read
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}


def read_archive(data: bytes, path: Path) -> Tensors:
    """Return the tensors of a whole `.pth`, `.pt` or `.torchscript` file by name.

    The arrays are read-only views where the file's dtype is one of numpy's; bfloat16 becomes float32.

    Args:
        data: The whole file.
        path: Its name, for the message.

    Raises:
        ModelError: The file is damaged, no PyTorch archive, or names anything but tensors.
    """
    archive = _Archive(data, path)
    held = _unpickled(archive)
    if not isinstance(held, dict):
        raise refusal(path, "does not hold a network's tensors by name")
    for name, tensor in held.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise refusal(path, f"holds {str(name)[:80]!r} beside tensors: it is not plain weights")
    try:
        return {name: _array(tensor, archive) for name, tensor in held.items()}
    except (*_BROKEN_PICKLE, KeyError) as error:
        raise refusal(path, "is damaged: its tensors cannot be read", _AGAIN) from error


@dataclass(frozen=True)
class _Storage:
    """A record of the archive that holds values: its dtype by torch's name, its key, its count."""

    kind: str
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """The description of a tensor: which values of a storage it takes, by offset, shape and strides."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _ScriptModule:
    """Stands for every class of a TorchScript archive: keeps the attributes, knows no methods."""

    def __setstate__(self, state: object) -> None:
        self.attributes = state


class _Archive:
    """The zip around the tensors, its records found and checked before any is read."""

    def __init__(self, data: bytes, path: Path) -> None:
        self.path = path
        # Each entry costs the zipfile module far more memory than it has bytes in the file.
        if data.count(_ZIP_ENTRY) > _MAX_RECORDS:
            raise refusal(path, "holds more records than any PyTorch archive of RVM")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as error:
            if data.startswith(_ZIP_START):
                raise refusal(
                    path, "is damaged or cut short: its table of contents is broken", _AGAIN
                ) from error
            raise refusal(path, "is not a PyTorch checkpoint, whatever its name says") from error
        records = {each.filename.partition("/")[2]: each for each in self._zip.infolist()}
        self.is_script = "constants.pkl" in records
        self._check(records, len(data))
        if "byteorder" in records and self.read("byteorder") != b"little":
            raise refusal(path, "was written by a big-endian machine", "Save it again on another machine.")
        self._arrays: dict[_Storage, np.ndarray] = {}

    def _check(self, records: Mapping[str, zipfile.ZipInfo], size: int) -> None:
        if "data.pkl" not in records:
            raise refusal(self.path, "is a zip archive, but not a PyTorch checkpoint")
        # A program's code is compressed and never read. What is read, torch stores as it is: anything else
        # could unfold to any size.
        self._records = {
            name: each for name, each in records.items() if name in _LISTS or name.startswith("data/")
        }
        read = self._records.values()
        if any(each.compress_type != zipfile.ZIP_STORED or each.flag_bits & 1 for each in read):
            raise refusal(self.path, "is a compressed zip archive, not a PyTorch checkpoint")
        stored = (each for each in self._zip.infolist() if each.compress_type == zipfile.ZIP_STORED)
        if sum(each.file_size for each in stored) > size:
            raise refusal(self.path, "is damaged: it claims to hold more than its own size", _AGAIN)
        if records["data.pkl"].file_size > _MAX_PICKLE_BYTES:
            raise refusal(self.path, "is not an RVM checkpoint: its list of tensors is far too long")

    def read(self, name: str) -> bytes:
        """Return a record's bytes; zipfile holds them against their checksum."""
        try:
            return self._zip.read(self._records[name])
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as error:
            raise refusal(self.path, f"is damaged: its record {name} fails its checksum", _AGAIN) from error

    def values(self, storage: _Storage) -> np.ndarray:
        """Return a storage's values, (count,); every storage is read once."""
        if storage not in self._arrays:
            values = np.frombuffer(self.read(f"data/{storage.key}"), _DTYPES[storage.kind])
            if len(values) < storage.count:
                raise ValueError(f"storage {storage.key} is too short")
            bfloat16 = storage.kind == "BFloat16Storage"
            self._arrays[storage] = float32_of_bfloat16(values) if bfloat16 else values
        return self._arrays[storage]


def _array(tensor: _Tensor, archive: _Archive) -> np.ndarray:
    values = archive.values(tensor.storage)
    if len(tensor.shape) != len(tensor.strides) or len(tensor.shape) > _MAX_DIMENSIONS:
        raise ValueError("a shape that is none")
    if any(type(each) is not int or each < 0 for each in (tensor.offset, *tensor.shape, *tensor.strides)):
        raise ValueError("a shape that is none")
    if 0 in tensor.shape:
        return np.zeros(tensor.shape, values.dtype)
    last = tensor.offset + sum(
        (side - 1) * step for side, step in zip(tensor.shape, tensor.strides, strict=True)
    )
    if last >= len(values):
        raise ValueError("a tensor is larger than its storage")
    # A view: a tensor that repeats one value costs no memory, however large it says it is.
    strides = [step * values.itemsize for step in tensor.strides]
    return np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, strides, writeable=False)


def _unpickled(archive: _Archive) -> object:
    """Return what the pickle makes, with a `_Tensor` for each tensor; of a program, its state dict."""
    kind = "a TorchScript program" if archive.is_script else "a checkpoint"
    try:
        pickled = archive.read("data.pkl")
        _check_places(pickled)
        held = _TensorsOnly(io.BytesIO(pickled)).load()
        if not archive.is_script:
            return held
        found = dict(_parameters(held, "", 0))
        if not found:
            why = "is a frozen TorchScript program: its tensors have lost their names"
            raise refusal(archive.path, why, "Give the program as it was before it was frozen.")
        return found
    except _Forbidden as error:
        why = f"is refused: it asks to use {error}, which weights have no need of"
        raise refusal(
            archive.path, why, "Do not open this file with other programs: it may be malicious."
        ) from None
    except _BROKEN_PICKLE as error:
        why = f"is {kind} that is damaged: its list of tensors cannot be read"
        raise refusal(archive.path, why, _AGAIN) from error


def _parameters(module: object, prefix: str, depth: int) -> Iterator[tuple[str, _Tensor]]:
    """Yield the tensors of a TorchScript module by the names that its state dict would give them."""
    if depth > _MAX_DEPTH or not isinstance(module, _ScriptModule):
        raise pickle.UnpicklingError("it holds no modules")
    attributes = module.attributes
    if not isinstance(attributes, dict):
        raise pickle.UnpicklingError("a module has no attributes")
    for name, value in attributes.items():
        if isinstance(value, _Tensor) and f"{prefix}{name}" not in _CONSTANTS:
            yield f"{prefix}{name}", value
        elif isinstance(value, _ScriptModule):
            yield from _parameters(value, f"{prefix}{name}.", depth + 1)


class _Forbidden(pickle.UnpicklingError):
    """A pickle asked for a name that is not on the list."""


class _TensorsOnly(pickle.Unpickler):
    """Knows tensors and what holds them: an ordered dict, or the modules of a TorchScript program."""

    def find_class(self, module: str, name: str) -> Any:
        if module in ("torch", "torch.storage") and name.endswith("Storage"):
            return name
        if module == "__torch__" or module.startswith("__torch__."):
            return type("ScriptModule", (_ScriptModule,), {})
        made = _ALLOWED.get((module, name))
        if made is None:
            raise _Forbidden(f"{module}.{name}")
        # Made anew at every call: a pickle can also write to what it is given.
        return lambda *arguments: made(*arguments)

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the storage that a tensor lies in; its bytes are read later."""
        tag, kind, key, _, count = pid
        if tag != "storage" or kind not in _DTYPES or not isinstance(key, str) or type(count) is not int:
            raise pickle.UnpicklingError("it names a storage of unknown kind")
        return _Storage(kind, key, count)


def _tensor(storage: object, offset: Any, shape: Any, strides: Any, *_rest: object) -> _Tensor:
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor has no storage")
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


_ALLOWED: Final[dict[tuple[str, str], Callable[..., Any]]] = {
    ("collections", "OrderedDict"): lambda: OrderedDict(),
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): lambda tensor, *_rest: tensor,
    # What TorchScript writes round lists; none of them holds weights.
    **{
        ("torch.jit._pickle", f"build_{kind}list"): lambda _items: None
        for kind in ("int", "double", "bool", "tensor")
    },
    ("torch.jit._pickle", "restore_type_tag"): lambda value, _type: value,
}


def _check_places(pickled: bytes) -> None:
    # The unpickler makes room for every place up to the highest one named: a few bytes could ask for 64 GB.
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > len(pickled):
            raise pickle.UnpicklingError("it names a place beyond any that it can fill")
