"""A request of one task's work, as `matteline farm` and the worker's protocol make it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

from matteline.contract.errors import JobError
from matteline.contract.events import Event
from matteline.contract.frames import FrameSet
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Resources
from matteline.farm.chunk import VERBS, Networks
from matteline.farm.open_farm_job import open_to_render
from matteline.farm.paths import read_path_rules


def run_chunk_request(
    request: Mapping[str, Any],
    resources: Resources,
    *,
    networks: Networks | None = None,
    between_frames: Callable[[], None] = do_nothing,
) -> Generator[Event, None, None]:
    """Open the farm job of a request and return the work, as events to follow.

    Args:
        request: `request`, a verb of `VERBS`; `farm_job` (its path) and `frames`; and where wanted `device`,
            `path_rules` (a file) and `overwrite`.
        resources: Weights and OCIO config of this machine.
        networks: Returns the network; by default it is loaded.
        between_frames: Called before each frame; an exception from it ends the work.

    Raises:
        JobError: There is no such work.
        MattelineError: As `open_to_render` says.
    """
    # A missing field reads as an empty one, which the steps below refuse in their own words.
    names = ("request", "farm_job", "frames", "device", "path_rules")
    text = {name: str(request.get(name) or "") for name in names}
    if text["request"] not in VERBS:
        raise JobError(f"A machine of the farm cannot do '{text['request']}'.", field="request")
    rules = read_path_rules(Path(text["path_rules"])) if text["path_rules"] else ()
    opened = open_to_render(Path(text["farm_job"]), resources, device=text["device"], rules=rules)
    return VERBS[text["request"]](
        opened,
        FrameSet.parse(text["frames"]),
        overwrite=request.get("overwrite") is True,
        networks=networks,
        between_frames=between_frames,
    )
