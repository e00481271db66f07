"""Devices and precisions for the network, from the words of a user."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

import torch

from matteline.contract.errors import DeviceError, JobError
from matteline.contract.messages import counted

Result = TypeVar("Result")

DTYPES: Mapping[str, torch.dtype] = MappingProxyType(
    {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
)
"""Precisions by their names in the settings."""

# A GPU wants many pictures for each of the few hundred small steps of the encoder. A processor gains nothing
# from a second one, and loses once they fall out of its cache.
_CUDA_BATCH = 8

_GET_TORCH = "Install a build of torch for this GPU (pytorch.org/get-started), or render on the CPU."


def resolve_device(word: str) -> torch.device:
    """Return the device meant by `auto`, `cpu`, `cuda`, `cuda:1` or `mps`; `auto` takes a GPU where there is one.

    Raises:
        DeviceError: That device is not there.
        JobError: The word names no kind of device.
    """
    if word == "auto":
        return torch.device(devices()[0][0])
    device = _parsed(word)
    if device.type == "cuda":
        _require_cuda(device)
    elif device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError(
            f"There is no Apple GPU that torch {torch_build()} can use.",
            hint=_GET_TORCH,
            settings=("device=cpu",),
        )
    return device


def _parsed(word: str) -> torch.device:
    kind, _, number = word.partition(":")
    known = kind == "cuda" or (kind in ("cpu", "mps") and word == kind)
    if not known or (word != kind and not number.isdecimal()):
        raise JobError(
            f"'{word}' is not a device.", field="device", hint="Choose from: auto, cpu, cuda, cuda:1, mps."
        )
    return torch.device(word)


def _require_cuda(device: torch.device) -> None:
    built_for_it = torch.version.cuda or torch.version.hip
    if not built_for_it:
        raise DeviceError(
            f"No CUDA GPU can be used: this is torch {torch_build()}.",
            hint=_GET_TORCH,
            settings=("device=cpu",),
        )
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise DeviceError(
            f"No CUDA GPU can be used: torch {torch_build()} finds none.",
            hint="Check with 'nvidia-smi' that the driver is installed and new enough, or render on the CPU.",
            settings=("device=cpu",),
        )
    if device.index is not None and device.index >= count:
        names = ", ".join(f"cuda:{number}" for number in range(count))
        raise DeviceError(f"There is no {device}: this machine has {names}.", hint="Choose one of these.")


def devices() -> list[tuple[str, str]]:
    """List the devices that torch can compute on here, best first, as pairs of name and description."""
    found = []
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        found += [(f"cuda:{number}", name) for number, name in enumerate(names)]
    if torch.backends.mps.is_available():
        found.append(("mps", "GPU of this Mac"))
    return [*found, ("cpu", counted(torch.get_num_threads(), "thread"))]


def torch_build() -> str:
    """Return torch's version and the platform it was built for, such as `2.8.0+cu126 for CUDA 12.6`."""
    if torch.version.cuda:
        return f"{torch.__version__} for CUDA {torch.version.cuda}"
    if torch.version.hip:
        return f"{torch.__version__} for ROCm {torch.version.hip}"
    return f"{torch.__version__}, built without CUDA"


def resolve_precision(word: str, device: torch.device) -> torch.dtype:
    """Return the precision meant by `auto`, `fp32`, `fp16` or `bf16`; `auto` is fp16 on CUDA and fp32 elsewhere.

    Raises:
        DeviceError: The device cannot compute in it.
        JobError: The word names no precision.
    """
    if word == "auto":
        return torch.float16 if device.type == "cuda" else torch.float32
    if word not in DTYPES:
        options = ", ".join(("auto", *DTYPES))
        raise JobError(f"'{word}' is not a precision.", field="precision", hint=f"Choose from: {options}.")
    if word == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise DeviceError(
            f"{device} cannot compute in bf16.", hint="Use fp16 or fp32.", settings=("precision",)
        )
    return DTYPES[word]


def precision_name(dtype: torch.dtype) -> str:
    """Return the name of a precision in the settings."""
    return next(name for name, each in DTYPES.items() if each == dtype)


def resolve_batch(batch: str | int, device: torch.device) -> int:
    """Return the frames to encode at once: the number asked for, or for `auto` one that suits the device."""
    if batch != "auto":
        return int(batch)
    return _CUDA_BATCH if device.type == "cuda" else 1


def compute_repeatably(device: torch.device) -> None:
    """Let this process give the same pixels for the same frames every time, from now on and in all its threads."""
    if device.type != "cuda":
        return
    # For good, and not round each computation: the flags are the whole process's, and one thread would take them from
    # another. TF32 would quietly take fp32 down to three digits; choosing algorithms by timing them would let two
    # runs differ.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True


def attempt(work: Callable[[], Result]) -> tuple[Result] | tuple[()]:
    """Return the result of some work, or nothing where a device's memory ran out; its tensors are let go by then."""
    try:
        return (work(),)
    except torch.OutOfMemoryError:
        # Nothing is tried again in here, where the traceback keeps the failed work's tensors alive.
        return ()


def with_memory(device: torch.device, work: Callable[[], Result]) -> Result:
    """Return the result of some work, which is done once more where memory runs out.

    Raises:
        DeviceError: It ran out again, with all that can be released given back.
    """
    made = attempt(work)
    if not made:
        release_memory()
        made = attempt(work)
    if not made:
        raise too_little_memory(device)
    return made[0]


def release_memory() -> None:
    """Give back the devices' memory that torch holds in reserve."""
    # First, because tensors that only a cycle of references holds would keep their memory from being given back.
    gc.collect()
    torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def too_little_memory(device: torch.device) -> DeviceError:
    """Return the error to raise where a frame at a time is too much."""
    return DeviceError(
        f"{device} has too little memory for this plate, even frame by frame.",
        hint="Close other programs that use the GPU, lower the downsample ratio, or render on the CPU.",
        settings=("downsample_ratio", "device=cpu"),
    )


def synchronize(device: str) -> None:
    """Wait until a GPU has done what it was given; on the CPU there is nothing to wait for."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device == "mps":
        torch.mps.synchronize()


def thread_count() -> int:
    """Return the number of threads that this process computes with on the CPU."""
    return torch.get_num_threads()


def set_thread_count(count: int) -> None:
    """Compute with this many threads from now on; 0 leaves it as it is.

    Sums are shared out over threads, and another number of them rounds in another order: of the 770 000
    values of forty small frames, eleven differed in the last place between one thread and two.
    """
    if count:
        torch.set_num_threads(count)
