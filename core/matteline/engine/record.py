"""Recording: a plan's recipe and job are added to the record beside its results."""

from __future__ import annotations

import json

from matteline.contract.record import RenderRecord, read_record, write_record
from matteline.engine.plan import Plan
from matteline.engine.recipe import recipe, recipe_mark


def record_plan(plan: Plan) -> None:
    """Add a plan to the record beside its results. Raises `WriteError`."""
    file = plan.outputs.record
    # Through JSON, so that what is compared later has the types that it is read with.
    made = json.loads(json.dumps(recipe(plan)))
    render = RenderRecord(plan.frames, made, json.loads(plan.job.to_json()))
    write_record(file, read_record(file).with_render(recipe_mark(plan), render))
