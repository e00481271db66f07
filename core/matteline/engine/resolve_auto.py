"""A job with every choice made that decides pixels, so that any machine makes the same ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from matteline.contract.errors import DeviceError
from matteline.contract.job import Job
from matteline.engine.plan import Plan, Surroundings, plan


def settle(job: Job, surroundings: Surroundings) -> Plan:
    """The plan of a job for machines that are not this one, with the job's own settings settled.

    The device may be missing here, as on a workstation that submits to machines with GPUs; its number is left
    out, since another machine counts its own. What follows from the plate's tags stays `auto` and is compared
    where it is rendered.

    Raises:
        As `plan`, but for a device that is not here.
    """
    kind = job.settings.device.partition(":")[0]
    try:
        ready = plan(_on(job, kind), surroundings)
    except DeviceError:
        if kind not in ("cuda", "mps"):
            raise
        ready = replace(plan(_on(job, "cpu"), surroundings), **_elsewhere(job, kind))
    return replace(ready, job=_settled(job, ready))


def _on(job: Job, device: str) -> Job:
    return replace(job, settings=replace(job.settings, device=device))


def _elsewhere(job: Job, kind: str) -> dict[str, Any]:
    """Device, precision and batch as a machine that has the device would choose them."""
    import torch

    from matteline.matting.devices import precision_name, resolve_batch, resolve_precision

    device, settings = torch.device(kind), job.settings
    precision = settings.precision
    if precision == "auto":
        precision = precision_name(resolve_precision("auto", device))
    return {"device": kind, "precision": precision, "batch": resolve_batch(settings.batch, device)}


def _settled(job: Job, ready: Plan) -> Job:
    settings = replace(
        job.settings,
        weights=ready.found.name if job.settings.weights == "auto" else job.settings.weights,
        downsample_ratio=ready.downsample_ratio,
        refiner=ready.refiner,
        ocio=ready.space.config.source,
        exposure=ready.showing.exposure_stops,
        denoise=ready.showing.denoise,
        device=ready.device.partition(":")[0],
        precision=ready.precision,
        batch=ready.batch,
    )
    return replace(job, frames=ready.frames, settings=settings)


def threads_here() -> int:
    """How many threads of this process compute, where there is no GPU."""
    import torch

    return torch.get_num_threads()


def use_threads(count: int) -> None:
    """Compute with this many threads from now on; 0 leaves it as it is.

    Sums are shared out over threads, and another number of them rounds in another order: of the 770 000
    values of forty small frames, eleven differed in the last place between one thread and two.
    """
    import torch

    if count:
        torch.set_num_threads(count)
