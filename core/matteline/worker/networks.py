"""The worker's requests about networks: list them, and fetch an official one."""

from __future__ import annotations

import os
from typing import Any

from matteline.contract.errors import JobError
from matteline.worker.task import Task


def list_networks(task: Task) -> None:
    """Answer with the networks that can be used or fetched."""
    from matteline.api import resources
    from matteline.matting.weights.catalogue import list_networks
    from matteline.matting.weights.find import user_folder

    listed = [each.to_dict() for each in list_networks(resources().weight_folders)]
    task.end({"event": "networks", "networks": listed, "folder": str(user_folder())})


def fetch_network(task: Task) -> None:
    """Fetch an official network into the user's folder, once its licence note is agreed to."""
    from matteline.matting.weights.fetch import fetch
    from matteline.matting.weights.find import user_folder
    from matteline.matting.weights.registry import OFFICIAL_NETWORKS, official_named

    name, place = task.request.get("network"), task.request.get("from")
    network = official_named(name) if isinstance(name, str) else None
    if network is None:
        known = ", ".join(each.name for each in OFFICIAL_NETWORKS)
        raise JobError(f"There is no official network {name!r}.", field="network", hint=f"There are {known}.")
    if place is not None and not isinstance(place, str):
        raise JobError(f"A network cannot be fetched from {place!r}.", field="from", hint="Name a place.")
    if task.request.get("agreed") is not True:
        message = f"{name} is only fetched once somebody has agreed to its licence note."
        raise JobError(message, field="agreed", hint=network.licence)
    told: dict[str, Any] = {}

    def progress(words: str, done: int, total: int) -> None:
        task.check()
        event = {"event": "fetching", "network": name, "place": words, "done": done, "total": total}
        # Chunks come by the hundred; a host draws no more than a hundred steps.
        step = {"place": words, "hundredth": done * 100 // total}
        if step != told:
            told.update(step)
            task.tell(event)

    # From here a cancel is answered when the download has stopped, so that what has come can be continued.
    task.begin_writing()
    fetched = fetch(network, user_folder(), place=place, progress=progress, environ=os.environ)
    task.end({"event": "fetched", "network": name, "path": str(fetched.path), "place": fetched.place})
