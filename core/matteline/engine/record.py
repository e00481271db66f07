"""The record beside the results: the recipes and jobs that they were made by."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from matteline.engine.outputs import Outputs
from matteline.engine.plan import Plan
from matteline.engine.recipe import recipe, recipe_mark
from matteline.contract.files import replacing

RECORD_VERSION = 2
MAX_RECORD_BYTES = 4 << 20
"""A record of ours takes a kilobyte or two for each recipe; a larger file is something else."""


@dataclass(frozen=True)
class Record:
    """The recipes and jobs of the results in one folder, by the mark that each result carries."""

    recipes: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_record(outputs: Outputs) -> Record:
    """Read the record of a shot; an empty one where there is none, or none that can be read."""
    try:
        if outputs.record.stat().st_size > MAX_RECORD_BYTES:
            return Record()
        data = json.loads(outputs.record.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Record()
    if not isinstance(data, dict) or data.get("version") != RECORD_VERSION:
        return Record()
    return Record(_by_mark(data.get("recipes")), _by_mark(data.get("jobs")))


def _by_mark(data: object) -> dict[str, dict[str, Any]]:
    entries = data.items() if isinstance(data, dict) else ()
    return {mark: entry for mark, entry in entries if isinstance(entry, dict)}


def write_record(plan: Plan) -> None:
    """Add a plan's recipe and job to the record beside its results. Raises `WriteError`."""
    mark, before = recipe_mark(plan), read_record(plan.outputs)
    data = {
        "version": RECORD_VERSION,
        "recipes": {**before.recipes, mark: recipe(plan)},
        "jobs": {**before.jobs, mark: json.loads(plan.job.to_json())},
    }
    with replacing(plan.outputs.record) as temporary:
        temporary.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
