"""What a PyTorch checkpoint says of its tensors, told without torch and without trusting it.

A `.pth` file is a zip of raw tensor storages beside one pickle that describes them, and a pickle is a
program: this one runs where only the handful of names that describe tensors exist.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from matteline.matting.weights.files import refusal

BROKEN_PICKLE: Final = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
    Warning,
)
"""What unpickling a damaged or hostile file raises; the pickle module promises no shorter list.

A warning is among them where a program makes warnings errors: a broken escape sequence gives one.
"""

_MAX_PICKLE_BYTES: Final = 1 << 20  # the largest RVM description has less than 100 KB
_ZIP_START: Final = b"PK\x03\x04"
_AGAIN: Final = "Get the file again from where it came; it was cut short or changed on the way."


class Shape(tuple[int, ...]):
    """A tensor of a checkpoint: only its shape is known."""


def described(data: bytes, path: Path) -> object:
    """The object that a `.pth` file holds, with a `Shape` in place of every tensor.

    Args:
        data: The whole file.
        path: Its name, for the message.

    Raises:
        ModelError: The file is damaged, no checkpoint, or names anything but tensors.
    """
    pickled = _description(data, path)
    try:
        _check_places(pickled)
        return _TensorsOnly(io.BytesIO(pickled)).load()
    except _Forbidden as error:
        why = f"is refused: it asks to use {error}, which weights have no need of"
        raise refusal(path, why, "Do not open this file with other programs: it may be malicious.") from None
    except BROKEN_PICKLE as error:
        raise refusal(path, "is damaged: its list of tensors cannot be read", _AGAIN) from error


class _Forbidden(pickle.UnpicklingError):
    """A pickle asked for a name that is not on the list."""


class _TensorsOnly(pickle.Unpickler):
    """Knows OrderedDict and tensors, and hands out `Shape` for the latter."""

    def find_class(self, module: str, name: str) -> Any:
        if module in ("torch", "torch.storage") and name.endswith("Storage"):
            return name
        # Made anew at every call: a pickle can also write to what it is given.
        if (module, name) == ("collections", "OrderedDict"):
            return lambda: OrderedDict()
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, *rest: Shape(size)
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *rest: tensor
        raise _Forbidden(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> None:
        """A storage: its bytes are not looked at."""


def _check_places(pickled: bytes) -> None:
    # The unpickler makes room for every place up to the highest one named: a few bytes could ask for 64 GB.
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > len(pickled):
            raise pickle.UnpicklingError("it names a place beyond any that it can fill")


def _description(data: bytes, path: Path) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_records(archive, len(data), path)
            return archive.read(_the_pickle(archive, path))
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as error:
        if data.startswith(_ZIP_START):
            raise refusal(path, "is damaged or cut short: its table of contents is broken", _AGAIN) from error
        raise refusal(path, "is not a PyTorch checkpoint, whatever its name says") from error


def _check_records(archive: zipfile.ZipFile, size: int, path: Path) -> None:
    records = archive.infolist()
    # torch stores its records as they are; anything else could unfold to any size.
    if any(each.compress_type != zipfile.ZIP_STORED or each.flag_bits & 1 for each in records):
        raise refusal(path, "is a compressed zip archive, not a PyTorch checkpoint")
    if sum(each.file_size for each in records) > size:
        raise refusal(path, "is damaged: it claims to hold more than its own size", _AGAIN)
    broken = archive.testzip()
    if broken is not None:
        raise refusal(path, f"is damaged: its record {broken} fails its checksum", _AGAIN)


def _the_pickle(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    inner = {each.filename.partition("/")[2]: each for each in archive.infolist()}
    if "constants.pkl" in inner:
        raise refusal(path, "is a TorchScript program, not a checkpoint")
    if "data.pkl" not in inner:
        raise refusal(path, "is a zip archive, but not a PyTorch checkpoint")
    if inner["data.pkl"].file_size > _MAX_PICKLE_BYTES:
        raise refusal(path, "is not an RVM checkpoint: its list of tensors is far too long")
    return inner["data.pkl"]
