"""The training loop: it repeats exactly, goes on exactly, and does what its stage says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.batches import SEGMENTS, STILLS, BatchShape
from matteline.training.checkpoint import load_checkpoint, save_checkpoint
from matteline.training.distillation import DistillationBatches
from matteline.training.objective import losses_of
from matteline.training.presets import PRESETS, preset_named
from matteline.training.schedule import RunLength, rate_at, stage_at
from matteline.training.step_plan import plan_step
from matteline.training.teacher_features import TeacherFeatures
from matteline.training.trainer import Trainer, TrainerSettings
from tests.training.make import TINY, WIDTH, disc_batches

STEPS = 8


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> DistillationBatches:
    return disc_batches(tmp_path_factory.mktemp("pack"))


def _trainer(batches: DistillationBatches, *, taught: bool = False) -> Trainer:
    """Of a network that nobody teaches, or that first learns a teacher's features."""
    torch.manual_seed(1)
    first, *others = TINY.stages
    preset = replace(TINY, stages=(replace(first, features_only=1.0), *others))
    setting = TrainerSettings(preset, RunLength(steps=STEPS), torch.device("cpu"), seed=4)
    teacher_features = TeacherFeatures(MattingNetwork(width=WIDTH), torch.device("cpu")) if taught else None
    return Trainer(MattingNetwork(width=WIDTH), batches, setting, teacher_features)


@pytest.mark.slow
@pytest.mark.parametrize("taught", [False, True])
def test_training_resumed_from_a_checkpoint_equals_unbroken_training(
    batches: DistillationBatches, tmp_path: Path, taught: bool
) -> None:
    whole = _trainer(batches, taught=taught)
    losses = [dict(step.losses) for step in whole.steps()]

    begun = _trainer(batches, taught=taught)
    steps = begun.steps()
    first = [dict(next(steps).losses) for _ in range(5)]
    path = save_checkpoint(tmp_path, begun.progress_record({}), begun.tensors())
    resumed = _trainer(batches, taught=taught)
    resumed.resume(*load_checkpoint(path))
    last = [dict(step.losses) for step in resumed.steps()]

    assert first + last == losses
    for name, tensor in whole.tensors().items():
        assert torch.equal(tensor, resumed.tensors()[name]), name


@pytest.mark.slow
def test_the_first_steps_of_a_taught_network_learn_features_alone(batches: DistillationBatches) -> None:
    learned = [set(step.losses) for step in _trainer(batches, taught=True).steps()]

    assert learned[0] == {"loss", "context", "features"}
    assert {"alpha", "seg", "features"} <= learned[-1]
    assert all("alpha" in step.losses for step in _trainer(batches).steps())


@pytest.mark.slow
def test_every_part_of_the_network_learns(batches: DistillationBatches) -> None:
    trainer = _trainer(batches)
    before = {name: each.clone() for name, each in trainer.student.network.named_parameters()}

    for _ in trainer.steps():
        pass

    still = [
        name
        for name, each in trainer.student.network.named_parameters()
        # An attention whose ReLU began dead has no gradient, and batch norm swallows a bias before it.
        if each.ndim == 4 and torch.equal(each, before[name]) and ".fc" not in name
    ]
    assert not still


@pytest.mark.slow
def test_the_average_lags_behind_the_weights(batches: DistillationBatches) -> None:
    trainer = _trainer(batches)
    for _ in trainer.steps():
        pass

    name = "project_mat.conv.weight"
    assert not torch.equal(
        trainer.average.network.state_dict()[name], trainer.student.network.state_dict()[name]
    )


def test_a_loss_is_learned_from_the_frames_after_the_rolled_ones(batches: DistillationBatches) -> None:
    rng = np.random.default_rng(0)
    clips = TINY.stages[1]
    turns = [plan_step(clips, step, rng) for step in range(1, 40, 2)]

    assert {turn.lead_in for turn in turns} == {0, 1, 2}
    assert all(turn.shape.frames == turn.lead_in + 2 for turn in turns)


