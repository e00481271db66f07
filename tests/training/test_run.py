"""A run in a folder: which model it keeps, and how it is resumed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import safetensors
import torch

from matteline.contract.errors import JobError
from matteline.matting.rvm.network import MattingNetwork
from matteline.training.evaluation import Score
from matteline.training.run import MODEL, Run, RunSchedule
from matteline.training.schedule import RunLength
from matteline.training.trainer import Trainer, TrainerSettings
from tests.training.make import TINY, WIDTH, disc_batches, disc_pack


def _run(folder: Path, data: Path, steps: int, **recipe: object) -> Run:
    torch.manual_seed(1)
    settings = TrainerSettings(TINY, RunLength(steps=steps), torch.device("cpu"), seed=4)
    trainer = Trainer(MattingNetwork(width=WIDTH), disc_batches(data / "batches"), settings)
    schedule = RunSchedule(side=64, save_seconds=0, measure_seconds=0)
    run = Run(folder, trainer, disc_pack(data / "held", 4), dict(recipe), {"name": "tiny"}, schedule)
    run.begin(resume=True)
    return run


def _scores(folder: Path) -> list[Score]:
    with (folder / "progress.csv").open(newline="", encoding="utf-8") as file:
        return [Score(float(line["iou"]), float(line["mad"])) for line in csv.DictReader(file)]


@pytest.mark.slow
def test_the_model_that_does_best_on_what_is_held_out_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matteline.training.run._MEASURING_PAYS", 0)
    _run(tmp_path / "run", tmp_path, 8).train(lambda report: None)

    scores = _scores(tmp_path / "run")
    best = max(scores, key=lambda score: score.quality)
    with safetensors.safe_open(tmp_path / "run" / MODEL, framework="pt") as file:
        card = file.metadata()
    assert len(scores) == 8
    assert card["held_out"] == f"IoU {best.iou:.4f}, MAD {best.mad:.5f}"


@pytest.mark.slow
def test_a_resumed_run_remembers_its_best_model(tmp_path: Path) -> None:
    run = _run(tmp_path / "run", tmp_path, 1)
    run.train(lambda report: None)

    resumed = _run(tmp_path / "run", tmp_path, 1)

    best = max(score.quality for score in _scores(tmp_path / "run"))
    assert resumed._best == pytest.approx(best, abs=1e-3)


@pytest.mark.slow
def test_a_run_may_be_made_longer_when_it_is_resumed(tmp_path: Path) -> None:
    _run(tmp_path / "run", tmp_path, 2).train(lambda report: None)
    longer: list[int] = []

    _run(tmp_path / "run", tmp_path, 4).train(lambda report: longer.append(report.step.number))

    assert longer[-1] == 4


@pytest.mark.slow
def test_a_run_is_not_resumed_with_other_settings(tmp_path: Path) -> None:
    _run(tmp_path / "run", tmp_path, 1, seed=1).train(lambda report: None)

    with pytest.raises(JobError, match="was trained with seed 1, not 2") as caught:
        _run(tmp_path / "run", tmp_path, 1, seed=2)
    assert caught.value.field == "seed"
