"""The network of a plan, and the one used last, kept for the next shot of a process that renders many."""

from __future__ import annotations

import torch

from matteline.engine.plan import Plan
from matteline.matting.devices import DTYPES, release_memory, with_memory
from matteline.matting.rvm.inference import InferenceNetwork, Network
from matteline.matting.weights.load import load_network


def prepared_network(plan: Plan, network: Network | None = None) -> InferenceNetwork:
    """Return the network of a plan, prepared for its device and precision.

    Args:
        plan: The plan.
        network: Its network, for callers that have it; None to load it.

    Raises:
        ModelError: The weights changed since the plan was made, or cannot be loaded.
        DeviceError: The device has too little memory for it.
    """
    loaded = network or load_network(plan.weights, plan.settings.refiner)
    device, dtype = torch.device(plan.settings.device), DTYPES[plan.settings.precision]
    return with_memory(device, lambda: InferenceNetwork.of(loaded, device, dtype))


class KeptNetwork:
    """One network, loaded when it is needed and kept until another is needed, or until it is dropped."""

    def __init__(self) -> None:
        self._kept: tuple[str, tuple[str, ...], InferenceNetwork] | None = None

    @property
    def name(self) -> str | None:
        """The name of the kept weights; None when there are none."""
        kept = self._kept
        return kept[0] if kept else None

    def holds(self, plan: Plan) -> bool:
        """Tell if the kept network is the one that the plan needs."""
        return self._kept is not None and self._kept[1] == _key(plan)

    def take(self, plan: Plan) -> InferenceNetwork:
        """Return the network that the plan needs. Raises as `prepared_network`."""
        if self._kept is None or self._kept[1] != _key(plan):
            # Before the other is loaded, so that a GPU never has to hold two networks.
            self.drop()
            self._kept = (plan.weights.name, _key(plan), prepared_network(plan))
        return self._kept[2]

    def drop(self) -> None:
        """Drop it, and give back the device's memory that torch holds in reserve."""
        self._kept = None
        release_memory()


def _key(plan: Plan) -> tuple[str, ...]:
    settings = plan.settings
    return plan.weights.sha256, settings.refiner, settings.device, settings.precision
