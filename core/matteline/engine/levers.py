"""Levers: the settings that make mattes better than the published network's own, each measured by itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from matteline.contract.job import Job
from matteline.contract.settings import STOCK
from matteline.drawing import draw_people
from matteline.engine.demo import DEMO_SEED, read_results
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.engine.run import run

# A person fills the drawn clip, and focus then shows the whole plate a little larger.
LEVER_SIZE: Final = (1280, 720)

_NONE: Final = {"cuts": "none", "focus": "plate", "edges": "network"}
LEVERS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "stock": STOCK,
        "preroll": _NONE,
        "edges": {**_NONE, "edges": "fine"},
        "cuts": {**_NONE, "cuts": "auto"},
        "focus": {**_NONE, "focus": "auto"},
        "all": {"cuts": "auto", "focus": "auto", "edges": "fine"},
    }
)


def measure_lever(job: Job, count: int, resources: Resources) -> tuple[float, float]:
    """Render the demo's clip; return CPU seconds per frame, and the mean absolute error of alpha times 1000.

    Args:
        job: Renders the plate that `demo.draw_plate` wrote at `LEVER_SIZE`, to 8-bit PNG alpha.
        count: Frames of the clip.
        resources: Of this machine.

    Raises:
        MattelineError: As `plan` and `run` say.
    """
    ready = plan(job, resources)
    # Processor time, so that other work on the machine does not count.
    start = time.process_time()
    for _ in run(ready):
        pass
    seconds = time.process_time() - start
    drawn = draw_people(*LEVER_SIZE, count, seed=DEMO_SEED)
    made = read_results(ready.outputs, "alpha")
    errors = [
        float(np.abs(alpha[..., 0] - drawing.alpha).mean())
        for alpha, drawing in zip(made, drawn, strict=True)
    ]
    return seconds / count, 1000 * float(np.mean(errors))
