"""Checkpoints: everything that a training needs to resume as if it had never stopped. Safetensors, no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from matteline.contract.errors import ModelError
from matteline.contract.files import replacing
from matteline.matting.weights.files import writing

KEPT: Final = 2
"""Number of checkpoints that stay in a run's folder; older ones are removed."""

_PATTERN: Final = "checkpoint-*.safetensors"


@dataclass(frozen=True)
class Progress:
    """Progress of a training.

    Attributes:
        step: Steps done.
        seconds: Seconds trained, over all runs.
        recipe: Settings that must be the same for a run to be resumed: network, preset, data, seed.
        scaler: State of the gradient scaler of float16, empty without one.
        best: Quality of the best model so far, on what is held out; None before the first.
    """

    step: int
    seconds: float
    recipe: dict[str, Any]
    scaler: dict[str, float]
    best: float | None = None


def save_checkpoint(folder: Path, progress: Progress, tensors: Mapping[str, Tensor]) -> Path:
    """Write a checkpoint, whole or not at all, and remove those that are no longer needed.

    Raises:
        WriteError: The folder cannot be written; the checkpoints before stay.
    """
    # Padded, so that the last by name is the newest.
    path = folder / f"checkpoint-{progress.step:08d}.safetensors"
    write_tensors(path, tensors, {"progress": json.dumps(asdict(progress))})
    # Two stay: should the newest be lost with the disk's last write, the one before is whole.
    for old in checkpoints_in(folder)[:-KEPT]:
        with writing(old):
            old.unlink(missing_ok=True)
    return path


def load_checkpoint(path: Path) -> tuple[Progress, dict[str, Tensor]]:
    """Read a checkpoint onto the CPU.

    Raises:
        ModelError: It is absent, damaged, or no checkpoint of a training.
    """
    # A file that somebody else made may hold anything: each of these errors means that it is not ours.
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        progress = Progress(**json.loads(metadata["progress"]))
        return progress, safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        why = "it does not exist" if not path.exists() else "it is cut short, damaged, or plain weights"
        hint = "Name a checkpoint-*.safetensors of a run's folder."
        message = f"{path} is no checkpoint to resume from: {why}."
        raise ModelError(message, path=path, hint=hint) from error


def checkpoints_in(folder: Path) -> list[Path]:
    """Return the checkpoints of a run's folder, the newest last."""
    return sorted(folder.glob(_PATTERN))


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors to a safetensors file, whole or not at all.

    Raises:
        WriteError: The file cannot be written.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # Not save_file: it makes files that others may not read, and keeps the system's reason to itself.
    with replacing(path) as temporary:
        temporary.write_bytes(safetensors.torch.save(plain, dict(metadata)))


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors under names that begin with a prefix."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return those tensors whose names begin with a prefix, without it."""
    return {
        name.removeprefix(f"{prefix}."): tensor
        for name, tensor in tensors.items()
        if name.startswith(f"{prefix}.")
    }


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimiser's state of every parameter, by the parameter's number."""
    held: dict[int, dict[str, Tensor]] = optimiser.state_dict()["state"]
    return {f"{number}.{name}": value for number, each in held.items() for name, value in each.items()}


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put the state that `optimiser_tensors` returned back into an optimiser."""
    parameters = [each for group in optimiser.param_groups for each in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        parameter = parameters[int(number)]
        if value.shape == parameter.shape:
            # Fused optimisers go by the parameter's order in memory, and files hold none.
            value = torch.empty_like(parameter, dtype=value.dtype, device=value.device).copy_(value)
        state.setdefault(int(number), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
