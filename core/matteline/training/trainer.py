"""The training loop: lessons in, a better network out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
from matteline.training.lessons import MATTES, SEGMENTS, STILLS, Lesson, Lessons, Shape
from matteline.training.losses import alpha_loss, foreground_loss, hint_loss, segmentation_loss
from matteline.training.presets import Preset, Rates, Stage
from matteline.training.team import ALONE, Team

_WEIGHTS = {"helper": 0.5, "coarse": 0.5}


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


@dataclass(frozen=True)
class Turn:
    """What one step does.

    Attributes:
        shape: Of its lesson.
        rolled: How many of the lesson's first frames only roll the recurrent state.
        ratio: Of the reduced picture to the lesson's.
        detail: Weight of alpha and foreground.
    """

    shape: Shape
    rolled: int
    ratio: float
    detail: float = 1.0


class Trainer:
    """A network, its optimiser and where they stand.

    Args:
        network: What is trained; stays on its device.
        lessons: What it learns from.
        setting: How.
    """

    def __init__(self, network: MattingNetwork, lessons: Lessons, setting: Setting) -> None:
        preset = setting.preset
        self.pupil = Pupil(network, lessons.hints).to(setting.device).train()
        self.pupil.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        _set_momentum(self.pupil, preset.norm_momentum)
        self._called = setting.team.parallel(self.pupil, setting.device)
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
        rng = np.random.default_rng((self._setting.seed, self.step, self._setting.team.rank))
        turn = turn_at(stage, self.step, rng)
        lesson = self._lessons.lesson(turn.shape, rng)
        made = time.perf_counter() - started
        losses = self._learn(lesson, turn, stage.rates, rate)
        took = self._setting.team.agreed(time.perf_counter() - started, self._setting.device)
        self.step, self.seconds = self.step + 1, self.seconds + took
        self.average.update(self.pupil.network, self.step)
        return Step(self.step, self.seconds, progress, stage.name, rate, losses, made / took)

    def _learn(self, lesson: Lesson, turn: Turn, rates: Rates, rate: float) -> dict[str, float]:
        setting, rolled = self._setting, turn.rolled
        _set_rates(self._optimiser, rates, rate)
        lesson = lesson.to(setting.device)
        mixed = setting.precision != torch.float32
        with torch.autocast(setting.device.type, setting.precision, enabled=mixed):
            state = self.pupil.rolled(lesson.pictures[:, :rolled]) if rolled else NO_STATE
            answer = self._called(lesson.pictures[:, rolled:], state, turn.ratio)
        losses = losses_of(answer, lesson.after(rolled), turn.ratio, turn.detail)
        self._optimise(losses["loss"])
        return {name: float(value.detach()) for name, value in losses.items()}

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


def turn_at(stage: Stage, step: int, rng: np.random.Generator) -> Turn:
    """What a step of a stage does: matting, every so often through the refiner, and segmentation in turn."""
    height, width = stage.sizes[rng.integers(len(stage.sizes))]
    kind = STILLS if stage.stills else MATTES
    if stage.segments:
        step, odd = divmod(step, 2)
        if odd:
            frames = stage.frames if step % 2 else 1
            clips = stage.clips * (stage.frames // frames)
            return Turn(Shape(clips, frames, height, width, SEGMENTS), 0, 1.0)
    if stage.refined_every and step % stage.refined_every == 0:
        scale = stage.refined_scale
        large = round(height * scale), round(width * scale)
        shape = Shape(stage.refined_clips, stage.refined_frames, *large, kind, stage.boldness)
        return Turn(shape, 0, 1 / scale, stage.detail)
    rolled = int(rng.integers(stage.rolled + 1)) if stage.rolled else 0
    shape = Shape(stage.clips, rolled + stage.frames, height, width, kind, stage.boldness)
    return Turn(shape, rolled, 1.0, stage.detail)


def losses_of(answer: Answer, lesson: Lesson, ratio: float, detail: float = 1.0) -> dict[str, Tensor]:
    """What was wrong with an answer, by name; `loss` is the weighted sum that is learned from."""
    small_seg = _reduced(lesson.seg, ratio)
    losses = {**_matting_losses(answer, lesson, ratio), "seg": segmentation_loss(answer.seg, small_seg)}
    height, width = answer.context.shape[-2:]
    coarse = functional.adaptive_avg_pool2d(small_seg.flatten(0, 1), (height, width))
    losses["helper"] = segmentation_loss(answer.context.flatten(0, 1), coarse)
    if answer.hints is not None and lesson.hints is not None and lesson.hinted is not None:
        losses["hints"] = hint_loss(answer.hints, lesson.hints, lesson.hinted)
    weights = {**_WEIGHTS, "alpha": detail, "fgr": detail}
    weighted = [weights.get(name, 1.0) * loss for name, loss in losses.items()]
    return {"loss": torch.stack(weighted).sum(), **losses}


def _matting_losses(answer: Answer, lesson: Lesson, ratio: float) -> dict[str, Tensor]:
    if lesson.pha is None or lesson.fgr is None:
        return {}
    losses = {
        "alpha": alpha_loss(answer.alpha, lesson.pha),
        "fgr": foreground_loss(answer.fgr, lesson.fgr, lesson.pha),
    }
    if answer.coarse_alpha is not None:
        losses["coarse"] = alpha_loss(answer.coarse_alpha, _reduced(lesson.pha, ratio))
    return losses


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
    return small.view(*planes.shape[:3], *small.shape[-2:])


def _groups(pupil: Pupil, preset: Preset) -> list[dict[str, Any]]:
    """Parameters by part, each part's convolutions with weight decay and its rest without."""
    network = pupil.network
    helpers = [each for each in (pupil.helper, pupil.thinker) if each is not None]
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
