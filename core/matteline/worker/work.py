"""What the worker does for each request. The engine is loaded by the first that needs it."""

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
    from matteline.matting.rvm.network import MattingNetwork


class Desk:
    """Answers requests. All it remembers between them is the network that was used last."""

    def __init__(self) -> None:
        self._kept: KeptNetwork | None = None

    def check(self, task: Task) -> None:
        """Say what this machine has: versions, devices, and the model that `auto` would take."""
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
        """Say what a render would do."""
        task.end(_planned(_plan(task)))

    def render(self, task: Task) -> None:
        """Plan, load the model unless it is the one that is kept, and render."""
        from matteline.engine.run import run

        plan = _plan(task)
        task.tell(_planned(plan))
        network = self._network(plan, task) if plan.spans else None
        task.begin_writing()
        self._follow(run(plan, network=network, between_frames=task.check), task)

    def _follow(self, work: Generator[Event, None, None], task: Task) -> None:
        with closing(work) as events:
            for event in events:
                say = task.end if isinstance(event, Finished) else task.tell
                say(to_dict(event))
                task.check()

    def states(self, task: Task) -> None:
        """Write the states that chunks of a farm's clip begin from."""
        self._part(task, "states")

    def chunk(self, task: Task) -> None:
        """Render a chunk of a farm's clip."""
        self._part(task, "chunk")

    def _part(self, task: Task, verb: str) -> None:
        from matteline.api import resources
        from matteline.farm.asked import begin

        work = begin(
            {**task.request, "do": verb},
            resources(),
            networks=lambda plan: self._network(plan, task),
            between_frames=task.check,
        )
        task.begin_writing()
        self._follow(work, task)

    def submit(self, task: Task) -> None:
        """Hand jobs to a render farm."""
        from matteline.api import login, resources
        from matteline.farm.handing import hand_over, prepare_jobs

        jobs, farm = _jobs(task), FarmSettings.from_data(task.request.get("farm", {}))
        prepared = prepare_jobs(jobs, farm, resources())
        task.begin_writing()
        dry_run = bool(task.request.get("dry_run"))
        handed = hand_over(prepared, farm, Path(jobs[0].output), user=login(), dry_run=dry_run)
        task.end({"event": "submitted", **handed.to_dict()})

    def forget(self) -> None:
        """Let the network go, and the memory it holds on its device."""
        if self._kept is not None:
            self._kept.drop()

    def _network(self, plan: Plan, task: Task) -> MattingNetwork:
        from matteline.engine.kept_network import KeptNetwork

        self._kept = self._kept or KeptNetwork()
        task.check()
        if not self._kept.holds(plan):
            task.tell({"event": "loading", "model": plan.weights.name})
        return self._kept.take(plan)


def _plan(task: Task) -> Plan:
    from matteline.api import resources
    from matteline.engine.planner import plan

    return plan(Job.from_json(json.dumps(task.request.get("job"))), resources())


def _jobs(task: Task) -> list[Job]:
    listed = task.request.get("jobs")
    if not isinstance(listed, list) or not listed:
        raise JobError("No job is named.", field="jobs", hint="Give a list of jobs.")
    return [Job.from_json(json.dumps(each)) for each in listed]


def _planned(plan: Plan) -> dict[str, Any]:
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
