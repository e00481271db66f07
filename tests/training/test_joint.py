"""The paper's joint training: true mattes before other backgrounds, and segmentation, in turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from matteline.contract.errors import JobError
from matteline.matting.rvm.network import MattingNetwork
from matteline.training.batches import SEGMENTS, BatchShape
from matteline.training.folders import backgrounds, matting_images, segmentation
from matteline.training.joint import JointBatches
from matteline.training.presets import Preset, Stage, preset_named
from matteline.training.schedule import RunLength
from matteline.training.trainer import Trainer, TrainerSettings
from tests.training.make import RATES, WIDTH, discs, write_png


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for example in discs(4):
        name, mask = f"{example.key}.png", np.repeat(example.pha[..., None], 3, 2)
        write_png(folder / "mattes" / "fgr" / name, example.fgr)
        write_png(folder / "mattes" / "pha" / name, mask)
        write_png(folder / "marked" / "images" / name, example.picture)
        write_png(folder / "marked" / "masks" / name, mask)
        write_png(folder / "behind" / name, np.full((64, 64, 3), 40, np.uint8))
    return folder


@pytest.fixture(scope="module")
def batches(data: Path) -> JointBatches:
    return JointBatches(
        None,
        matting_images(data / "mattes"),
        backgrounds(data / "behind"),
        segmentation(data / "marked"),
    )


def test_a_matting_batch_puts_people_before_a_background(batches: JointBatches) -> None:
    batch = batches.batch(BatchShape(3, 2, 64, 80), np.random.default_rng(0))

    assert batch.pictures.shape == (3, 2, 3, 64, 80)
    assert batch.pha is not None and batch.fgr is not None
    solid, empty = batch.pha > 0.99, batch.pha < 0.01
    luma = batch.pictures.mean(2, keepdim=True)
    assert luma[solid].mean() > luma[empty].mean()


def test_a_segmentation_batch_knows_no_alpha(batches: JointBatches) -> None:
    batch = batches.batch(BatchShape(2, 1, 64, 64, SEGMENTS), np.random.default_rng(0))

    assert batch.pha is None and batch.fgr is None
    assert 0 < float(batch.seg.mean()) < 1


def test_a_still_becomes_a_moving_clip(batches: JointBatches) -> None:
    clips = [batches.batch(BatchShape(1, 3, 64, 64), np.random.default_rng(seed)).pha for seed in range(6)]

    assert any(clip is not None and not torch.equal(clip[:, 0], clip[:, 2]) for clip in clips)


def test_a_joint_batch_depends_on_chance_alone(batches: JointBatches) -> None:
    one, other = (batches.batch(BatchShape(2, 2, 64, 64), np.random.default_rng(3)) for _ in range(2))

    assert torch.equal(one.pictures, other.pictures)


def test_a_preset_that_segments_needs_segmented_pictures(batches: JointBatches) -> None:
    without = JointBatches(None, batches.stills, batches.backgrounds, None)

    with pytest.raises(JobError, match="segmented people") as caught:
        without.check(preset_named("rvm").stages)
    assert caught.value.field == "segmentation"


def test_people_with_true_mattes_are_needed(batches: JointBatches) -> None:
    with pytest.raises(JobError, match="true mattes"):
        JointBatches(None, None, batches.backgrounds, batches.segments).check(preset_named("rvm-2").stages)


@pytest.mark.slow
def test_the_papers_four_stages_follow_one_another(batches: JointBatches) -> None:
    # As large as a processor can bear: a step holds 60,000 pixels.
    rvm = preset_named("rvm")
    small = replace(rvm, stages=tuple(stage.fitted(60_000) for stage in rvm.stages))
    setting = TrainerSettings(small, RunLength(steps=16), torch.device("cpu"))

    steps = list(Trainer(MattingNetwork(width=WIDTH), batches, setting).steps())

    assert list(dict.fromkeys(step.stage for step in steps)) == [stage.name for stage in rvm.stages]
    assert all(np.isfinite(step.losses["loss"]) for step in steps)


@pytest.mark.slow
def test_joint_steps_matte_and_segment_in_turn(batches: JointBatches) -> None:
    stage = Stage("joint", 1.0, RATES, 1, ((2, 0),), ((64, 64),), segments=True)
    setting = TrainerSettings(Preset("p", "", WIDTH, (stage,)), RunLength(steps=4), torch.device("cpu"))

    steps = list(Trainer(MattingNetwork(width=WIDTH), batches, setting).steps())

    assert ["alpha" in step.losses for step in steps] == [True, False, True, False]
    assert all(np.isfinite(step.losses["loss"]) for step in steps)
