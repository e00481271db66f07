"""A training run in a folder: train, write checkpoints and figures, go on after an interruption."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from matteline.contract.errors import JobError
from matteline.contract.files import make_folder
from matteline.training.checkpoint import (
    checkpoints_in,
    load_checkpoint,
    save_checkpoint,
    write_tensors,
)
from matteline.training.evaluation import Score, evaluate
from matteline.training.pack import Examples
from matteline.training.record import Figures, write_sheet
from matteline.training.trainer import Step, Trainer

MODEL = "model.safetensors"
"""The result in a run's folder: the averaged weights, as `--weights` takes them, of the step at which they
did best on what is held out; the latest where nothing is."""

_WORTH: Final = 20  # seconds of training for each second of measuring


@dataclass(frozen=True)
class Habits:
    """When a run does what beside training. The first step is measured too: what can fail, fails then.

    Attributes:
        side: What the network looks at when it is measured, in pixels.
        save_seconds: Between checkpoints, in seconds of training.
        measure_seconds: Between evaluations and lines of the table.
        measured: At most how many held-out examples are measured.
    """

    side: int
    save_seconds: float = 150.0
    measure_seconds: float = 300.0
    measured: int = 126


@dataclass(frozen=True)
class Report:
    """A line of the table, for whoever watches."""

    step: Step
    line: Mapping[str, object]
    score: Score | None


class Run:
    """One training in one folder.

    Args:
        folder: For everything the run writes; made if needed.
        trainer: What trains.
        held_out: Examples to measure on; None for no measuring.
        recipe: What must be the same for a run to go on.
        card: What the model's file says of itself; step and seconds are added.
        habits: When to save and measure.
        described: The run in words.
        leads: Whether this process saves, measures and reports; others of its team only train.
    """

    def __init__(
        self,
        folder: Path,
        trainer: Trainer,
        held_out: Examples | None,
        recipe: dict[str, Any],
        card: Mapping[str, str],
        habits: Habits,
        described: str = "",
        *,
        leads: bool = True,
    ) -> None:
        self.described, self._leads = described, leads
        self._folder, self._trainer, self._held_out = folder, trainer, held_out
        self._recipe, self._card, self._habits = recipe, card, habits
        self._best: float | None = None

    def begin(self, *, resume: bool) -> int:
        """Make the folder ready, and take up its newest checkpoint; returns the step it stands at.

        Args:
            resume: Whether to go on with a training that the folder holds. Otherwise it must hold none.

        Raises:
            JobError: The folder holds a training that is not to go on, or another one.
            ModelError: The checkpoint is damaged.
            WriteError: The folder cannot be made.
        """
        make_folder(self._folder)
        found = checkpoints_in(self._folder)
        if found and not resume:
            hint = "Go on with --resume, or train into another folder."
            raise JobError(f"{self._folder} already holds a training.", field="output", hint=hint)
        if not found:
            return 0
        progress, tensors = load_checkpoint(found[-1])
        _check_recipe(found[-1], progress.recipe, self._recipe)
        self._trainer.go_on(progress, tensors)
        self._best = progress.best
        return progress.step

    def train(self, report: Callable[[Report], None]) -> None:
        """Train to the end, saving and measuring on the way. What is saved stays whatever happens.

        Raises:
            WriteError: The folder cannot be written.
        """
        if not self._leads:
            for _ in self._trainer.steps():
                pass
            return
        # At once: a folder that cannot be written is found before hours are spent, not after.
        self.save()
        figures = Figures(self._folder / "progress.csv")
        saved = measured = self._trainer.seconds
        wait = self._habits.measure_seconds
        step = None
        for step in self._trainer.steps():
            figures.count(step)
            if step.number == 1 or step.seconds - measured >= wait:
                measured, began = step.seconds, time.perf_counter()
                self._measure(step, figures, report)
                # On a busy machine measuring takes long, and must not take what training needs.
                wait = max(self._habits.measure_seconds, _WORTH * (time.perf_counter() - began))
            if step.seconds - saved >= self._habits.save_seconds:
                saved = step.seconds
                self.save()
        if step is not None and figures.waiting:
            self._measure(step, figures, report)
        self.save()

    def save(self) -> None:
        """Write a checkpoint and the model.

        Raises:
            WriteError: The folder cannot be written; what was saved before stays.
        """
        trainer = self._trainer
        progress = replace(trainer.where(self._recipe), best=self._best)
        save_checkpoint(self._folder, progress, trainer.tensors())
        if self._best is None:
            self._keep(None)

    def _keep(self, score: Score | None) -> None:
        trainer = self._trainer
        card = {**self._card, "steps": str(trainer.step), "minutes": f"{trainer.seconds / 60:.1f}"}
        if score is not None:
            card["held_out"] = f"IoU {score.iou:.4f}, MAD {score.mad:.5f}"
        write_tensors(self._folder / MODEL, trainer.average.network.state_dict(), card)

    def _measure(self, step: Step, figures: Figures, report: Callable[[Report], None]) -> None:
        pack, side = self._held_out, self._habits.side
        score = None
        if pack is not None:
            network = self._trainer.average.network
            apart = max(1, len(pack) // self._habits.measured)
            score = evaluate(network, pack, list(range(0, len(pack), apart)), side)
            write_sheet(self._folder / "pictures" / f"step-{step.number:08d}.png", network, pack, side)
            if self._best is None or score.quality > self._best:
                self._best = score.quality
                self._keep(score)
        report(Report(step, figures.write(score), score))


def _check_recipe(path: Path, saved: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        if saved.get(name) != value:
            raise JobError(
                f"{path} was trained with {name} {saved.get(name)}, not {value}.",
                field=name,
                hint="Go on with the settings it began with, or train into another folder.",
            )
