"""Checkpoints: whole or not there, read without pickle, refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors
import torch

from matteline.contract.errors import ModelError, WriteError
from matteline.training.checkpoint import (
    KEPT,
    Progress,
    checkpoints_in,
    load_checkpoint,
    save_checkpoint,
    write_tensors,
)

WHERE = Progress(3, 1.5, {"seed": 1}, {})


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, WHERE, {"a.b": torch.arange(3.0)})

    progress, tensors = load_checkpoint(path)

    assert progress == WHERE
    assert torch.equal(tensors["a.b"], torch.arange(3.0))


def test_a_checkpoint_is_a_safetensors_file_with_plain_words(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, WHERE, {"a": torch.zeros(1)})

    with safetensors.safe_open(path, framework="pt") as file:
        assert json.loads(file.metadata()["progress"])["step"] == 3


def test_only_the_newest_checkpoints_stay(tmp_path: Path) -> None:
    for step in range(5):
        save_checkpoint(tmp_path, Progress(step, 0.0, {}, {}), {"a": torch.zeros(1)})

    assert [path.name[11:19] for path in checkpoints_in(tmp_path)] == ["00000003", "00000004"]
    assert KEPT == 2


@pytest.mark.parametrize("damage", ["cut", "foreign", "absent"])
def test_a_broken_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
    path = save_checkpoint(tmp_path, WHERE, {"a": torch.zeros(100)})
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-50])
    elif damage == "foreign":
        write_tensors(path, {"a": torch.zeros(1)}, {})
    else:
        path.unlink()

    with pytest.raises(ModelError, match="no checkpoint to go on from"):
        load_checkpoint(path)


def test_a_full_disk_is_told_and_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    kept = save_checkpoint(tmp_path, WHERE, {"a": torch.zeros(1)})
    # The disk is full under the temporary name; the final one is never touched.
    with pytest.raises(WriteError, match="cannot be written"):
        write_tensors(full / "checkpoint-00000004.safetensors", {"a": torch.zeros(1)}, {})

    assert checkpoints_in(tmp_path) == [kept]
