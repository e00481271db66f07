"""Several processes that train one network together, each on a device of its own: DistributedDataParallel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class ProcessGroup:
    """This process among those of a run, as torchrun numbers them.

    Attributes:
        rank: From 0; the first process leads: it prepares data, measures, reports and saves.
        local_rank: Rank on this machine, which is the number of its GPU.
        processes: Number of processes; 1 trains alone.
    """

    rank: int = 0
    local_rank: int = 0
    processes: int = 1

    @property
    def leads(self) -> bool:
        """This process prepares data, measures, reports and saves."""
        return self.rank == 0

    def device(self, wanted: torch.device) -> torch.device:
        """Return the device of this process, where `cuda` was wanted of all."""
        alone = self.processes == 1 or wanted.type != "cuda"
        return wanted if alone else torch.device("cuda", self.local_rank)

    @contextmanager
    def joined(self, device: torch.device) -> Iterator[None]:
        """Join the other processes, whose address torchrun put into the environment, and leave at the end."""
        if self.processes == 1:
            yield
            return
        if device.type == "cuda":
            torch.cuda.set_device(device)
        # gloo is the backend for processors.
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        try:
            yield
        finally:
            distributed.destroy_process_group()

    def wait(self) -> None:
        """Return when all processes have come here."""
        if self.processes > 1:
            distributed.barrier()

    def agreed(self, value: float, device: torch.device) -> float:
        """Return the leading process's value in all processes."""
        if self.processes == 1:
            return value
        # float64, so that all processes agree to the last bit on when the run ends.
        shared = torch.tensor([value], dtype=torch.float64, device=device)
        distributed.broadcast(shared, 0)
        return float(shared)

    def parallel(self, module: nn.Module, device: torch.device) -> nn.Module:
        """Return the module with gradients averaged over all processes; itself where there is one process."""
        if self.processes == 1:
            return module
        # The decoder has no gradient in steps that learn features alone, the refiner hardly ever.
        own = [device] if device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=own, find_unused_parameters=True)


SINGLE_PROCESS: Final = ProcessGroup()
"""A process that trains alone."""
