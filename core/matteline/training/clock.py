"""How far a training has come: counted in steps, which repeats exactly, or in minutes, which ends in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matteline.training.presets import Preset, Stage


@dataclass(frozen=True)
class Limit:
    """When a run ends: after so many steps, or so many minutes of training. One of them is given."""

    steps: int | None = None
    minutes: float | None = None

    def progress(self, step: int, seconds: float) -> float:
        """How much of the run is over, 0 to 1 and beyond.

        Args:
            step: Steps done.
            seconds: Seconds trained, over all runs that were resumed.
        """
        if self.steps is not None:
            return step / self.steps
        return seconds / (60 * (self.minutes or 1))


def stage_at(preset: Preset, progress: float) -> Stage:
    """The stage that a run is in."""
    passed = 0.0
    for stage in preset.stages:
        passed += stage.share
        if progress < passed - 1e-9:
            return stage
    return preset.stages[-1]


def rate_at(preset: Preset, progress: float) -> float:
    """Return the factor of the stage's learning rates: a straight rise, a level, then half a cosine down."""
    if progress < preset.warm_up:
        return max(progress / preset.warm_up, 0.01)
    fallen = max(0.0, min(progress, 1.0) - preset.steady) / (1 - preset.steady)
    left = 0.5 + 0.5 * math.cos(math.pi * fallen)
    return preset.last_rate + (1 - preset.last_rate) * left
