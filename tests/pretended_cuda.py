"""A pretended CUDA machine: tensors that say they are on `cuda:0` or `cuda:1`, compute on the CPU, and do not mix.

As on a GPU, an operation is refused if its tensors are on different devices, except for what CUDA allows: copies,
single numbers of the CPU among element-wise operands, and indices from the CPU into a tensor of a GPU. What kernels
cost and whether they round alike is not pretended.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

CPU = torch.device("cpu")
_COPIES = {"aten::_to_copy", "aten::copy_"}
_INDEXING = {"aten::index", "aten::index_put_", "aten::_index_put_impl_"}


class PretendedCuda:
    """The machine's state.

    Attributes:
        moved: Copies `up` to devices and `down` from them, and their `up bytes` and `down bytes`.
        allocated: Bytes of all living tensors of each device.
        limit_bytes: Memory of each device; what exceeds it raises `torch.OutOfMemoryError`.
        peak: The most that was ever allocated of each device.
        fail_at: Names of operations that run out of memory the next time, once each.
    """

    def __init__(self) -> None:
        self.moved: Counter[str] = Counter()
        self.allocated: Counter[torch.device] = Counter()
        self.limit_bytes = 1 << 62
        self.peak: Counter[torch.device] = Counter()
        self.fail_at: set[str] = set()
        self._holders: Counter[tuple[torch.device, int]] = Counter()
        # Tensors die in the middle of anything, also of what holds the lock.
        self._lock = threading.RLock()

    def hold(self, tensor: PretendedTensor) -> None:
        """Count a tensor's memory for as long as it lives."""
        storage = tensor.inner.untyped_storage()
        key, size = (tensor.on, storage.data_ptr()), storage.nbytes()
        with self._lock:
            self.allocated[tensor.on] += 0 if self._holders[key] else size
            self._holders[key] += 1
            self.peak[tensor.on] = max(self.peak[tensor.on], self.allocated[tensor.on])
        weakref.finalize(tensor, self._release, key, size)

    def _release(self, key: tuple[torch.device, int], size: int) -> None:
        with self._lock:
            self._holders[key] -= 1
            self.allocated[key[0]] -= 0 if self._holders[key] else size

    def check_memory(self, operation: str, device: torch.device) -> None:
        """Raise `torch.OutOfMemoryError` where an operation is to fail, or memory is used up."""
        fails = operation in self.fail_at
        self.fail_at.discard(operation)
        if fails or self.allocated[device] > self.limit_bytes:
            raise torch.OutOfMemoryError(f"CUDA out of memory (pretended) in {operation}.")

    def count_copy(self, source: torch.Tensor, to: torch.device) -> None:
        """Count a copy from or to a device."""
        if source.device != to:
            way = "down" if to == CPU else "up"
            self.moved[way] += 1
            self.moved[f"{way} bytes"] += source.numel() * source.element_size()


class PretendedTensor(torch.Tensor):
    """A tensor of a pretended device round one of the CPU."""

    inner: torch.Tensor
    on: torch.device
    machine: PretendedCuda

    @staticmethod
    def __new__(cls, machine: PretendedCuda, inner: torch.Tensor, device: torch.device) -> PretendedTensor:
        made: PretendedTensor = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            layout=inner.layout,
            # torch itself sees a device that needs no driver, of the same number.
            device=torch.device("meta", device.index),
        )
        made.machine, made.inner, made.on = machine, inner, device
        machine.hold(made)
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return self.on

    @property
    def is_cuda(self) -> bool:  # type: ignore[override]
        return True

    def new_tensor(self, data: Any, **options: Any) -> torch.Tensor:  # type: ignore[override]
        return torch.tensor(data, **{"dtype": self.dtype, "device": self.device, **options})

    def numpy(self, *, force: bool = False) -> Any:
        raise TypeError("can't convert cuda device type tensor to numpy (pretended).")

    def __repr__(self) -> str:  # type: ignore[override]
        return f"pretended {self.on} {tuple(self.shape)} {self.dtype}"

    @classmethod
    def __torch_dispatch__(cls, call: Any, types: Any, args: Any = (), options: Any = None) -> Any:
        flat = _flat((args, options or {}), [])
        first = next(each for each in flat if isinstance(each, PretendedTensor))
        return _dispatched(first.machine, call, args, options or {}, flat)


