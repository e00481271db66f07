"""The training loop: lessons in, a better network out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from matteline.matting.rvm.network import MattingNetwork, reduce
from matteline.training.average import Average
from matteline.training.checkpoint import (
    Progress,
    optimiser_tensors,
    prefixed,
    restore_optimiser,
    under,
)
from matteline.training.clock import Limit, rate_at, stage_at
from matteline.training.depthwise import quicken
from matteline.training.forward import NO_STATE, Pupil
from matteline.training.hints import Hints, Thinker
from matteline.training.lessons import Lesson, Lessons
from matteline.training.objective import losses_of
from matteline.training.presets import Preset, Rates
from matteline.training.team import ALONE, Team
from matteline.training.turns import Turn, turn_at

_ALL: Final = 2**32 - 1
"""In place of a rank: what all processes of a team decide alike."""


@dataclass(frozen=True)
class Step:
    """What one step did.

    Attributes:
        number: Steps done, this one included.
        seconds: Seconds trained, over all runs.
        progress: Share of the run that is over.
        stage: The stage's name.
        rate: The learning rate's factor.
        losses: By name; `loss` is their weighted sum.
        waited: Share of the step's time that went into making the lesson.
    """

    number: int
    seconds: float
    progress: float
    stage: str
    rate: float
    losses: Mapping[str, float]
    waited: float


@dataclass(frozen=True)
class Setting:
    """What a training is done with.

    Attributes:
        preset: The schedule.
        limit: When it ends.
        device: Where it computes.
        precision: Of the network's forward pass; the weights stay float32.
        seed: Decides the network's first weights and every lesson.
        team: The processes that train together; each has lessons of its own.
    """

    preset: Preset
    limit: Limit
    device: torch.device
    precision: torch.dtype = torch.float32
    seed: int = 0
    team: Team = ALONE


class Trainer:
    """A network, its optimiser and where they stand.

    Args:
        network: What is trained; stays on its device.
        lessons: What it learns from.
        setting: How.
        thinker: Whose thoughts its own should resemble; None for nobody's.
    """

    def __init__(
        self, network: MattingNetwork, lessons: Lessons, setting: Setting, thinker: Thinker | None = None
    ) -> None:
        preset = setting.preset
        if setting.device.type == "cpu":
            quicken(network)
        self.pupil = Pupil(network, thinker.channels if thinker else ()).to(setting.device).train()
        self.pupil.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        _set_momentum(self.pupil, preset.norm_momentum)
        self._called = setting.team.parallel(self.pupil, setting.device)
        self.average = Average(self.pupil.network, preset.averaging)
        self._optimiser = torch.optim.AdamW(_groups(self.pupil, preset), betas=(0.9, 0.99), fused=True)
        scaled = setting.precision == torch.float16
        self._scaler = torch.amp.GradScaler(setting.device.type, enabled=scaled)
        self._lessons, self._setting, self._thinker = lessons, setting, thinker
        self.step, self.seconds = 0, 0.0

    @property
    def progress(self) -> float:
        """How much of the run is over."""
        return self._setting.limit.progress(self.step, self.seconds)

    def steps(self) -> Iterator[Step]:
        """Train until the run's limit, a step at a time."""
        while self.progress < 1:
            yield self._one()

    def _one(self) -> Step:
        started, progress = time.perf_counter(), self.progress
        preset = self._setting.preset
        stage, rate = stage_at(preset, progress), rate_at(preset, progress)
        # All of a team take the same turn, or the others would wait for whoever drew the longest one.
        turn = turn_at(stage, self.step, self._rng(_ALL))
        lesson = self._lessons.lesson(turn.shape, self._rng(self._setting.team.rank))
        made = time.perf_counter() - started
        losses = self._learn(lesson, turn, stage.rates, rate)
        took = self._setting.team.agreed(time.perf_counter() - started, self._setting.device)
        self.step, self.seconds = self.step + 1, self.seconds + took
        self.average.update(self.pupil.network, self.step)
        return Step(self.step, self.seconds, progress, stage.name, rate, losses, made / took)

    def _rng(self, rank: int) -> np.random.Generator:
        """Decides what this step does in a process, or in all."""
        return np.random.default_rng((self._setting.seed, self.step, rank))

    def _learn(self, lesson: Lesson, turn: Turn, rates: Rates, rate: float) -> dict[str, float]:
        setting, rolled = self._setting, turn.rolled
        _set_rates(self._optimiser, rates, rate)
        lesson = lesson.to(setting.device)
        mixed = setting.precision != torch.float32
        with torch.autocast(setting.device.type, setting.precision, enabled=mixed):
            state = self.pupil.rolled(lesson.pictures[:, :rolled]) if rolled else NO_STATE
            pictures = lesson.pictures[:, rolled:]
            hints = self._hints(pictures, turn.ratio)
            glance = turn.features_only and self._thinker is not None
            answer = self._called(pictures, state, turn.ratio, hints, glance=glance)
        losses = losses_of(answer, lesson.after(rolled), turn.ratio, turn.detail)
        self._optimise(losses["loss"])
        return {name: float(value.detach()) for name, value in losses.items()}

    def _hints(self, clips: Tensor, ratio: float) -> Hints:
        return self._thinker.hints(reduce(clips.flatten(0, 1), ratio)) if self._thinker else ()

    def _optimise(self, loss: Tensor) -> None:
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(self._scaler.scale(loss))
        self._scaler.unscale_(self._optimiser)
        nn.utils.clip_grad_norm_(self.pupil.parameters(), self._setting.preset.max_gradient)
        self._scaler.step(self._optimiser)
        self._scaler.update()

    def tensors(self) -> dict[str, Tensor]:
        """Everything a checkpoint holds."""
        return {
            **prefixed("pupil", self.pupil.state_dict()),
            **prefixed("average", self.average.network.state_dict()),
            **prefixed("optimiser", optimiser_tensors(self._optimiser)),
        }

    def where(self, recipe: dict[str, Any]) -> Progress:
        """Where the training stands, for a checkpoint."""
        return Progress(self.step, self.seconds, recipe, self._scaler.state_dict())

    def go_on(self, progress: Progress, tensors: Mapping[str, Tensor]) -> None:
        """Take up a training where a checkpoint left it."""
        self.pupil.load_state_dict(under("pupil", tensors))
        self.average.network.load_state_dict(under("average", tensors))
        restore_optimiser(self._optimiser, under("optimiser", tensors))
        if progress.scaler:
            self._scaler.load_state_dict(progress.scaler)
        self.step, self.seconds = progress.step, progress.seconds


def _groups(pupil: Pupil, preset: Preset) -> list[dict[str, Any]]:
    """Parameters by part, each part's convolutions with weight decay and its rest without."""
    network, helpers = pupil.network, (pupil.helper, pupil.likenesses)
    parts: dict[str, list[nn.Module]] = {
        "encoder": [network.backbone],
        "context": [network.aspp],
        "decoder": [network.decoder, network.project_mat, network.project_seg, *helpers],
        "refiner": [network.refiner],
    }
    groups = []
    for part, modules in parts.items():
        parameters = [each for module in modules for each in module.parameters()]
        for decayed in (True, False):
            chosen = [each for each in parameters if (each.ndim > 1) == decayed]
            decay = preset.weight_decay if decayed else 0.0
            if chosen:
                groups.append({"params": chosen, "part": part, "weight_decay": decay})
    return groups


def _set_rates(optimiser: torch.optim.Optimizer, rates: Rates, factor: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = getattr(rates, group["part"]) * factor


def _set_momentum(module: nn.Module, momentum: float | None) -> None:
    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d) and momentum is not None:
            each.momentum = momentum
