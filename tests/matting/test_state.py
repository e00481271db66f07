"""Recurrent state on disk: whole or not at all, and never taken for another shot's."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from matteline.contract.errors import ModelError, WriteError
from matteline.matting.rvm.decoder import State
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.session import NetworkInput, Session
from matteline.matting.state import MAX_BYTES, load_state, save_state
from tests.matting.filling import moving_pictures

HASHES = {"plate": "1a", "weights": "2b", "settings": "3c"}
METADATA = {"format": "matteline-state-2", "next_frame": "7", "hashes": json.dumps(HASHES)}


@pytest.fixture
def state() -> State:
    one, two, three, four = (torch.randn(1, channels, 6, 8) for channels in (16, 20, 40, 64))
    return one, two, three, four


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shot.1013.state"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_state_comes_back_bit_for_bit(path: Path, state: State, dtype: torch.dtype):
    saved = tuple(tensor.to(dtype) for tensor in state)
    save_state(path, [saved], next_frame=-4, hashes=HASHES)
    (loaded,), next_frame = load_state(path, hashes=HASHES)
    assert next_frame == -4
    for one, other in zip(loaded, saved, strict=True):
        assert one.dtype == dtype
        assert torch.equal(one, other)


def test_a_shot_goes_on_from_a_file_bit_for_bit(path: Path, untrained: MattingNetwork):
    def opened() -> Session:
        return Session(
            untrained, width=64, height=48, downsample_ratio=0.5, device=torch.device("cpu"), batch=2
        )

    windows = [[NetworkInput(number, picture)] for number, picture in enumerate(moving_pictures(4, 64, 48))]
    whole, stopped, resumed = opened(), opened(), opened()
    for window in windows:
        (expected,) = whole.advance(window)
    for window in windows[:3]:
        stopped.advance(window)
    save_state(path, [stopped.state], next_frame=3, hashes=HASHES)
    resumed.restore(load_state(path, hashes=HASHES)[0][0])
    (matte,) = resumed.advance(windows[3])
    assert torch.equal(matte.alpha, expected.alpha)
    assert torch.equal(matte.fgr, expected.fgr)


def test_the_file_is_plain_safetensors_that_says_what_it_belongs_to(path: Path, state: State):
    save_state(path, [state], next_frame=1013, hashes=HASHES)
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    assert header["__metadata__"]["next_frame"] == "1013"
    assert json.loads(header["__metadata__"]["hashes"]) == HASHES
    assert header["0.r1"]["shape"] == [1, 16, 6, 8]


def test_a_state_takes_the_place_of_the_one_before_and_leaves_nothing_else(path: Path, state: State):
    save_state(path, [state], next_frame=1, hashes=HASHES)
    save_state(path, [state], next_frame=2, hashes=HASHES)
    assert load_state(path, hashes=HASHES)[1] == 2
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", HASHES)
def test_a_state_says_which_thing_it_belongs_to_has_changed(path: Path, state: State, name: str):
    save_state(path, [state], next_frame=1, hashes=HASHES)
    with pytest.raises(ModelError, match=name) as raised:
        load_state(path, hashes={**HASHES, name: "changed"})
    assert not [
        other for other in HASHES if other != name and other in raised.value.message.split(path.name)[1]
    ]
    assert raised.value.hint


def test_a_state_that_does_not_say_what_is_asked_is_refused(path: Path, state: State):
    save_state(path, [state], next_frame=1, hashes={"plate": "1a"})
    with pytest.raises(ModelError, match="settings and weights"):
        load_state(path, hashes=HASHES)


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_a_state_cut_short_is_refused(path: Path, state: State, kept: int):
    save_state(path, [state], next_frame=1, hashes=HASHES)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ModelError, match="damaged or cut short"):
        load_state(path, hashes=HASHES)


def test_a_file_of_another_program_is_refused(path: Path):
    path.write_bytes(b"not a state at all, but quite long enough to hold a header of one")
    with pytest.raises(ModelError, match="damaged or cut short"):
        load_state(path, hashes=HASHES)


def test_weights_are_not_taken_for_a_state(path: Path):
    save_file({"r1": torch.zeros(1, 16, 2, 2)}, path)
    with pytest.raises(ModelError, match="not a state that this matteline saved"):
        load_state(path, hashes=HASHES)


@pytest.mark.parametrize(
    ("tensors", "why"),
    [
        ({"r1": torch.zeros(1, 2, 3, 4)}, "other tensors"),
        ({f"r{number}": torch.zeros(4) for number in range(1, 5)}, "four dimensions"),
        ({f"r{number}": torch.zeros(1, 1, 1, 1, dtype=torch.int32) for number in range(1, 5)}, "int32"),
    ],
)
def test_a_state_with_other_contents_is_refused(path: Path, tensors: dict[str, torch.Tensor], why: str):
    save_file(tensors, path, metadata=METADATA)
    with pytest.raises(ModelError, match=why):
        load_state(path, hashes=HASHES)


@pytest.mark.parametrize("broken", [{"next_frame": "soon"}, {"hashes": "{"}, {"hashes": "[]"}])
def test_a_state_with_a_broken_description_is_refused(path: Path, state: State, broken: dict[str, str]):
    tensors = {f"r{number}": tensor for number, tensor in enumerate(state, 1)}
    save_file(tensors, path, metadata={**METADATA, **broken})
    with pytest.raises(ModelError):
        load_state(path, hashes=HASHES)


def test_a_missing_state_is_refused(path: Path):
    with pytest.raises(ModelError, match="cannot be read"):
        load_state(path, hashes=HASHES)


def test_a_folder_is_not_taken_for_a_state(tmp_path: Path):
    with pytest.raises(ModelError, match="is a folder"):
        load_state(tmp_path, hashes=HASHES)


def test_a_file_too_large_for_a_state_is_refused_unread(path: Path):
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ModelError, match="more than one can have"):
        load_state(path, hashes=HASHES)


def test_a_state_that_cannot_be_written_is_a_sentence(tmp_path: Path, state: State):
    with pytest.raises(WriteError, match="cannot be written") as raised:
        save_state(tmp_path / "gone" / "shot.state", [state], next_frame=1, hashes=HASHES)
    assert raised.value.hint


def test_a_state_that_cannot_take_its_place_leaves_nothing_behind(path: Path, state: State):
    path.mkdir()
    with pytest.raises(WriteError):
        save_state(path, [state], next_frame=1, hashes=HASHES)
    assert os.listdir(path.parent) == [path.name]


def test_the_states_of_several_regions_come_back_in_order(path: Path, state: State):
    save_state(path, [state, tuple(each + 1 for each in state)], next_frame=1, hashes=HASHES)
    (first, second), _ = load_state(path, hashes=HASHES)
    assert torch.equal(first[0], state[0]) and torch.equal(second[3], state[3] + 1)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_flipped_bit_is_found(path: Path, state: State, share: float):
    save_state(path, [state], next_frame=1, hashes=HASHES)
    data = bytearray(path.read_bytes())
    data[int(share * len(data))] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="its values are not those that were saved"):
        load_state(path, hashes=HASHES)


def test_a_state_of_values_that_are_no_numbers_is_refused(path: Path, state: State):
    state[1][0, 0, 0, 0] = float("nan")
    save_state(path, [state], next_frame=1, hashes=HASHES)
    with pytest.raises(ModelError, match="its values are not those that were saved"):
        load_state(path, hashes=HASHES)
