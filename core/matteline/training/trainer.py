"""The training loop: lessons in, a better network out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.average import Average
from matteline.training.checkpoint import (
    Progress,
    optimiser_tensors,
    prefixed,
    restore_optimiser,
    under,
)
from matteline.training.clock import Limit, rate_at, stage_at
from matteline.training.forward import NO_STATE, Answer, Pupil
from matteline.training.lessons import Lesson, Shape
from matteline.training.losses import alpha_loss, foreground_loss, segmentation_loss
from matteline.training.presets import Preset, Rates, Stage

_HELPER_WEIGHT = 0.5
_COARSE_WEIGHT = 0.5


class Lessons(Protocol):
    """Where lessons come from."""

    def lesson(self, shape: Shape, rng: np.random.Generator) -> Lesson:
        """A lesson of this shape that depends on nothing but the state of `rng`."""


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
        rank: Which of several processes this is; each has lessons of its own.
        parallel: Makes one of several processes' networks of a pupil; None for a single process.
    """

    preset: Preset
    limit: Limit
    device: torch.device
    precision: torch.dtype = torch.float32
    seed: int = 0
    rank: int = 0
    parallel: Callable[[nn.Module], nn.Module] | None = None


class Trainer:
    """A network, its optimiser and where they stand.

    Args:
        network: What is trained; stays on its device.
        lessons: What it learns from.
        setting: How.
    """

    def __init__(self, network: MattingNetwork, lessons: Lessons, setting: Setting) -> None:
        preset = setting.preset
        self.pupil = Pupil(network).to(setting.device).train()
        self.pupil.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        _set_momentum(self.pupil, preset.norm_momentum)
        self._called = setting.parallel(self.pupil) if setting.parallel else self.pupil
        self.average = Average(self.pupil.network, preset.averaging)
        self._optimiser = torch.optim.AdamW(_groups(self.pupil, preset), betas=(0.9, 0.99))
        scaled = setting.precision == torch.float16
        self._scaler = torch.amp.GradScaler(setting.device.type, enabled=scaled)
        self._lessons, self._setting = lessons, setting
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
        rng = np.random.default_rng((self._setting.seed, self.step, self._setting.rank))
        lesson, rolled, ratio = self._lesson(stage, rng)
        made = time.perf_counter() - started
        losses = self._learn(lesson, rolled, ratio, stage.rates, rate)
        took = time.perf_counter() - started
        self.step, self.seconds = self.step + 1, self.seconds + took
        self.average.update(self.pupil.network, self.step)
        return Step(self.step, self.seconds, progress, stage.name, rate, losses, made / took)

    def _lesson(self, stage: Stage, rng: np.random.Generator) -> tuple[Lesson, int, float]:
        """A lesson, how many of its frames only roll the state, and the ratio it is reduced by."""
        height, width = stage.sizes[rng.integers(len(stage.sizes))]
        rolled = int(rng.integers(stage.rolled + 1)) if stage.rolled else 0
        refined = stage.refined_every and self.step % stage.refined_every == 0
        if not refined:
            shape = Shape(stage.clips, rolled + stage.frames, height, width)
            return self._lessons.lesson(shape, rng), rolled, 1.0
        scale = stage.refined_scale
        shape = Shape(stage.refined_clips, stage.refined_frames, round(height * scale), round(width * scale))
        return self._lessons.lesson(shape, rng), 0, 1 / scale

    def _learn(
        self, lesson: Lesson, rolled: int, ratio: float, rates: Rates, rate: float
    ) -> dict[str, float]:
        setting = self._setting
        _set_rates(self._optimiser, rates, rate)
        lesson = lesson.to(setting.device)
        mixed = setting.precision != torch.float32
        with torch.autocast(setting.device.type, setting.precision, enabled=mixed):
            state = self.pupil.rolled(lesson.pictures[:, :rolled]) if rolled else NO_STATE
            answer = self._called(lesson.pictures[:, rolled:], state, ratio)
        losses = _losses(answer, _without(lesson, rolled), ratio)
        self._optimise(losses["loss"])
        return {name: float(value.detach()) for name, value in losses.items()}

    def _optimise(self, loss: Tensor) -> None:
        self._optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
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


def _losses(answer: Answer, lesson: Lesson, ratio: float) -> dict[str, Tensor]:
    small_pha, small_seg = _reduced(lesson.pha, ratio), _reduced(lesson.seg, ratio)
    losses = {
        "alpha": alpha_loss(answer.alpha, lesson.pha),
        "fgr": foreground_loss(answer.fgr, lesson.fgr, lesson.pha),
        "seg": segmentation_loss(answer.seg, small_seg),
    }
    total = losses["alpha"] + losses["fgr"] + losses["seg"]
    if answer.coarse_alpha is not None:
        total = total + _COARSE_WEIGHT * alpha_loss(answer.coarse_alpha, small_pha)
    if answer.context is not None:
        coarse = functional.adaptive_avg_pool2d(small_seg.flatten(0, 1), answer.context.shape[-2:])
        losses["helper"] = segmentation_loss(answer.context.flatten(0, 1), coarse)
        total = total + _HELPER_WEIGHT * losses["helper"]
    return {"loss": total, **losses}


def _reduced(planes: Tensor, ratio: float) -> Tensor:
    if ratio == 1:
        return planes
    small = functional.interpolate(
        planes.flatten(0, 1),
        scale_factor=ratio,
        mode="bilinear",
        align_corners=False,
        recompute_scale_factor=False,
    )
    return small.unflatten(0, planes.shape[:2])


def _without(lesson: Lesson, rolled: int) -> Lesson:
    if not rolled:
        return lesson
    return Lesson(
        lesson.pictures[:, rolled:], lesson.pha[:, rolled:], lesson.fgr[:, rolled:], lesson.seg[:, rolled:]
    )


def _groups(pupil: Pupil, preset: Preset) -> list[dict[str, Any]]:
    """Parameters by part, each part's convolutions with weight decay and its rest without."""
    network = pupil.network
    parts: dict[str, list[nn.Module]] = {
        "encoder": [network.backbone],
        "context": [network.aspp],
        "decoder": [network.decoder, network.project_mat, network.project_seg, pupil.helper],
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
