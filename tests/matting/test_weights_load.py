"""Loading weights into the network, strictly, and installing files that load."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file
from torch import Tensor

from matteline.contract.errors import JobError, ModelError, WriteError
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.add import add
from matteline.matting.weights.find import find_weights, inspect
from matteline.matting.weights.load import load_network, load_state

SMALL = 0.25
State = dict[str, Tensor]


@pytest.fixture
def state() -> State:
    """The tensors of a narrow network with a learned refiner."""
    return dict(MattingNetwork(width=SMALL).state_dict())


def saved(state: State, path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return path


def refused(path: Path) -> ModelError:
    """The refusal to build a network of the file."""
    with pytest.raises(ModelError) as caught:
        load_network(inspect(path), "auto")
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


# What is loaded


def test_real_weights_arrive_in_the_network_bit_by_bit(weights_file: Path) -> None:
    network = load_network(inspect(weights_file), "deep")

    expected = load_file(weights_file)
    held = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    assert held.keys() == expected.keys()
    assert all(np.array_equal(held[name], expected[name]) for name in expected)
    assert not network.training


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_every_kind_of_checkpoint_gives_the_same_tensors(state: State, tmp_path: Path, suffix: str) -> None:
    loaded = load_state(saved(state, tmp_path / f"w{suffix}"))

    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[name], state[name]) for name in state)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_the_width_is_recovered_from_the_shapes(state: State, tmp_path: Path, suffix: str) -> None:
    network = load_network(inspect(saved(state, tmp_path / f"narrow{suffix}")), "auto")

    assert network.architecture.width == SMALL


def test_the_fast_refiner_leaves_the_learned_one_out(state: State, tmp_path: Path) -> None:
    network = load_network(inspect(saved(state, tmp_path / "w.pth")), "fast")

    assert network.architecture.refiner == "fast_guided_filter"
    assert not any(name.startswith("refiner.") for name in network.state_dict())
    assert torch.equal(network.state_dict()["project_mat.conv.weight"], state["project_mat.conv.weight"])


def test_auto_takes_the_fast_refiner_where_no_other_is_held(state: State, tmp_path: Path) -> None:
    plain = {name: tensor for name, tensor in state.items() if not name.startswith("refiner.")}

    network = load_network(inspect(saved(plain, tmp_path / "w.safetensors")), "auto")

    assert network.architecture.refiner == "fast_guided_filter"


def test_a_learned_refiner_that_is_not_held_is_a_mistake_of_the_request(state: State, tmp_path: Path) -> None:
    plain = {name: tensor for name, tensor in state.items() if not name.startswith("refiner.")}
    found = inspect(saved(plain, tmp_path / "w.pth"))

    with pytest.raises(JobError) as caught:
        load_network(found, "deep")

    assert caught.value.field == "refiner"


def test_half_precision_files_load_into_full_precision(state: State, tmp_path: Path) -> None:
    half = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}

    network = load_network(inspect(saved(half, tmp_path / "half.safetensors")), "auto")

    assert {each.dtype for each in network.parameters()} == {torch.float32}


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_bfloat16_files_load_into_full_precision(state: State, tmp_path: Path, suffix: str) -> None:
    short = {name: each.bfloat16() if each.is_floating_point() else each for name, each in state.items()}

    network = load_network(inspect(saved(short, tmp_path / f"short{suffix}")), "auto")

    assert all(torch.equal(each, short[name].float()) for name, each in network.named_parameters())


def test_counts_that_only_training_reads_may_be_missing(state: State, tmp_path: Path) -> None:
    plain = {name: tensor for name, tensor in state.items() if not name.endswith(".num_batches_tracked")}

    load_network(inspect(saved(plain, tmp_path / "converted.safetensors")), "auto")


# What is refused


NAME = "decoder.decode1.gru.ih.0.weight"


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_missing_tensor_is_named(state: State, tmp_path: Path, suffix: str) -> None:
    del state[NAME]

    assert f"{NAME} is missing" in refused(saved(state, tmp_path / f"w{suffix}")).message


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_tensor_too_many_is_named(state: State, tmp_path: Path, suffix: str) -> None:
    state["project_hair.weight"] = torch.zeros(2)

    assert "project_hair.weight is unknown" in refused(saved(state, tmp_path / f"w{suffix}")).message


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_tensor_of_another_shape_is_named_with_both(state: State, tmp_path: Path, suffix: str) -> None:
    state["project_mat.conv.bias"] = torch.zeros(5)

    message = refused(saved(state, tmp_path / f"w{suffix}")).message
    assert "project_mat.conv.bias is 5 instead of 4" in message


def test_several_faults_are_counted(state: State, tmp_path: Path) -> None:
    for name in ("project_mat.conv.bias", "project_seg.conv.bias", NAME):
        del state[name]

    assert "and 2 more" in refused(saved(state, tmp_path / "w.pth")).message


def test_a_negative_variance_is_named(state: State, tmp_path: Path) -> None:
    state["aspp.aspp1.1.running_var"] = state["aspp.aspp1.1.running_var"].clone()
    state["aspp.aspp1.1.running_var"][2] = -1e-3

    message = refused(saved(state, tmp_path / "w.safetensors")).message
    assert "aspp.aspp1.1.running_var holds a negative variance" in message


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_is_no_number_is_named(state: State, tmp_path: Path, value: float) -> None:
    state[NAME] = state[NAME].clone()
    state[NAME].view(-1)[3] = value

    assert f"{NAME} holds values that are not finite" in refused(saved(state, tmp_path / "w.pth")).message


def test_a_value_too_large_for_single_precision_is_named(state: State, tmp_path: Path) -> None:
    state[NAME] = state[NAME].double().fill_(1e300)

    assert f"{NAME} holds values that are not finite" in refused(saved(state, tmp_path / "w.pth")).message


@pytest.mark.parametrize("dtype", [torch.int8, torch.bool, torch.complex64])
def test_whole_numbers_in_place_of_weights_are_named(
    state: State, tmp_path: Path, dtype: torch.dtype
) -> None:
    state[NAME] = torch.zeros(state[NAME].shape, dtype=dtype)

    assert f"{NAME} holds values of type" in refused(saved(state, tmp_path / "w.pth")).message


def test_a_tensor_larger_than_its_storage_is_refused(state: State, tmp_path: Path) -> None:
    path = saved(state, tmp_path / "w.safetensors")
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"shape":[4]', b'"shape":[5]', 1))

    with pytest.raises(ModelError, match="damaged"):
        load_state(path)


def test_a_file_that_changed_since_it_was_found_is_refused(state: State, tmp_path: Path) -> None:
    path = saved(state, tmp_path / "w.pth")
    found = inspect(path)
    saved({**state, NAME: state[NAME] + 1}, path)

    with pytest.raises(ModelError, match="was changed"):
        load_network(found, "auto")


def test_a_file_that_vanished_since_it_was_found_is_named(state: State, tmp_path: Path) -> None:
    path = saved(state, tmp_path / "w.pth")
    found = inspect(path)
    path.unlink()

    with pytest.raises(ModelError, match="does not exist"):
        load_network(found, "auto")


def test_a_huge_tensor_made_of_one_number_is_refused_before_it_costs_memory(
    state: State, tmp_path: Path
) -> None:
    state["project_hair.weight"] = torch.zeros(1).expand(1 << 40)
    path = tmp_path / "w.pth"
    torch.save(state, path)

    with pytest.raises(ModelError, match="claims to hold more than any RVM network"):
        inspect(path)


# What is added


def test_an_added_file_is_found_by_its_name(state: State, tmp_path: Path) -> None:
    source = saved(state, tmp_path / "downloaded.pth")

    added = add(source, tmp_path / "own", name="hero")

    assert added.path == tmp_path / "own" / "hero.safetensors"
    assert find_weights("hero", folders=[tmp_path / "own"]) == added


def test_an_added_checkpoint_becomes_safetensors_of_the_same_values(state: State, tmp_path: Path) -> None:
    added = add(saved(state, tmp_path / "hero.pth"), tmp_path / "own")

    stored = load_file(added.path)
    assert stored.keys() == state.keys()
    assert all(np.array_equal(stored[name], state[name].numpy()) for name in state)


def test_the_same_checkpoint_becomes_the_same_bytes_everywhere(state: State, tmp_path: Path) -> None:
    source = saved(state, tmp_path / "hero.pth")
    first, second = (add(source, tmp_path / place).path for place in ("farm", "desk"))

    assert first.read_bytes() == second.read_bytes()


def test_added_safetensors_keep_what_they_say_of_themselves(state: State, tmp_path: Path) -> None:
    source = tmp_path / "own.safetensors"
    save_file(state, source, {"name": "hero", "longer_side": "256"})

    added = add(source, tmp_path / "own")

    assert added.path.read_bytes() == source.read_bytes()
    assert added.longer_side == 256


def test_an_added_file_keeps_its_own_name_where_none_is_given(state: State, tmp_path: Path) -> None:
    assert add(saved(state, tmp_path / "hero.v2.safetensors"), tmp_path / "own").name == "hero.v2"


@pytest.mark.slow
def test_adding_the_same_file_twice_changes_nothing(state: State, tmp_path: Path) -> None:
    source = saved(state, tmp_path / "hero.pth")
    first = add(source, tmp_path / "own")
    before = first.path.stat()

    assert add(source, tmp_path / "own") == first
    assert first.path.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_name_that_other_weights_have_is_refused(state: State, tmp_path: Path, suffix: str) -> None:
    first = add(saved(state, tmp_path / "hero.pth"), tmp_path / "own")
    other = saved({**state, NAME: state[NAME] + 1}, tmp_path / f"other{suffix}")

    with pytest.raises(JobError, match="'hero' is taken") as caught:
        add(other, tmp_path / "own", name="hero")

    assert caught.value.field == "name"
    assert list((tmp_path / "own").iterdir()) == [first.path]


@pytest.mark.parametrize(
    "name", ["auto", "../hero", "a/b", "a\\b", "hero.pth", "x.onnx", "-x", ".x", "rvm_resnet50"]
)
def test_a_name_that_could_not_be_asked_for_is_refused(state: State, tmp_path: Path, name: str) -> None:
    with pytest.raises(JobError) as caught:
        add(saved(state, tmp_path / "hero.pth"), tmp_path / "own", name=name)

    assert caught.value.field == "name"
    assert not (tmp_path / "own").exists()


def test_only_what_loads_is_added(state: State, tmp_path: Path) -> None:
    del state[NAME]

    with pytest.raises(ModelError, match=f"{NAME} is missing"):
        add(saved(state, tmp_path / "hero.pth"), tmp_path / "own")

    assert not (tmp_path / "own").exists()


def test_a_place_that_cannot_be_written_is_a_write_error(state: State, tmp_path: Path) -> None:
    source = saved(state, tmp_path / "hero.pth")

    with pytest.raises(WriteError) as caught:
        add(source, source)

    assert str(source) in caught.value.path


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_an_added_file_has_the_permissions_of_any_new_file(state: State, tmp_path: Path) -> None:
    (tmp_path / "ordinary").touch()

    added = add(saved(state, tmp_path / "hero.pth"), tmp_path / "own")

    assert mode(added.path) == mode(tmp_path / "ordinary")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
