"""The record beside the results: the recipe they are made by, so that an interrupted run can resume."""

from __future__ import annotations

import json
from collections.abc import Mapping

from matteline.contract.errors import JobError
from matteline.contract.files import replacing
from matteline.engine.outputs import Outputs
from matteline.engine.recipe import differences


def write_record(outputs: Outputs, recipe: Mapping[str, object]) -> None:
    """Write the recipe beside the results. Raises `WriteError`."""
    with replacing(outputs.record) as temporary:
        temporary.write_text(json.dumps(recipe, indent=1, ensure_ascii=False), encoding="utf-8")


def check_record(outputs: Outputs, recipe: dict[str, object]) -> None:
    """Check that results made now would match those already there.

    Raises:
        JobError: Nothing says how the existing results were made, or they were made in another way.
    """
    try:
        found = json.loads(outputs.record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise JobError(
            f"The results in {outputs.folder} cannot be resumed: "
            "nothing beside them says how they were made.",
            field="existing",
            hint="Choose another output folder, or overwrite them.",
            settings=("output", "existing=overwrite"),
        ) from None
    changed = differences(found, recipe)
    if changed:
        raise JobError(
            f"The results in {outputs.folder} cannot be resumed: they were made with other settings "
            f"({'; '.join(changed)}).",
            field="existing",
            hint="Use the same settings as before, choose another output folder, or overwrite the results.",
            settings=("existing=overwrite", "output"),
        )
