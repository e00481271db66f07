"""Length and schedule of a run, counted in steps, which repeat exactly, or in minutes, which end in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matteline.training.presets import Preset, Stage


@dataclass(frozen=True)
class RunLength:
    """The length of a run. One of the two is given.

    Attributes:
        steps: Number of steps.
        minutes: Minutes of training, over all runs that were resumed.
    """

    steps: int | None = None
    minutes: float | None = None

    def progress(self, step: int, seconds: float) -> float:
        """Return the share of the run that is over, 0 to 1 and beyond.

        Args:
            step: Steps done.
            seconds: Seconds trained, over all runs that were resumed.
        """
        if self.steps is not None:
            return step / self.steps
        return seconds / (60 * (self.minutes or 1))


def stage_at(preset: Preset, progress: float) -> Stage:
    """Return the stage of a run at its progress, 0 to 1."""
    passed = 0.0
    for stage in preset.stages:
        passed += stage.share
        # Shares such as 0.2 and 0.8 do not add up to 1 exactly.
        if progress < passed - 1e-9:
            return stage
    return preset.stages[-1]


def rate_at(preset: Preset, progress: float) -> float:
    """Return the factor of the stage's learning rates: a straight rise, a level, then half a cosine down."""
    if progress < preset.warm_up:
        # Not from 0: the first step would teach nothing.
        return max(progress / preset.warm_up, 0.01)
    fallen = max(0.0, min(progress, 1.0) - preset.steady) / (1 - preset.steady)
    left = 0.5 + 0.5 * math.cos(math.pi * fallen)
    return preset.last_rate + (1 - preset.last_rate) * left
