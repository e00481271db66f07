"""A training run in a folder: train, write checkpoints and figures, resume after an interruption."""

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
from matteline.training.progress_table import ProgressTable, write_sheet
from matteline.training.trainer import StepResult, Trainer

MODEL = "model.safetensors"
"""The result in a run's folder: the averaged weights of the step at which they did best on what is held out; the
latest where nothing is."""

_MEASURING_PAYS: Final = 20  # seconds of training for each second of measuring


@dataclass(frozen=True)
class RunSchedule:
    """Intervals of saving and measuring. The first step is measured, too: whatever can fail, fails early.

    Attributes:
        side: Side in pixels of the squares that the network is measured on.
        save_seconds: Seconds of training between checkpoints.
        measure_seconds: Seconds of training between evaluations, and so between lines of the table.
        examples: Greatest number of held-out examples to measure on.
    """

    side: int
    save_seconds: float = 150.0
    measure_seconds: float = 300.0
    examples: int = 126


@dataclass(frozen=True)
class ProgressReport:
    """A line of the table, for whoever watches."""

    step: StepResult
    line: Mapping[str, object]
    score: Score | None


class Run:
    """One training in one folder.

    Args:
        folder: Folder for everything that the run writes; made if needed.
        trainer: Trainer of the network.
        held_out: Examples to choose the best model by; None for keeping the latest.
        recipe: Settings that must be the same for a run to be resumed.
        card: Metadata of the model's file; step and seconds are added.
        schedule: Intervals of saving and measuring.
        described: The run in words.
        leads: Whether this process saves, measures and reports; others of its group only train.
    """

    def __init__(
        self,
        folder: Path,
        trainer: Trainer,
        held_out: Examples | None,
        recipe: dict[str, Any],
        card: Mapping[str, str],
        schedule: RunSchedule,
        described: str = "",
        *,
        leads: bool = True,
    ) -> None:
        self.described, self._leads = described, leads
        self._folder, self._trainer, self._held_out = folder, trainer, held_out
        self._recipe, self._card, self._schedule = recipe, card, schedule
        self._best: float | None = None

    def begin(self, *, resume: bool) -> int:
        """Make the folder ready and load its newest checkpoint; return the number of steps done.

        Args:
            resume: Continue a training that the folder holds. Otherwise it must hold none.

        Raises:
            JobError: The folder holds a training that is not to be resumed, or one of other settings.
            ModelError: The checkpoint is damaged.
            WriteError: The folder cannot be made.
        """
        make_folder(self._folder)
        found = checkpoints_in(self._folder)
        # Only the leader refuses: it may have saved already before the others of its group come here.
        if found and not resume and self._leads:
            hint = "Resume it, or train into another folder."
            raise JobError(
                f"{self._folder} already holds a training.",
                field="output",
                hint=hint,
                settings=("resume", "output"),
            )
        if not found or not resume:
            return 0  # a run that is resumed before it began, as a supervisor does
        progress, tensors = load_checkpoint(found[-1])
        for name, value in self._recipe.items():
            if progress.recipe.get(name) != value:
                raise JobError(
                    f"{found[-1]} was trained with {name} {progress.recipe.get(name)}, not {value}.",
                    field=name,
                    hint="Resume it with the settings it began with, or train into another folder.",
                )
        self._trainer.resume(progress, tensors)
        self._best = progress.best
        return progress.step

    def train(self, report: Callable[[ProgressReport], None]) -> None:
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
        table = ProgressTable(self._folder / "progress.csv")
        saved = measured = self._trainer.seconds
        wait = self._schedule.measure_seconds
        step = None
        for step in self._trainer.steps():
            table.count(step)
            if step.number == 1 or step.seconds - measured >= wait:
                measured, began = step.seconds, time.perf_counter()
                self._measure(step, table, report)
                # On a busy machine measuring takes long, and must not take the time that training needs.
                wait = max(self._schedule.measure_seconds, _MEASURING_PAYS * (time.perf_counter() - began))
            if step.seconds - saved >= self._schedule.save_seconds:
                saved = step.seconds
                self.save()
        if step is not None and table.waiting:
            self._measure(step, table, report)
        self.save()

    def save(self) -> None:
        """Write a checkpoint, and the model where no best one has been kept.

        Raises:
            WriteError: The folder cannot be written; what was saved before stays.
        """
        trainer = self._trainer
        progress = replace(trainer.progress_record(self._recipe), best=self._best)
        save_checkpoint(self._folder, progress, trainer.tensors())
        if self._best is None:
            self._keep(None)

    def _keep(self, score: Score | None) -> None:
        """Write the averaged weights as the run's model."""
        trainer = self._trainer
        card = {**self._card, "steps": str(trainer.step), "minutes": f"{trainer.seconds / 60:.1f}"}
        if score is not None:
            card["held_out"] = f"IoU {score.iou:.4f}, MAD {score.mad:.5f}"
        write_tensors(self._folder / MODEL, trainer.average.network.state_dict(), card)

    def _measure(
        self, step: StepResult, table: ProgressTable, report: Callable[[ProgressReport], None]
    ) -> None:
        """Write a line of the table; measure the average, and keep it where it is the best so far."""
        pack, side = self._held_out, self._schedule.side
        score = None
        if pack is not None:
            network = self._trainer.average.network
            apart = max(1, len(pack) // self._schedule.examples)
            score = evaluate(network, pack, list(range(0, len(pack), apart)), side)
            write_sheet(self._folder / "pictures" / f"step-{step.number:08d}.png", network, pack, side)
            # Kept at once: a run may be stopped at any time.
            if self._best is None or score.quality > self._best:
                self._best = score.quality
                self._keep(score)
        report(ProgressReport(step, table.write(score), score))
