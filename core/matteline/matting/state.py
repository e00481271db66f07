"""Recurrent state on disk, so that a shot can go on where it stopped, bit for bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
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

# The number is the layout's: states of another layout are refused and made anew, never guessed at.
_FORMAT: Final = "matteline-state-2"
_NAMES: Final = ("r1", "r2", "r3", "r4")
_MOST_REGIONS: Final = 16
_DTYPES: Final = (torch.float32, torch.float16, torch.bfloat16)
_START_OVER: Final = "Render the shot from its start, overwriting its results."


def save_state(path: Path, states: Sequence[State], *, next_frame: int, hashes: Mapping[str, str]) -> None:
    """Write the states before `next_frame`, whole or not at all.

    Args:
        path: A safetensors file; its folder exists.
        states: From `Session.state`, one for each region that the network sees of the shot.
        next_frame: Number of the frame that comes next.
        hashes: What the states depend on, by name: plate, weights, settings.

    Raises:
        WriteError: The file cannot be written; what was there before is still there.
    """
    tensors = {
        # Row by row, as safetensors wants them: on the CPU the network's pictures lie channels last.
        f"{region}.{name}": each.detach().cpu().contiguous()
        for region, state in enumerate(states)
        for name, each in zip(_NAMES, state, strict=True)
    }
    metadata = {
        "format": _FORMAT,
        "next_frame": str(next_frame),
        # Sorted, so that the same hashes give the same bytes whatever order they were collected in.
        "hashes": json.dumps(dict(hashes), sort_keys=True),
        "sha256": _checksum(tensors),
    }
    # On disk before it is renamed: after a power cut a state is whole or absent.
    with replacing(path, durable=True) as temporary:
        temporary.write_bytes(safetensors.torch.save(tensors, metadata))


def load_state(path: Path, *, hashes: Mapping[str, str]) -> tuple[tuple[State, ...], int]:
    """Read states, on the CPU, and the number of the frame that comes next.

    Args:
        path: What `save_state` wrote.
        hashes: What the states must have been saved with.

    Returns:
        One state for each region, and the frame's number.

    Raises:
        StateError: Something they depend on has changed.
        ModelError: The file is missing, damaged or foreign.
    """
    try:
        _check_file(path)
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            next_frame, saved = _described(path, metadata)
            _check_hashes(path, saved, hashes)
            tensors = {name: _tensor(path, file, name) for name in file.keys()}  # noqa: SIM118, no mapping
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror or error}") from error
    except safetensors.SafetensorError as error:
        raise _refusal(path, f"is damaged or cut short ({error})") from error
    count = len(tensors) // len(_NAMES)
    expected = {f"{region}.{name}" for region in range(count) for name in _NAMES}
    if not 1 <= count <= _MOST_REGIONS or set(tensors) != expected:
        raise _refusal(path, "is not a state: it holds other tensors")
    # A flipped bit would matte all the frames that follow wrongly, and nothing would show why.
    if metadata.get("sha256") != _checksum(tensors) or not all(
        bool(torch.isfinite(each).all()) for each in tensors.values()
    ):
        raise _refusal(path, "is damaged: its values are not those that were saved")
    return tuple(_state_of(tensors, region) for region in range(count)), next_frame


def _state_of(tensors: Mapping[str, Tensor], region: int) -> State:
    one, two, three, four = (tensors[f"{region}.{name}"] for name in _NAMES)
    return one, two, three, four


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of the names and bytes of all tensors."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype} ".encode())
        # As bytes, because numpy has no bfloat16.
        digest.update(tensor.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise _refusal(path, "is a folder")
    # A pipe or a device would never end.
    if path.exists() and not path.is_file():
        raise _refusal(path, "is no file")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise _refusal(path, f"is no saved state: {size} bytes are more than one can have")


def _described(path: Path, metadata: Mapping[str, str]) -> tuple[int, Mapping[str, object]]:
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


def _tensor(path: Path, file: Any, name: str) -> Tensor:
    if len(file.get_slice(name).get_shape()) != 4:
        raise _refusal(path, f"is not a state: {name} is not of four dimensions")
    tensor: Tensor = file.get_tensor(name)
    if tensor.dtype not in _DTYPES:
        raise _refusal(path, f"is not a state: {name} is of type {str(tensor.dtype).removeprefix('torch.')}")
    return tensor


def _refusal(path: Path, why: str) -> ModelError:
    return ModelError(f"The saved state {path} {why}.", path=path, hint=_START_OVER)