class _Mode(TorchDispatchMode):
    """Sees what makes tensors on a pretended device out of nothing, in the thread that enters it."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Keeps torch from loading its compiler, which takes seconds and is not needed.
        return False

    def __init__(self, machine: PretendedCuda) -> None:
        super().__init__()
        self._machine = machine

    def __torch_dispatch__(self, call: Any, types: Any, args: Any = (), options: Any = None) -> Any:
        flat = _flat((args, options or {}), [])
        if not any(isinstance(each, PretendedTensor) or _is_pretended(each) for each in flat):
            return call(*args, **(options or {}))
        return _dispatched(self._machine, call, args, options or {}, flat)


def _is_pretended(value: Any) -> bool:
    # Networks are built on torch's own "meta", which has no number.
    return isinstance(value, torch.device) and (
        value.type == "cuda" or (value.type == "meta" and value.index is not None)
    )


def _dispatched(
    machine: PretendedCuda, call: Any, args: Any, options: dict[str, Any], flat: list[Any]
) -> Any:
    tensors = [each for each in flat if isinstance(each, torch.Tensor)]
    name = call._schema.name
    target = _device_of_result(call, name, flat, tensors)
    if name in _COPIES:
        machine.count_copy(tensors[-1], target)
    options = {key: value for key, value in options.items() if key != "pin_memory"}
    plain = call(*_plain(args), **_plain(options))
    if target == CPU:
        return plain
    # What works in place returns the very tensor that it was given.
    known = {id(each.inner): each for each in tensors if isinstance(each, PretendedTensor)}
    made = _wrapped(machine, plain, target, known)
    machine.check_memory(name, target)
    return made


def _flat(value: Any, found: list[Any]) -> list[Any]:
    if isinstance(value, tuple | list):
        for each in value:
            _flat(each, found)
    elif isinstance(value, dict):
        _flat(list(value.values()), found)
    else:
        found.append(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(_plain(each) for each in value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, PretendedTensor):
        return value.inner
    return CPU if isinstance(value, torch.device) else value


def _wrapped(
    machine: PretendedCuda, value: Any, device: torch.device, known: dict[int, PretendedTensor]
) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(_wrapped(machine, each, device, known) for each in value)
    if not isinstance(value, torch.Tensor):
        return value
    return known[id(value)] if id(value) in known else PretendedTensor(machine, value, device)


def _device_of_result(call: Any, name: str, flat: list[Any], tensors: list[torch.Tensor]) -> torch.device:
    """Return the device that an operation's result is on; raises where its tensors do not go together."""
    named = next((each for each in flat if isinstance(each, torch.device)), None)
    if named is not None:
        named = torch.device("cuda", named.index or 0) if _is_pretended(named) else named
    if name in _COPIES:
        return named or tensors[0].device

    def may_stay(tensor: torch.Tensor) -> bool:
        is_index = name in _INDEXING and tensor is not tensors[0]
        is_number = torch.Tag.pointwise in call.tags and tensor.dim() == 0
        return tensor.device == CPU and (is_index or is_number)

    devices = {each.device for each in tensors if not may_stay(each)}
    if len(devices) > 1:
        given = ", ".join(f"{tuple(each.shape)} on {each.device}" for each in tensors)
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but {name} got {given} (pretended)."
        )
    return named or next(iter(devices), CPU)


@contextmanager
def pretended_cuda(patch: pytest.MonkeyPatch) -> Iterator[PretendedCuda]:
    """Give this process two CUDA devices that compute on the CPU, in this thread and in all that it starts."""
    machine, run, tensor = PretendedCuda(), threading.Thread.run, torch.tensor

    def run_on_machine(self: threading.Thread) -> None:
        with _Mode(machine):
            run(self)

    def tensor_on(data: Any, *, device: Any = None, **options: Any) -> torch.Tensor:
        # torch's own makes it on the device at once, unseen.
        if device is None or torch.device(device).type != "cuda":
            return tensor(data, device=device, **options)
        return tensor(data, **options).to(device)

    patch.setattr(threading.Thread, "run", run_on_machine)
    patch.setattr(torch, "tensor", tensor_on)
    patch.setattr(torch.Tensor, "pin_memory", lambda self: self)
    # Tensors of inference mode cannot be wrapped.
    patch.setattr(torch, "inference_mode", torch.no_grad)
    patch.setattr(torch.version, "cuda", "0.0")
    for name, answer in {"is_available": True, "device_count": 2, "is_bf16_supported": True}.items():
        patch.setattr(torch.cuda, name, lambda answer=answer: answer)
    patch.setattr(torch.cuda, "get_device_name", lambda number=0: "pretended")
    for name in ("_lazy_init", "empty_cache", "synchronize"):
        patch.setattr(torch.cuda, name, lambda *device: None)
    overwrites = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        with _Mode(machine):
            yield machine
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(overwrites)
