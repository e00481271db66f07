"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from matteline.matting.rvm.network import MattingNetwork, reduce
from matteline.training.average import WeightAverage
from matteline.training.batches import BatchSource, TrainingBatch
from matteline.training.checkpoint import (
    Progress,
    optimiser_tensors,
    prefixed,
    restore_optimiser,
    under,
)
from matteline.training.depthwise import patch_depthwise
from matteline.training.objective import losses_of
from matteline.training.presets import Preset, Rates
from matteline.training.process_group import SINGLE_PROCESS, ProcessGroup
from matteline.training.schedule import RunLength, rate_at, stage_at
from matteline.training.step_plan import StepPlan, plan_step
from matteline.training.student import NO_STATE, Student
from matteline.training.teacher_features import TeacherFeatures

# In place of a rank: seeds what all processes of a run decide alike.
_ALL: Final = 2**32 - 1


@dataclass(frozen=True)
class StepResult:
    """Report of one step.

    Attributes:
        number: Steps done, this one included.
        seconds: Seconds trained, over all runs that were resumed.
        progress: Share of the run that is over.
        stage: Name of the stage.
        rate: Factor of the learning rates.
        losses: Losses by name; `loss` is their weighted sum.
        waited: Share of the step's time spent on making the batch.
    """

    number: int
    seconds: float
    progress: float
    stage: str
    rate: float
    losses: Mapping[str, float]
    waited: float


@dataclass(frozen=True)
class TrainerSettings:
    """Settings of a training.

    Attributes:
        preset: Schedule and rates.
        length: Length of the run.
        device: Device to compute on.
        precision: Precision of the forward pass; the weights stay float32.
        seed: Decides every batch.
        processes: Processes that train together; each has batches of its own.
    """

    preset: Preset
    length: RunLength
    device: torch.device
    precision: torch.dtype = torch.float32
    seed: int = 0
    processes: ProcessGroup = SINGLE_PROCESS


