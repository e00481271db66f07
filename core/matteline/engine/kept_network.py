"""The network used last, kept for the next shot of a process that renders many."""

from __future__ import annotations

from matteline.engine.plan import Plan
from matteline.matting.devices import release_memory
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.load import load_network


class KeptNetwork:
    """One network, loaded when it is needed and kept until another is needed, or until it is dropped."""

    def __init__(self) -> None:
        self._kept: tuple[str, tuple[str, str], MattingNetwork] | None = None

    @property
    def name(self) -> str | None:
        """The name of the kept weights; None when there are none."""
        kept = self._kept
        return kept[0] if kept else None

    def holds(self, plan: Plan) -> bool:
        """Tell if the kept network is the one that the plan needs."""
        return self._kept is not None and self._kept[1] == _key(plan)

    def take(self, plan: Plan) -> MattingNetwork:
        """Return the network that the plan needs.

        Raises:
            ModelError: The weights changed since the plan was made, or cannot be loaded.
        """
        if self._kept is None or self._kept[1] != _key(plan):
            self.drop()
            self._kept = (plan.weights.name, _key(plan), load_network(plan.weights, plan.settings.refiner))
        return self._kept[2]

    def drop(self) -> None:
        """Drop it, and give back the device's memory that torch holds in reserve."""
        self._kept = None
        release_memory()


def _key(plan: Plan) -> tuple[str, str]:
    return plan.weights.sha256, plan.settings.refiner
