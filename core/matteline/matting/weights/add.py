"""Install a weights file that the user already has."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from matteline.contract.errors import JobError
from matteline.contract.files import write_bytes
from matteline.matting.weights.files import is_weights_name, read_weights
from matteline.matting.weights.find import AUTO, FoundWeights, examine, inspect, weight_files
from matteline.matting.weights.load import load_network
from matteline.matting.weights.registry import checkpoint_hashed, checkpoint_named

_NAME: Final = re.compile(r"\w[\w .-]*")


def add(source: Path, folder: Path, *, name: str | None = None) -> FoundWeights:
    """Copy a weights file into a folder, under the name it shall be asked for by.

    The file is loaded into its network first. The copy appears whole or not at all.

    Args:
        source: The file.
        folder: Where to; made if needed.
        name: None for the known checkpoint's name, or else the file's own stem.

    Returns:
        The copy; the file that is already there, if it is the same.

    Raises:
        JobError: The name is no name, is a known checkpoint's that this file is not, or is taken.
        ModelError: The file does not load into an RVM network.
        WriteError: The folder cannot be written.
    """
    data = read_weights(source)
    found = examine(data, source)
    load_network(found, "auto")
    chosen = _checked(name or found.name, found)
    there = _already_there(chosen, folder, found)
    if there is not None:
        return inspect(there)
    target = folder / f"{chosen}{source.suffix.lower()}"
    return inspect(write_bytes(target, data))


def _checked(name: str, found: FoundWeights) -> str:
    if not _NAME.fullmatch(name) or name == AUTO or is_weights_name(name):
        hint = "Choose one of letters, digits, spaces, - and _ with --name, without a file's ending."
        raise JobError(f"Weights cannot be called '{name}'.", field="name", hint=hint)
    if checkpoint_named(name) not in (None, checkpoint_hashed(found.sha256)):
        message = f"{found.path} cannot be called '{name}': that is an official file, and this is another."
        raise JobError(message, field="name", hint="Choose another name with --name.")
    return name


def _already_there(name: str, folder: Path, found: FoundWeights) -> Path | None:
    for path in weight_files(folder):
        if path.stem != name:
            continue
        if hashlib.sha256(read_weights(path)).hexdigest() == found.sha256:
            return path
        # What bears an official name without being that file is of no use to anyone, and gives way.
        if checkpoint_named(name) is None:
            message = f"The name '{name}' is taken: {path} holds something else."
            hint = "Choose another with --name, or remove that file first."
            raise JobError(message, field="name", hint=hint)
    return None