class Trainer:
    """A network with its optimiser, its weight average and its place in the run.

    Args:
        network: The network to train; stays on its device.
        batches: Source of training batches.
        settings: Settings of the training.
        teacher_features: Encoder of a teacher; None without one.

    Attributes:
        step: Steps done.
        seconds: Seconds trained.
    """

    def __init__(
        self,
        network: MattingNetwork,
        batches: BatchSource,
        settings: TrainerSettings,
        teacher_features: TeacherFeatures | None = None,
    ) -> None:
        preset, device = settings.preset, settings.device
        if device.type == "cpu":
            patch_depthwise(network)
        self.student = Student(network, teacher_features.channels if teacher_features else ())
        self.student.to(device).train()
        self.student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for module in self.student.modules():
            if isinstance(module, nn.BatchNorm2d) and preset.norm_momentum is not None:
                module.momentum = preset.norm_momentum
        # After the convolutions were replaced and moved: other processes and the optimiser hold on to parameters.
        self._parallel = settings.processes.parallel(self.student, device)
        self.average = WeightAverage(self.student.network, preset.averaging)
        groups = _parameter_groups(self.student, preset.weight_decay)
        self._optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.99), fused=True)
        # Only float16 has so few exponents that small gradients vanish.
        scaled = settings.precision == torch.float16
        self._scaler = torch.amp.GradScaler(device.type, enabled=scaled)
        self._batches, self._settings, self._teacher_features = batches, settings, teacher_features
        self.step, self.seconds = 0, 0.0

    def steps(self) -> Iterator[StepResult]:
        """Train to the end of the run, yielding after each step."""
        settings = self._settings
        while (progress := settings.length.progress(self.step, self.seconds)) < 1:
            started = time.perf_counter()
            stage, rate = stage_at(settings.preset, progress), rate_at(settings.preset, progress)
            # All processes take the same kind of step, or the others would wait for the longest one.
            plan = plan_step(stage, self.step, self._rng(_ALL))
            batch = self._batches.batch(plan.shape, self._rng(settings.processes.rank))
            made = time.perf_counter() - started
            losses = self._learn(batch, plan, stage.rates, rate)
            # The leading process's clock, so that all end after the same step.
            took = settings.processes.agreed(time.perf_counter() - started, settings.device)
            self.step, self.seconds = self.step + 1, self.seconds + took
            self.average.update(self.student.network, self.step)
            yield StepResult(self.step, self.seconds, progress, stage.name, rate, losses, made / took)

    def _rng(self, rank: int) -> np.random.Generator:
        """Return the source of chance of this step, so that a resumed run draws as an unbroken one would."""
        return np.random.default_rng((self._settings.seed, self.step, rank))

    def _learn(self, batch: TrainingBatch, plan: StepPlan, rates: Rates, rate: float) -> dict[str, float]:
        settings, lead_in = self._settings, plan.lead_in
        for group in self._optimiser.param_groups:
            group["lr"] = getattr(rates, group["part"]) * rate
        batch = batch.to(settings.device)
        teacher = self._teacher_features
        mixed = settings.precision != torch.float32
        with torch.autocast(settings.device.type, settings.precision, enabled=mixed):
            # Frames before those that are learned from: a network in use seldom begins without a state.
            state = self.student.state_after(batch.pictures[:, :lead_in]) if lead_in else NO_STATE
            pictures = batch.pictures[:, lead_in:]
            wanted = teacher.of(reduce(pictures.flatten(0, 1), plan.ratio)) if teacher else ()
            features_only = plan.features_only and teacher is not None
            prediction = self._parallel(pictures, state, plan.ratio, wanted, features_only=features_only)
        losses = losses_of(prediction, batch.after(lead_in), plan.ratio, plan.matte_weight)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(self._scaler.scale(losses["loss"]))
        # Gradients must be brought to their true size before they are clipped.
        self._scaler.unscale_(self._optimiser)
        nn.utils.clip_grad_norm_(self.student.parameters(), settings.preset.max_gradient)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        return {name: float(value.detach()) for name, value in losses.items()}

    def tensors(self) -> dict[str, Tensor]:
        """Return all tensors of a checkpoint."""
        return {
            **prefixed("student", self.student.state_dict()),
            **prefixed("average", self.average.network.state_dict()),
            **prefixed("optimiser", optimiser_tensors(self._optimiser)),
        }

    def progress_record(self, recipe: dict[str, Any]) -> Progress:
        """Return the rest of a checkpoint."""
        return Progress(self.step, self.seconds, recipe, self._scaler.state_dict())

    def resume(self, progress: Progress, tensors: Mapping[str, Tensor]) -> None:
        """Continue from a checkpoint."""
        self.student.load_state_dict(under("student", tensors))
        # The average is part of the state: begun anew, it would take a thousand steps to be as good.
        self.average.network.load_state_dict(under("average", tensors))
        restore_optimiser(self._optimiser, under("optimiser", tensors))
        # Empty where the precision needs no scaling.
        if progress.scaler:
            self._scaler.load_state_dict(progress.scaler)
        self.step, self.seconds = progress.step, progress.seconds


def _parameter_groups(student: Student, weight_decay: float) -> list[dict[str, Any]]:
    """Parameters by part of the network, each part's convolutions with weight decay and its rest without."""
    network = student.network
    heads = (network.project_mat, network.project_seg, student.context_head, student.feature_losses)
    parts: dict[str, list[nn.Module]] = {
        "encoder": [network.backbone],
        "context": [network.aspp],
        "decoder": [network.decoder, *heads],
        "refiner": [network.refiner],
    }
    # Biases and batch norms are kept out of weight decay, which would only shrink their outputs.
    groups = []
    for part, modules in parts.items():
        parameters = [each for module in modules for each in module.parameters()]
        for decayed in (True, False):
            chosen = [each for each in parameters if (each.ndim > 1) == decayed]
            if chosen:
                groups.append({"params": chosen, "part": part, "weight_decay": weight_decay * decayed})
    return groups
