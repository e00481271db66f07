"""Recurrent state on disk, so that a shot can go on where it stopped, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from matteline.contract.errors import ModelError, StateError
from matteline.contract.files import replacing
from matteline.matting.rvm.decoder import State

MAX_BYTES: Final = 1 << 30
"""A UHD plate that is not reduced at all has a state of 200 MB; more is no state of ours."""

_FORMAT: Final = "matteline-state-1"
_NAMES: Final = ("r1", "r2", "r3", "r4")
_DTYPES: Final = (torch.float32, torch.float16, torch.bfloat16)
_START_OVER: Final = "Render the shot from its start, overwriting its results."


def save_state(path: Path, state: State, *, next_frame: int, hashes: Mapping[str, str]) -> None:
    """Write the state before `next_frame`, whole or not at all.

    Args:
        path: A safetensors file; its folder exists.
        state: From `Session.state`.
        next_frame: Number of the frame that comes next.
        hashes: What the state depends on, by name: plate, weights, settings.

    Raises:
        WriteError: The file cannot be written; what was there before is still there.
    """
    tensors = {name: each.detach().cpu().contiguous() for name, each in zip(_NAMES, state, strict=True)}
    metadata = {
        "format": _FORMAT,
        "next_frame": str(next_frame),
        "hashes": json.dumps(dict(hashes), sort_keys=True),
    }
    with replacing(path) as temporary:
        temporary.write_bytes(safetensors.torch.save(tensors, metadata))


def load_state(path: Path, *, hashes: Mapping[str, str]) -> tuple[State, int]:
    """Read a state, on the CPU, and the number of the frame that comes next.

    Args:
        path: What `save_state` wrote.
        hashes: What the state must have been saved with.

    Raises:
        StateError: Something it depends on has changed.
        ModelError: The file is missing, damaged or foreign.
    """
    try:
        _check_size(path)
        with safetensors.safe_open(path, framework="pt") as file:
            next_frame, saved = _described(path, file.metadata())
            _check_hashes(path, saved, hashes)
            state = _tensors(path, file)
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror or error}") from error
    except safetensors.SafetensorError as error:
        raise _refusal(path, f"is damaged or cut short ({error})") from error
    return state, next_frame


def _check_size(path: Path) -> None:
    if path.is_dir():
        raise _refusal(path, "is a folder")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise _refusal(path, f"is no saved state: {size} bytes are more than one can have")


def _described(path: Path, metadata: Mapping[str, str] | None) -> tuple[int, Mapping[str, object]]:
    metadata = metadata or {}
    if metadata.get("format") != _FORMAT:
        raise _refusal(path, "is not a state that this matteline saved")
    try:
        next_frame, saved = int(metadata["next_frame"]), json.loads(metadata["hashes"])
    except (KeyError, ValueError) as error:
        raise _refusal(path, "is a damaged state: what it belongs to cannot be read") from error
    return next_frame, saved if isinstance(saved, dict) else {}


def _check_hashes(path: Path, saved: Mapping[str, object], hashes: Mapping[str, str]) -> None:
    changed = sorted(name for name in {*saved, *hashes} if saved.get(name) != hashes.get(name))
    if changed:
        raise StateError(
            f"The saved state {path} cannot be used: since it was saved, other {' and '.join(changed)} "
            "came in use.",
            path=path,
            hint=_START_OVER,
        )


def _tensors(path: Path, file: Any) -> State:
    if tuple(sorted(file.keys())) != _NAMES:
        raise _refusal(path, "is not a state: it holds other tensors")
    one, two, three, four = (_tensor(path, file, name) for name in _NAMES)
    return one, two, three, four


def _tensor(path: Path, file: Any, name: str) -> Tensor:
    if len(file.get_slice(name).get_shape()) != 4:
        raise _refusal(path, f"is not a state: {name} is not of four dimensions")
    tensor: Tensor = file.get_tensor(name)
    if tensor.dtype not in _DTYPES:
        raise _refusal(path, f"is not a state: {name} is of type {str(tensor.dtype).removeprefix('torch.')}")
    return tensor


def _refusal(path: Path, why: str) -> ModelError:
    return ModelError(f"The saved state {path} {why}.", path=path, hint=_START_OVER)
