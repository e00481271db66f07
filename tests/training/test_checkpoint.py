"""Checkpoints: whole or not there, read without pickle, refused with a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors
import torch

from matteline.contract.errors import ModelError
from matteline.training.checkpoint import (
    KEPT,
    Progress,
    checkpoints_in,
    load_checkpoint,
    save_checkpoint,
    write_tensors,
)
from tests.waiting import PATIENCE_SECONDS

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

    with pytest.raises(ModelError, match="no checkpoint to resume from"):
        load_checkpoint(path)


LIMITED = """
import resource, sys, torch
from pathlib import Path
from matteline.contract.errors import WriteError
from matteline.training.checkpoint import Progress, save_checkpoint

folder = Path(sys.argv[1])
save_checkpoint(folder, Progress(1, 0.0, {}, {}), {"a": torch.zeros(10)})
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
try:
    save_checkpoint(folder, Progress(2, 0.0, {}, {}), {"a": torch.zeros(10000)})
except WriteError as error:
    print(error.message)
"""


@pytest.mark.slow
def test_a_disk_that_takes_no_more_is_told_and_keeps_the_checkpoint_before(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="Windows has no limit on the size of files")
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    said = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS
    ).stdout

    assert "checkpoint-00000002.safetensors cannot be written: it would be larger than the disk" in said
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-00000001.safetensors"]
