"""The work for each request of a client. The engine is loaded by the first that needs it."""

from __future__ import annotations

import json
import platform
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matteline import __version__
from matteline.contract.errors import JobError, MattelineError
from matteline.contract.events import Event, Failed, Finished, to_dict
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.job import Job
from matteline.worker.task import Task

if TYPE_CHECKING:
    from matteline.engine.kept_network import KeptNetwork
    from matteline.engine.plan import Plan
    from matteline.matting.rvm.inference import Network


class RequestHandlers:
    """A method for each request. All they remember between them is the network that was used last."""

    def __init__(self) -> None:
        # Used in the renders' queue alone, so without a lock.
        self._kept: KeptNetwork | None = None

    def check(self, task: Task) -> None:
        """Tell what this machine has: versions, devices, and the model that `auto` would take."""
        from matteline.matting.devices import devices, resolve_device, torch_build

        task.end(
            {
                "event": "checked",
                "matteline": __version__,
                "python": platform.python_version(),
                "torch": torch_build(),
                "devices": [{"name": name, "description": what} for name, what in devices()],
                "device": str(resolve_device("auto")),
                "loaded": self._kept.name if self._kept else None,
                **_model(),
            }
        )

    def plan(self, task: Task) -> None:
        """Tell what a render would do."""
        task.end(_plan_message(_plan(task)))

    def render(self, task: Task) -> None:
        """Plan, load the model unless it is the one that is kept, and render."""
        from matteline.engine.run import run

        plan = _plan(task)
        task.tell(_plan_message(plan))
        network = self._network(plan, task) if plan.spans and plan.uses_network else None
        # Only now, so that a cancel is answered at once while the model is still being loaded.
        task.begin_writing()
        self._follow(run(plan, network=network, between_frames=task.check), task)

    def people(self, task: Task) -> None:
        """Tell the people of a plate apart and list them."""
        from matteline.api import resources
        from matteline.engine.people_list import list_people, listing_job, write_people_sheet
        from matteline.engine.planner import plan
        from matteline.engine.prepare import prepare

        job = listing_job(Job.from_json(json.dumps(task.request.get("job"))))
        sheet = task.request.get("sheet")
        if sheet is not None and not isinstance(sheet, str):
            raise JobError(
                "The contact sheet's path is no text.", field="sheet", hint="Give a path, or none."
            )
        ready = plan(job, resources())
        network = self._network(ready, task)
        passes = prepare(ready, network=network, between_frames=task.check)
        with closing(passes):
            # Not a `for` loop, which would lose what the generator returns: the plan with its people.
            while True:
                try:
                    task.tell(to_dict(next(passes)))
                except StopIteration as ending:
                    ready = ending.value
                    break
        if sheet:
            write_people_sheet(Path(sheet), ready, network)
        listed = list_people(ready)
        task.end(
            {"event": "people", "people": [each.data() for each in listed], "hints": ready.settings.hints}
        )

    def _follow(self, work: Generator[Event, None, None], task: Task) -> None:
        # Closed before a cancel leaves this block, so that its answer finds every file at rest.
        with closing(work) as events:
            for event in events:
                say = task.end if isinstance(event, Finished) else task.tell
                say(to_dict(event))
                task.check()

    def run_chunk_request(self, task: Task) -> None:
        """Do one task of a farm: save the states that chunks begin from, or render a chunk."""
        from matteline.api import resources
        from matteline.farm.chunk_request import run_chunk_request

        work = run_chunk_request(
            task.request,
            resources(),
            networks=lambda plan: self._network(plan, task) if plan.uses_network else None,
            between_frames=task.check,
        )
        task.begin_writing()
        self._follow(work, task)

    def submit(self, task: Task) -> None:
        """Submit jobs to a render farm."""
        from matteline.api import login, resources
        from matteline.farm.request import ShotRequest
        from matteline.farm.submit import prepare, submit

        listed = task.request.get("jobs")
        if not isinstance(listed, list) or not listed:
            raise JobError("No job is named.", field="jobs", hint="Give a list of jobs.")
        jobs = [Job.from_json(json.dumps(each)) for each in listed]
        farm = FarmSettings.from_data(task.request.get("farm", {}))
        # A host's job names a folder of its own, in which results lie as a render there puts them.
        shots = prepare([ShotRequest(each, has_own_folder=True) for each in jobs], farm, resources())
        # Until here nothing is written, so that a host can give it up at once.
        task.begin_writing()
        dry_run = bool(task.request.get("dry_run"))
        result = submit(shots, farm, Path(jobs[0].output), user=login(), dry_run=dry_run)
        task.end({"event": "submitted", **result.to_dict()})

    def drop_network(self) -> None:
        """Drop the network, and free the memory it holds on its device."""
        if self._kept is not None:
            self._kept.drop()

    def _network(self, plan: Plan, task: Task) -> Network:
        from matteline.engine.kept_network import KeptNetwork

        self._kept = self._kept or KeptNetwork()
        task.check()
        if not self._kept.holds(plan):
            task.tell({"event": "loading", "model": plan.weights.name})
        return self._kept.take(plan)


def _plan(task: Task) -> Plan:
    from matteline.api import resources
    from matteline.engine.planner import plan

    # Through text once more, so that the one reader of jobs checks this one too.
    return plan(Job.from_json(json.dumps(task.request.get("job"))), resources())


def _plan_message(plan: Plan) -> dict[str, Any]:
    from matteline.engine.describe import describe, plan_data

    return {"event": "plan", **plan_data(plan), "summary": describe(plan)}


def _model() -> dict[str, Any]:
    from matteline.api import resources
    from matteline.matting.weights.find import find_weights

    try:
        found = find_weights("auto", folders=resources().weight_folders)
    except MattelineError as error:
        return {"model": None, "problem": to_dict(Failed.of(error))}
    model = {"name": found.name, "path": str(found.path), "origin": found.origin}
    return {"model": model, "problem": None}