@pytest.mark.slow
def test_less_detail_leaves_the_losses_and_weighs_them_less(batches: DistillationBatches) -> None:
    batch = batches.batch(BatchShape(2, 1, 64, 64), np.random.default_rng(0))
    with torch.no_grad():
        prediction = _trainer(batches).student(batch.pictures)
    whole, less = losses_of(prediction, batch, 1.0), losses_of(prediction, batch, 1.0, matte_weight=0.25)

    spared = 0.75 * (whole["alpha"] + whole["fgr"])
    assert torch.equal(whole["alpha"], less["alpha"])
    assert float(whole["loss"] - less["loss"]) == pytest.approx(float(spared), rel=1e-5)


def test_refining_steps_show_a_larger_picture_at_a_smaller_ratio() -> None:
    turn = plan_step(TINY.stages[1], 2, np.random.default_rng(0))

    assert (turn.shape.height, turn.shape.width, turn.ratio) == (128, 128, 0.5)


def test_the_papers_steps_matte_and_segment_in_turn_on_clips_and_pictures() -> None:
    stage = preset_named("rvm").stages[0]
    shapes = [plan_step(stage, step, np.random.default_rng(step)).shape for step in range(4)]

    assert [shape.kind == SEGMENTS for shape in shapes] == [False, True, False, True]
    assert {shapes[1].frames, shapes[3].frames} == {1, 15}


def test_the_papers_last_stage_mattes_stills() -> None:
    stage = preset_named("rvm-4").stages[0]

    assert plan_step(stage, 0, np.random.default_rng(0)).shape.kind == STILLS


def test_stages_follow_one_another_by_their_shares() -> None:
    assert [stage_at(TINY, progress).name for progress in (0, 0.49, 0.5, 1.0)] == [
        "pictures",
        "pictures",
        "clips",
        "clips",
    ]


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_the_stages_of_every_preset_fill_the_run(preset: object) -> None:
    assert sum(stage.share for stage in preset.stages) == pytest.approx(1)  # type: ignore[attr-defined]


def test_rates_rise_and_then_fall_by_half_a_cosine() -> None:
    preset = replace(TINY, warm_up=0.1, last_rate=0.0)

    assert rate_at(preset, 0.05) == pytest.approx(0.5)
    assert rate_at(preset, 0.5) == pytest.approx(0.5)
    assert rate_at(preset, 1.0) == pytest.approx(0.0)


def test_minutes_shape_the_schedule_as_steps_do() -> None:
    assert RunLength(minutes=2).progress(step=999, seconds=30) == 0.25
    assert RunLength(steps=8).progress(step=2, seconds=999) == 0.25


def test_stages_are_fitted_to_the_memory_there_is() -> None:
    long = preset_named("rvm").stages[1]
    fitted = long.fitted(8 * 512 * 512)

    assert fitted.spans == ((8, 0),)
    assert fitted.sizes == long.sizes
    assert max(h * w for h, w in long.fitted(100_000).sizes) <= 100_000
    assert long.fitted(1e9) == long


def test_a_step_takes_fewer_clips_where_they_are_larger_or_longer() -> None:
    stage = replace(TINY.stages[0], budget=4 * 64 * 64)

    assert [stage.clips_of(*each) for each in ((1, 64, 64), (1, 128, 64), (4, 64, 64), (9, 64, 64))] == [
        4,
        2,
        1,
        1,
    ]
    assert stage.fitted(64 * 64).clips_of(1, 64, 64) == 1


def test_rates_stay_level_until_they_fall() -> None:
    preset = replace(TINY, steady=0.8, last_rate=0.0)

    assert [rate_at(preset, progress) for progress in (0.0, 0.5, 0.8)] == [1.0, 1.0, 1.0]
    assert rate_at(preset, 0.9) == pytest.approx(0.5)
    assert rate_at(preset, 1.0) == pytest.approx(0.0)
