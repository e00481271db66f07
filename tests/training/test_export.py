"""A finished training as a weights file to give away."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch

from matteline.contract.errors import JobError, ModelError
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.find import inspect
from matteline.matting.weights.load import load_network
from matteline.training.checkpoint import Progress, prefixed, save_checkpoint
from matteline.training.export import export
from tests.training.make import WIDTH, weights


def test_a_model_gets_its_name_and_its_wish(tmp_path: Path) -> None:
    found = export(
        weights(tmp_path / "model.safetensors"), tmp_path / "mine.safetensors", name="mine", longer_side=192
    )

    assert (found.name, found.longer_side) == ("mine", 192)
    with safetensors.safe_open(tmp_path / "mine.safetensors", framework="pt") as file:
        assert file.metadata()["name"] == "mine"


def test_a_checkpoint_gives_its_averaged_weights(tmp_path: Path) -> None:
    network, average = MattingNetwork(width=WIDTH), MattingNetwork(width=WIDTH)
    tensors = {**prefixed("student", network.state_dict()), **prefixed("average", average.state_dict())}
    checkpoint = save_checkpoint(tmp_path, Progress(7, 60.0, {}, {}), tensors)

    found = export(checkpoint, tmp_path / "mine.safetensors")

    loaded = load_network(found, "auto").state_dict()
    assert all(torch.equal(loaded[name], each) for name, each in average.state_dict().items())


def test_half_as_large_it_is_nearly_the_same(tmp_path: Path) -> None:
    whole = weights(tmp_path / "model.safetensors")

    found = export(whole, tmp_path / "mine.safetensors", name="mine", half=True)

    assert found.name == "mine"
    assert found.path.stat().st_size < 0.6 * whole.stat().st_size
    before, after = (load_network(each, "auto").state_dict() for each in (inspect(whole), found))
    for name, each in before.items():
        torch.testing.assert_close(after[name], each, rtol=1e-3, atol=1e-6)


def test_without_its_learned_refiner_it_has_the_fast_one_and_the_same_weights(tmp_path: Path) -> None:
    whole = weights(tmp_path / "model.safetensors")

    found = export(whole, tmp_path / "mine.safetensors", fast_refiner=True)

    assert inspect(whole).architecture.refiner == "deep_guided_filter"
    assert found.architecture.refiner == "fast_guided_filter"
    before, after = (load_network(each, "auto").state_dict() for each in (inspect(whole), found))
    assert all(torch.equal(before[name], each) for name, each in after.items())


def test_a_weight_too_large_for_half_is_told(tmp_path: Path) -> None:
    state = MattingNetwork(width=WIDTH).state_dict()
    state["project_mat.conv.bias"][0] = 1e6
    safetensors.torch.save_file(state, tmp_path / "model.safetensors")

    with pytest.raises(ModelError, match=r"project_mat\.conv\.bias has larger values"):
        export(tmp_path / "model.safetensors", tmp_path / "mine.safetensors", half=True)


@pytest.mark.parametrize(("name", "side"), [("a.safetensors", 7), ("a.pth", 192)])
def test_what_cannot_be_exported_is_told(tmp_path: Path, name: str, side: int) -> None:
    with pytest.raises(JobError):
        export(weights(tmp_path / "model.safetensors"), tmp_path / name, longer_side=side)


def test_a_foreign_file_is_no_training(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no weights")

    with pytest.raises(ModelError):
        export(tmp_path / "model.safetensors", tmp_path / "mine.safetensors")
