"""The Python door: the same renders from a script.

::

    from matteline.api import Job, plan, run

    for event in run(plan(Job("plate.####.exr", "mattes"))):
        print(event)
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from matteline.contract.errors import MattelineError
from matteline.contract.events import (
    Assembling,
    Event,
    Failed,
    Finished,
    FrameDone,
    Looking,
    Notice,
    Preroll,
    Started,
)
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.engine.describe import describe
from matteline.engine.plan import Plan, Resources
from matteline.engine.planner import plan as _plan
from matteline.matting.weights.find import weight_folders

if TYPE_CHECKING:
    # Not when running: it loads torch, and most mistakes of a job are found without.
    from matteline.matting.session import Session

__all__ = [
    "Assembling",
    "Event",
    "Failed",
    "Finished",
    "FrameDone",
    "FrameRange",
    "FrameSet",
    "Job",
    "Looking",
    "MatteSettings",
    "MattelineError",
    "Notice",
    "Plan",
    "Preroll",
    "Started",
    "describe",
    "login",
    "open_session",
    "plan",
    "resources",
    "run",
]


def resources() -> Resources:
    """Return the resources that this process's environment names: folders of weights, and the OCIO config.

    Doors call this; nothing below them reads the environment.
    """
    return Resources(weight_folders(os.environ), os.environ.get("OCIO") or None)


def login() -> str:
    """Return the name of this machine's user, empty where there is none. For doors, as `resources`."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def plan(job: Job) -> Plan:
    """Decide everything about a job, and find what is wrong with it.

    Raises:
        MattelineError: As `engine.plan.plan` says.
    """
    return _plan(job, resources())


def run(plan: Plan) -> Iterator[Event]:
    """Render a plan; yields its events. Close the iterator to stop.

    Raises:
        MattelineError: As `engine.run.run` says.
    """
    from matteline.engine.run import run

    return run(plan)


def open_session(width: int, height: int, settings: MatteSettings | None = None) -> Session:
    """Open a session for pictures of one size: arrays in, arrays out.

    Args:
        width: Of every picture, in pixels.
        height: Of every picture, in pixels.
        settings: Weights, refiner, ratio, device, precision and batch are taken from it; the rest is ignored.

    Raises:
        ModelError: There are no weights.
        DeviceError: The device asked for is not there.
    """
    from matteline.contract.plate import Window
    from matteline.engine.planner import choose_ratio
    from matteline.matting.devices import resolve_batch, resolve_device, resolve_precision
    from matteline.matting.session import Session
    from matteline.matting.weights.find import find_weights
    from matteline.matting.weights.load import load_network

    chosen = settings or MatteSettings()
    device = resolve_device(chosen.device)
    found = find_weights(chosen.weights, folders=resources().weight_folders)
    return Session(
        load_network(found, chosen.refiner),
        width=width,
        height=height,
        downsample_ratio=choose_ratio(chosen.downsample_ratio, Window(0, 0, width, height), found),
        device=device,
        dtype=resolve_precision(chosen.precision, device),
        batch=resolve_batch(chosen.batch, device),
    )
