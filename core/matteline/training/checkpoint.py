"""Checkpoints: all that a training needs to go on as if it had never stopped. Safetensors only, no pickle."""

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
"""How many checkpoints lie in a run's folder; older ones are removed."""

_PATTERN: Final = "checkpoint-*.safetensors"


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Attributes:
        step: Steps done.
        seconds: Seconds trained, over all runs.
        recipe: What must be the same for a run to go on: network, preset, data, seed.
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
    path = folder / f"checkpoint-{progress.step:08d}.safetensors"
    write_tensors(path, tensors, {"progress": json.dumps(asdict(progress))})
    for old in checkpoints_in(folder)[:-KEPT]:
        with writing(old):
            old.unlink(missing_ok=True)
    return path


def load_checkpoint(path: Path) -> tuple[Progress, dict[str, Tensor]]:
    """Read a checkpoint, on the CPU.

    Raises:
        ModelError: It is absent, damaged, or no checkpoint of a training.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        progress = Progress(**json.loads(metadata["progress"]))
        return progress, safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        why = "it does not exist" if not path.exists() else "it is cut short, damaged, or plain weights"
        hint = "Name a checkpoint-*.safetensors of a run's folder; --resume takes the newest by itself."
        message = f"{path} is no checkpoint to go on from: {why}."
        raise ModelError(message, path=path, hint=hint) from error


def checkpoints_in(folder: Path) -> list[Path]:
    """The checkpoints of a run's folder, the newest last."""
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
    """Tensors under names that begin with a prefix."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those of the tensors whose names begin with a prefix, without it."""
    return {
        name.removeprefix(f"{prefix}."): tensor
        for name, tensor in tensors.items()
        if name.startswith(f"{prefix}.")
    }


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimiser's memory of every parameter, by the parameter's number."""
    held: dict[int, dict[str, Tensor]] = optimiser.state_dict()["state"]
    return {f"{number}.{name}": value for number, each in held.items() for name, value in each.items()}


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimiser back what `optimiser_tensors` took."""
    parameters = [each for group in optimiser.param_groups for each in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = _laid_out_as(value, parameters[int(number)])
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _laid_out_as(value: Tensor, parameter: Tensor) -> Tensor:
    """The same values in the parameter's order of memory, which fused optimisers go by; counts stay."""
    if value.shape != parameter.shape:
        return value
    return torch.empty_like(parameter, dtype=value.dtype, device=value.device).copy_(value)
