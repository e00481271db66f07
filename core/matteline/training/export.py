"""Export of a trained network to a weights file.

::

    python -m matteline.training.export RUN/model.safetensors matteline-small.safetensors \
        --name matteline-small --longer-side 256 --half --fast-refiner

exports a run's model, or the averaged weights of one of its checkpoints.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from matteline.contract.errors import JobError, ModelError
from matteline.matting.weights.card import LONGER_SIDES
from matteline.matting.weights.find import FoundWeights, inspect
from matteline.training.checkpoint import load_checkpoint, under, write_tensors


def export(
    source: Path,
    target: Path,
    *,
    name: str | None = None,
    longer_side: int | None = None,
    half: bool = False,
    fast_refiner: bool = False,
) -> FoundWeights:
    """Write the weights of a training under a name of their own.

    Args:
        source: A run's `model.safetensors`, or one of its checkpoints.
        target: The file to write, ending in `.safetensors`.
        name: Name of the model; None keeps the one it has.
        longer_side: Longer side in pixels of the reduced picture that it is to be shown; None keeps it.
        half: Round the weights to float16, half as large; they are read as float32 again.
        fast_refiner: Leave a learned refiner out: the network then takes the fast guided filter, which has no
            weights and cannot print a plate's texture into solid bodies, as one that learned too little does.

    Raises:
        ModelError: The source is neither, or damaged, or holds a weight that is too large for float16.
        JobError: The size is impossible, or the target is no safetensors file.
        WriteError: The target cannot be written.
    """
    if longer_side is not None and longer_side not in LONGER_SIDES:
        hint = f"Choose from {LONGER_SIDES[0]} to {LONGER_SIDES[-1]}."
        raise JobError(f"A network cannot be shown {longer_side} pixels.", field="longer_side", hint=hint)
    if target.suffix.lower() != ".safetensors":
        hint = "Let its name end in .safetensors."
        raise JobError(f"{target} is no name for exported weights.", field="target", hint=hint)
    tensors, card = _read(source)
    if fast_refiner:
        tensors = {name: each for name, each in tensors.items() if not name.startswith("refiner.")}
    if half:
        tensors = {name: each.half() if each.is_floating_point() else each for name, each in tensors.items()}
        for tensor, each in tensors.items():
            # Above 65504 float16 knows infinity alone.
            if not bool(torch.isfinite(each).all()):
                raise ModelError(
                    f"{source} does not fit float16: {tensor} has larger values.",
                    path=source,
                    hint="Export it as it is.",
                )
    # What training wrote of itself stays, but for what the caller sets.
    card |= {"name": name} if name else {}
    card |= {"longer_side": str(longer_side)} if longer_side else {}
    write_tensors(target, tensors, card)
    return inspect(target)


def _read(source: Path) -> tuple[Mapping[str, Tensor], dict[str, str]]:
    """Return weights and metadata of a run's model, or of a checkpoint's average."""
    if source.name.startswith("checkpoint-"):
        progress, tensors = load_checkpoint(source)
        minutes = f"{progress.seconds / 60:.1f}"
        return under("average", tensors), {"steps": str(progress.step), "minutes": minutes}
    inspect(source)  # says in a sentence what is wrong with a file that holds no network
    try:
        with safetensors.safe_open(source, framework="pt") as file:
            words = dict(file.metadata() or {})
        return safetensors.torch.load_file(source), words
    except safetensors.SafetensorError as error:
        raise ModelError(f"{source} is no safetensors file.", path=source) from error


def main(words: Sequence[str] | None = None) -> None:
    """Read the arguments and export."""
    parser = argparse.ArgumentParser(description="Write the weights of a training under a name of their own.")
    parser.add_argument("source", type=Path, help="a run's model.safetensors, or one of its checkpoints")
    parser.add_argument("target", type=Path, help="the .safetensors file to write")
    parser.add_argument("--name", help="name of the model")
    parser.add_argument(
        "--longer-side", type=int, help="longer side of the reduced picture that it is to be shown, in pixels"
    )
    parser.add_argument("--half", action="store_true", help="round to float16, half as large")
    parser.add_argument(
        "--fast-refiner", action="store_true", help="leave a learned refiner out, for the fast guided filter"
    )
    given = parser.parse_args(words)
    found = export(
        given.source,
        given.target,
        name=given.name,
        longer_side=given.longer_side,
        half=given.half,
        fast_refiner=given.fast_refiner,
    )
    print(f"{found.path}: {found.origin}, {found.path.stat().st_size / 1e6:.1f} MB, sha256 {found.sha256}")


if __name__ == "__main__":
    main()
