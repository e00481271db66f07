"""Read the tensors of any weights file, without running anything that is in it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import safetensors

from matteline.matting.weights.archive import read_archive
from matteline.matting.weights.files import MAX_BYTES, Tensors, float32_of_bfloat16, refusal

_SAFETENSORS_DTYPES: Final = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "uint16",  # made float32 as soon as it is read
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
}


def read_tensors(data: bytes, path: Path) -> Tensors:
    """Return the tensors of a whole weights file by the authors' names, in the file's own dtypes.

    Only `.onnx` needs torch. Arrays are read-only; bfloat16 becomes float32.

    Args:
        data: The whole file.
        path: Its name; the suffix decides how it is read.

    Raises:
        ModelError: The file is damaged or foreign, or holds more than any RVM network.
    """
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        tensors = _read_safetensors(data, path)
    elif suffix == ".onnx":
        # Imported here: it loads torch, without which the other kinds are read.
        from matteline.matting.weights.placing import read_onnx

        tensors = read_onnx(data, path)
    else:
        tensors = read_archive(data, path)
    # A view that repeats one value can claim any size, and is made whole sooner or later.
    if sum(each.nbytes for each in tensors.values()) > MAX_BYTES:
        raise refusal(path, f"claims to hold more than any RVM network (over {MAX_BYTES >> 20} MiB)")
    return tensors


def tensors_sha256(tensors: Tensors) -> str:
    """Return the SHA-256 of a network: of its tensors' names, shapes and values in single precision.

    It does not change with the kind, the name or the order of the file. Counts of training steps are left
    out: nothing but training reads them, and converters drop them.
    """
    marks = hashlib.sha256()
    for name in sorted(tensors):
        if not name.endswith(".num_batches_tracked"):
            values = tensors[name]
            if values.dtype.kind == "f":
                with np.errstate(over="ignore"):  # infinity then, which loading refuses
                    values = values.astype("<f4")
            marks.update(f"{name} {values.dtype.str} {list(values.shape)}\n".encode())
            marks.update(np.ascontiguousarray(values).data)
    return marks.hexdigest()


def _read_safetensors(data: bytes, path: Path) -> Tensors:
    again = "Get the file again from where it came."
    try:
        stored = safetensors.deserialize(data)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        why = f"is cut short, damaged or no safetensors file ({error})"
        raise refusal(path, why, again) from error
    tensors = {}
    for name, each in stored:
        if each["dtype"] not in _SAFETENSORS_DTYPES:
            raise refusal(path, f"holds values of type {each['dtype']}: {name} cannot be read")
        values = np.frombuffer(each["data"], _SAFETENSORS_DTYPES[each["dtype"]]).reshape(each["shape"])
        tensors[name] = float32_of_bfloat16(values) if each["dtype"] == "BF16" else values
    return tensors
